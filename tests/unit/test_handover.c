/* test_handover.c - offer and acceptance, in either order of arrival and within the skew of clocks. */
#include "history.h"

static struct history h;

static void begin(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
}

static const struct history_event *folded(const struct event *event)
{
    for (size_t i = 0; i < h.count; i++)
        if (h.folded[i].event == event)
            return &h.folded[i];
    fail();
    return NULL;
}

static void whoever_picks_it_up_holds_it(void **unused)
{
    (void)unused;
    begin();
    assert_quiet(&h);
    assert_int_equal(h.state.holder_party_id, CARRIER);
}

static void an_offer_alone_moves_nothing_but_stands_open(void **unused)
{
    (void)unused;
    begin();
    struct event *offer = tell_offer(&h, CARRIER, RECYCLER);
    assert_quiet(&h);
    assert_int_equal(h.state.holder_party_id, CARRIER);
    assert_int_equal(h.state.offered_party_id, RECYCLER);
    assert_int_equal(h.state.facts.offer_giver_party_id, CARRIER);
    assert_int_equal(h.state.facts.offer_at_us, offer->at_us);
    assert_int_equal(folded(offer)->outcome, OUTCOME_NONE);
}

static void custody_moves_at_the_acceptance(void **unused)
{
    (void)unused;
    begin();
    struct event *offer = tell_offer(&h, CARRIER, RECYCLER);
    struct event *acceptance = tell_acceptance(&h, RECYCLER, CARRIER);
    assert_quiet(&h);
    assert_int_equal(h.state.holder_party_id, RECYCLER);
    assert_int_equal(h.state.offered_party_id, 0);
    assert_int_equal(h.state.facts.offer_at_us, 0);
    assert_int_equal(folded(offer)->outcome, OUTCOME_MATCHED);
    assert_int_equal(folded(acceptance)->outcome, OUTCOME_MATCHED);
}

static void an_acceptance_that_arrives_first_waits_for_its_offer(void **unused)
{
    (void)unused;
    begin();
    h.clock_us += HOUR;
    struct event *acceptance = tell_acceptance(&h, RECYCLER, CARRIER);
    assert_finds(&h, RULE_C03, "offer", acceptance);
    assert_int_equal(h.state.holder_party_id, CARRIER);
    struct event *offer = tell_offer(&h, CARRIER, RECYCLER); /* later in the log, earlier in time */
    offer->at_us = acceptance->at_us - HOUR;
    assert_quiet(&h);
    assert_int_equal(h.state.holder_party_id, RECYCLER);
}

static void an_acceptance_may_run_ahead_of_its_offer_by_ten_minutes(void **unused)
{
    (void)unused;
    begin();
    struct event *acceptance = tell_acceptance(&h, RECYCLER, CARRIER);
    struct event *offer = tell_offer(&h, CARRIER, RECYCLER);
    offer->at_us = acceptance->at_us + 10 * MINUTE;
    assert_quiet(&h);
    assert_int_equal(h.state.holder_party_id, RECYCLER);
    assert_int_equal(h.state.offered_party_id, 0);
    offer->at_us += 1;
    assert_finds(&h, RULE_C03, "offer", acceptance);
    assert_int_equal(h.state.holder_party_id, CARRIER);
    assert_int_equal(h.state.offered_party_id, RECYCLER);
}

static void one_offer_is_accepted_once(void **unused)
{
    (void)unused;
    begin();
    tell_offer(&h, CARRIER, RECYCLER);
    tell_acceptance(&h, RECYCLER, CARRIER);
    struct event *second = tell_acceptance(&h, RECYCLER, CARRIER);
    assert_finds(&h, RULE_C03, "offer", second);
    begin();
    struct event *early = tell_acceptance(&h, RECYCLER, CARRIER);
    struct event *late = tell_acceptance(&h, RECYCLER, CARRIER);
    late->at_us = early->at_us + MINUTE;
    tell_offer(&h, CARRIER, RECYCLER)->at_us = early->at_us + 2 * MINUTE;
    assert_finds(&h, RULE_C03, "offer", late);
}

static void an_offer_to_somebody_else_is_not_for_the_taker(void **unused)
{
    (void)unused;
    begin();
    tell_offer(&h, CARRIER, OTHER_RECYCLER);
    struct event *acceptance = tell_acceptance(&h, RECYCLER, CARRIER);
    assert_finds(&h, RULE_C03, "offer", acceptance);
    assert_int_equal(h.state.holder_party_id, CARRIER);
    assert_int_equal(h.state.offered_party_id, OTHER_RECYCLER);
}

static void an_acceptance_names_the_giver_of_the_offer(void **unused)
{
    (void)unused;
    begin();
    tell_offer(&h, CARRIER, RECYCLER);
    struct event *acceptance = tell_acceptance(&h, RECYCLER, OTHER_RECYCLER);
    assert_finds(&h, RULE_C03, "offer", acceptance);
    assert_int_equal(h.state.holder_party_id, CARRIER);
}

static void a_new_offer_takes_the_place_of_the_old_one(void **unused)
{
    (void)unused;
    begin();
    tell_offer(&h, CARRIER, OTHER_RECYCLER);
    tell_offer(&h, CARRIER, RECYCLER);
    tell_acceptance(&h, RECYCLER, CARRIER);
    assert_quiet(&h);
    struct event *stale = tell_acceptance(&h, OTHER_RECYCLER, CARRIER);
    assert_finds(&h, RULE_C03, "offer", stale);
    assert_int_equal(h.state.holder_party_id, RECYCLER);
}

