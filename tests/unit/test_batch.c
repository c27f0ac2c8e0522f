/* test_batch.c - envelopes under way together: what is kept, what is forgotten, and the order of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "ingest/batch.h"

enum { ROOM = 8, ARENA_BYTES = 1 << 20 };

static struct batch batch;
static struct source sources[3];

static int start(void **state)
{
    (void)state;
    memset(sources, 0, sizeof sources);
    for (int i = 0; i < 3; i++)
        sources[i].source_id = 10 - i; /* not in the order of the array */
    return batch_init(&batch, ROOM, ARENA_BYTES);
}

static int finish(void **state)
{
    (void)state;
    batch_fini(&batch);
    return 0;
}

static struct batch_envelope *append(const char *bytes)
{
    return batch_append(&batch, TEXT("custody/v1/350504/up/truck-001"), text_of(bytes), 1000);
}

/* An envelope of a stream, judged. */
static struct batch_envelope *stored(struct source *source, uint32_t epoch, enum envelope_fate fate)
{
    struct batch_envelope *envelope = append("bytes");
    struct batch_stream *stream = batch_find_stream(source, epoch);

    assert_non_null(envelope);
    if (!stream)
        stream = batch_add_stream(&batch, source, epoch);
    assert_non_null(stream);
    envelope->source = source;
    envelope->stream = stream;
    envelope->fate = fate;
    if (fate != FATE_STORED && fate != FATE_DEAD)
        return envelope;
    if (stream->last)
        stream->last->next = envelope;
    else
        stream->first = envelope;
    stream->last = envelope;
    return envelope;
}

static struct batch_envelope *unattributed(enum envelope_fate fate)
{
    struct batch_envelope *envelope = append("bytes");

    assert_non_null(envelope);
    envelope->fate = fate;
    return envelope;
}

static void an_envelope_is_copied_and_blames_nobody(void **state)
{
    char bytes[] = "bytes";
    struct batch_envelope *envelope = batch_append(&batch, TEXT("topic"), text_of(bytes), 1000);

    (void)state;
    bytes[0] = 'X';
    assert_true(text_equal(envelope->bytes, TEXT("bytes")));
    assert_int_equal(envelope->received_us, 1000);
    assert_int_equal(envelope->fate, FATE_PENDING);
    assert_int_equal(envelope->blame, RULE_COUNT);
    assert_null(envelope->source);
    assert_int_equal(batch.bytes, 5);
}

static void a_full_batch_takes_nothing_more(void **state)
{
    (void)state;
    for (int i = 0; i < ROOM; i++)
        assert_non_null(append("x"));
    assert_null(append("x"));
    assert_int_equal(batch.count, ROOM);
    assert_int_equal(batch.bytes, ROOM);
}

static void a_batch_whose_arena_is_full_takes_nothing_more(void **state)
{
    static char large[ARENA_BYTES / 2];

    (void)state;
    memset(large, 'x', sizeof large - 1);
    assert_null(append(large));
    assert_int_equal(batch.count, 0);
    assert_int_equal(batch.bytes, 0);
    large[ARENA_BYTES / 4] = '\0';
    assert_non_null(append(large));
    assert_null(append(large));
    assert_int_equal(batch.count, 1);
}

static void an_empty_envelope_is_an_envelope(void **state)
{
    (void)state;
    assert_non_null(append(""));
    assert_int_equal(batch.count, 1);
}

static void each_epoch_of_a_source_has_its_own_stream(void **state)
{
    struct batch_stream *first = batch_add_stream(&batch, &sources[0], 1),
                        *second = batch_add_stream(&batch, &sources[0], 2);

    (void)state;
    assert_ptr_equal(batch_find_stream(&sources[0], 1), first);
    assert_ptr_equal(batch_find_stream(&sources[0], 2), second);
    assert_null(batch_find_stream(&sources[0], 3));
    assert_null(batch_find_stream(&sources[1], 1));
    assert_int_equal(first->head_index, -1);
    assert_int_equal(batch.stream_count, 2);
}

