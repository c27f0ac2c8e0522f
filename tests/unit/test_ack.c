/* test_ack.c - notes that the pool signs while the database stores: all of a small batch, and none left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ingest/ack.h"

enum { STREAMS = 100, ARENA_BYTES = 1 << 22 };

static uv_loop_t loop;
static struct source sources[STREAMS];
static struct batch batch;
static struct counters counters;
static struct note_signer signer;
static struct mqtt *mqtt; /* never connected: what is published goes nowhere */
static struct acks acks;
static unsigned done;

static void on_done(void *context)
{
    (void)context;
    done++;
}

static struct batch_stream *stored_stream(struct source *source, uint64_t seq)
{
    struct batch_stream *stream = batch_add_stream(&batch, source, 1);

    assert_non_null(stream);
    stream->stream.next_seq = seq + 1;
    stream->touched = stream->to_acknowledge = true;
    stream->head_index = (int64_t)seq;
    return stream;
}

static int start(void **state)
{
    static const struct mqtt_settings settings = {.hosts = "unix:/nonexistent/broker.sock", .client_id = "test"};
    static const struct mqtt_handler handler;
    static uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES];
    struct error error;

    (void)state;
    if (sodium_init() < 0 || crypto_sign_keypair(public_key, secret_key) || uv_loop_init(&loop))
        return -1;
    note_signer_init(&signer, "example.org/log/ack", secret_key);
    mqtt = mqtt_new(&loop, &settings, &handler, NULL, &error);
    acks_init(&acks, &loop, "example.org/log", &signer, mqtt, &counters);
    done = 0;
    for (size_t i = 0; i < STREAMS; i++)
        sources[i] = (struct source){.source_id = (int64_t)i + 1, .name = "truck", .area = "350504"};
    return !mqtt || batch_init(&batch, STREAMS, ARENA_BYTES) ? -1 : 0;
}

static int finish(void **state)
{
    (void)state;
    batch_fini(&batch);
    mqtt_close(mqtt, NULL);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static void every_stream_of_a_small_batch_is_signed_ahead(void **state)
{
    const struct tree_head head = {.size = STREAMS};

    (void)state;
    for (size_t i = 0; i < STREAMS; i++)
        (void)stored_stream(&sources[i], i);
    acks_sign_ahead(&acks, &batch, &head);
    for (const struct batch_stream *stream = batch.streams; stream; stream = stream->next)
        assert_true(stream->signed_ahead);
    acks_publish(&acks, &batch, &head, false, 1000, on_done, NULL);
    assert_int_equal(done, 0); /* the pool has them: not before the loop has turned */
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(done, 1);
    assert_int_equal(acks.pending, 0);
}

/* One that was refused something is told after COMMIT, with the reason. */
static void a_stream_with_a_refusal_is_not_signed_ahead(void **state)
{
    const struct tree_head head = {.size = 2};
    struct batch_stream *refused = stored_stream(&sources[0], 0), *other = stored_stream(&sources[1], 1);
    struct batch_envelope *envelope = batch_append(&batch, TEXT("t"), TEXT("x"), 1);

    (void)state;
    envelope->stream = refused;
    envelope->reason = REFUSAL_NOT_STORABLE;
    batch.to = batch.count;
    acks_sign_ahead(&acks, &batch, &head);
    assert_false(refused->signed_ahead);
    assert_true(other->signed_ahead);
    acks_void(&acks);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
}

/* The pool writes into them, and asks for the signer of whoever queued them: neither may go before it is done. */
static void notes_that_did_not_come_true_are_waited_for(void **state)
{
    const struct tree_head head = {.size = STREAMS};

    (void)state;
    for (size_t i = 0; i < STREAMS; i++)
        (void)stored_stream(&sources[i], i);
    acks_sign_ahead(&acks, &batch, &head);
    acks_void(&acks);
    assert_true(acks.pending > 0);
    acks.on_done = on_done;
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(done, 1);
    assert_int_equal(acks.pending, 0);
    assert_int_equal(counters.acknowledgements, 0);
}

static size_t count_owed(void)
{
    size_t count = 0;

    for (const struct source *source = acks.owed; source; source = source->next_owed)
        count++;
    return count;
}

/* Each note waits in memory until the broker takes it: so many sources as a district has must not be told at once. */
static void thousands_who_wait_are_told_in_rounds_and_none_is_forgotten(void **state)
{
    static struct source many[3 * STREAMS * STREAMS / 10];
    const size_t count = sizeof many / sizeof *many;
    const struct tree_head head = {.size = 1};
    unsigned rounds = 0;

    (void)state;
    for (size_t i = 0; i < count; i++) {
        many[i] =
            (struct source){.source_id = (int64_t)i + 1, .name = "truck", .area = "350504", .version = 1, .epoch = 1};
        (void)stored_stream(&many[i], i);
    }
    acks_publish(&acks, &batch, &head, true, 1000, NULL, NULL);
    assert_int_equal(count_owed(), count);
    for (size_t left = count; acks.owed; left = count_owed(), rounds++) {
        acks_flush(&acks, on_done, NULL);
        assert_true(left - count_owed() <= 2048);
        (void)uv_run(&loop, UV_RUN_DEFAULT);
        assert_int_equal(done, rounds + 1);
    }
    assert_int_equal(rounds, 2);
    for (size_t i = 0; i < count; i++)
        assert_false(many[i].owed);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(every_stream_of_a_small_batch_is_signed_ahead),
        TEST_(a_stream_with_a_refusal_is_not_signed_ahead),
        TEST_(notes_that_did_not_come_true_are_waited_for),
        TEST_(thousands_who_wait_are_told_in_rounds_and_none_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
