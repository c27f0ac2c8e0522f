/* test_stream.c - one epoch of a source: any order of arrival, each envelope once, every break of the chain told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/source/stream.h"

enum { MANY = 200 };

static const struct stream_bounds bounds = {.gap_grace_us = 60000000, .clock_skew_max_us = 5000000};
static const int64_t now_us = INT64_C(1795420800000000);
static struct stream stream;

static int start(void **state)
{
    (void)state;
    stream_init(&stream);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    stream_fini(&stream);
    return 0;
}

static struct digest hash_of(uint64_t seq)
{
    return sha256(&seq, sizeof seq);
}

static struct digest previous_of(uint64_t seq)
{
    return seq ? hash_of(seq - 1) : (struct digest){{0}};
}

static struct stream_entry entry_of(uint64_t seq)
{
    return (struct stream_entry){seq, previous_of(seq), hash_of(seq), now_us, now_us};
}

static enum stream_verdict accept(const struct stream_entry *entry, struct stream_notes *notes)
{
    enum stream_verdict verdict;
    struct stream_notes ignored;

    assert_int_equal(stream_accept(&stream, entry, &bounds, &verdict, notes ? notes : &ignored), 0);
    return verdict;
}

static enum stream_verdict accept_seq(uint64_t seq)
{
    const struct stream_entry entry = entry_of(seq);

    return accept(&entry, NULL);
}

/* The same, with its notes; the previous may be wrong, and the clocks say what they like. */
static struct stream_notes notes_of(uint64_t seq, bool broken, int64_t device_us, int64_t received_us)
{
    struct stream_entry entry = entry_of(seq);
    struct stream_notes notes;

    if (broken)
        entry.previous.bytes[31] ^= 1;
    entry.device_us = device_us;
    entry.received_us = received_us;
    (void)accept(&entry, &notes);
    return notes;
}

static bool breaks(uint64_t seq, bool broken)
{
    return notes_of(seq, broken, now_us, now_us).broken_chain;
}

static bool says_nothing(const struct stream_notes *notes)
{
    return !notes->broken_chain && !notes->gap_opened && !notes->gap_overdue && !notes->gap_closed &&
           !notes->clock_ahead && !notes->clock_backward;
}

static struct buffer bytes_of(const struct stream *from)
{
    struct buffer bytes;

    buffer_init(&bytes, 1 << 16);
    stream_encode(from, &bytes);
    assert_false(bytes.failed);
    return bytes;
}

static void expect_bytes(struct buffer *before)
{
    struct buffer after = bytes_of(&stream);

    assert_true(text_equal(buffer_text(before), buffer_text(&after)));
    buffer_fini(&after);
    buffer_fini(before);
}

/* ---- order ---- */

static void envelopes_in_order_are_each_the_next(void **state)
{
    (void)state;
    for (uint64_t seq = 0; seq < 100; seq++) {
        struct stream_entry entry = entry_of(seq);
        struct stream_notes notes;
        struct digest head;

        assert_int_equal(accept(&entry, &notes), STREAM_NEXT);
        assert_true(says_nothing(&notes));
        assert_int_equal(stream.next_seq, seq + 1);
        head = hash_of(seq);
        assert_true(digest_equal(&stream.head, &head));
        assert_null(stream.ranges);
    }
}

static void an_envelope_that_was_dealt_with_changes_nothing_whatever_it_says(void **state)
{
    struct buffer before;

    (void)state;
    (void)accept_seq(0);
    (void)accept_seq(1);
    for (uint64_t seq = 5; seq < 9; seq++)
        (void)accept_seq(seq);
    before = bytes_of(&stream);
    for (uint64_t seq = 0; seq < 9; seq++) {
        struct stream_entry entry = entry_of(seq);
        struct stream_notes notes;

        if (seq >= 2 && seq < 5)
            continue;
        entry.hash.bytes[0] ^= 1; /* other bytes under its seq */
        entry.previous.bytes[0] ^= 1;
        entry.device_us = 0;
        entry.received_us = now_us + 1000 * bounds.gap_grace_us;
        assert_int_equal(accept(&entry, &notes), STREAM_SEEN);
        assert_true(says_nothing(&notes));
    }
    expect_bytes(&before);
}

