/* test_gate.c - who speaks, may they, and where does it belong: fates, warnings and the S rules. */
#include "gate_world.h"

static size_t warnings(const struct batch_envelope *envelope, enum warning_code code)
{
    size_t count = 0;

    for (const struct envelope_warning *warning = envelope->warnings; warning; warning = warning->next) {
        count += warning->code == code;
        assert_non_null(memmem(warning->text.data, warning->text.len, "hint:", 5));
    }
    return count;
}

static const struct source_finding *finding_of(enum rule rule)
{
    const struct source_finding *found = NULL;

    for (const struct source_finding *finding = batch.findings; finding; finding = finding->next)
        if (finding->rule == rule)
            found = finding;
    return found;
}

static size_t finding_count(void)
{
    size_t count = 0;

    for (const struct source_finding *finding = batch.findings; finding; finding = finding->next)
        count++;
    return count;
}

static void expect_refused(const struct batch_envelope *envelope, enum envelope_fate fate, enum refusal_reason reason)
{
    assert_non_null(envelope);
    assert_int_equal(envelope->fate, fate);
    assert_int_equal(envelope->reason, reason);
    assert_true(text_is_clean_utf8(envelope->detail));
    assert_non_null(memmem(envelope->detail.data, envelope->detail.len, "hint:", 5));
}

/* ---- whose is it? ---- */

static void a_rightly_signed_envelope_is_attributed_and_stored(void **state)
{
    struct batch_envelope *envelope = SEND(.tag = "QZ-0001");

    (void)state;
    assert_ptr_equal(envelope->source, truck);
    assert_memory_equal(envelope->public_key, truck->keys[0].public_key, PUBLIC_KEY_BYTES);
    assert_int_equal(envelope->fate, FATE_PENDING);
    judge();
    assert_int_equal(envelope->fate, FATE_STORED);
    assert_non_null(envelope->report);
    assert_null(envelope->warnings);
    assert_int_equal(batch.event_count, 1);
    assert_int_equal(finding_count(), 0);
    assert_int_equal(counters.received, 1);
    assert_true(envelope->stream->touched && envelope->stream->to_acknowledge);
}

static void an_unsigned_source_needs_no_signature(void **state)
{
    struct batch_envelope *envelope = SEND(.source = "tracker-7");

    (void)state;
    assert_ptr_equal(envelope->source, tracker);
    assert_null(envelope->to_verify);
    judge();
    assert_int_equal(envelope->fate, FATE_STORED);
}

static void a_source_that_is_not_registered_is_nobody(void **state)
{
    struct batch_envelope *envelope = SEND(.source = "stranger");

    (void)state;
    expect_refused(envelope, FATE_DEAD, REFUSAL_UNKNOWN_SOURCE);
    assert_null(envelope->source);
    assert_null(envelope->answer_to);
    judge();
    expect_refused(envelope, FATE_DEAD, REFUSAL_UNKNOWN_SOURCE);
    assert_int_equal(finding_count(), 0);
}

static void a_disabled_source_is_nobody(void **state)
{
    (void)state;
    truck->enabled = false;
    expect_refused(SEND(.seq = 0), FATE_DEAD, REFUSAL_UNKNOWN_SOURCE);
    assert_null(batch.envelopes[0]->answer_to);
}

static void a_forged_signature_is_nobodys_word_and_is_held_against_the_key(void **state)
{
    struct batch_envelope *envelope = SEND(.forged = true);

    (void)state;
    assert_int_equal(envelope->fate, FATE_PENDING);
    judge();
    expect_refused(envelope, FATE_DEAD, REFUSAL_BAD_SIGNATURE);
    assert_null(envelope->source);
    assert_ptr_equal(envelope->answer_to, truck);
    assert_null(truck->active); /* its sequence is not touched */
    assert_true(text_equal(envelope->topic, TEXT("custody/v1/350504/up/truck-001")));
    assert_ptr_equal(finding_of(RULE_S04)->source, truck);
    judge(); /* again, as when a poison record is sought */
    expect_refused(envelope, FATE_DEAD, REFUSAL_BAD_SIGNATURE);
    assert_int_equal(finding_count(), 1);
}

