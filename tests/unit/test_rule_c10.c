/* test_rule_c10.c - C10: what stores data is wiped, and the wipe verified, before it is resold. */
#include "history.h"

static struct history h;

static void begin(enum item_kind kind, bool stores_data)
{
    history_begin(&h, kind);
    struct event *pickup = tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    pickup->detail = EVENT_DETAIL_PICKUP;
    pickup->pickup = (struct pickup){.stores_data = stores_data};
    tell_intake(&h, SORTING_CENTRE, YARD);
}

static struct event *release(enum event_type type)
{
    return tell_release(&h, type, SORTING_CENTRE, BUYER_CLASS_CONSUMER);
}

static void a_wipe_that_nobody_verified_is_not_enough(void **unused)
{
    (void)unused;
    static const enum event_type releases[] = {EVENT_TYPE_WIPED_RESOLD, EVENT_TYPE_USED_GOODS_RELEASED};
    for (size_t i = 0; i < 2; i++) {
        begin(ITEM_KIND_DATA_DEVICE, false); /* the kind says it all */
        tell_wipe(&h, EVENT_TYPE_DATA_WIPED, SORTING_CENTRE, true);
        struct event *out = release(releases[i]);
        assert_finds(&h, RULE_C10, "wipe_verified", out);
        assert_int_equal(h.state.ban, RESALE_BANNED); /* it left, but not cleared */
        assert_int_equal(physical_state_end(h.state.physical), STATE_RELEASED);
    }
}

static void a_verification_that_failed_is_none(void **unused)
{
    (void)unused;
    begin(ITEM_KIND_DATA_DEVICE, false);
    tell_wipe(&h, EVENT_TYPE_DATA_WIPED, SORTING_CENTRE, true);
    tell_wipe(&h, EVENT_TYPE_WIPE_VERIFIED, SORTING_CENTRE, false);
    struct event *out = release(EVENT_TYPE_WIPED_RESOLD);
    assert_finds(&h, RULE_C10, "wipe_verified", out);
}

static void a_verification_without_an_outcome_is_none(void **unused)
{
    (void)unused;
    begin(ITEM_KIND_DATA_DEVICE, false);
    tell_wipe(&h, EVENT_TYPE_DATA_WIPED, SORTING_CENTRE, true);
    tell_wipe(&h, EVENT_TYPE_WIPE_VERIFIED, SORTING_CENTRE, true)->detail = EVENT_DETAIL_NONE;
    struct event *out = release(EVENT_TYPE_WIPED_RESOLD);
    assert_finds(&h, RULE_C10, "wipe_verified", out);
}

static void a_new_wipe_has_to_be_verified_again(void **unused)
{
    (void)unused;
    begin(ITEM_KIND_DATA_DEVICE, false);
    tell_wipe(&h, EVENT_TYPE_DATA_WIPED, SORTING_CENTRE, true);
    tell_wipe(&h, EVENT_TYPE_WIPE_VERIFIED, SORTING_CENTRE, true);
    tell_wipe(&h, EVENT_TYPE_DATA_WIPED, SORTING_CENTRE, true);
    struct event *out = release(EVENT_TYPE_WIPED_RESOLD);
    assert_finds(&h, RULE_C10, "wipe_verified", out);
    tell_wipe(&h, EVENT_TYPE_WIPE_VERIFIED, SORTING_CENTRE, true)->at_us = out->at_us - 1;
    assert_quiet(&h);
    assert_int_equal(h.state.ban, RESALE_BAN_NONE);
}

static void an_appliance_is_asked_only_when_it_stores_data(void **unused)
{
    (void)unused;
    begin(ITEM_KIND_APPLIANCE, false);
    release(EVENT_TYPE_USED_GOODS_RELEASED);
    assert_quiet(&h);
    begin(ITEM_KIND_APPLIANCE, true);
    release(EVENT_TYPE_USED_GOODS_RELEASED);
    fold(&h);
    assert_int_equal(found(&h, RULE_C10, "wipe_verified"), 1);
    assert_int_equal(h.state.ban, RESALE_BANNED);
}

static void a_wipe_after_the_release_does_not_help(void **unused)
{
    (void)unused;
    begin(ITEM_KIND_DATA_DEVICE, false);
    tell_wipe(&h, EVENT_TYPE_DATA_WIPED, SORTING_CENTRE, true);
    release(EVENT_TYPE_WIPED_RESOLD);
    tell_wipe(&h, EVENT_TYPE_WIPE_VERIFIED, SORTING_CENTRE, true);
    fold(&h);
    assert_int_equal(found(&h, RULE_C10, "wipe_verified"), 1);
    assert_int_equal(h.state.ban, RESALE_BANNED);
}

static void released_straight_from_the_truck_is_asked_too(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_DATA_DEVICE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    release(EVENT_TYPE_WIPED_RESOLD);
    fold(&h);
    assert_int_equal(found(&h, RULE_C10, "wipe_verified"), 1);
    assert_int_equal(found(&h, RULE_C03, "step"), 1);
}

static void a_second_round_of_custody_starts_unwiped(void **unused)
{
    (void)unused;
    begin(ITEM_KIND_DATA_DEVICE, false);
    tell_wipe(&h, EVENT_TYPE_DATA_WIPED, SORTING_CENTRE, true);
    tell_wipe(&h, EVENT_TYPE_WIPE_VERIFIED, SORTING_CENTRE, true);
    release(EVENT_TYPE_WIPED_RESOLD);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    tell_intake(&h, SORTING_CENTRE, YARD);
    struct event *out = release(EVENT_TYPE_WIPED_RESOLD);
    fold(&h);
    assert_int_equal(found(&h, RULE_C10, "wipe_verified"), 1);
    assert_ptr_equal(h.folded[h.list[0].event].event, out);
    assert_int_equal(h.state.ban, RESALE_BANNED);
}

static void shredding_needs_no_wipe(void **unused)
{
    (void)unused;
    begin(ITEM_KIND_DATA_DEVICE, false);
    tell(&h, EVENT_TYPE_DESTROYED, SORTING_CENTRE);
    assert_quiet(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wipe_that_nobody_verified_is_not_enough),
        cmocka_unit_test(a_verification_that_failed_is_none),
        cmocka_unit_test(a_verification_without_an_outcome_is_none),
        cmocka_unit_test(a_new_wipe_has_to_be_verified_again),
        cmocka_unit_test(an_appliance_is_asked_only_when_it_stores_data),
        cmocka_unit_test(a_wipe_after_the_release_does_not_help),
        cmocka_unit_test(released_straight_from_the_truck_is_asked_too),
        cmocka_unit_test(a_second_round_of_custody_starts_unwiped),
        cmocka_unit_test(shredding_needs_no_wipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
