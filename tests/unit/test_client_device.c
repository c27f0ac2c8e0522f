/* test_client_device.c - a device's ring: numbering, chain, signatures, resending, and that only a note that holds
 * deletes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/encoding.h"
#include "client/device.h"
#include "fleet/roster.h"

enum { NOTE_BYTES = 1024, RING_MAX = 100, ACK_TIMEOUT_MS = 1000 };
static const int64_t now_us = INT64_C(1763000000000000);
static const char origin[] = "test.example/custody", ack_name[] = "test.example/custody/ack";

struct bench {
    struct statistics statistics;
    struct device_world world;
    struct device device;
    struct key_pair ack_key;
    char *journal;
    size_t journal_len;
};

static void set_verifier(struct bench *bench)
{
    bench->world.verifier.has_key = true;
    (void)text_copy(bench->world.verifier.name, sizeof bench->world.verifier.name, text_of(ack_name));
    memcpy(bench->world.verifier.public_key, bench->ack_key.public_key, PUBLIC_KEY_BYTES);
}

static int set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    const uint8_t seed[SEED_BYTES] = {1};
    struct key_pair key;
    assert_non_null(bench);
    assert_true(sodium_init() >= 0);
    key_pair_from_seed(seed, &bench->ack_key);
    source_key(1, "truck-001", &key);
    bench->world = (struct device_world){.model = "test",
                                         .firmware = "1",
                                         .statistics = &bench->statistics,
                                         .ack_timeout_ms = ACK_TIMEOUT_MS,
                                         .ack_timeout_max_ms = 16000,
                                         .ring_max = RING_MAX};
    bench->world.journal = open_memstream(&bench->journal, &bench->journal_len);
    set_verifier(bench);
    device_init(&bench->device, &bench->world, "truck-001", &key, 3);
    *state = bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    device_fini(&bench->device);
    (void)fclose(bench->world.journal);
    free(bench->journal);
    free(bench);
    return 0;
}

static void say(struct bench *bench, size_t count)
{
    struct fix fix = {.at_us = now_us, .lon_e7 = 1186000000, .lat_e7 = 250000000, .datum = DATUM_WGS84};
    for (size_t i = 0; i < count; i++) {
        struct report report = {.fix_count = 1, .fixes = &fix};
        assert_int_equal(0, device_say(&bench->device, &report, now_us));
    }
}

/* Publishes everything that is due at now_ms; returns how many. */
static size_t send_all(struct bench *bench, uint64_t now_ms)
{
    uint64_t seq;
    size_t count = 0;
    for (; device_take(&bench->device, now_ms, &seq); count++)
        device_sent(&bench->device, seq, now_ms * 1000);
    return count;
}

/* A note as the daemon writes it. */
static size_t write_note(const struct bench *bench, const char *source, uint32_t epoch, uint64_t seq,
                         const struct digest *chain, const char *signer, char out[NOTE_BYTES])
{
    char chain_text[BASE64_SIZE(SHA256_BYTES)], signature_text[BASE64_SIZE(KEY_ID_BYTES + SIGNATURE_BYTES)];
    uint8_t signature[KEY_ID_BYTES + SIGNATURE_BYTES];
    const uint8_t algorithm = 1;
    base64_encode(chain->bytes, SHA256_BYTES, chain_text);
    const int len = snprintf(out, NOTE_BYTES,
                             "custody-ack/v1\n%s\nsource %s\nepoch %u\nseq %llu\nchain %s\nindex 5\nsize 9\nroot %s\n",
                             origin, source, (unsigned)epoch, (unsigned long long)seq, chain_text, chain_text);
    const struct hash_part parts[] = {
        {signer, strlen(signer)}, {"\n", 1}, {&algorithm, 1}, {bench->ack_key.public_key, PUBLIC_KEY_BYTES}};
    const struct digest id = sha256_parts(parts, 4);
    memcpy(signature, id.bytes, KEY_ID_BYTES);
    (void)crypto_sign_detached(signature + KEY_ID_BYTES, NULL, (const unsigned char *)out, (unsigned long long)len,
                               bench->ack_key.secret_key);
    base64_encode(signature, sizeof signature, signature_text);
    return (size_t)(len +
                    snprintf(out + len, NOTE_BYTES - (size_t)len, "\n\xe2\x80\x94 %s %s\n", signer, signature_text));
}

static struct ack ack_of(const char *note, size_t len, uint32_t epoch, uint64_t seq)
{
    return (struct ack){.source = TEXT("truck-001"), .epoch = epoch, .has_seq = true, .seq = seq, .note = {note, len}};
}