static void a_key_that_is_not_registered_is_held_against_the_source(void **state)
{
    struct batch_envelope *envelope = SEND(.key = &other_key);

    (void)state;
    expect_refused(envelope, FATE_DEAD, REFUSAL_UNKNOWN_KEY);
    assert_ptr_equal(envelope->answer_to, truck);
    assert_null(envelope->to_verify);
    judge();
    assert_non_null(finding_of(RULE_S04));
}

static void a_signed_source_must_sign(void **state)
{
    (void)state;
    expect_refused(SEND(.unsigned_ = true), FATE_DEAD, REFUSAL_BAD_SIGNATURE);
    judge();
    assert_non_null(finding_of(RULE_S04));
}

static void any_of_its_keys_in_force_will_do(void **state)
{
    struct batch_envelope *envelope;

    (void)state;
    truck->key_count = 2;
    memcpy(truck->keys[1].public_key, other_key.public_key, PUBLIC_KEY_BYTES);
    source_key_id(text_of(truck->name), other_key.public_key, truck->keys[1].key_id);
    envelope = SEND(.key = &other_key);
    judge();
    assert_int_equal(envelope->fate, FATE_STORED);
    truck->key_count = 1; /* revoked */
    expect_refused(SEND(.key = &other_key, .seq = 1), FATE_DEAD, REFUSAL_UNKNOWN_KEY);
}

static void bytes_that_are_no_envelope_are_kept_as_a_dead_letter(void **state)
{
    static const struct text wrong[] = {
        {"", 0}, {"\xff", 1}, {"not protobuf", 12}, {"\x0a\x7f", 2}, {"\x0a\x03\x0a\x7f\x00", 5}};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct batch_envelope *envelope = send_bytes("custody/v1/350504/up/truck-001", wrong[i], now_us);

        assert_non_null(envelope);
        assert_int_equal(envelope->fate, FATE_DEAD);
        assert_null(envelope->source);
        if (envelope->reason == REFUSAL_MALFORMED)
            assert_ptr_equal(envelope->answer_to, truck); /* the broker knows who published it */
    }
    judge();
    assert_null(truck->active);
    assert_int_equal(counters.received, sizeof wrong / sizeof *wrong);
}

static void an_envelope_that_is_too_large_is_a_dead_letter(void **state)
{
    static char large[ENVELOPE_MAX_BYTES + 1];

    (void)state;
    expect_refused(send_bytes("custody/v1/350504/up/truck-001", (struct text){large, sizeof large}, now_us), FATE_DEAD,
                   REFUSAL_OVERSIZE);
}

static void of_what_is_far_too_large_the_front_is_kept(void **state)
{
    static char large[200 * 1024];
    struct batch_envelope *envelope =
        send_bytes("custody/v1/350504/up/truck-001", (struct text){large, sizeof large}, now_us);

    (void)state;
    expect_refused(envelope, FATE_DEAD, REFUSAL_OVERSIZE);
    assert_int_equal(envelope->bytes.len, 128 * 1024);
}

static void rubbish_of_a_disabled_source_is_answered_to_nobody(void **state)
{
    (void)state;
    truck->enabled = false;
    assert_null(send_bytes("custody/v1/350504/up/truck-001", TEXT("\xff"), now_us)->answer_to);
}

static void a_forgery_that_nobody_known_published_is_held_against_nobody(void **state)
{
    struct batch_envelope *envelope = SEND(.forged = true, .topic = "custody/v1/350504/up/stranger");

    (void)state;
    judge();
    assert_int_equal(envelope->fate, FATE_DEAD);
    assert_null(envelope->source);
    assert_null(envelope->answer_to);
    assert_int_equal(finding_count(), 0);
}

/* A report whose end is garbled; the signature is over exactly these bytes. */
static struct batch_envelope *send_garbled(const char *source)
{
    const struct report report = {.source = text_of(source), .epoch = 1, .device_time_us = now_us};
    uint8_t signature[SIGNATURE_BYTES], key_id[KEY_ID_BYTES];
    struct envelope envelope;
    char topic[128];

