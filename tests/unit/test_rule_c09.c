/* test_rule_c09.c - C09: supervised classes need the police before they are taken apart or certified. */
#include "history.h"

static struct history h;

static bool needs_police(enum vehicle_class vehicle_class)
{
    return vehicle_class >= VEHICLE_CLASS_LARGE_PASSENGER && vehicle_class <= VEHICLE_CLASS_OTHER_OPERATING;
}

static void dismantling_without_supervision_is_found_for_each_supervised_class(void **unused)
{
    (void)unused;
    for (enum vehicle_class class = VEHICLE_CLASS_SMALL_PASSENGER; class <= VEHICLE_CLASS_TRAILER; class ++) {
        history_begin(&h, ITEM_KIND_VEHICLE);
        tell_to_verified(&h, class);
        if (!needs_police(class))
            tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1");
        struct event *dismantled = tell_dismantling(&h, RECYCLER);
        if (needs_police(class))
            assert_finds(&h, RULE_C09, "supervision", dismantled);
        else
            assert_quiet(&h);
        assert_int_equal(h.state.physical, PHYSICAL_DISMANTLED);
    }
}

static void a_certificate_without_supervision_is_found_too(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_SCHOOL_BUS);
    tell_dismantling(&h, RECYCLER);
    tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1");
    fold(&h);
    assert_int_equal(found(&h, RULE_C09, "supervision"), 2);
    assert_int_equal(h.findings.count, 2);
}

static void only_the_police_supervise(void **unused)
{
    (void)unused;
    static const int64_t others[] = {RECYCLER, COMMERCE_BUREAU, AGRICULTURE_BUREAU, VEHICLE_OFFICE};
    for (size_t i = 0; i < 4; i++) {
        history_begin(&h, ITEM_KIND_VEHICLE);
        tell_to_verified(&h, VEHICLE_CLASS_TRUCK);
        tell(&h, EVENT_TYPE_SUPERVISION_ATTESTED, others[i]);
        tell_dismantling(&h, RECYCLER);
        fold(&h);
        assert_int_equal(found(&h, RULE_C09, "supervision"), 1);
        assert_int_equal(found(&h, RULE_C03, "by_police"), 1);
        assert_int_equal(h.state.legal, LEGAL_VERIFIED);
    }
}

static void supervision_cannot_be_had_afterwards(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_TRUCK);
    struct event *dismantled = tell_dismantling(&h, RECYCLER);
    tell(&h, EVENT_TYPE_SUPERVISION_ATTESTED, POLICE);
    assert_finds(&h, RULE_C09, "supervision", dismantled);
}

static void an_attestation_that_arrives_late_but_was_before_takes_the_finding_back(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_TRUCK);
    struct event *dismantled = tell_dismantling(&h, RECYCLER);
    tell(&h, EVENT_TYPE_SUPERVISION_ATTESTED, POLICE)->at_us = dismantled->at_us - 1;
    assert_quiet(&h);
}

static void destroyed_whole_and_unsupervised_is_found(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_OTHER_OPERATING);
    tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    fold(&h);
    assert_int_equal(found(&h, RULE_C09, "supervision"), 1);
    assert_int_equal(found(&h, RULE_C03, "step"), 1);
}

static void a_hulk_is_not_found_a_second_time(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_TRUCK);
    tell_dismantling(&h, RECYCLER);
    tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    fold(&h);
    assert_int_equal(found(&h, RULE_C09, "supervision"), 1);
}

static void a_certificate_out_of_turn_is_found_all_the_same(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_pickup(&h, CARRIER, VEHICLE_CLASS_TRUCK);
    tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1"); /* never taken in, never inspected */
    fold(&h);
    assert_int_equal(found(&h, RULE_C09, "supervision"), 1);
    assert_int_equal(found(&h, RULE_C03, "step"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dismantling_without_supervision_is_found_for_each_supervised_class),
        cmocka_unit_test(a_certificate_without_supervision_is_found_too),
        cmocka_unit_test(only_the_police_supervise),
        cmocka_unit_test(supervision_cannot_be_had_afterwards),
        cmocka_unit_test(an_attestation_that_arrives_late_but_was_before_takes_the_finding_back),
        cmocka_unit_test(destroyed_whole_and_unsupervised_is_found),
        cmocka_unit_test(a_hulk_is_not_found_a_second_time),
        cmocka_unit_test(a_certificate_out_of_turn_is_found_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