/* Acknowledges up to seq with a right note; what device_on_ack says. */
static int acknowledge(struct bench *bench, uint64_t seq)
{
    char note[NOTE_BYTES];
    struct error error;
    const size_t len = write_note(bench, "truck-001", 3, seq, &device_entry(&bench->device, seq)->hash, ack_name, note);
    const struct ack ack = ack_of(note, len, 3, seq);
    return device_on_ack(&bench->device, &ack, 5000000, &error);
}

static void decode(const struct ring_entry *entry, struct arena *arena, struct report *report,
                   struct envelope *envelope)
{
    struct error error;
    const struct text bytes = {(const char *)entry->bytes, entry->len};
    assert_int_equal(REFUSAL_NONE, wire_envelope_split(bytes, envelope, &error));
    assert_int_equal(REFUSAL_NONE, wire_report_decode(envelope->body, now_us, arena, report, &error));
}

static void envelopes_are_numbered_and_each_names_the_hash_of_the_one_before(void **state)
{
    struct bench *bench = *state;
    struct arena arena;
    struct digest previous = {{0}};
    arena_init(&arena, 1 << 20);
    say(bench, 40); /* the ring grows twice on the way */
    for (uint64_t seq = 0; seq < 40; seq++) {
        const struct ring_entry *entry = device_entry(&bench->device, seq);
        struct report report;
        struct envelope envelope;
        decode(entry, &arena, &report, &envelope);
        assert_int_equal(3, report.epoch);
        assert_int_equal(seq, report.seq);
        assert_true(digest_equal(&previous, &report.previous));
        assert_int_equal(
            0, envelope_verify(TEXT("truck-001"), envelope.body, envelope.signature, bench->device.key.public_key));
        assert_int_equal(seq == 0, report.birth.present);
        previous = sha256(entry->bytes, entry->len);
    }
    arena_fini(&arena);
}

static void a_note_that_holds_deletes_what_it_covers_and_nothing_more(void **state)
{
    struct bench *bench = *state;
    say(bench, 10);
    assert_int_equal(10, send_all(bench, 1000));
    assert_int_equal(0, acknowledge(bench, 6));
    assert_int_equal(3, device_pending(&bench->device));
    assert_int_equal(7, bench->device.head_seq);
    assert_int_equal(7, bench->statistics.acknowledged);
    assert_int_equal(1, bench->statistics.notes);
    assert_int_equal(7, bench->statistics.latency_count);
    assert_int_equal(4000000, bench->statistics.latency_max_us);
}

static void a_note_with_a_broken_signature_deletes_nothing(void **state)
{
    struct bench *bench = *state;
    char note[NOTE_BYTES];
    struct error error;
    say(bench, 3);
    (void)send_all(bench, 1000);
    const size_t len = write_note(bench, "truck-001", 3, 2, &device_entry(&bench->device, 2)->hash, ack_name, note);
    note[strlen("custody-ack/v1\n")] ^= 1; /* the origin's first letter */
    const struct ack ack = ack_of(note, len, 3, 2);
    assert_int_equal(ERR_SIGNATURE, device_on_ack(&bench->device, &ack, 5000000, &error));
    assert_int_equal(3, device_pending(&bench->device));
    assert_int_equal(1, bench->statistics.bad_notes);
}

static void a_note_by_another_name_deletes_nothing(void **state)
{
    struct bench *bench = *state;
    char note[NOTE_BYTES];
    struct error error;
    say(bench, 1);
    const size_t len =
        write_note(bench, "truck-001", 3, 0, &device_entry(&bench->device, 0)->hash, "test.example/custody", note);
    const struct ack ack = ack_of(note, len, 3, 0);
    assert_int_equal(ERR_SIGNATURE, device_on_ack(&bench->device, &ack, 5000000, &error));
    assert_int_equal(1, device_pending(&bench->device));
}

static void a_note_whose_chain_is_not_ours_deletes_nothing(void **state)
{
    struct bench *bench = *state;
    char note[NOTE_BYTES];
    struct error error;
    say(bench, 3);
    const size_t len = write_note(bench, "truck-001", 3, 2, &device_entry(&bench->device, 1)->hash, ack_name, note);
    const struct ack ack = ack_of(note, len, 3, 2);
    assert_int_equal(ERR_INVALID, device_on_ack(&bench->device, &ack, 5000000, &error));
    assert_int_equal(3, device_pending(&bench->device));
}