    buffer_clear(&body);
    buffer_clear(&bytes);
    assert_int_equal(wire_report_encode(&report, &body), 0);
    buffer_put_text(&body, TEXT("\xff\xff\xff"));
    envelope = (struct envelope){.body = buffer_text(&body)};
    if (strcmp(source, "truck-001") == 0) {
        envelope_sign(text_of(source), envelope.body, &truck_key, signature);
        source_key_id(text_of(source), truck_key.public_key, key_id);
        envelope.signature = (struct text){(char *)signature, sizeof signature};
        envelope.key_id = (struct text){(char *)key_id, sizeof key_id};
    }
    assert_int_equal(wire_envelope_encode(&envelope, &bytes), 0);
    (void)snprintf(topic, sizeof topic, "custody/v1/350504/up/%s", source);
    return send_bytes(topic, buffer_text(&bytes), now_us);
}

static void a_garbled_report_with_a_good_signature_is_dealt_with(void **state)
{
    struct batch_envelope *envelope = send_garbled("truck-001");

    (void)state;
    for (int round = 0; round < 2; round++) {
        judge();
        assert_int_equal(envelope->fate, FATE_DEAD);
        assert_int_equal(envelope->reason, REFUSAL_MALFORMED);
        assert_ptr_equal(envelope->source, truck);
        assert_int_equal(truck->active->stream.next_seq, 1); /* the device's ring does not jam */
    }
}

static void a_garbled_report_without_a_signature_is_nobodys(void **state)
{
    struct batch_envelope *envelope = send_garbled("tracker-7");

    (void)state;
    judge();
    assert_int_equal(envelope->fate, FATE_DEAD);
    assert_null(envelope->source);
    assert_ptr_equal(envelope->answer_to, tracker);
    assert_null(tracker->active);
}

static void a_topic_of_another_shape_is_not_the_sources(void **state)
{
    static const char *const topics[] = {
        "",
        "custody/v1/",
        "custody/v1/350504",
        "custody/v1/350504/up",
        "custody/v1/350504/up/",
        "custody/v1/350504/down/truck-001",
        "custody/v2/350504/up/truck-001",
        "Custody/v1/350504/up/truck-001",
        "custody/v1/350504/up/truck-001/",
        "custody/v1/350504/up/truck-002",
        "custody/v1/350504/up/tracker-7", /* another source's */
        "custody/v1/350505/up/truck-001", /* another area */
        "custody/v1//up/truck-001",
        "custody/v1/350504//up/truck-001",
    };

    (void)state;
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++) {
        struct batch_envelope *envelope = SEND(.topic = topics[i]);

        expect_refused(envelope, FATE_DEAD, REFUSAL_WRONG_TOPIC);
        assert_ptr_equal(envelope->source, truck);
    }
    judge();
    for (size_t i = 0; i < batch.count; i++)
        expect_refused(batch.envelopes[i], FATE_DEAD, REFUSAL_WRONG_TOPIC);
    assert_null(truck->active); /* not dealt with */
}

static void epochs_and_seqs_beyond_their_bounds_are_refused(void **state)
{
    (void)state;
    expect_refused(SEND(.epoch = (uint32_t)INT32_MAX + 1), FATE_DEAD, REFUSAL_INVALID_FIELD);
    expect_refused(SEND(.epoch = UINT32_MAX), FATE_DEAD, REFUSAL_INVALID_FIELD);
    expect_refused(SEND(.seq = INT64_MAX), FATE_DEAD, REFUSAL_INVALID_FIELD);
    expect_refused(SEND(.seq = UINT64_MAX), FATE_DEAD, REFUSAL_INVALID_FIELD);
    assert_ptr_equal(batch.envelopes[0]->answer_to, truck);
    judge();
    assert_null(truck->active);
}

/* ---- rates ---- */

static void a_source_above_its_rate_is_not_looked_at(void **state)
{
    (void)state;
    config.source_rate_per_s = 1;
    config.source_burst = 3;
    for (uint64_t seq = 0; seq < 5; seq++)
        (void)SEND(.seq = seq);
    assert_int_equal(batch.count, 3);
    assert_int_equal(counters.received, 5);
    assert_int_equal(counters.throttled, 2);
    assert_non_null(SEND(.source = "tracker-7")); /* the others go on */
    assert_non_null(SEND(.seq = 3, .received_us = now_us + US_PER_S));
}

