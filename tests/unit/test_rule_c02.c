/* test_rule_c02.c - C02: one strong identifier alive twice. */
#include "history.h"

static struct history h;

static void a_second_pickup_by_somebody_else_is_found(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *second = tell_pickup(&h, OTHER_RECYCLER, VEHICLE_CLASS_SMALL_PASSENGER);
    assert_finds(&h, RULE_C02, "pickup", second);
    assert_int_equal(h.state.holder_party_id, CARRIER);
}

static void a_second_pickup_by_the_holder_is_a_wrong_step_only(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *second = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    assert_finds(&h, RULE_C03, "step", second);
}

static void a_pickup_after_a_hand_over_is_no_second_life(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    tell_offer(&h, CARRIER, RECYCLER);
    tell_acceptance(&h, RECYCLER, CARRIER);
    tell_pickup(&h, RECYCLER, VEHICLE_CLASS_SMALL_PASSENGER);
    fold(&h);
    assert_int_equal(found(&h, RULE_C02, NULL), 0);
}

static void a_pickup_of_what_is_in_another_yard_is_found(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *second = tell_pickup(&h, TRADER, VEHICLE_CLASS_SMALL_PASSENGER);
    assert_finds(&h, RULE_C02, "pickup", second);
    assert_int_equal(h.state.physical, PHYSICAL_AT_YARD);
}

static void an_intake_by_a_party_that_was_never_handed_it_is_found(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    struct event *second = tell_intake(&h, OTHER_RECYCLER, OTHER_YARD);
    assert_finds(&h, RULE_C02, "intake", second);
    tell_offer(&h, RECYCLER, OTHER_RECYCLER)->at_us = second->at_us - 2 * MINUTE;
    tell(&h, EVENT_TYPE_LOADED, RECYCLER)->at_us = second->at_us - MINUTE;
    tell_acceptance(&h, OTHER_RECYCLER, RECYCLER);
    assert_quiet(&h); /* the hand-over arrived late */
}

static void leaving_the_yard_is_no_hand_over(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    tell(&h, EVENT_TYPE_DEPARTED, RECYCLER);
    struct event *second = tell_intake(&h, OTHER_RECYCLER, OTHER_YARD);
    assert_finds(&h, RULE_C02, "intake", second);
    second->site = site_code(YARD); /* the same site, another party */
    assert_finds(&h, RULE_C02, "intake", second);
}

static void what_was_said_of_one_event_does_not_hush_the_next(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    tell_pickup(&h, OTHER_RECYCLER, VEHICLE_CLASS_SMALL_PASSENGER);
    tell(&h, EVENT_TYPE_BOOKED, CARRIER);
    fold(&h);
    assert_int_equal(found(&h, RULE_C02, "pickup"), 1);
    assert_int_equal(found(&h, RULE_C03, "step"), 1);
}

static void an_intake_at_another_site_which_it_never_left_for_is_found(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    h.clock_us += HOUR;
    struct event *second = tell_intake(&h, RECYCLER, OTHER_YARD);
    assert_finds(&h, RULE_C02, "intake", second);
    tell(&h, EVENT_TYPE_DEPARTED, RECYCLER)->at_us = second->at_us - HOUR;
    assert_quiet(&h);
}

static void two_sites_within_ten_minutes_are_two_things(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    int64_t first_at_us = h.clock_us - HOUR;
    tell(&h, EVENT_TYPE_DEPARTED, RECYCLER)->at_us = first_at_us + 1;
    struct event *second = tell_intake(&h, RECYCLER, OTHER_YARD);
    second->at_us = first_at_us + 10 * MINUTE - 1;
    assert_finds(&h, RULE_C02, "places", second);
    second->at_us++;
    assert_quiet(&h);
    second->at_us--;
    second->site = site_code(YARD); /* back through the gate */
    assert_quiet(&h);
}

static void a_second_certificate_under_another_number_is_found(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1");
    assert_quiet(&h); /* printed again */
    assert_int_equal(h.state.facts.certificates_issued, 1);
    struct event *second = tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-2");
    assert_finds(&h, RULE_C02, "certificate", second);
    assert_int_equal(h.state.facts.certificates_issued, 2);
    assert_int_equal(h.state.facts.open_certificate_count, 2);
}

static void a_voided_certificate_makes_room_for_another(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    tell_certificate(&h, EVENT_TYPE_CERT_VOIDED, COMMERCE_BUREAU, "C-1");
    assert_quiet(&h);
    assert_int_equal(h.state.legal, LEGAL_VERIFIED);
    assert_int_equal(h.state.ban, RESALE_BANNED_FOR_GOOD);
    struct event *again = tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-2");
    assert_finds(&h, RULE_C14, "reissued", again);
    assert_int_equal(h.state.legal, LEGAL_CERTIFIED);
}

static void either_of_two_open_certificates_can_be_voided(void **unused)
{
    (void)unused;
    static const char *const numbers[] = {"C-1", "C-2"};
    for (size_t i = 0; i < 2; i++) {
        history_begin(&h, ITEM_KIND_VEHICLE);
        tell_to_certified(&h);
        tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-2");
        tell_certificate(&h, EVENT_TYPE_CERT_VOIDED, COMMERCE_BUREAU, numbers[i]);
        assert_finds(&h, RULE_C02, "certificate", NULL);
        assert_int_equal(h.state.facts.open_certificate_count, 1);
    }
}

static void a_third_open_certificate_pushes_out_the_oldest(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-2");
    tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-3");
    fold(&h);
    assert_int_equal(found(&h, RULE_C02, "certificate"), 2);
    assert_int_equal(h.state.facts.open_certificate_count, OPEN_CERTIFICATES_MAX);
    assert_int_equal(h.state.facts.certificates_issued, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_pickup_by_somebody_else_is_found),
        cmocka_unit_test(a_second_pickup_by_the_holder_is_a_wrong_step_only),
        cmocka_unit_test(a_pickup_after_a_hand_over_is_no_second_life),
        cmocka_unit_test(a_pickup_of_what_is_in_another_yard_is_found),
        cmocka_unit_test(an_intake_by_a_party_that_was_never_handed_it_is_found),
        cmocka_unit_test(leaving_the_yard_is_no_hand_over),
        cmocka_unit_test(what_was_said_of_one_event_does_not_hush_the_next),
        cmocka_unit_test(an_intake_at_another_site_which_it_never_left_for_is_found),
        cmocka_unit_test(two_sites_within_ten_minutes_are_two_things),
        cmocka_unit_test(a_second_certificate_under_another_number_is_found),
        cmocka_unit_test(a_voided_certificate_makes_room_for_another),
        cmocka_unit_test(either_of_two_open_certificates_can_be_voided),
        cmocka_unit_test(a_third_open_certificate_pushes_out_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