static void a_range_too_many_changes_nothing_and_can_come_later(void **state)
{
    struct buffer before;
    struct stream_entry far = entry_of(2 * STREAM_RANGES_MAX + 1);
    struct stream_notes notes;

    (void)state;
    for (uint64_t i = 0; i < STREAM_RANGES_MAX; i++)
        assert_int_equal(accept_seq(2 * i + 1), STREAM_EARLY);
    assert_int_equal(stream.range_count, STREAM_RANGES_MAX);
    before = bytes_of(&stream);
    far.previous.bytes[0] ^= 1;
    far.device_us = 0;
    far.received_us = now_us + 1000 * bounds.gap_grace_us;
    assert_int_equal(accept(&far, &notes), STREAM_TOO_FAR);
    assert_true(says_nothing(&notes));
    assert_int_equal(accept_seq(1000000), STREAM_TOO_FAR);
    expect_bytes(&before);
    /* What grows a range or joins two needs no room. */
    assert_int_equal(accept_seq(2 * STREAM_RANGES_MAX), STREAM_EARLY);
    assert_int_equal(accept_seq(2), STREAM_EARLY);
    assert_int_equal(stream.range_count, STREAM_RANGES_MAX - 1);
    assert_int_equal(accept_seq(1000000), STREAM_EARLY);
    assert_int_equal(stream.range_count, STREAM_RANGES_MAX);
    /* Nor does the one that is waited for. */
    assert_int_equal(accept_seq(0), STREAM_NEXT);
    assert_int_equal(stream.next_seq, 4);
}

/* The obvious model: which seqs were dealt with. */
struct model {
    bool seen[MANY + 1]; /* one more, never seen, ends the last run */
    uint64_t next;
};

struct run {
    uint64_t first, last;
};

static size_t runs_of(const struct model *model, struct run runs[MANY])
{
    size_t count = 0;

    for (uint64_t seq = model->next; seq < MANY; seq++) {
        if (!model->seen[seq])
            continue;
        if (count && runs[count - 1].last + 1 == seq)
            runs[count - 1].last = seq;
        else
            runs[count++] = (struct run){seq, seq};
    }
    return count;
}

static enum stream_verdict model_accept(struct model *model, uint64_t seq)
{
    enum stream_verdict verdict = seq == model->next ? STREAM_NEXT : STREAM_EARLY;
    struct run runs[MANY];

    if (model->seen[seq])
        return STREAM_SEEN;
    model->seen[seq] = true;
    while (model->seen[model->next])
        model->next++;
    if (runs_of(model, runs) <= STREAM_RANGES_MAX)
        return verdict;
    model->seen[seq] = false;
    return STREAM_TOO_FAR;
}

static bool agrees(const struct model *model)
{
    struct digest head = previous_of(model->next);
    struct run runs[MANY];

    if (stream.next_seq != model->next || !digest_equal(&stream.head, &head) ||
        stream.range_count != runs_of(model, runs) || (stream.range_count == 0) != (stream.ranges == NULL))
        return false;
    for (size_t i = 0; i < stream.range_count; i++) {
        const struct stream_range *range = &stream.ranges[i];
        struct digest previous = previous_of(range->first_seq), last = hash_of(range->last_seq);

        if (range->first_seq != runs[i].first || range->last_seq != runs[i].last ||
            !digest_equal(&range->first_previous, &previous) || !digest_equal(&range->last_hash, &last))
            return false;
        if (range->first_seq <= (i ? stream.ranges[i - 1].last_seq + 1 : stream.next_seq)) /* overlap or touch */
            return false;
    }
    return true;
}