static void a_note_about_what_was_never_sent_deletes_nothing(void **state)
{
    struct bench *bench = *state;
    char note[NOTE_BYTES];
    struct error error;
    say(bench, 3);
    const size_t len = write_note(bench, "truck-001", 3, 3, &device_entry(&bench->device, 2)->hash, ack_name, note);
    const struct ack ack = ack_of(note, len, 3, 3);
    assert_int_equal(ERR_INVALID, device_on_ack(&bench->device, &ack, 5000000, &error));
    assert_int_equal(3, device_pending(&bench->device));
}

static void a_note_of_another_source_in_our_acknowledgement_deletes_nothing(void **state)
{
    struct bench *bench = *state;
    char note[NOTE_BYTES];
    struct error error;
    say(bench, 1);
    const size_t len = write_note(bench, "truck-002", 3, 0, &device_entry(&bench->device, 0)->hash, ack_name, note);
    const struct ack ack = ack_of(note, len, 3, 0);
    assert_int_equal(ERR_INVALID, device_on_ack(&bench->device, &ack, 5000000, &error));
    assert_int_equal(1, device_pending(&bench->device));
}

static void an_acknowledgement_of_another_epoch_is_not_ours(void **state)
{
    struct bench *bench = *state;
    char note[NOTE_BYTES];
    struct error error;
    say(bench, 1);
    const size_t len = write_note(bench, "truck-001", 4, 0, &device_entry(&bench->device, 0)->hash, ack_name, note);
    const struct ack ack = ack_of(note, len, 4, 0);
    assert_int_equal(ERR_NOT_FOUND, device_on_ack(&bench->device, &ack, 5000000, &error));
    assert_int_equal(1, device_pending(&bench->device));
}

static void an_old_note_again_does_no_harm(void **state)
{
    struct bench *bench = *state;
    char note[NOTE_BYTES];
    struct error error;
    say(bench, 5);
    const size_t len = write_note(bench, "truck-001", 3, 1, &device_entry(&bench->device, 1)->hash, ack_name, note);
    const struct ack ack = ack_of(note, len, 3, 1);
    assert_int_equal(0, acknowledge(bench, 3));
    assert_int_equal(0, device_on_ack(&bench->device, &ack, 5000000, &error));
    assert_int_equal(1, device_pending(&bench->device));
    assert_int_equal(4, bench->statistics.acknowledged);
}

static void what_is_stored_early_is_kept_but_not_sent_again(void **state)
{
    struct bench *bench = *state;
    struct seq_range early = {2, 4};
    struct error error;
    const struct ack ack = {.source = TEXT("truck-001"), .epoch = 3, .stored_early_count = 1, .stored_early = &early};
    say(bench, 6);
    assert_int_equal(6, send_all(bench, 1000));
    assert_int_equal(0, device_on_ack(&bench->device, &ack, 2000000, &error));
    assert_int_equal(6, device_pending(&bench->device));
    device_on_disconnected(&bench->device);
    assert_int_equal(3, send_all(bench, 3000));
}

static void a_range_below_the_ring_is_ignored(void **state)
{
    struct bench *bench = *state;
    struct seq_range early = {0, 3};
    struct error error;
    const struct ack ack = {.source = TEXT("truck-001"), .epoch = 3, .stored_early_count = 1, .stored_early = &early};
    say(bench, 6);
    assert_int_equal(0, acknowledge(bench, 1));
    assert_int_equal(0, device_on_ack(&bench->device, &ack, 2000000, &error));
    assert_int_equal(2, send_all(bench, 3000));
}

static void a_range_beyond_the_ring_is_ignored(void **state)
{
    struct bench *bench = *state;
    struct seq_range early = {1, UINT64_MAX};
    struct error error;
    const struct ack ack = {.source = TEXT("truck-001"), .epoch = 3, .stored_early_count = 1, .stored_early = &early};
    say(bench, 3);
    assert_int_equal(0, device_on_ack(&bench->device, &ack, 2000000, &error));
    assert_int_equal(1, send_all(bench, 3000));
}

static void what_is_not_acknowledged_is_sent_again_with_longer_and_longer_waits(void **state)
{
    struct bench *bench = *state;
    say(bench, 2);
    assert_int_equal(2, send_all(bench, 10000));
    assert_int_equal(0, send_all(bench, 10999));
    assert_int_equal(2, send_all(bench, 11000));
    assert_int_equal(0, send_all(bench, 12999));
    assert_int_equal(2, send_all(bench, 13000));
    assert_int_equal(4, bench->statistics.resent);
    assert_int_equal(2, bench->statistics.sent);
}

