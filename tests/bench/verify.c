/* verify.c - Ed25519 verifications a second of one core (libsodium) over envelopes of ten fixes: what bounds signed ones. */
#include "messages.h"

int main(void)
{
    static struct bench_fleet fleet = {.source_count = 1, .fix_count = 10, .seed = 1, .is_signed = true};
    const int64_t run_us = 1000000;
    struct error error = {0};
    struct envelope envelope;
    uint64_t count = 0;
    int64_t begun_us, now_us;

    bench_fleet_init(&fleet);
    if (wire_envelope_split(bench_next(&fleet, 0, clock_now_us()), &envelope, &error))
        bench_die("envelope", error.text);
    begun_us = clock_now_us();
    do {
        for (int i = 0; i < 100; i++, count++)
            if (envelope_verify(text_of(fleet.sources[0].name), envelope.body, envelope.signature,
                                fleet.sources[0].keys.public_key))
                bench_die("signature", "does not verify");
        now_us = clock_now_us();
    } while (now_us - begun_us < run_us);
    printf("verifications_per_s %.0f\n", (double)count * 1e6 / (double)(now_us - begun_us));
    return 0;
}