static void strangers_above_their_rate_are_dropped_and_counted(void **state)
{
    (void)state;
    config.unknown_rate_per_s = 2;
    for (int i = 0; i < 5; i++)
        (void)SEND(.source = "stranger");
    assert_int_equal(batch.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(batch.envelopes[i]->fate, i < 2 ? FATE_DEAD : FATE_DROPPED);
    assert_int_equal(counters.dropped, 3);
    assert_int_equal(SEND(.source = "stranger", .received_us = now_us + US_PER_S)->fate, FATE_DEAD);
}

static void no_rate_for_strangers_keeps_none(void **state)
{
    (void)state;
    config.unknown_rate_per_s = 0;
    assert_int_equal(SEND(.source = "stranger")->fate, FATE_DROPPED);
    assert_int_equal(SEND(.source = "stranger", .received_us = now_us + US_PER_S)->fate, FATE_DROPPED);
    (void)SEND(.forged = true);
    judge();
    assert_int_equal(batch.envelopes[2]->fate, FATE_DROPPED);
    assert_int_equal(finding_count(), 0);
    assert_int_equal(counters.dropped, 3);
}

static void one_that_publishes_rubbish_does_not_use_up_what_others_may(void **state)
{
    static const struct text rubbish = {"\xff", 1};

    (void)state;
    config.unknown_rate_per_s = 1;
    assert_int_equal(send_bytes("custody/v1/350504/up/truck-001", rubbish, now_us)->fate, FATE_DEAD);
    assert_int_equal(send_bytes("custody/v1/350504/up/truck-001", rubbish, now_us)->fate, FATE_DROPPED);
    assert_int_equal(send_bytes("custody/v1/350504/up/tracker-7", rubbish, now_us)->fate, FATE_DEAD);
    assert_int_equal(send_bytes("custody/v1/350504/up/stranger", rubbish, now_us)->fate, FATE_DEAD);
    assert_int_equal(send_bytes("custody/v1/350504/up/another", rubbish, now_us)->fate,
                     FATE_DROPPED); /* strangers share */
}

static void a_full_batch_takes_nothing_and_counts_nothing(void **state)
{
    (void)state;
    for (uint64_t seq = 0; seq < ROOM; seq++)
        assert_non_null(SEND(.seq = seq));
    encode(&(struct sent){.seq = ROOM});
    assert_int_equal(gate_attribute(&gate, &batch, TEXT("custody/v1/350504/up/truck-001"), buffer_text(&bytes), now_us),
                     ERR_TOO_LARGE);
    assert_int_equal(counters.received, ROOM);
}

/* ---- order ---- */

static void a_chain_is_stored_in_order_and_its_hash_followed(void **state)
{
    struct digest previous = {{0}};

    (void)state;
    for (uint64_t seq = 0; seq < 4; seq++)
        previous = SEND(.seq = seq, .previous = previous)->hash;
    judge();
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(batch.envelopes[i]->fate, FATE_STORED);
        assert_null(batch.envelopes[i]->warnings);
        assert_ptr_equal(batch.envelopes[i]->next, i < 3 ? batch.envelopes[i + 1] : NULL);
    }
    assert_int_equal(truck->active->stream.next_seq, 4);
    assert_true(digest_equal(&truck->active->stream.head, &previous));
    assert_int_equal(truck->version, 0); /* the source itself changes when all is committed */
    assert_int_equal(truck->stream.next_seq, 0);
}

static void a_hole_is_warned_of(void **state)
{
    struct batch_envelope *envelope = SEND(.seq = 5);

    (void)state;
    judge();
    assert_int_equal(envelope->fate, FATE_STORED);
    assert_int_equal(warnings(envelope, WARNING_SEQUENCE_GAP), 1);
    assert_null(finding_of(RULE_S01));
}

