/* test_resale.c - the resale ban, what lifts it and what cannot, and the verdict. */
#include "history.h"

static struct history h;

static enum resale_verdict verdict(void)
{
    const char *zh, *en;
    fold(&h);
    enum resale_verdict answer = item_resale_verdict(&h.state, &zh, &en);
    assert_true(strlen(zh) > 0 && strlen(en) > 0);
    return answer;
}

static void nothing_known_is_unknown(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    assert_int_equal(verdict(), RESALE_VERDICT_UNKNOWN);
}

static void booked_is_not_in_custody_and_so_unknown(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell(&h, EVENT_TYPE_BOOKED, CARRIER);
    assert_int_equal(verdict(), RESALE_VERDICT_UNKNOWN);
    assert_int_equal(h.state.ban, RESALE_BAN_NONE);
}

static void the_ban_begins_at_the_pickup(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell(&h, EVENT_TYPE_BOOKED, CARRIER);
    struct event *pickup = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    assert_int_equal(h.state.ban, RESALE_BANNED);
    assert_int_equal(h.state.banned_at_us, pickup->at_us);
}

static void any_event_in_custody_begins_the_ban_and_no_paper_does(void **unused)
{
    (void)unused;
    for (enum event_type type = EVENT_TYPE_BOOKED; type <= EVENT_TYPE_GRADED; type++) {
        history_begin(&h, ITEM_KIND_VEHICLE);
        tell(&h, type, RECYCLER);
        fold(&h);
        bool bans = event_nature(type)->custody || type == EVENT_TYPE_CERT_ISSUED;
        assert_int_equal(h.state.ban != RESALE_BAN_NONE, bans);
    }
    assert_false(event_nature(EVENT_TYPE_BOOKED)->custody);
    assert_true(event_nature(EVENT_TYPE_INTAKE)->custody);
    assert_true(event_nature(EVENT_TYPE_TRANSFER_ACCEPTED)->custody);
    assert_false(event_nature(EVENT_TYPE_POLICE_NOTIFIED)->custody);
}

static void a_lot_is_material_and_its_resale_unknown(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_LOT);
    tell(&h, EVENT_TYPE_LOT_CREATED, SORTING_CENTRE);
    assert_int_equal(verdict(), RESALE_VERDICT_UNKNOWN);
    tell_manifest(&h, EVENT_TYPE_HAZ_MANIFEST_OPENED, SORTING_CENTRE, "M-1");
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
}

static void a_marked_part_is_allowed_until_it_is_contested(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_PART);
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    struct event *marked = tell_release(&h, EVENT_TYPE_REUSE_MARKED, RECYCLER, BUYER_CLASS_CONSUMER);
    assert_int_equal(verdict(), RESALE_VERDICT_ALLOWED);
    tell_correction(&h, EVENT_TYPE_DISPUTED, POLICE, marked);
    assert_int_equal(verdict(), RESALE_VERDICT_UNKNOWN);
    history_end(&h);
}

static void a_marked_part_that_a_watch_list_names_is_unknown(void **unused)
{
    (void)unused;
    static const struct watch_hit hit = {1, {"wanted", 6}, IDENTIFIER_SCHEME_TAG, {"TAG-1", 5}, true};
    tell_child(&h, ITEM_KIND_PART);
    tell_release(&h, EVENT_TYPE_REUSE_MARKED, RECYCLER, BUYER_CLASS_CONSUMER);
    assert_int_equal(verdict(), RESALE_VERDICT_ALLOWED);
    h.around.watch = &hit;
    h.around.watch_count = 1;
    assert_int_equal(verdict(), RESALE_VERDICT_UNKNOWN);
    history_end(&h);
}

static void a_release_that_is_taken_back_restores_the_ban(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_PART);
    struct event *marked = tell_release(&h, EVENT_TYPE_REUSE_MARKED, RECYCLER, BUYER_CLASS_CONSUMER);
    tell_correction(&h, EVENT_TYPE_CORRECTED, POLICE, marked);
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    history_end(&h);
}

static void delivery_after_the_release_does_not_ban_again_but_collection_does(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_PART);
    tell_release(&h, EVENT_TYPE_REUSE_MARKED, RECYCLER, BUYER_CLASS_CONSUMER);
    tell(&h, EVENT_TYPE_LOADED, CARRIER);
    tell(&h, EVENT_TYPE_DEPARTED, CARRIER);
    assert_int_equal(verdict(), RESALE_VERDICT_ALLOWED);
    tell_intake(&h, OTHER_RECYCLER, OTHER_YARD); /* no pickup reported */
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    assert_int_equal(h.state.physical, PHYSICAL_AT_YARD);
    history_end(&h);
}

static void assemblies_stay_banned_wherever_they_go(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_ENGINE);
    tell(&h, EVENT_TYPE_GRADED, RECYCLER);
    tell_release(&h, EVENT_TYPE_REMAN_RELEASED, RECYCLER, BUYER_CLASS_REMANUFACTURER);
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    tell_release(&h, EVENT_TYPE_REUSE_MARKED, RECYCLER, BUYER_CLASS_CONSUMER); /* no such way out for an engine */
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    history_end(&h);
}