static void unjudging_lets_go_of_sources_and_keeps_what_was_read(void **state)
{
    struct batch_envelope *envelope = stored(&sources[0], 1, FATE_STORED);

    (void)state;
    batch_warn(&batch, envelope, WARNING_CLOCK, "late");
    batch_find(&batch, &sources[0], RULE_S03, false, envelope, "ahead", "late");
    batch.event_count = batch.fix_count = batch.reading_count = batch.sighting_count = 3;
    batch.to = batch.count;
    assert_int_equal(batch_arrange(&batch), 0);
    batch_unjudge(&batch);
    assert_null(sources[0].active);
    assert_null(batch.streams);
    assert_null(batch.findings);
    assert_null(batch.leaves);
    assert_int_equal(batch.leaf_count + batch.stream_count + batch.event_count + batch.fix_count + batch.reading_count +
                         batch.sighting_count,
                     0);
    assert_int_equal(batch.work.used_bytes, 0);
    assert_int_equal(batch.count, 1);
    assert_true(text_equal(batch.envelopes[0]->bytes, TEXT("bytes")));
}

static void a_reset_forgets_everything(void **state)
{
    (void)state;
    (void)stored(&sources[0], 1, FATE_STORED);
    batch.to = batch.count;
    batch_reset(&batch);
    assert_null(sources[0].active);
    assert_int_equal(batch.count + batch.bytes + batch.from + batch.to, 0);
    assert_int_equal(batch.arena.used_bytes, 0);
    assert_non_null(append("again"));
}

static void the_end_of_a_batch_lets_go_of_its_sources(void **state)
{
    (void)state;
    (void)stored(&sources[0], 1, FATE_STORED);
    batch_fini(&batch);
    assert_null(sources[0].active);
    assert_int_equal(batch_init(&batch, ROOM, ARENA_BYTES), 0);
}

static void the_words_of_a_refusal_outlive_the_judgement(void **state)
{
    struct batch_envelope *envelope = append("bytes");

    (void)state;
    batch_refuse(&batch, envelope, FATE_DEAD, REFUSAL_INVALID_TEXT, "name: \"%s\"", "\xff闽\x80");
    batch_unjudge(&batch);
    assert_int_equal(envelope->fate, FATE_DEAD);
    assert_int_equal(envelope->reason, REFUSAL_INVALID_TEXT);
    assert_true(text_equal(envelope->detail, TEXT("name: \"?闽?\"")));
}

static void words_are_cut_clean(void **state)
{
    struct batch_envelope *envelope = append("bytes");
    char words[2 * ERROR_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i + 3 < sizeof words; i += 3)
        memcpy(words + i, "闽", 3);
    words[sizeof words - 2] = '\0';
    for (size_t skip = 0; skip < 3; skip++) {
        batch_warn(&batch, envelope, WARNING_CLOCK, "%.*s%s", (int)skip, "..", words);
        assert_true(envelope->warnings->text.len < ERROR_TEXT_BYTES);
        assert_true(text_is_clean_utf8(envelope->warnings->text));
    }
}

static void the_newest_warning_and_finding_come_first(void **state)
{
    struct batch_envelope *envelope = append("bytes");

    (void)state;
    batch_warn(&batch, envelope, WARNING_CLOCK, "one");
    batch_warn(&batch, envelope, WARNING_FLAGGED, "two");
    assert_int_equal(envelope->warnings->code, WARNING_FLAGGED);
    assert_int_equal(envelope->warnings->next->code, WARNING_CLOCK);
    assert_null(envelope->warnings->next->next);
    batch_find(&batch, &sources[0], RULE_S01, true, envelope, "epoch 1", "%s", "gone");
    assert_int_equal(batch.findings->rule, RULE_S01);
    assert_true(batch.findings->withdraw);
    assert_int_equal(batch.findings->at_us, 1000);
    assert_ptr_equal(batch.findings->evidence, envelope);
    assert_true(text_equal(batch.findings->key, TEXT("epoch 1")));
    assert_true(text_equal(batch.findings->text, TEXT("gone")));
}

static void without_memory_a_warning_is_lost_and_the_batch_goes_on(void **state)
{
    struct batch_envelope *envelope = append("bytes");

    (void)state;
    log_set_level(LOG_ERROR); /* it is told there; not here */
    assert_non_null(arena_alloc(&batch.work, ARENA_BYTES / 2));
    batch_warn(&batch, envelope, WARNING_CLOCK, "lost");
    assert_null(envelope->warnings);
    assert_null(batch_add_stream(&batch, &sources[0], 1));
    assert_null(sources[0].active);
    batch.to = batch.count;
    assert_int_equal(batch_arrange(&batch), ERR_NO_MEMORY);
}