static void a_hole_beyond_its_grace_is_a_finding_and_withdrawn_when_filled(void **state)
{
    const int64_t late_us = now_us + (config.gap_grace_s + 1) * US_PER_S;
    struct digest zeroth, first;

    (void)state;
    encode(&(struct sent){.seq = 0});
    zeroth = sha256(bytes.data, bytes.len);
    first = SEND(.seq = 1, .previous = zeroth)->hash;
    (void)SEND(.seq = 2, .previous = first, .received_us = late_us, .device_us = late_us);
    judge();
    assert_non_null(finding_of(RULE_S01));
    assert_false(finding_of(RULE_S01)->withdraw);
    assert_true(text_equal(finding_of(RULE_S01)->key, TEXT("epoch 1")));
    (void)SEND(.seq = 0, .received_us = late_us);
    judge();
    assert_int_equal(finding_count(), 2);
    assert_int_equal(batch.findings->rule, RULE_S01); /* the newest one takes it back */
    assert_true(batch.findings->withdraw);
    assert_true(text_equal(batch.findings->key, TEXT("epoch 1")));
}

static void a_broken_chain_is_stored_and_is_a_finding(void **state)
{
    struct batch_envelope *envelope;

    (void)state;
    (void)SEND(.seq = 0);
    envelope = SEND(.seq = 1, .previous = {{7}});
    judge();
    assert_int_equal(envelope->fate, FATE_STORED);
    assert_int_equal(warnings(envelope, WARNING_BROKEN_CHAIN), 1);
    assert_true(text_equal(finding_of(RULE_S02)->key, TEXT("chain 1/1")));
}

static void the_same_bytes_twice_in_a_batch_are_a_duplicate(void **state)
{
    struct batch_envelope *again;

    (void)state;
    (void)SEND(.seq = 0);
    again = SEND(.seq = 0);
    judge();
    assert_int_equal(again->fate, FATE_DUPLICATE);
    assert_null(again->warnings);
    assert_int_equal(finding_count(), 0);
}

static void other_bytes_under_one_seq_are_kept_as_an_equivocation_once(void **state)
{
    struct batch_envelope *other, *again;

    (void)state;
    (void)SEND(.seq = 0);
    other = SEND(.seq = 0, .tag = "QZ-0001");
    again = SEND(.seq = 0, .tag = "QZ-0001");
    judge();
    assert_int_equal(other->fate, FATE_EQUIVOCATION);
    assert_int_equal(warnings(other, WARNING_EQUIVOCATION), 1);
    assert_int_equal(again->fate, FATE_DUPLICATE);
    assert_int_equal(warnings(again, WARNING_EQUIVOCATION), 1); /* the device is told every time */
    assert_int_equal(finding_count(), 1);
    assert_true(text_equal(finding_of(RULE_S02)->key, TEXT("seq 1/0")));
    assert_int_equal(batch.event_count, 0);
}

/* As after a commit. */
static void commit(void)
{
    truck->version = 5;
    truck->epoch = 1;
    truck->head_index = 77;
    assert_int_equal(stream_copy(&truck->stream, &truck->active->stream), 0);
    batch_reset(&batch);
}

static void what_an_earlier_batch_dealt_with_is_for_the_database_to_say(void **state)
{
    struct batch_envelope *envelope;

    (void)state;
    (void)SEND(.seq = 0);
    judge();
    commit();
    envelope = SEND(.seq = 0, .tag = "QZ-0001");
    judge();
    assert_int_equal(envelope->fate, FATE_SEEN);
    assert_int_equal(envelope->stream->version, 5);
    assert_int_equal(envelope->stream->head_index, 77);
    assert_false(envelope->stream->touched);
    assert_true(envelope->stream->to_acknowledge);
}

static void what_the_database_says_settles_what_was_seen(void **state)
{
    static const struct {
        bool same, again;
        enum envelope_fate fate;
        size_t told, findings;
    } cases[] = {
        {true, false, FATE_DUPLICATE, 0, 0},
        {false, false, FATE_EQUIVOCATION, 1, 1},
        {false, true, FATE_DUPLICATE, 1, 0}, /* these bytes are kept already */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct batch_envelope *envelope;

        batch_reset(&batch);
        envelope = SEND(.seq = 0);
        gate_settle(&batch, envelope, cases[i].same, cases[i].again);
        assert_int_equal(envelope->fate, cases[i].fate);
        assert_int_equal(warnings(envelope, WARNING_EQUIVOCATION), cases[i].told);
        assert_int_equal(finding_count(), cases[i].findings);
    }
}