/* A random order in which nothing moves further than about `window`, so that there are orders with few holes and with too many. */
static void shuffle(uint64_t order[MANY], unsigned window)
{
    for (uint64_t i = 0; i < MANY; i++)
        order[i] = i;
    for (unsigned i = 0; i < MANY; i++) {
        unsigned left = MANY - i, reach = window < left ? window : left, other = i + (unsigned)rand() % reach;
        uint64_t kept = order[i];

        order[i] = order[other];
        order[other] = kept;
    }
}

static void any_order_with_duplicates_ends_the_same_and_agrees_with_a_set_on_the_way(void **state)
{
    static const unsigned windows[] = {1, 2, 5, 20, 60, MANY};
    unsigned seed = (unsigned)time(NULL), verdicts[4] = {0};

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (unsigned round = 0; round < 120; round++) {
        struct model model = {.next = 0};
        uint64_t order[MANY];

        stream_fini(&stream);
        shuffle(order, windows[round % 6]);
        while (model.next < MANY) /* the device sends again until all is acknowledged */
            for (size_t i = 0; i < MANY; i++) {
                uint64_t seq = rand() % 4 ? order[i] : order[(unsigned)rand() % (i + 1)];
                struct stream_entry entry = entry_of(seq);
                enum stream_verdict expected = model_accept(&model, seq), verdict;
                struct stream_notes notes;

                verdict = accept(&entry, &notes);
                verdicts[verdict]++;
                if (verdict != expected || notes.broken_chain || !agrees(&model))
                    fail_msg("seed %u round %u: seq %u, verdict %d", seed, round, (unsigned)seq, (int)verdict);
            }
        assert_int_equal(stream.next_seq, MANY);
        assert_int_equal(stream.gap_since_us, 0);
    }
    for (size_t i = 0; i < 4; i++)
        assert_true(verdicts[i] > 0); /* or the orders were too tame */
}

/* ---- the chain ---- */

static void the_first_envelope_follows_zeros(void **state)
{
    (void)state;
    assert_true(breaks(0, true));
    stream_fini(&stream);
    assert_false(breaks(0, false));
}

static void a_break_at_the_head_is_told(void **state)
{
    (void)state;
    (void)accept_seq(0);
    assert_true(breaks(1, true));
    assert_false(breaks(2, false)); /* told once, and what follows is judged by what came */
}

static void a_break_behind_an_early_range_is_told(void **state)
{
    (void)state;
    assert_false(breaks(5, false));
    assert_true(breaks(6, true));
    assert_false(breaks(7, false));
}

static void a_break_before_an_early_range_is_told_when_its_gap_closes(void **state)
{
    (void)state;
    assert_false(breaks(6, true)); /* what it follows is not known yet */
    assert_true(breaks(5, false));
    assert_false(breaks(4, false));
}

static void a_break_on_either_side_of_a_joint_of_two_ranges_is_told(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        stream_fini(&stream);
        assert_false(breaks(5, false));
        assert_false(breaks(7, which == 1));
        assert_int_equal(breaks(6, which == 0), which != 2);
        assert_int_equal(stream.range_count, 1);
    }
}

static void a_break_on_either_side_of_the_last_missing_one_is_told(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        stream_fini(&stream);
        (void)accept_seq(0);
        assert_false(breaks(2, which == 1));
        assert_false(breaks(3, false));
        assert_int_equal(breaks(1, which == 0), which != 2);
        assert_int_equal(stream.next_seq, 4);
    }
}