static void voluntary_scrap_is_undone_by_correction_before_the_certificate(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *pickup = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, pickup);
    assert_int_equal(verdict(), RESALE_VERDICT_UNKNOWN); /* not clear: no longer our business */
    assert_int_equal(h.state.ban, RESALE_BAN_NONE);
}

static void compulsory_scrap_is_undone_by_the_police_only(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *pickup = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    pickup->pickup.reason = SCRAP_REASON_COMPULSORY;
    tell_correction(&h, EVENT_TYPE_CORRECTED, CARRIER, pickup);
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    tell_correction(&h, EVENT_TYPE_CORRECTED, POLICE, pickup);
    assert_int_equal(verdict(), RESALE_VERDICT_UNKNOWN);
}

static void after_the_certificate_no_correction_lifts_the_ban(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    size_t told = h.count;
    for (size_t i = 0; i < told; i++) {
        bool certificate = h.events[i].type == EVENT_TYPE_CERT_ISSUED;
        tell_correction(&h, EVENT_TYPE_CORRECTED, certificate ? COMMERCE_BUREAU : POLICE, &h.events[i]);
    }
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    assert_int_equal(h.state.ban, RESALE_BANNED_FOR_GOOD);
    for (size_t i = 0; i < told; i++)
        assert_int_equal(h.folded[i].standing, EVENT_CORRECTED_BY_AUTHORITY);
    assert_int_equal(h.state.physical, PHYSICAL_NONE);
}

static void a_voided_certificate_does_not_lift_the_ban(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    tell_certificate(&h, EVENT_TYPE_CERT_VOIDED, COMMERCE_BUREAU, "C-1");
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    assert_int_equal(h.state.ban, RESALE_BANNED_FOR_GOOD);
}

static void dismantling_bans_for_good(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    tell(&h, EVENT_TYPE_DISMANTLED, RECYCLER);
    fold(&h);
    assert_int_equal(h.state.ban, RESALE_BANNED_FOR_GOOD);
}

static void a_ban_for_good_is_not_lifted_by_a_release(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_APPLIANCE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    tell_intake(&h, SORTING_CENTRE, YARD);
    tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1");
    tell_release(&h, EVENT_TYPE_USED_GOODS_RELEASED, SORTING_CENTRE, BUYER_CLASS_CONSUMER);
    fold(&h);
    assert_int_equal(h.state.physical, PHYSICAL_USED_GOODS);
    assert_int_equal(h.state.ban, RESALE_BANNED_FOR_GOOD);
}

static void the_dead_code_of_a_battery_never_comes_back_and_the_product_may(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_TRACTION_BATTERY);
    tell(&h, EVENT_TYPE_REPROCESS_RELEASED, BATTERY_PROCESSOR);
    struct event *back = tell(&h, EVENT_TYPE_PICKED_UP, CARRIER);
    fold(&h);
    assert_ptr_equal(h.folded[h.list[h.findings.count - 1].event].event, back);
    assert_int_equal(found(&h, RULE_C03, "step"), 2);
    history_end(&h);
    history_begin(&h, ITEM_KIND_TRACTION_BATTERY);
    tell_part(&h, EVENT_TYPE_REPROCESS_RELEASED, BATTERY_PROCESSOR);
    assert_int_equal(verdict(), RESALE_VERDICT_ALLOWED);
    tell(&h, EVENT_TYPE_PICKED_UP, CARRIER);
    assert_quiet(&h);
    assert_int_equal(verdict(), RESALE_VERDICT_BANNED);
    history_end(&h);
}

static void verdicts_have_words(void **unused)
{
    (void)unused;
    assert_string_equal(resale_verdict_word(RESALE_VERDICT_UNKNOWN), "unknown");
    assert_string_equal(resale_verdict_word(RESALE_VERDICT_ALLOWED), "allowed");
    assert_string_equal(resale_verdict_word(RESALE_VERDICT_BANNED), "banned");
    assert_string_equal(resale_verdict_word((enum resale_verdict)9), "invalid");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_known_is_unknown),
        cmocka_unit_test(booked_is_not_in_custody_and_so_unknown),
        cmocka_unit_test(the_ban_begins_at_the_pickup),
        cmocka_unit_test(any_event_in_custody_begins_the_ban_and_no_paper_does),
        cmocka_unit_test(a_lot_is_material_and_its_resale_unknown),
        cmocka_unit_test(a_marked_part_is_allowed_until_it_is_contested),
        cmocka_unit_test(a_marked_part_that_a_watch_list_names_is_unknown),
        cmocka_unit_test(a_release_that_is_taken_back_restores_the_ban),
        cmocka_unit_test(delivery_after_the_release_does_not_ban_again_but_collection_does),
        cmocka_unit_test(assemblies_stay_banned_wherever_they_go),
        cmocka_unit_test(voluntary_scrap_is_undone_by_correction_before_the_certificate),
        cmocka_unit_test(compulsory_scrap_is_undone_by_the_police_only),
        cmocka_unit_test(after_the_certificate_no_correction_lifts_the_ban),
        cmocka_unit_test(a_voided_certificate_does_not_lift_the_ban),
        cmocka_unit_test(dismantling_bans_for_good),
        cmocka_unit_test(a_ban_for_good_is_not_lifted_by_a_release),
        cmocka_unit_test(the_dead_code_of_a_battery_never_comes_back_and_the_product_may),
        cmocka_unit_test(verdicts_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