static void too_many_holes_are_to_be_sent_again(void **state)
{
    struct batch_envelope *envelope;

    (void)state;
    for (uint64_t i = 0; i < STREAM_RANGES_MAX; i++)
        (void)SEND(.seq = 2 * i + 1);
    envelope = SEND(.seq = 1000);
    judge();
    expect_refused(envelope, FATE_SEND_AGAIN, REFUSAL_TOO_FAR_AHEAD);
    assert_null(envelope->report);
    assert_int_equal(truck->active->stream.range_count, STREAM_RANGES_MAX);
}

static void a_clock_that_jumps_is_a_finding(void **state)
{
    struct batch_envelope *ahead = SEND(.seq = 0, .device_us = now_us + (config.clock_skew_max_s + 1) * US_PER_S);
    struct batch_envelope *back = SEND(.seq = 1, .previous = ahead->hash, .device_us = now_us - US_PER_S);

    (void)state;
    judge();
    assert_int_equal(ahead->fate, FATE_STORED);
    assert_int_equal(warnings(ahead, WARNING_CLOCK), 1);
    assert_int_equal(warnings(back, WARNING_CLOCK), 1);
    assert_int_equal(finding_count(), 2);
    assert_non_null(finding_of(RULE_S03));
}

static void an_impossible_time_is_a_dead_letter_that_was_dealt_with(void **state)
{
    static const int64_t claims[] = {INT64_MIN, INT64_MAX, 1};

    (void)state;
    for (uint64_t seq = 0; seq < 3; seq++)
        (void)SEND(.seq = seq, .device_us = claims[seq]);
    judge();
    for (size_t i = 0; i < 3; i++)
        expect_refused(batch.envelopes[i], FATE_DEAD, REFUSAL_IMPOSSIBLE_TIME);
    assert_int_equal(truck->active->stream.next_seq, 3); /* the device's ring does not jam */
}

static void an_event_that_names_nothing_is_a_dead_letter_that_was_dealt_with(void **state)
{
    struct batch_envelope *envelope = SEND(.tag = "  ");

    (void)state;
    judge();
    assert_int_equal(envelope->fate, FATE_DEAD);
    assert_int_equal(envelope->reason, REFUSAL_INVALID_IDENTIFIER);
    assert_ptr_equal(envelope->source, truck);
    assert_int_equal(truck->active->stream.next_seq, 1);
    assert_int_equal(batch.event_count, 0);
}

static void an_identifier_in_doubt_is_stored_with_a_warning(void **state)
{
    struct batch_envelope *envelope = SEND(.tag = "QZ1"); /* a short tag */

    (void)state;
    judge();
    assert_int_equal(envelope->fate, FATE_STORED);
    assert_int_equal(warnings(envelope, WARNING_IDENTIFIER), 1);
}

static void a_poison_record_is_kept_whatever_it_says(void **state)
{
    struct batch_envelope *envelope = SEND(.tag = "QZ-0001");

    (void)state;
    batch_refuse(&batch, envelope, FATE_DEAD, REFUSAL_NOT_STORABLE, "the database refuses it; hint: see the log");
    envelope->undecodable = true;
    judge();
    expect_refused(envelope, FATE_DEAD, REFUSAL_NOT_STORABLE);
    assert_null(envelope->report);
    assert_int_equal(truck->active->stream.next_seq, 1);
}

static void judging_again_says_the_same(void **state)
{
    struct batch_envelope *broken;

    (void)state;
    (void)SEND(.seq = 0, .tag = "QZ-0001");
    (void)SEND(.seq = 0);
    broken = SEND(.seq = 1, .tag = "QZ1");
    (void)SEND(.forged = true, .seq = 2);
    for (int round = 0; round < 3; round++) {
        judge();
        assert_int_equal(batch.envelopes[0]->fate, FATE_STORED);
        assert_int_equal(batch.envelopes[1]->fate, FATE_EQUIVOCATION);
        assert_int_equal(broken->fate, FATE_STORED);
        assert_int_equal(warnings(broken, WARNING_BROKEN_CHAIN), 1);
        assert_int_equal(warnings(broken, WARNING_IDENTIFIER), 1);
        assert_int_equal(batch.envelopes[3]->fate, FATE_DEAD);
        assert_int_equal(finding_count(), 3);
        assert_int_equal(batch.event_count, 2);
        assert_int_equal(batch_arrange(&batch), 0);
        assert_int_equal(batch.leaf_count, 4);
    }
    assert_int_equal(counters.received, 4);
}