static void custody_that_moved_leaves_no_offer_open(void **unused)
{
    (void)unused;
    begin();
    tell_offer(&h, CARRIER, OTHER_RECYCLER);
    struct event *acceptance = tell_acceptance(&h, RECYCLER, CARRIER);
    tell_offer(&h, CARRIER, RECYCLER)->at_us = acceptance->at_us + MINUTE;
    assert_quiet(&h);
    assert_int_equal(h.state.holder_party_id, RECYCLER);
    assert_int_equal(h.state.offered_party_id, 0);
}

static void a_rejection_closes_the_offer(void **unused)
{
    (void)unused;
    begin();
    tell_offer(&h, CARRIER, RECYCLER);
    tell(&h, EVENT_TYPE_TRANSFER_REJECTED, RECYCLER)->counterparty = party_code(CARRIER);
    assert_quiet(&h);
    assert_int_equal(h.state.holder_party_id, CARRIER);
    assert_int_equal(h.state.offered_party_id, 0);
    struct event *acceptance = tell_acceptance(&h, RECYCLER, CARRIER);
    assert_finds(&h, RULE_C03, "offer", acceptance);
}

static void nobody_rejects_what_was_not_offered(void **unused)
{
    (void)unused;
    begin();
    struct event *rejection = tell(&h, EVENT_TYPE_TRANSFER_REJECTED, RECYCLER);
    rejection->counterparty = party_code(CARRIER);
    assert_finds(&h, RULE_C03, "offer", rejection);
}

static void only_the_holder_offers(void **unused)
{
    (void)unused;
    begin();
    struct event *offer = tell_offer(&h, OTHER_RECYCLER, RECYCLER);
    tell_acceptance(&h, RECYCLER, OTHER_RECYCLER);
    assert_finds(&h, RULE_C03, "giver", offer);
    assert_int_equal(h.state.holder_party_id, RECYCLER); /* both sides say that it changed hands */
}

static void a_taker_that_nobody_registered_is_named(void **unused)
{
    (void)unused;
    begin();
    struct event *offer = tell_offer(&h, CARRIER, RECYCLER);
    offer->counterparty = TEXT("nobody");
    assert_finds(&h, RULE_C03, "counterparty", offer);
    assert_non_null(strstr(h.list[0].text, "nobody"));
    assert_int_equal(h.state.offered_party_id, 0);
}

static void an_acceptance_that_names_no_giver_moves_nothing(void **unused)
{
    (void)unused;
    begin();
    tell_offer(&h, CARRIER, RECYCLER);
    struct event *acceptance = tell_acceptance(&h, RECYCLER, CARRIER);
    acceptance->counterparty = (struct text){NULL, 0};
    assert_finds(&h, RULE_C03, "counterparty", acceptance);
    assert_int_equal(h.state.holder_party_id, CARRIER);
}

static void a_corrected_offer_is_none(void **unused)
{
    (void)unused;
    begin();
    struct event *offer = tell_offer(&h, CARRIER, RECYCLER);
    tell_correction(&h, EVENT_TYPE_CORRECTED, POLICE, offer);
    struct event *acceptance = tell_acceptance(&h, RECYCLER, CARRIER);
    assert_finds(&h, RULE_C03, "offer", acceptance);
    begin();
    acceptance = tell_acceptance(&h, RECYCLER, CARRIER);
    offer = tell_offer(&h, CARRIER, RECYCLER);
    offer->at_us = acceptance->at_us + MINUTE;
    tell_correction(&h, EVENT_TYPE_CORRECTED, POLICE, offer);
    assert_finds(&h, RULE_C03, "offer", acceptance);
}

static void times_at_the_ends_of_the_range_do_not_overflow(void **unused)
{
    (void)unused;
    begin();
    tell_acceptance(&h, RECYCLER, CARRIER)->at_us = INT64_MIN;
    tell_offer(&h, CARRIER, RECYCLER)->at_us = INT64_MAX;
    fold(&h);
    assert_int_equal(found(&h, RULE_C03, "offer"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_picks_it_up_holds_it),
        cmocka_unit_test(an_offer_alone_moves_nothing_but_stands_open),
        cmocka_unit_test(custody_moves_at_the_acceptance),
        cmocka_unit_test(an_acceptance_that_arrives_first_waits_for_its_offer),
        cmocka_unit_test(an_acceptance_may_run_ahead_of_its_offer_by_ten_minutes),
        cmocka_unit_test(one_offer_is_accepted_once),
        cmocka_unit_test(an_offer_to_somebody_else_is_not_for_the_taker),
        cmocka_unit_test(an_acceptance_names_the_giver_of_the_offer),
        cmocka_unit_test(a_new_offer_takes_the_place_of_the_old_one),
        cmocka_unit_test(custody_that_moved_leaves_no_offer_open),
        cmocka_unit_test(a_rejection_closes_the_offer),
        cmocka_unit_test(nobody_rejects_what_was_not_offered),
        cmocka_unit_test(only_the_holder_offers),
        cmocka_unit_test(a_taker_that_nobody_registered_is_named),
        cmocka_unit_test(an_acceptance_that_names_no_giver_moves_nothing),
        cmocka_unit_test(a_corrected_offer_is_none),
        cmocka_unit_test(times_at_the_ends_of_the_range_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
