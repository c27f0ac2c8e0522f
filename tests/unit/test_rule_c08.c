/* test_rule_c08.c - C08: who may have what. */
#include "history.h"

static struct history h;

/* --- sales: the registry's kind of the buyer ------------------------------------------------------------------ */

static void begin_ready(enum item_kind kind)
{
    tell_child(&h, kind);
    if (kind != ITEM_KIND_LEAD_ACID_BATTERY && kind != ITEM_KIND_CATALYST)
        tell(&h, EVENT_TYPE_GRADED, RECYCLER);
}

static uint32_t bit(int64_t party)
{
    return 1u << party;
}

static void assert_sale(enum item_kind kind, enum event_type type, uint32_t allowed)
{
    for (int64_t buyer = CARRIER; buyer <= SORTING_CENTRE; buyer++) {
        begin_ready(kind);
        struct event *sale = tell_release(&h, type, RECYCLER, BUYER_CLASS_UNSPECIFIED);
        sale->counterparty = party_code(buyer);
        fold(&h);
        bool right = (allowed & bit(buyer)) != 0;
        if (found(&h, RULE_C08, "buyer") != !right)
            fail_msg("%s %s to %s", item_kind_word(kind), event_type_word(type),
                     party_kind_word(test_parties[buyer - 1].kind));
        history_end(&h);
    }
}

static void an_assembly_is_sold_to_a_remanufacturer_only(void **unused)
{
    (void)unused;
    for (enum item_kind kind = ITEM_KIND_ENGINE; kind <= ITEM_KIND_FRAME; kind++)
        assert_sale(kind, EVENT_TYPE_REMAN_RELEASED, bit(REMANUFACTURER));
}

static void an_assembly_is_smelted_by_a_steel_mill_only(void **unused)
{
    (void)unused;
    assert_sale(ITEM_KIND_GEARBOX, EVENT_TYPE_SMELTED, bit(STEEL_MILL));
}

static void a_traction_battery_goes_to_processors_and_recyclers_only(void **unused)
{
    (void)unused;
    assert_sale(ITEM_KIND_TRACTION_BATTERY, EVENT_TYPE_REPROCESS_RELEASED,
                bit(BATTERY_PROCESSOR) | bit(RECYCLER) | bit(OTHER_RECYCLER));
    assert_sale(ITEM_KIND_TRACTION_BATTERY, EVENT_TYPE_MATERIAL_RECOVERED, bit(BATTERY_PROCESSOR));
}

static void hazardous_waste_goes_to_a_permit_holder_only(void **unused)
{
    (void)unused;
    assert_sale(ITEM_KIND_LEAD_ACID_BATTERY, EVENT_TYPE_HAZ_MANIFEST_OPENED, bit(HAZARDOUS_OPERATOR));
    assert_sale(ITEM_KIND_CATALYST, EVENT_TYPE_HAZ_MANIFEST_OPENED, bit(HAZARDOUS_OPERATOR));
    assert_sale(ITEM_KIND_CATALYST, EVENT_TYPE_HAZ_MANIFEST_CONFIRMED, bit(HAZARDOUS_OPERATOR));
    assert_sale(ITEM_KIND_LOT, EVENT_TYPE_HAZ_MANIFEST_OPENED, bit(HAZARDOUS_OPERATOR));
}

static void electrical_waste_is_treated_by_a_licensed_firm_only(void **unused)
{
    (void)unused;
    assert_sale(ITEM_KIND_APPLIANCE, EVENT_TYPE_TREATED, bit(WEEE_FIRM));
    assert_sale(ITEM_KIND_DATA_DEVICE, EVENT_TYPE_TREATED, bit(WEEE_FIRM));
}

static void marked_parts_and_used_goods_go_to_anybody(void **unused)
{
    (void)unused;
    assert_sale(ITEM_KIND_PART, EVENT_TYPE_REUSE_MARKED, UINT32_MAX);
    assert_sale(ITEM_KIND_APPLIANCE, EVENT_TYPE_USED_GOODS_RELEASED, UINT32_MAX);
    assert_sale(ITEM_KIND_DATA_DEVICE, EVENT_TYPE_WIPED_RESOLD, UINT32_MAX);
}

/* --- whose word counts ---------------------------------------------------------------------------------------- */

static void the_registry_counts_over_the_word_of_the_seller(void **unused)
{
    (void)unused;
    begin_ready(ITEM_KIND_ENGINE);
    struct event *sale = tell_release(&h, EVENT_TYPE_REMAN_RELEASED, RECYCLER, BUYER_CLASS_REMANUFACTURER);
    assert_quiet(&h); /* nobody named: the stated class is all there is */
    sale->counterparty = TEXT("elsewhere");
    assert_quiet(&h);
    sale->counterparty = party_code(TRADER);
    assert_finds(&h, RULE_C08, "buyer", sale);
    assert_non_null(strstr(h.list[0].text, "trader"));
    history_end(&h);
    begin_ready(ITEM_KIND_ENGINE);
    sale = tell_release(&h, EVENT_TYPE_REMAN_RELEASED, RECYCLER, BUYER_CLASS_TRADER);
    assert_finds(&h, RULE_C08, "buyer", sale);
    sale->counterparty = party_code(REMANUFACTURER);
    assert_quiet(&h);
    history_end(&h);
}

