/* test_rule_c03.c - C03: steps that the tables do not have, guards that fail one at a time, and a state that follows
 * the world. */
#include "core/custody/guard.h"

#include "history.h"

static struct history h;
static struct event *last;

/* --- one guard at a time: each case is a clean history in which exactly one thing is missing ------------------ */

static void vin_or_plate(void)
{
    static struct identifier engine = {IDENTIFIER_SCHEME_ENGINE_NUMBER, {"E1", 2}};
    history_begin(&h, ITEM_KIND_VEHICLE);
    last = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    last->item.identifiers = &engine;
}

static void truck(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    last = tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    last->conveyance = TEXT("闽C99999");
}

static void site(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    last = &h.events[h.count - 1];
    last->site = TEXT("nowhere");
}

static void weighed(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    last = &h.events[h.count - 1];
    last->mass.present = false;
}

static void holder(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER);
    last = tell_intake(&h, RECYCLER, YARD);
}

static void in_custody(void)
{
    history_begin(&h, ITEM_KIND_APPLIANCE);
    last = tell_inspection(&h, SORTING_CENTRE, INSPECTION_RESULT_OK);
}

static void in_yard(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_pickup(&h, RECYCLER, VEHICLE_CLASS_SMALL_PASSENGER);
    last = tell_inspection(&h, RECYCLER, INSPECTION_RESULT_OK);
}

static void identity(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    last = &h.events[h.count - 1];
    last->inspection.plate = INSPECTION_RESULT_UNSPECIFIED;
}

static void near_site(void)
{
    site();
    last->site = site_code(YARD);
    last->position = (struct position){.present = true, .lon_e7 = 1186600000, .lat_e7 = 249500000};
}

static void not_quarantined(void)
{
    tell_child(&h, ITEM_KIND_PART);
    tell(&h, EVENT_TYPE_QUARANTINED, POLICE);
    last = tell_release(&h, EVENT_TYPE_REUSE_MARKED, RECYCLER, BUYER_CLASS_CONSUMER);
}

static void by_police(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    tell(&h, EVENT_TYPE_QUARANTINED, RECYCLER);
    tell(&h, EVENT_TYPE_POLICE_NOTIFIED, RECYCLER);
    last = tell(&h, EVENT_TYPE_RELEASED, RECYCLER);
}

static void by_agriculture(void)
{
    history_begin(&h, ITEM_KIND_FARM_MACHINE);
    tell_to_verified(&h, VEHICLE_CLASS_UNSPECIFIED);
    last = tell(&h, EVENT_TYPE_SUPERVISION_ATTESTED, POLICE);
}

static void by_commerce(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    last = tell_certificate(&h, EVENT_TYPE_CERT_VOIDED, RECYCLER, "C-1");
}

static void by_recycler(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    last = tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, TRADER, "C-1");
}

static void class_known(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_UNSPECIFIED);
    last = tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1");
}

static void agri_supervision(void)
{
    history_begin(&h, ITEM_KIND_FARM_MACHINE);
    tell_to_verified(&h, VEHICLE_CLASS_UNSPECIFIED);
    last = tell_dismantling(&h, RECYCLER);
}

static void not_mortgaged(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    h.events[0].pickup.mortgaged = true;
    last = &h.events[h.count - 1];
}

static void cert_number(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    last = &h.events[h.count - 1];
    last->certificate.number = (struct text){NULL, 0};
}

static void cert_open(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    last = tell_certificate(&h, EVENT_TYPE_CERT_VOIDED, COMMERCE_BUREAU, "C-9");
}

static void certified(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    last = tell_dismantling(&h, RECYCLER);
}

static void dismantled_first(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_TRUCK);
    tell(&h, EVENT_TYPE_SUPERVISION_ATTESTED, POLICE);
    last = tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1");
}

static void photos(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    last = tell_dismantling(&h, RECYCLER);
    last->evidence_count = 1; /* before only */
}

static void assemblies(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    last = tell_dismantling(&h, RECYCLER);
    last->composition.part_count = 5; /* no frame */
}

static void children_end(void)
{
    static const struct child engine = {40, 0};
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_deregistered(&h);
    h.around.children = &engine;
    h.around.child_count = 1;
    last = tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
}

static void deregistered(void)
{
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    tell_dismantling(&h, RECYCLER);
    last = tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
}

static void marked(void)
{
    tell_child(&h, ITEM_KIND_PART);
    last = tell_release(&h, EVENT_TYPE_REUSE_MARKED, RECYCLER, BUYER_CLASS_CONSUMER);
    last->release.marked = false;
}

