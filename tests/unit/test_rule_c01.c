/* test_rule_c01.c - C01: after an end state nothing but paper. */
#include "history.h"

static struct history h;

static void begin_destroyed(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_deregistered(&h);
    tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
}

static bool is_paper(enum event_type type)
{
    return type == EVENT_TYPE_CORRECTED || type == EVENT_TYPE_DISPUTED || type == EVENT_TYPE_INVOICED ||
           type == EVENT_TYPE_POLICE_NOTIFIED || type == EVENT_TYPE_CERT_VOIDED || type == EVENT_TYPE_DEREG_FILED ||
           type == EVENT_TYPE_DEREGISTERED;
}

static void every_event_but_paper_after_the_end_is_found_and_changes_nothing(void **unused)
{
    (void)unused;
    for (enum event_type type = EVENT_TYPE_BOOKED; type <= EVENT_TYPE_GRADED; type++) {
        begin_destroyed();
        fold(&h);
        struct item_state before = h.state;
        struct event *late = tell(&h, type, CARRIER);
        fold(&h);
        assert_int_equal(found(&h, RULE_C01, "end"), is_paper(type) ? 0 : 1);
        if (is_paper(type))
            continue;
        assert_finds(&h, RULE_C01, "end", late);
        assert_int_equal(h.state.event_count, before.event_count + 1);
        h.state.event_count = before.event_count;
        h.state.last_event_at_us = before.last_event_at_us;
        assert_memory_equal(&h.state, &before, sizeof before);
    }
}

static void every_end_state_is_an_end(void **unused)
{
    (void)unused;
    static const struct {
        enum item_kind kind;
        enum event_type end;
        int64_t by;
    } ends[] = {
        {ITEM_KIND_ENGINE, EVENT_TYPE_SMELTED, STEEL_MILL},
        {ITEM_KIND_TRACTION_BATTERY, EVENT_TYPE_MATERIAL_RECOVERED, BATTERY_PROCESSOR},
        {ITEM_KIND_APPLIANCE, EVENT_TYPE_TREATED, WEEE_FIRM},
        {ITEM_KIND_DATA_DEVICE, EVENT_TYPE_DESTROYED, SORTING_CENTRE},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        history_begin(&h, ends[i].kind);
        tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
        tell_intake(&h, SORTING_CENTRE, YARD);
        tell(&h, ends[i].end, ends[i].by);
        struct event *late = tell(&h, EVENT_TYPE_WEIGHED, SORTING_CENTRE);
        assert_finds(&h, RULE_C01, "end", late);
    }
}

static void a_release_is_no_end(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_PART);
    tell_release(&h, EVENT_TYPE_REUSE_MARKED, RECYCLER, BUYER_CLASS_CONSUMER);
    tell(&h, EVENT_TYPE_DEPARTED, RECYCLER);
    assert_quiet(&h);
    history_end(&h);
}

static void destroyed_without_papers_is_destroyed_all_the_same(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *destroyed = tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    assert_finds(&h, RULE_C03, "step", destroyed);
    assert_true(h.state.terminal);
    assert_int_equal(h.state.ban, RESALE_BANNED_FOR_GOOD);
    tell(&h, EVENT_TYPE_POSITION, CARRIER);
    fold(&h);
    assert_int_equal(found(&h, RULE_C01, "end"), 1);
}

static void the_offices_finish_the_papers_of_what_was_destroyed_too_early(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    tell_dismantling(&h, RECYCLER);
    struct event *early = tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    tell_certificate(&h, EVENT_TYPE_DEREG_FILED, RECYCLER, "C-1");
    tell_certificate(&h, EVENT_TYPE_DEREGISTERED, VEHICLE_OFFICE, "C-1");
    assert_finds(&h, RULE_C03, "deregistered", early);
    assert_int_equal(h.state.physical, PHYSICAL_DESTROYED);
    assert_int_equal(h.state.legal, LEGAL_DEREGISTERED);
}

static void nothing_is_deregistered_that_was_never_registered(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_ENGINE);
    tell(&h, EVENT_TYPE_SMELTED, STEEL_MILL);
    struct event *late = tell_certificate(&h, EVENT_TYPE_DEREGISTERED, VEHICLE_OFFICE, "C-1");
    assert_finds(&h, RULE_C01, "end", late);
    history_end(&h);
}

static void an_open_manifest_is_confirmed_after_the_end_once(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_LOT);
    tell(&h, EVENT_TYPE_LOT_CREATED, SORTING_CENTRE);
    tell_manifest(&h, EVENT_TYPE_HAZ_MANIFEST_OPENED, SORTING_CENTRE, "M-1")->counterparty =
        party_code(HAZARDOUS_OPERATOR);
    tell_manifest(&h, EVENT_TYPE_HAZ_MANIFEST_CONFIRMED, HAZARDOUS_OPERATOR, "M-1");
    assert_quiet(&h);
    struct event *again = tell_manifest(&h, EVENT_TYPE_HAZ_MANIFEST_CONFIRMED, HAZARDOUS_OPERATOR, "M-1");
    assert_finds(&h, RULE_C01, "end", again);
    h.events[2].type = EVENT_TYPE_MATERIAL_RECOVERED; /* it ended before the receiver confirmed */
    h.events[2].detail = EVENT_DETAIL_NONE;
    fold(&h);
    assert_int_equal(found(&h, RULE_C01, NULL), 0);
    assert_false(h.state.facts.manifest_open);
}

static void an_end_that_was_taken_back_is_none(void **unused)
{
    (void)unused;
    begin_destroyed();
    struct event *end = &h.events[h.count - 1];
    tell(&h, EVENT_TYPE_WEIGHED, RECYCLER);
    tell_correction(&h, EVENT_TYPE_CORRECTED, RECYCLER, end);
    assert_quiet(&h);
    assert_false(h.state.terminal);
}

static void an_event_of_the_same_item_as_a_part_counts_too(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_ENGINE);
    tell(&h, EVENT_TYPE_SMELTED, STEEL_MILL);
    struct event *late = tell_part(&h, EVENT_TYPE_DISMANTLED, OTHER_RECYCLER);
    assert_finds(&h, RULE_C01, "end", late);
    history_end(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_but_paper_after_the_end_is_found_and_changes_nothing),
        cmocka_unit_test(every_end_state_is_an_end),
        cmocka_unit_test(a_release_is_no_end),
        cmocka_unit_test(destroyed_without_papers_is_destroyed_all_the_same),
        cmocka_unit_test(the_offices_finish_the_papers_of_what_was_destroyed_too_early),
        cmocka_unit_test(nothing_is_deregistered_that_was_never_registered),
        cmocka_unit_test(an_open_manifest_is_confirmed_after_the_end_once),
        cmocka_unit_test(an_end_that_was_taken_back_is_none),
        cmocka_unit_test(an_event_of_the_same_item_as_a_part_counts_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