static void the_processor_itself_may_report_the_end(void **unused)
{
    (void)unused;
    begin_ready(ITEM_KIND_ENGINE);
    tell_release(&h, EVENT_TYPE_SMELTED, STEEL_MILL, BUYER_CLASS_UNSPECIFIED)->counterparty = party_code(RECYCLER);
    assert_quiet(&h); /* it names whom it had it from */
    history_end(&h);
}

static void a_recycler_is_not_its_own_buyer(void **unused)
{
    (void)unused;
    begin_ready(ITEM_KIND_TRACTION_BATTERY);
    struct event *sale = tell_release(&h, EVENT_TYPE_REPROCESS_RELEASED, RECYCLER, BUYER_CLASS_TRADER);
    fold(&h);
    assert_int_equal(found(&h, RULE_C08, "buyer"), 1);
    (void)sale;
    history_end(&h);
}

static void no_battery_goes_into_e_bikes_whoever_sells_it(void **unused)
{
    (void)unused;
    begin_ready(ITEM_KIND_TRACTION_BATTERY);
    tell_release(&h, EVENT_TYPE_REPROCESS_RELEASED, BATTERY_PROCESSOR, BUYER_CLASS_EBIKE);
    fold(&h);
    assert_int_equal(found(&h, RULE_C08, "buyer"), 1);
    h.events[h.count - 1].counterparty = party_code(EBIKE_FIRM);
    fold(&h);
    assert_int_equal(found(&h, RULE_C08, "buyer"), 1);
    history_end(&h);
}

/* --- hand-overs ----------------------------------------------------------------------------------------------- */

static void assert_hand_over(enum item_kind kind, uint32_t allowed)
{
    for (int64_t taker = CARRIER; taker <= SORTING_CENTRE; taker++) {
        if (taker == RECYCLER)
            continue;
        history_begin(&h, kind);
        tell_pickup(&h, RECYCLER, VEHICLE_CLASS_SMALL_PASSENGER);
        struct event *offer = tell_offer(&h, RECYCLER, taker);
        tell_acceptance(&h, taker, RECYCLER);
        if ((allowed & bit(taker)) != 0)
            assert_quiet(&h);
        else
            assert_finds(&h, RULE_C08, "buyer", offer); /* once, not again at the acceptance */
        h.told[1].role = ITEM_ROLE_SUBJECT;
        h.events[1].type = EVENT_TYPE_WEIGHED; /* the offer never came: the acceptance tells */
        fold(&h);
        assert_int_equal(found(&h, RULE_C08, "buyer"), (allowed & bit(taker)) == 0);
    }
}

static void a_whole_vehicle_is_handed_to_recyclers_carriers_and_police_only(void **unused)
{
    (void)unused;
    uint32_t allowed = bit(OTHER_RECYCLER) | bit(CARRIER) | bit(POLICE);
    assert_hand_over(ITEM_KIND_VEHICLE, allowed);
    assert_hand_over(ITEM_KIND_FARM_MACHINE, allowed);
}

static void hand_overs_of_other_kinds_have_their_takers(void **unused)
{
    (void)unused;
    uint32_t keepers = bit(CARRIER) | bit(POLICE);
    assert_hand_over(ITEM_KIND_ENGINE, keepers | bit(OTHER_RECYCLER) | bit(REMANUFACTURER) | bit(STEEL_MILL));
    assert_hand_over(ITEM_KIND_TRACTION_BATTERY, keepers | bit(OTHER_RECYCLER) | bit(BATTERY_PROCESSOR));
    assert_hand_over(ITEM_KIND_LEAD_ACID_BATTERY, keepers | bit(HAZARDOUS_OPERATOR));
    assert_hand_over(ITEM_KIND_CATALYST, keepers | bit(HAZARDOUS_OPERATOR));
    uint32_t collection = keepers | bit(OTHER_RECYCLER) | bit(SORTING_CENTRE) | bit(WEEE_FIRM);
    assert_hand_over(ITEM_KIND_APPLIANCE, collection);
    assert_hand_over(ITEM_KIND_DATA_DEVICE, collection);
    assert_hand_over(ITEM_KIND_PART, UINT32_MAX);
    assert_hand_over(ITEM_KIND_TYRE, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assembly_is_sold_to_a_remanufacturer_only),
        cmocka_unit_test(an_assembly_is_smelted_by_a_steel_mill_only),
        cmocka_unit_test(a_traction_battery_goes_to_processors_and_recyclers_only),
        cmocka_unit_test(hazardous_waste_goes_to_a_permit_holder_only),
        cmocka_unit_test(electrical_waste_is_treated_by_a_licensed_firm_only),
        cmocka_unit_test(marked_parts_and_used_goods_go_to_anybody),
        cmocka_unit_test(the_registry_counts_over_the_word_of_the_seller),
        cmocka_unit_test(the_processor_itself_may_report_the_end),
        cmocka_unit_test(a_recycler_is_not_its_own_buyer),
        cmocka_unit_test(no_battery_goes_into_e_bikes_whoever_sells_it),
        cmocka_unit_test(a_whole_vehicle_is_handed_to_recyclers_carriers_and_police_only),
        cmocka_unit_test(hand_overs_of_other_kinds_have_their_takers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