static void a_batch_without_memory_says_so(void **state)
{
    (void)state;
    (void)SEND(.tag = "QZ-0001");
    batch.to = batch.count;
    batch.envelopes[0]->signature_good = true;
    for (size_t cap = 0;; cap += 16) { /* wherever it runs out */
        batch_unjudge(&batch);
        batch.work.cap_bytes = cap;
        if (gate_judge(&gate, &batch) == 0) {
            assert_int_equal(batch.envelopes[0]->fate, FATE_STORED);
            break;
        }
        assert_int_not_equal(batch.envelopes[0]->fate, FATE_DEAD); /* ours, not the envelope's */
        assert_int_not_equal(batch.envelopes[0]->fate, FATE_STORED);
    }
    batch_unjudge(&batch);
    batch.work.cap_bytes = 0;
    assert_int_equal(gate_judge(&gate, &batch), ERR_NO_MEMORY);
}

static void a_source_that_another_lane_serves_is_to_send_again(void **state)
{
    struct batch other;
    struct batch_envelope *envelope;

    (void)state;
    (void)SEND(.seq = 0);
    assert_int_equal(batch_init(&other, ROOM, MANY_ROOM), 0);
    assert_non_null(batch_add_stream(&other, truck, 1));
    batch.to = batch.count;
    envelope = batch.envelopes[0];
    envelope->signature_good = true;
    assert_int_equal(gate_judge(&gate, &batch), 0);
    assert_int_equal(envelope->fate, FATE_SEND_AGAIN);
    assert_null(envelope->stream);
    assert_int_equal(truck->active->stream.next_seq, 0);
    batch_fini(&other);
}

/* ---- epochs ---- */

static void an_older_epoch_that_speaks_again_is_a_clone(void **state)
{
    struct batch_envelope *old;

    (void)state;
    (void)SEND(.epoch = 2, .seq = 0);
    old = SEND(.epoch = 1, .seq = 0, .tag = "QZ-0001");
    judge();
    assert_int_equal(old->fate, FATE_STORED); /* both are kept */
    assert_int_equal(warnings(old, WARNING_OLD_EPOCH), 1);
    assert_true(old->stream->older);
    assert_true(text_equal(finding_of(RULE_S05)->key, TEXT("epoch 1")));
    assert_int_equal(finding_count(), 1);
}

static void a_new_epoch_begins_at_zero_without_a_word(void **state)
{
    struct batch_envelope *next;

    (void)state;
    (void)SEND(.epoch = 1, .seq = 0);
    next = SEND(.epoch = 2, .seq = 0);
    judge();
    assert_int_equal(next->fate, FATE_STORED);
    assert_null(next->warnings);
    assert_int_equal(finding_count(), 0);
    assert_ptr_not_equal(next->stream, batch.envelopes[0]->stream);
}

static bool asked_for[8];

/* As when the database has answered: the stream is there, and is not asked for again. */
static void ask_for(void *context, struct source *source, uint32_t epoch)
{
    assert_ptr_equal(context, &asked_for);
    assert_ptr_equal(source, truck);
    assert_in_range(epoch, 1, 7);
    assert_false(asked_for[epoch]);
    asked_for[epoch] = true;
    assert_non_null(batch_add_stream(&batch, source, epoch));
}