static void a_break_anywhere_is_told_exactly_once_in_any_order(void **state)
{
    unsigned seed = (unsigned)time(NULL);

    (void)state;
    print_message("seed %u\n", seed);
    srand(seed);
    for (unsigned round = 0; round < 300; round++) {
        enum { FEW = 2 * STREAM_RANGES_MAX };
        uint64_t order[MANY], broken = (uint64_t)rand() % FEW;
        bool seen[FEW] = {false};

        stream_fini(&stream);
        shuffle(order, 1 + (unsigned)rand() % MANY);
        for (size_t i = 0; i < MANY; i++) {
            uint64_t seq = order[i];
            bool told;

            if (seq >= FEW)
                continue;
            seen[seq] = true;
            told = breaks(seq, seq == broken);
            /* when both sides of the joint are there for the first time */
            if (told !=
                ((seq == broken && (!broken || seen[broken - 1])) || (broken && seq == broken - 1 && seen[broken])))
                fail_msg("seed %u round %u: broken at %u, seq %u", seed, round, (unsigned)broken, (unsigned)seq);
        }
        assert_int_equal(stream.next_seq, FEW);
    }
}

/* ---- gaps ---- */

static void a_gap_is_told_when_it_opens_not_while_it_is_filled(void **state)
{
    (void)state;
    (void)accept_seq(0);
    assert_true(notes_of(5, false, now_us, now_us).gap_opened);
    assert_false(notes_of(6, false, now_us, now_us).gap_opened); /* no hole before it */
    assert_true(notes_of(9, false, now_us, now_us).gap_opened);  /* another hole */
    assert_false(notes_of(3, false, now_us, now_us).gap_opened); /* within a hole that was told */
    assert_false(notes_of(8, false, now_us, now_us).gap_opened);
    assert_false(notes_of(7, false, now_us, now_us).gap_opened);
}

static void a_gap_is_overdue_after_its_grace_and_only_once(void **state)
{
    const int64_t end_us = now_us + bounds.gap_grace_us;

    (void)state;
    (void)accept_seq(0);
    assert_false(notes_of(2, false, now_us, now_us).gap_overdue);
    assert_int_equal(stream.gap_since_us, now_us);
    assert_false(notes_of(3, false, now_us, end_us).gap_overdue);
    assert_true(notes_of(4, false, now_us, end_us + 1).gap_overdue);
    assert_true(stream.gap_reported);
    assert_false(notes_of(5, false, now_us, end_us + 2).gap_overdue);
    assert_false(notes_of(9, false, now_us, end_us + 3).gap_overdue);
    assert_int_equal(stream.gap_since_us, now_us);
}

static void a_second_hole_has_a_grace_of_its_own(void **state)
{
    const int64_t closed_us = now_us + bounds.gap_grace_us;

    (void)state;
    (void)accept_seq(0);
    (void)notes_of(2, false, now_us, now_us);
    (void)notes_of(4, false, now_us, now_us);
    assert_false(notes_of(1, false, now_us, closed_us).gap_overdue); /* the first hole is closed, 3 is still missing */
    assert_int_equal(stream.gap_since_us, closed_us);
    assert_false(notes_of(5, false, now_us, closed_us + bounds.gap_grace_us).gap_overdue);
    assert_true(notes_of(6, false, now_us, closed_us + bounds.gap_grace_us + 1).gap_overdue);
    assert_true(notes_of(3, false, now_us, closed_us + bounds.gap_grace_us + 2).gap_closed);
}

static void a_gap_that_was_reported_is_withdrawn_when_the_last_missing_one_arrives(void **state)
{
    struct stream_notes notes;

    (void)state;
    (void)accept_seq(2);
    (void)notes_of(3, false, now_us, now_us + bounds.gap_grace_us + 1);
    assert_false(notes_of(0, false, now_us, now_us).gap_closed);
    notes = notes_of(1, false, now_us, now_us);
    assert_true(notes.gap_closed);
    assert_false(notes.gap_overdue);
    assert_false(stream.gap_reported);
    assert_int_equal(stream.gap_since_us, 0);
}

static void a_gap_that_closes_in_time_needs_no_withdrawal(void **state)
{
    struct stream_notes notes;

    (void)state;
    (void)accept_seq(1);
    notes = notes_of(0, false, now_us, now_us + 1000 * bounds.gap_grace_us); /* late, and yet it is here */
    assert_true(says_nothing(&notes));
    assert_int_equal(stream.gap_since_us, 0);
}

