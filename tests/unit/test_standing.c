/* test_standing.c - which events count: duplicates of an id, corrections, disputes. */
#include "core/custody/standing.h"

#include "history.h"

static struct history h;

static enum event_standing standing_of(const struct event *event)
{
    for (size_t i = 0; i < h.count; i++)
        if (h.folded[i].event == event)
            return h.folded[i].standing;
    fail();
    return EVENT_STANDS;
}

static void an_event_reported_twice_counts_once(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *first = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *second = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    memcpy(second->event_id, first->event_id, UUID_BYTES);
    second->at_us = first->at_us;
    assert_quiet(&h);
    assert_int_equal(standing_of(first), EVENT_STANDS);
    assert_int_equal(standing_of(second), EVENT_DUPLICATE);
    assert_int_equal(h.state.facts.pickup_count, 1);
    assert_int_equal(h.state.event_count, 2);
}

static void what_was_recorded_first_is_not_displaced_by_its_id(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *first = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *second = tell(&h, EVENT_TYPE_BOOKED, TRADER);
    memcpy(second->event_id, first->event_id, UUID_BYTES);
    second->at_us = first->at_us - HOUR; /* earlier in time, later in the log */
    assert_finds(&h, RULE_C03, "duplicate", second);
    assert_int_equal(h.state.physical, PHYSICAL_IN_TRANSIT);
    assert_int_equal(h.state.ban, RESALE_BANNED);
}

static void events_with_the_nil_id_are_no_duplicates(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_APPLIANCE);
    memset(tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE)->event_id, 0, UUID_BYTES);
    memset(tell_intake(&h, SORTING_CENTRE, YARD)->event_id, 0, UUID_BYTES);
    assert_quiet(&h);
    assert_int_equal(h.state.physical, PHYSICAL_AT_YARD);
}

static void a_corrected_event_is_skipped_and_stays_in_the_history(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *wrong = tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    struct event *correction = tell_correction(&h, EVENT_TYPE_CORRECTED, RECYCLER, wrong);
    assert_quiet(&h);
    assert_int_equal(h.state.physical, PHYSICAL_AT_YARD);
    assert_false(h.state.terminal);
    assert_int_equal(standing_of(wrong), EVENT_CORRECTED_BY_REPORTER);
    assert_int_equal(standing_of(correction), EVENT_STANDS);
    assert_int_equal(h.state.event_count, h.count);
}

static void the_police_may_take_back_anybodys_event(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *wrong = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, wrong);
    tell_correction(&h, EVENT_TYPE_CORRECTED, POLICE, wrong);
    tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, wrong);
    assert_quiet(&h);
    assert_int_equal(standing_of(wrong), EVENT_CORRECTED_BY_AUTHORITY); /* the stronger one, wherever it stands */
}

static void nobody_else_takes_back_what_a_party_reported(void **unused)
{
    (void)unused;
    static const int64_t strangers[] = {RECYCLER, TRADER, COMMERCE_BUREAU};
    for (size_t i = 0; i < 3; i++) {
        history_begin(&h, ITEM_KIND_VEHICLE);
        struct event *event = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
        struct event *correction = tell_correction(&h, EVENT_TYPE_CORRECTED, strangers[i], event);
        assert_finds(&h, RULE_C03, "target", correction);
        assert_int_equal(h.state.ban, RESALE_BANNED);
    }
}

static void reporters_that_nobody_knows_are_not_the_same_reporter(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *event = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, event);
    h.told[0].party_id = h.told[1].party_id = 0;
    fold(&h);
    assert_int_equal(found(&h, RULE_C03, "target"), 1);
}

static void a_certificate_is_corrected_by_the_commerce_bureau_only(void **unused)
{
    (void)unused;
    static const int64_t others[] = {RECYCLER, POLICE};
    for (size_t i = 0; i < 2; i++) {
        history_begin(&h, ITEM_KIND_VEHICLE);
        tell_to_certified(&h);
        struct event *correction = tell_correction(&h, EVENT_TYPE_CORRECTED, others[i], &h.events[h.count - 1]);
        assert_finds(&h, RULE_C03, "target", correction);
        assert_int_equal(h.state.legal, LEGAL_CERTIFIED);
    }
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    tell_correction(&h, EVENT_TYPE_CORRECTED, COMMERCE_BUREAU, &h.events[h.count - 1]);
    assert_quiet(&h);
    assert_int_equal(h.state.legal, LEGAL_VERIFIED);
}

static void a_correction_is_not_corrected(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *event = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *first = tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, event);
    struct event *second = tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, first);
    assert_finds(&h, RULE_C03, "target", second);
    assert_int_equal(h.state.physical, PHYSICAL_NONE);
}

static void a_correction_waits_for_the_event_that_it_names(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *event = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *correction = tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, event);
    correction->correction.event_id[3] ^= 1;
    assert_finds(&h, RULE_C03, "target", correction);
    assert_int_equal(h.state.ban, RESALE_BANNED);
}

static void a_correction_names_an_earlier_event(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *event = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *correction = tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, event);
    correction->at_us = event->at_us - CLOCK_SKEW_US;
    assert_quiet(&h);
    correction->at_us--;
    assert_finds(&h, RULE_C03, "target", correction);
}

static void a_dispute_stands_until_what_it_contests_is_taken_back(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *event = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    tell_correction(&h, EVENT_TYPE_DISPUTED, RECYCLER, event);
    assert_quiet(&h);
    assert_true(h.state.facts.disputed);
    assert_int_equal(h.state.ban, RESALE_BANNED); /* contested, not undone */
    tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, event);
    assert_quiet(&h);
    assert_false(h.state.facts.disputed);
}

static void a_dispute_of_nothing_is_said_so(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *event = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *dispute = tell_correction(&h, EVENT_TYPE_DISPUTED, RECYCLER, event);
    dispute->correction.event_id[3] ^= 1;
    assert_finds(&h, RULE_C03, "target", dispute);
    assert_false(h.state.facts.disputed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_reported_twice_counts_once),
        cmocka_unit_test(what_was_recorded_first_is_not_displaced_by_its_id),
        cmocka_unit_test(events_with_the_nil_id_are_no_duplicates),
        cmocka_unit_test(a_corrected_event_is_skipped_and_stays_in_the_history),
        cmocka_unit_test(the_police_may_take_back_anybodys_event),
        cmocka_unit_test(nobody_else_takes_back_what_a_party_reported),
        cmocka_unit_test(reporters_that_nobody_knows_are_not_the_same_reporter),
        cmocka_unit_test(a_certificate_is_corrected_by_the_commerce_bureau_only),
        cmocka_unit_test(a_correction_is_not_corrected),
        cmocka_unit_test(a_correction_waits_for_the_event_that_it_names),
        cmocka_unit_test(a_correction_names_an_earlier_event),
        cmocka_unit_test(a_dispute_stands_until_what_it_contests_is_taken_back),
        cmocka_unit_test(a_dispute_of_nothing_is_said_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