static void only_older_epochs_are_loaded_before_they_are_judged(void **state)
{
    (void)state;
    truck->version = 5;
    truck->epoch = 4;
    (void)SEND(.epoch = 2, .seq = 0);
    (void)SEND(.epoch = 2, .seq = 1);
    (void)SEND(.epoch = 1, .seq = 0);
    (void)SEND(.epoch = 4, .seq = 0); /* known */
    (void)SEND(.epoch = 5, .seq = 0); /* new */
    (void)SEND(.epoch = 3, .seq = 2, .topic = "custody/v1/350505/up/truck-001");
    batch.to = batch.count;
    for (size_t i = 0; i < batch.count; i++)
        batch.envelopes[i]->signature_good = true;
    (void)SEND(.epoch = 3, .seq = 1, .forged = true);
    batch.to = batch.count;
    memset(asked_for, 0, sizeof asked_for);
    assert_int_equal(gate_missing_streams(&batch, ask_for, &asked_for), 2);
    assert_true(asked_for[1] && asked_for[2] && !asked_for[3]);
    assert_int_equal(gate_missing_streams(&batch, ask_for, &asked_for), 0);
}

static void a_source_of_which_nothing_is_stored_needs_no_loading(void **state)
{
    (void)state;
    (void)SEND(.epoch = 2);
    batch.to = batch.count;
    batch.envelopes[0]->signature_good = true;
    assert_int_equal(gate_missing_streams(&batch, ask_for, &asked_for), 0);
}

int main(void)
{
#define TEST_(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST_(a_rightly_signed_envelope_is_attributed_and_stored),
        TEST_(an_unsigned_source_needs_no_signature),
        TEST_(a_source_that_is_not_registered_is_nobody),
        TEST_(a_disabled_source_is_nobody),
        TEST_(a_forged_signature_is_nobodys_word_and_is_held_against_the_key),
        TEST_(a_key_that_is_not_registered_is_held_against_the_source),
        TEST_(a_signed_source_must_sign),
        TEST_(any_of_its_keys_in_force_will_do),
        TEST_(bytes_that_are_no_envelope_are_kept_as_a_dead_letter),
        TEST_(an_envelope_that_is_too_large_is_a_dead_letter),
        TEST_(of_what_is_far_too_large_the_front_is_kept),
        TEST_(rubbish_of_a_disabled_source_is_answered_to_nobody),
        TEST_(a_forgery_that_nobody_known_published_is_held_against_nobody),
        TEST_(a_garbled_report_with_a_good_signature_is_dealt_with),
        TEST_(a_garbled_report_without_a_signature_is_nobodys),
        TEST_(a_topic_of_another_shape_is_not_the_sources),
        TEST_(epochs_and_seqs_beyond_their_bounds_are_refused),
        TEST_(a_source_above_its_rate_is_not_looked_at),
        TEST_(strangers_above_their_rate_are_dropped_and_counted),
        TEST_(no_rate_for_strangers_keeps_none),
        TEST_(one_that_publishes_rubbish_does_not_use_up_what_others_may),
        TEST_(a_full_batch_takes_nothing_and_counts_nothing),
        TEST_(a_chain_is_stored_in_order_and_its_hash_followed),
        TEST_(a_hole_is_warned_of),
        TEST_(a_hole_beyond_its_grace_is_a_finding_and_withdrawn_when_filled),
        TEST_(a_broken_chain_is_stored_and_is_a_finding),
        TEST_(the_same_bytes_twice_in_a_batch_are_a_duplicate),
        TEST_(other_bytes_under_one_seq_are_kept_as_an_equivocation_once),
        TEST_(what_an_earlier_batch_dealt_with_is_for_the_database_to_say),
        TEST_(what_the_database_says_settles_what_was_seen),
        TEST_(too_many_holes_are_to_be_sent_again),
        TEST_(a_clock_that_jumps_is_a_finding),
        TEST_(an_impossible_time_is_a_dead_letter_that_was_dealt_with),
        TEST_(an_event_that_names_nothing_is_a_dead_letter_that_was_dealt_with),
        TEST_(an_identifier_in_doubt_is_stored_with_a_warning),
        TEST_(a_poison_record_is_kept_whatever_it_says),
        TEST_(judging_again_says_the_same),
        TEST_(a_batch_without_memory_says_so),
        TEST_(a_source_that_another_lane_serves_is_to_send_again),
        TEST_(an_older_epoch_that_speaks_again_is_a_clone),
        TEST_(a_new_epoch_begins_at_zero_without_a_word),
        TEST_(only_older_epochs_are_loaded_before_they_are_judged),
        TEST_(a_source_of_which_nothing_is_stored_needs_no_loading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