static void safe(void)
{
    history_begin(&h, ITEM_KIND_APPLIANCE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    tell_intake(&h, SORTING_CENTRE, YARD);
    last = tell_release(&h, EVENT_TYPE_USED_GOODS_RELEASED, SORTING_CENTRE, BUYER_CLASS_CONSUMER);
    last->release.safety_checked = false;
}

/* Verified without a wipe: the verification is the wrong step, and the release lacks the wipe. */
static void wiped(void)
{
    history_begin(&h, ITEM_KIND_DATA_DEVICE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    tell_intake(&h, SORTING_CENTRE, YARD);
    tell_wipe(&h, EVENT_TYPE_WIPE_VERIFIED, SORTING_CENTRE, true);
    last = tell_release(&h, EVENT_TYPE_WIPED_RESOLD, SORTING_CENTRE, BUYER_CLASS_CONSUMER);
}

static void new_code(void)
{
    tell_child(&h, ITEM_KIND_TRACTION_BATTERY);
    tell(&h, EVENT_TYPE_GRADED, BATTERY_PROCESSOR);
    last = tell(&h, EVENT_TYPE_REPROCESS_RELEASED, BATTERY_PROCESSOR);
}

static void manifest_number(void)
{
    tell_child(&h, ITEM_KIND_CATALYST);
    last = tell_manifest(&h, EVENT_TYPE_HAZ_MANIFEST_OPENED, RECYCLER, "");
    last->counterparty = party_code(HAZARDOUS_OPERATOR);
}

static void manifest_open(void)
{
    tell_child(&h, ITEM_KIND_CATALYST);
    tell_manifest(&h, EVENT_TYPE_HAZ_MANIFEST_OPENED, RECYCLER, "M-1")->counterparty = party_code(HAZARDOUS_OPERATOR);
    last = tell_manifest(&h, EVENT_TYPE_HAZ_MANIFEST_CONFIRMED, HAZARDOUS_OPERATOR, "M-2");
}

/* guard, story, state that the item has afterwards all the same */
static const struct {
    enum guard guard;
    void (*story)(void);
    enum physical_state physical;
    enum legal_state legal;
    enum resale_ban ban;
} cases[] = {
    {GUARD_VIN_OR_PLATE, vin_or_plate, PHYSICAL_IN_TRANSIT, LEGAL_NONE, RESALE_BANNED},
    {GUARD_TRUCK, truck, PHYSICAL_IN_TRANSIT, LEGAL_NONE, RESALE_BANNED},
    {GUARD_SITE, site, PHYSICAL_AT_YARD, LEGAL_NONE, RESALE_BANNED},
    {GUARD_WEIGHED, weighed, PHYSICAL_AT_YARD, LEGAL_NONE, RESALE_BANNED},
    {GUARD_HOLDER, holder, PHYSICAL_AT_YARD, LEGAL_NONE, RESALE_BANNED},
    {GUARD_IN_CUSTODY, in_custody, PHYSICAL_NONE, LEGAL_NONE, RESALE_BANNED},
    {GUARD_IN_YARD, in_yard, PHYSICAL_IN_TRANSIT, LEGAL_NONE, RESALE_BANNED},
    {GUARD_IDENTITY, identity, PHYSICAL_AT_YARD, LEGAL_NONE, RESALE_BANNED},
    {GUARD_NEAR_SITE, near_site, PHYSICAL_AT_YARD, LEGAL_NONE, RESALE_BANNED},
    {GUARD_NOT_QUARANTINED, not_quarantined, PHYSICAL_REUSE_MARKED, LEGAL_QUARANTINED, RESALE_BANNED},
    {GUARD_BY_POLICE, by_police, PHYSICAL_AT_YARD, LEGAL_QUARANTINED, RESALE_BANNED},
    {GUARD_BY_AGRICULTURE, by_agriculture, PHYSICAL_AT_YARD, LEGAL_VERIFIED, RESALE_BANNED},
    {GUARD_BY_COMMERCE, by_commerce, PHYSICAL_AT_YARD, LEGAL_CERTIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_BY_RECYCLER, by_recycler, PHYSICAL_AT_YARD, LEGAL_CERTIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_CLASS_KNOWN, class_known, PHYSICAL_AT_YARD, LEGAL_CERTIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_AGRI_SUPERVISION, agri_supervision, PHYSICAL_DISMANTLED, LEGAL_VERIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_NOT_MORTGAGED, not_mortgaged, PHYSICAL_AT_YARD, LEGAL_CERTIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_CERT_NUMBER, cert_number, PHYSICAL_AT_YARD, LEGAL_CERTIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_CERT_OPEN, cert_open, PHYSICAL_AT_YARD, LEGAL_CERTIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_CERTIFIED, certified, PHYSICAL_DISMANTLED, LEGAL_VERIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_DISMANTLED_FIRST, dismantled_first, PHYSICAL_AT_YARD, LEGAL_CERTIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_PHOTOS, photos, PHYSICAL_DISMANTLED, LEGAL_CERTIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_CHILDREN_ENDED, children_end, PHYSICAL_DESTROYED, LEGAL_DEREGISTERED, RESALE_BANNED_FOR_GOOD},
    {GUARD_DEREGISTERED, deregistered, PHYSICAL_DESTROYED, LEGAL_CERTIFIED, RESALE_BANNED_FOR_GOOD},
    {GUARD_MARKED, marked, PHYSICAL_REUSE_MARKED, LEGAL_NONE, RESALE_BANNED},
    {GUARD_SAFE, safe, PHYSICAL_USED_GOODS, LEGAL_NONE, RESALE_BANNED},
    {GUARD_WIPED, wiped, PHYSICAL_WIPED_RESOLD, LEGAL_NONE, RESALE_BANNED},
    {GUARD_NEW_CODE, new_code, PHYSICAL_REPROCESS_RELEASED, LEGAL_NONE, RESALE_BANNED},
    {GUARD_MANIFEST_NUMBER, manifest_number, PHYSICAL_MANIFESTED, LEGAL_NONE, RESALE_BANNED},
    {GUARD_MANIFEST_OPEN, manifest_open, PHYSICAL_HAZ_OUT, LEGAL_NONE, RESALE_BANNED_FOR_GOOD},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static void each_guard_that_fails_is_found_and_the_state_follows_the_world(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < CASES; i++) {
        const char *word = guard_word(cases[i].guard);
        cases[i].story();
        fold(&h);
        bool step_too = cases[i].guard == GUARD_WIPED;
        if (found(&h, RULE_C03, word) != 1 || h.findings.count != 1u + step_too ||
            h.state.physical != cases[i].physical || h.state.legal != cases[i].legal || h.state.ban != cases[i].ban) {
            print_findings(&h);
            fail_msg("guard %s: %zu findings, %s %s %s", word, h.findings.count, physical_state_word(h.state.physical),
                     legal_state_word(h.state.legal), resale_ban_word(h.state.ban));
        }
        const struct finding *finding = &h.list[h.findings.count - 1];
        assert_ptr_equal(h.folded[finding->event].event, last);
        assert_int_equal(finding->at_us, last->at_us);
        assert_non_null(strstr(finding->text, "; hint: "));
        history_end(&h);
    }
}

static void every_guard_has_a_case_or_a_rule_of_its_own(void **unused)
{
    (void)unused;
    uint64_t tested = GUARD_BIT(GUARD_SUPERVISION) | GUARD_BIT(GUARD_WIPE_VERIFIED) | GUARD_BIT(GUARD_WHOLE) |
                      GUARD_BIT(GUARD_ASSEMBLIES); /* C09, C10, C07 */
    for (size_t i = 0; i < CASES; i++)
        tested |= GUARD_BIT(cases[i].guard);
    for (unsigned guard = 0; guard < GUARD_COUNT; guard++)
        if ((tested & GUARD_BIT(guard)) == 0)
            fail_msg("guard %s is not tested", guard_word((enum guard)guard));
}

/* --- steps that the table does not have ----------------------------------------------------------------------- */

static void an_event_of_something_never_picked_up_is_one_finding_not_many(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    struct event *first = tell(&h, EVENT_TYPE_POSITION, CARRIER);
    for (int i = 0; i < 10; i++)
        tell(&h, EVENT_TYPE_POSITION, CARRIER);
    assert_finds(&h, RULE_C03, "step", first);
    assert_non_null(strstr(h.list[0].text, "none"));
    assert_int_equal(h.state.physical, PHYSICAL_IN_TRANSIT);
    assert_int_equal(h.state.ban, RESALE_BANNED);
    assert_int_equal(h.state.holder_party_id, CARRIER);
    tell_pickup(&h, CARRIER, VEHICLE_CLASS_SMALL_PASSENGER)->at_us = first->at_us - HOUR; /* arrives late */
    assert_quiet(&h);
}

static void the_finding_names_the_states_that_the_step_follows(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_certified(&h);
    last = tell(&h, EVENT_TYPE_DESTROYED, RECYCLER);
    assert_finds(&h, RULE_C03, "step", last);
    assert_non_null(strstr(h.list[0].text, "at_yard"));
    assert_non_null(strstr(h.list[0].text, "it follows dismantled"));
    assert_int_equal(h.state.physical, PHYSICAL_DESTROYED);
}

static void a_step_of_another_kind_is_found(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_APPLIANCE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    last = tell(&h, EVENT_TYPE_RETREADED, SORTING_CENTRE);
    assert_finds(&h, RULE_C03, "step", last);
    assert_non_null(strstr(h.list[0].text, "no step of this kind"));
}

static void nobody_undismantles_a_car(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_deregistered(&h);
    last = tell(&h, EVENT_TYPE_DEPOLLUTED, RECYCLER);
    assert_finds(&h, RULE_C03, "step", last);
    assert_int_equal(h.state.physical, PHYSICAL_DISMANTLED);
}

static void paper_that_goes_on_during_quarantine_does_not_end_it(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    tell(&h, EVENT_TYPE_QUARANTINED, POLICE);
    last = tell_certificate(&h, EVENT_TYPE_CERT_ISSUED, RECYCLER, "C-1");
    assert_finds(&h, RULE_C03, "step", last);
    assert_int_equal(h.state.legal, LEGAL_QUARANTINED);
    assert_int_equal(h.state.ban, RESALE_BANNED_FOR_GOOD);
    tell(&h, EVENT_TYPE_RELEASED, POLICE);
    fold(&h);
    assert_int_equal(h.state.legal, LEGAL_CERTIFIED); /* where the papers stand */
}

static void papers_go_forward_only(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_deregistered(&h);
    last = tell_certificate(&h, EVENT_TYPE_DEREG_FILED, RECYCLER, "C-1");
    assert_finds(&h, RULE_C03, "step", last);
    assert_int_equal(h.state.legal, LEGAL_DEREGISTERED);
}

static void a_certificate_that_a_recycler_voids_stays_open(void **unused)
{
    (void)unused;
    by_commerce();
    fold(&h);
    assert_int_equal(h.state.facts.open_certificate_count, 1);
    assert_int_equal(h.state.facts.certificates_voided, 0);
}

static void a_suspect_item_of_which_the_police_were_not_told_is_found_until_they_are(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    last = tell(&h, EVENT_TYPE_QUARANTINED, RECYCLER);
    assert_finds(&h, RULE_C03, "police_notified", last);
    tell(&h, EVENT_TYPE_POLICE_NOTIFIED, RECYCLER);
    assert_quiet(&h);
}

static void suspicion_has_many_faces(void **unused)
{
    (void)unused;
    for (int face = 0; face < 5; face++) {
        history_begin(&h, ITEM_KIND_VEHICLE);
        tell_to_yard(&h, VEHICLE_CLASS_SMALL_PASSENGER);
        last = tell_inspection(&h, RECYCLER, face == 0 ? INSPECTION_RESULT_MISSING : INSPECTION_RESULT_OK);
        last->inspection.stolen_hit = face == 1;
        if (face == 2)
            last->inspection.engine_number = INSPECTION_RESULT_MISMATCH;
        if (face == 3)
            last->inspection.plate = INSPECTION_RESULT_ALTERED;
        fold(&h);
        assert_int_equal(h.state.legal, face < 4 ? LEGAL_QUARANTINED : LEGAL_VERIFIED);
    }
}

static void supervision_is_believed_from_the_police_even_before_the_inspection(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_yard(&h, VEHICLE_CLASS_TRUCK);
    last = tell(&h, EVENT_TYPE_SUPERVISION_ATTESTED, POLICE);
    assert_finds(&h, RULE_C03, "step", last);
    assert_int_equal(h.state.legal, LEGAL_SUPERVISED);
}

static void an_item_that_changes_its_kind_is_found(void **unused)
{
    (void)unused;
    history_begin(&h, ITEM_KIND_APPLIANCE);
    tell(&h, EVENT_TYPE_PICKED_UP, SORTING_CENTRE);
    last = tell_intake(&h, SORTING_CENTRE, YARD);
    last->item.kind = ITEM_KIND_DATA_DEVICE;
    assert_finds(&h, RULE_C03, "kind", last);
}

static void a_sale_to_nobody_is_found(void **unused)
{
    (void)unused;
    tell_child(&h, ITEM_KIND_ENGINE);
    tell(&h, EVENT_TYPE_GRADED, RECYCLER);
    last = tell(&h, EVENT_TYPE_REMAN_RELEASED, RECYCLER);
    assert_finds(&h, RULE_C03, "buyer", last);
    history_end(&h);
}

/* --- guards that are easily had ------------------------------------------------------------------------------- */

static void what_came_before_counts_for_a_guard(void **unused)
{
    (void)unused;
    weighed();
    weigh(&h.events[1], 1400 * 1000); /* weighed on arrival */
    assert_quiet(&h);
    holder();
    tell_offer(&h, CARRIER, RECYCLER)->at_us = last->at_us - 1; /* being handed over */
    assert_quiet(&h);
    identity();
    last->inspection.plate = INSPECTION_RESULT_MISSING;
    last->inspection.owner_statement = true;
    assert_quiet(&h);
    assemblies();
    static enum item_kind missing[] = {ITEM_KIND_FRAME, ITEM_KIND_CATALYST, ITEM_KIND_LEAD_ACID_BATTERY};
    last->composition.declared_missing = missing;
    last->composition.declared_missing_count = 3;
    assert_quiet(&h);
    marked();
    static struct evidence photo = {.kind = EVIDENCE_KIND_PHOTO_MARK};
    last->evidence = &photo;
    last->evidence_count = 1;
    assert_quiet(&h);
    history_end(&h);
}

static void an_electric_car_needs_its_battery(void **unused)
{
    (void)unused;
    static enum item_kind battery = ITEM_KIND_TRACTION_BATTERY;
    history_begin(&h, ITEM_KIND_VEHICLE);
    tell_to_verified(&h, VEHICLE_CLASS_SMALL_PASSENGER);
    last = &h.events[h.count - 1];
    h.events[0].pickup.new_energy = true;
    last->inspection.engine_number = INSPECTION_RESULT_UNSPECIFIED;
    assert_quiet(&h);
    last->inspection.missing = &battery;
    last->inspection.missing_count = 1;
    last->inspection.owner_statement = true;
    assert_finds(&h, RULE_C07, "whole", last); /* a statement was enough until 2026-04-01 */
    h.events[0].pickup.battery_swap_model = true;
    assert_quiet(&h);
    h.events[0].pickup.battery_swap_model = false;
    for (size_t i = 0; i < h.count; i++)
        h.events[i].at_us -= INT64_C(365) * 24 * HOUR;
    assert_quiet(&h);
}

static void required_children_depend_on_the_vehicle(void **unused)
{
    (void)unused;
    struct item_facts facts = {.vehicle_class = VEHICLE_CLASS_TRAILER};
    assert_int_equal(vehicle_required_kinds(&facts) & KIND_BIT(ITEM_KIND_ENGINE), 0);
    facts.vehicle_class = VEHICLE_CLASS_MOTORCYCLE;
    assert_int_equal(vehicle_required_kinds(&facts) & KIND_BIT(ITEM_KIND_STEERING), 0);
    facts.vehicle_class = VEHICLE_CLASS_TRUCK;
    assert_int_equal(vehicle_required_kinds(&facts), 0x3F << ITEM_KIND_ENGINE | KIND_BIT(ITEM_KIND_CATALYST));
    facts.new_energy = true;
    assert_int_not_equal(vehicle_required_kinds(&facts) & KIND_BIT(ITEM_KIND_TRACTION_BATTERY), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_guard_that_fails_is_found_and_the_state_follows_the_world),
        cmocka_unit_test(every_guard_has_a_case_or_a_rule_of_its_own),
        cmocka_unit_test(an_event_of_something_never_picked_up_is_one_finding_not_many),
        cmocka_unit_test(the_finding_names_the_states_that_the_step_follows),
        cmocka_unit_test(a_step_of_another_kind_is_found),
        cmocka_unit_test(nobody_undismantles_a_car),
        cmocka_unit_test(paper_that_goes_on_during_quarantine_does_not_end_it),
        cmocka_unit_test(papers_go_forward_only),
        cmocka_unit_test(a_certificate_that_a_recycler_voids_stays_open),
        cmocka_unit_test(a_suspect_item_of_which_the_police_were_not_told_is_found_until_they_are),
        cmocka_unit_test(suspicion_has_many_faces),
        cmocka_unit_test(supervision_is_believed_from_the_police_even_before_the_inspection),
        cmocka_unit_test(an_item_that_changes_its_kind_is_found),
        cmocka_unit_test(a_sale_to_nobody_is_found),
        cmocka_unit_test(what_came_before_counts_for_a_guard),
        cmocka_unit_test(an_electric_car_needs_its_battery),
        cmocka_unit_test(required_children_depend_on_the_vehicle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