static void streams_are_put_in_one_order_for_all(void **state)
{
    static const struct {
        int64_t source_id;
        uint32_t epoch;
    } expected[] = {{8, 1}, {8, 7}, {9, 3}, {10, 1}, {10, 2}};
    const struct batch_stream *stream;

    (void)state;
    (void)batch_add_stream(&batch, &sources[0], 2);
    (void)batch_add_stream(&batch, &sources[2], 7);
    (void)batch_add_stream(&batch, &sources[1], 3);
    (void)batch_add_stream(&batch, &sources[0], 1);
    (void)batch_add_stream(&batch, &sources[2], 1);
    assert_int_equal(batch_arrange(&batch), 0);
    stream = batch.streams;
    for (size_t i = 0; i < 5; i++, stream = stream->next) {
        assert_int_equal(stream->source->source_id, expected[i].source_id);
        assert_int_equal(stream->epoch, expected[i].epoch);
    }
    assert_null(stream);
}

static void the_log_takes_streams_in_order_then_what_belongs_to_none(void **state)
{
    struct batch_envelope *nobody = unattributed(FATE_DEAD);
    struct batch_envelope *late = stored(&sources[0], 1, FATE_STORED),
                          *twice = stored(&sources[0], 1, FATE_EQUIVOCATION);
    struct batch_envelope *early = stored(&sources[1], 1, FATE_STORED), *refused = stored(&sources[1], 1, FATE_DEAD);
    const struct batch_envelope *expected[] = {early, refused, late, nobody, twice};

    (void)state;
    batch.to = batch.count;
    assert_int_equal(batch_arrange(&batch), 0);
    assert_int_equal(batch.leaf_count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_ptr_equal(batch.leaves[i], expected[i]);
    assert_int_equal(envelope_leaf_type(early), LEAF_ENVELOPE);
    assert_int_equal(envelope_leaf_type(refused), LEAF_DEAD_LETTER);
    assert_int_equal(envelope_leaf_type(nobody), LEAF_DEAD_LETTER);
    assert_int_equal(envelope_leaf_type(twice), LEAF_EQUIVOCATION);
}

static void what_is_not_kept_is_no_leaf(void **state)
{
    static const enum envelope_fate fates[] = {FATE_PENDING, FATE_SEEN, FATE_DUPLICATE, FATE_SEND_AGAIN, FATE_DROPPED};

    (void)state;
    for (size_t i = 0; i < 5; i++)
        (void)(i % 2 ? stored(&sources[0], 1, fates[i]) : unattributed(fates[i]));
    batch.to = batch.count;
    assert_int_equal(batch_arrange(&batch), 0);
    assert_int_equal(batch.leaf_count, 0);
}

static void only_the_range_under_way_is_arranged(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        (void)unattributed(FATE_DEAD);
    batch.from = 1;
    batch.to = 3;
    assert_int_equal(batch_arrange(&batch), 0);
    assert_int_equal(batch.leaf_count, 2);
    assert_ptr_equal(batch.leaves[0], batch.envelopes[1]);
    assert_ptr_equal(batch.leaves[1], batch.envelopes[2]);
    assert_int_equal(batch_arrange(&batch), 0); /* again, the same */
    assert_int_equal(batch.leaf_count, 2);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(an_envelope_is_copied_and_blames_nobody),
        TEST_(a_full_batch_takes_nothing_more),
        TEST_(a_batch_whose_arena_is_full_takes_nothing_more),
        TEST_(an_empty_envelope_is_an_envelope),
        TEST_(each_epoch_of_a_source_has_its_own_stream),
        TEST_(unjudging_lets_go_of_sources_and_keeps_what_was_read),
        TEST_(a_reset_forgets_everything),
        TEST_(the_end_of_a_batch_lets_go_of_its_sources),
        TEST_(the_words_of_a_refusal_outlive_the_judgement),
        TEST_(words_are_cut_clean),
        TEST_(the_newest_warning_and_finding_come_first),
        TEST_(without_memory_a_warning_is_lost_and_the_batch_goes_on),
        TEST_(streams_are_put_in_one_order_for_all),
        TEST_(the_log_takes_streams_in_order_then_what_belongs_to_none),
        TEST_(what_is_not_kept_is_no_leaf),
        TEST_(only_the_range_under_way_is_arranged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