static void a_second_gap_has_a_grace_of_its_own(void **state)
{
    const int64_t later_us = now_us + 10 * bounds.gap_grace_us;

    (void)state;
    (void)accept_seq(1);
    (void)notes_of(2, false, now_us, now_us + bounds.gap_grace_us + 1);
    (void)accept_seq(0);
    assert_false(notes_of(5, false, later_us, later_us).gap_overdue);
    assert_false(notes_of(6, false, later_us, later_us + bounds.gap_grace_us).gap_overdue);
    assert_true(notes_of(7, false, later_us, later_us + bounds.gap_grace_us + 1).gap_overdue);
}

/* ---- clocks ---- */

static void a_clock_is_ahead_beyond_the_bound_only(void **state)
{
    const int64_t edge_us = now_us + bounds.clock_skew_max_us;

    (void)state;
    assert_false(notes_of(0, false, edge_us, now_us).clock_ahead);
    assert_true(notes_of(1, false, edge_us + 1, now_us).clock_ahead);
    assert_true(notes_of(5, false, edge_us + 1, now_us).clock_ahead); /* early ones, too */
    assert_false(notes_of(6, false, edge_us, now_us).clock_ahead);
}

static void a_clock_goes_back_beyond_the_bound_only(void **state)
{
    const int64_t edge_us = now_us - bounds.clock_skew_max_us;

    (void)state;
    (void)accept_seq(0);
    assert_false(notes_of(1, false, edge_us, now_us).clock_backward);
    assert_false(notes_of(2, false, now_us, now_us).clock_backward);
    assert_true(notes_of(3, false, edge_us - 1, now_us).clock_backward);
    assert_false(notes_of(4, false, edge_us - 2, now_us).clock_backward); /* from there on it runs */
}

static void the_first_envelope_has_no_clock_to_go_back_from(void **state)
{
    struct stream_notes notes = notes_of(0, false, -now_us, now_us);

    (void)state;
    assert_true(says_nothing(&notes));
}

static void no_time_that_a_device_may_claim_overflows(void **state)
{
    static const int64_t claims[] = {INT64_MIN, INT64_MAX,     INT64_MIN, INT64_MIN,
                                     0,         INT64_MIN + 1, INT64_MAX, INT64_MAX};
    static const bool backward[] = {false, false, true, false, false, true, false, false};

    (void)state;
    for (uint64_t seq = 0; seq < sizeof claims / sizeof *claims; seq++) {
        struct stream_notes notes = notes_of(seq, false, claims[seq], now_us);

        assert_int_equal(notes.clock_backward, backward[seq]);
        assert_int_equal(notes.clock_ahead, claims[seq] == INT64_MAX);
    }
}

/* ---- copies and bytes ---- */

static void make_holes(void)
{
    (void)accept_seq(0);
    (void)accept_seq(1);
    (void)accept_seq(4);
    (void)accept_seq(5);
    (void)notes_of(9, false, now_us, now_us + bounds.gap_grace_us + 1);
}

static void a_copy_lives_by_itself(void **state)
{
    struct stream copy = {.next_seq = 0};
    struct buffer before, after;

    (void)state;
    make_holes();
    assert_int_equal(stream_copy(&copy, &stream), 0);
    before = bytes_of(&copy);
    for (uint64_t seq = 2; seq < 12; seq++)
        (void)accept_seq(seq);
    after = bytes_of(&copy);
    assert_true(text_equal(buffer_text(&before), buffer_text(&after)));
    assert_int_equal(stream_copy(&copy, &stream), 0); /* over what it held */
    assert_null(copy.ranges);
    assert_int_equal(copy.next_seq, 12);
    buffer_fini(&before);
    buffer_fini(&after);
    stream_fini(&copy);
}