static void an_overdue_one_can_be_taken_while_others_are_unsent(void **state)
{
    struct bench *bench = *state;
    uint64_t seq = 99;
    say(bench, 3);
    assert_true(device_take(&bench->device, 0, &seq));
    device_sent(&bench->device, seq, 0);
    assert_false(device_take_overdue(&bench->device, ACK_TIMEOUT_MS - 1, &seq));
    assert_true(device_take(&bench->device, ACK_TIMEOUT_MS, &seq));
    assert_int_equal(1, seq);
    assert_true(device_take_overdue(&bench->device, ACK_TIMEOUT_MS, &seq));
    assert_int_equal(0, seq);
}

static void a_lost_connection_makes_everything_unsent_again(void **state)
{
    struct bench *bench = *state;
    say(bench, 5);
    assert_int_equal(5, send_all(bench, 1000));
    assert_int_equal(0, acknowledge(bench, 1));
    device_on_disconnected(&bench->device);
    assert_int_equal(3, send_all(bench, 1001));
}

static void a_full_ring_refuses_and_counts_and_loses_nothing(void **state)
{
    struct bench *bench = *state;
    struct fix fix = {.at_us = now_us, .lon_e7 = 1186000000, .lat_e7 = 250000000, .datum = DATUM_WGS84};
    struct report report = {.fix_count = 1, .fixes = &fix};
    say(bench, RING_MAX);
    assert_int_equal(ERR_TOO_LARGE, device_say(&bench->device, &report, now_us));
    assert_int_equal(1, bench->statistics.ring_full);
    assert_int_equal(RING_MAX, send_all(bench, 1000));
    assert_int_equal(0, acknowledge(bench, 0));
    assert_int_equal(0, device_say(&bench->device, &report, now_us));
}

static void refusals_and_warnings_are_counted(void **state)
{
    struct bench *bench = *state;
    struct ack_refusal refusal = {
        .epoch = 3, .seq = 0, .reason = REFUSAL_IMPOSSIBLE_TIME, .text = TEXT("fix time: 1999")};
    struct ack_warning warning = {.epoch = 3, .seq = 0, .code = WARNING_CLOCK, .text = TEXT("clock")};
    const struct ack ack = {.source = TEXT("truck-001"),
                            .epoch = 3,
                            .refusal_count = 1,
                            .refusals = &refusal,
                            .warning_count = 1,
                            .warnings = &warning};
    struct error error;
    say(bench, 1);
    assert_int_equal(0, device_on_ack(&bench->device, &ack, 1, &error));
    assert_int_equal(1, bench->statistics.refused);
    assert_int_equal(1, bench->statistics.warned);
    assert_string_equal("impossible_time: fix time: 1999", bench->device.last_refusal);
    assert_int_equal(1, device_pending(&bench->device));
}

static void the_journal_names_every_envelope_once_and_every_note(void **state)
{
    struct bench *bench = *state;
    char wanted[256], hex[HEX_SIZE(SHA256_BYTES)];
    say(bench, 1);
    hex_encode(device_entry(&bench->device, 0)->hash.bytes, SHA256_BYTES, hex);
    (void)send_all(bench, 1000);
    (void)send_all(bench, 5000);
    assert_int_equal(0, acknowledge(bench, 0));
    (void)fflush(bench->world.journal);
    (void)snprintf(wanted, sizeof wanted, "sent truck-001 3 0 %s\nack truck-001 3 0\n", hex);
    assert_string_equal(wanted, bench->journal);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(envelopes_are_numbered_and_each_names_the_hash_of_the_one_before),
        T(a_note_that_holds_deletes_what_it_covers_and_nothing_more),
        T(a_note_with_a_broken_signature_deletes_nothing),
        T(a_note_by_another_name_deletes_nothing),
        T(a_note_whose_chain_is_not_ours_deletes_nothing),
        T(a_note_about_what_was_never_sent_deletes_nothing),
        T(a_note_of_another_source_in_our_acknowledgement_deletes_nothing),
        T(an_acknowledgement_of_another_epoch_is_not_ours),
        T(an_old_note_again_does_no_harm),
        T(what_is_stored_early_is_kept_but_not_sent_again),
        T(a_range_below_the_ring_is_ignored),
        T(a_range_beyond_the_ring_is_ignored),
        T(what_is_not_acknowledged_is_sent_again_with_longer_and_longer_waits),
        T(an_overdue_one_can_be_taken_while_others_are_unsent),
        T(a_lost_connection_makes_everything_unsent_again),
        T(a_full_ring_refuses_and_counts_and_loses_nothing),
        T(refusals_and_warnings_are_counted),
        T(the_journal_names_every_envelope_once_and_every_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