static void a_state_comes_back_from_its_bytes_and_goes_on(void **state)
{
    struct buffer bytes;
    struct digest head;

    (void)state;
    make_holes();
    bytes = bytes_of(&stream);
    assert_int_equal(bytes.len, 60 + 2 * 80);
    assert_int_equal(stream_decode(&stream, buffer_text(&bytes)), 0); /* over what it held */
    assert_int_equal(stream.next_seq, 2);
    assert_int_equal(stream.range_count, 2);
    assert_int_equal(stream.gap_since_us, now_us);
    assert_true(stream.gap_reported);
    expect_bytes(&bytes);
    for (uint64_t seq = 2; seq < 10; seq++)
        assert_false(breaks(seq, false));
    assert_int_equal(stream.next_seq, 10);
    head = hash_of(9);
    assert_true(digest_equal(&stream.head, &head));
}

static void equal_states_have_equal_bytes_however_they_were_reached(void **state)
{
    static const uint64_t one[] = {0, 1, 4, 5, 9, 8}, other[] = {9, 8, 5, 4, 1, 0};
    struct buffer bytes;

    (void)state;
    for (size_t i = 0; i < 6; i++)
        (void)accept_seq(one[i]);
    bytes = bytes_of(&stream);
    stream_fini(&stream);
    for (size_t i = 0; i < 6; i++)
        (void)accept_seq(other[i]);
    expect_bytes(&bytes);
}

static void a_fresh_state_and_the_extremes_come_back(void **state)
{
    struct buffer bytes = bytes_of(&stream);

    (void)state;
    assert_int_equal(bytes.len, 60);
    assert_int_equal(stream_decode(&stream, buffer_text(&bytes)), 0);
    expect_bytes(&bytes);
    stream.next_seq = INT64_MAX;
    stream.device_us = INT64_MIN;
    stream.gap_since_us = -1;
    bytes = bytes_of(&stream);
    assert_int_equal(stream_decode(&stream, buffer_text(&bytes)), 0);
    assert_true(stream.device_us == INT64_MIN && stream.gap_since_us == -1);
    expect_bytes(&bytes);
}

static void refuse(const uint8_t *data, size_t len, const char *why)
{
    if (stream_decode(&stream, (struct text){(const char *)data, len}) != ERR_INVALID)
        fail_msg("accepted: %s", why);
}

static void bytes_of_another_length_are_refused_and_change_nothing(void **state)
{
    struct buffer bytes;
    uint8_t longer[60 + 3 * 80] = {0};

    (void)state;
    make_holes();
    bytes = bytes_of(&stream);
    memcpy(longer, bytes.data, bytes.len);
    refuse(NULL, 0, "nothing");
    for (size_t len = 0; len < sizeof longer; len++)
        if (len != bytes.len)
            refuse(longer, len, "another length");
    expect_bytes(&bytes);
}

static void put_u64(uint8_t *at, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        at[i] = (uint8_t)value;
}

/* Two ranges, 4..5 and 9..9, behind next_seq 2: where each of their seqs stands in the bytes. */
enum { AT_NEXT = 1, AT_REPORTED = 57, AT_COUNT = 58, AT_FIRST = 60, AT_LAST = 68, RANGE = 80 };

static void malformed_bytes_are_refused_and_change_nothing(void **state)
{
    static const struct {
        const char *why;
        size_t at;
        uint64_t value;
    } wrong[] = {
        {"a range that touches next_seq", AT_NEXT, 4},
        {"a range below next_seq", AT_NEXT, 5},
        {"all ranges below next_seq", AT_NEXT, 100},
        {"a range that ends before it begins", AT_LAST, 3},
        {"a range that touches the next range", AT_LAST, 8},
        {"a range that overlaps the next range", AT_LAST, 9},
        {"a range that swallows the next range", AT_LAST, 20},
        {"a range that ends where seqs end", AT_LAST, UINT64_MAX},
        {"ranges out of order", AT_FIRST + RANGE, 3},
        {"the last range touching the end of all seqs", AT_LAST + RANGE, UINT64_MAX},
    };
    struct buffer bytes;
    uint8_t copy[60 + 2 * RANGE];

    (void)state;
    make_holes();
    bytes = bytes_of(&stream);
    assert_int_equal(bytes.len, sizeof copy);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        memcpy(copy, bytes.data, sizeof copy);
        put_u64(copy + wrong[i].at, wrong[i].value);
        refuse(copy, sizeof copy, wrong[i].why);
    }
    memcpy(copy, bytes.data, sizeof copy);
    for (unsigned version = 0; version < 256; version++) {
        copy[0] = (uint8_t)version;
        if (version != 1)
            refuse(copy, sizeof copy, "another layout");
    }
    memcpy(copy, bytes.data, sizeof copy);
    copy[AT_REPORTED] = 2;
    refuse(copy, sizeof copy, "neither true nor false");
    expect_bytes(&bytes);
}

static void more_ranges_than_there_may_be_are_refused(void **state)
{
    uint8_t bytes[60 + (STREAM_RANGES_MAX + 1) * RANGE] = {1};

    (void)state;
    for (size_t i = 0; i <= STREAM_RANGES_MAX; i++) {
        put_u64(bytes + AT_FIRST + i * RANGE, 2 * i + 1);
        put_u64(bytes + AT_LAST + i * RANGE, 2 * i + 1);
    }
    bytes[AT_COUNT + 1] = STREAM_RANGES_MAX + 1;
    refuse(bytes, sizeof bytes, "a range too many");
    bytes[AT_COUNT + 1] = STREAM_RANGES_MAX;
    assert_int_equal(stream_decode(&stream, (struct text){(const char *)bytes, sizeof bytes - RANGE}), 0);
    assert_int_equal(stream.range_count, STREAM_RANGES_MAX);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(envelopes_in_order_are_each_the_next),
        TEST_(an_envelope_that_was_dealt_with_changes_nothing_whatever_it_says),
        TEST_(a_range_too_many_changes_nothing_and_can_come_later),
        TEST_(any_order_with_duplicates_ends_the_same_and_agrees_with_a_set_on_the_way),
        TEST_(the_first_envelope_follows_zeros),
        TEST_(a_break_at_the_head_is_told),
        TEST_(a_break_behind_an_early_range_is_told),
        TEST_(a_break_before_an_early_range_is_told_when_its_gap_closes),
        TEST_(a_break_on_either_side_of_a_joint_of_two_ranges_is_told),
        TEST_(a_break_on_either_side_of_the_last_missing_one_is_told),
        TEST_(a_break_anywhere_is_told_exactly_once_in_any_order),
        TEST_(a_gap_is_told_when_it_opens_not_while_it_is_filled),
        TEST_(a_gap_is_overdue_after_its_grace_and_only_once),
        TEST_(a_second_hole_has_a_grace_of_its_own),
        TEST_(a_gap_that_was_reported_is_withdrawn_when_the_last_missing_one_arrives),
        TEST_(a_gap_that_closes_in_time_needs_no_withdrawal),
        TEST_(a_second_gap_has_a_grace_of_its_own),
        TEST_(a_clock_is_ahead_beyond_the_bound_only),
        TEST_(a_clock_goes_back_beyond_the_bound_only),
        TEST_(the_first_envelope_has_no_clock_to_go_back_from),
        TEST_(no_time_that_a_device_may_claim_overflows),
        TEST_(a_copy_lives_by_itself),
        TEST_(a_state_comes_back_from_its_bytes_and_goes_on),
        TEST_(equal_states_have_equal_bytes_however_they_were_reached),
        TEST_(a_fresh_state_and_the_extremes_come_back),
        TEST_(bytes_of_another_length_are_refused_and_change_nothing),
        TEST_(malformed_bytes_are_refused_and_change_nothing),
        TEST_(more_ranges_than_there_may_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
