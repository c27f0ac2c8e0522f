/* guard.c - the predicates of the move tables, one line each in the table at the end. */
#include "core/custody/guard.h"

#include <string.h>

#include "core/custody/facts.h"
#include "core/custody/rules.h"
#include "core/custody/standing.h"

static const struct item_facts *facts_of(const struct step *step)
{
    return &step->state->facts;
}

static bool reporter_is(const struct step *step, enum party_kind kind)
{
    return step->now->party_kind == kind;
}

bool inspection_is_suspect(const struct event *event)
{
    if (event->detail != EVENT_DETAIL_INSPECTION)
        return false;
    const struct inspection *inspection = &event->inspection;
    const enum inspection_result results[] = {inspection->vin, inspection->engine_number, inspection->plate};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++)
        if (results[i] == INSPECTION_RESULT_MISMATCH || results[i] == INSPECTION_RESULT_ALTERED)
            return true;
    return inspection->stolen_hit || inspection->vin == INSPECTION_RESULT_MISSING;
}

static bool wipe_passed(const struct step *step)
{
    return step->event->detail == EVENT_DETAIL_WIPE && step->event->wipe.passed;
}

bool when_applies(const struct step *step, enum move_when when)
{
    switch (when) {
    case WHEN_ALWAYS:
        return true;
    case WHEN_SUSPECT:
        return inspection_is_suspect(step->event);
    case WHEN_CLEAN:
        return !inspection_is_suspect(step->event);
    case WHEN_SUPERVISED:
        return vehicle_class_supervised(facts_of(step)->vehicle_class);
    case WHEN_UNSUPERVISED:
        return !vehicle_class_supervised(facts_of(step)->vehicle_class);
    case WHEN_ATTESTED:
        return facts_of(step)->supervision_attested;
    case WHEN_PASSED:
        return wipe_passed(step);
    case WHEN_FAILED:
        return !wipe_passed(step);
    case WHEN_FREE:
        return step->state->ban == RESALE_BAN_NONE;
    }
    return false;
}

/* --- predicates ----------------------------------------------------------------------------------------------- */

static bool has_vin_or_plate(const struct step *step)
{
    const struct item_ref *item = &step->event->item;
    for (size_t i = 0; i < item->identifier_count; i++) {
        enum identifier_scheme scheme = item->identifiers[i].scheme;
        if (scheme == IDENTIFIER_SCHEME_VIN || scheme == IDENTIFIER_SCHEME_FRAME_NUMBER ||
            scheme == IDENTIFIER_SCHEME_PLATE)
            return true;
    }
    return false;
}

/* As far as the report names one: an owner may drive in himself, and a container has no plate. */
static bool by_registered_truck(const struct step *step)
{
    const struct vehicle *vehicle;
    return !directory_conveyance(step->around->directory, step->event->conveyance, &vehicle) || vehicle;
}

static bool at_a_site(const struct step *step)
{
    return step->site_id != 0;
}

/* Inside the yard, as far as the report says where it was; the fix's own accuracy counts in its favour. */
static bool near_the_site(const struct step *step)
{
    const struct position *position = &step->event->position;
    const struct site *site = directory_site(step->around->directory, step->event->site);
    if (!site || !position->present)
        return true;
    double slack_m = position->has_accuracy ? position->accuracy_cm / 100.0 : 0;
    return site_distance_m(site, position) <= (double)step->around->directory->figures[FIGURE_YARD_RADIUS_M] + slack_m;
}

static bool is_weighed(const struct step *step)
{
    return step->state->has_mass;
}

/* The holder brings it in, or the party to which the holder is handing it over; where nobody is known to hold it,
 * anybody. */
static bool by_holder(const struct step *step)
{
    const struct item_state *state = step->state;
    int64_t reporter = step->now->party_id;
    return state->holder_party_id == 0 || state->holder_party_id == reporter || state->offered_party_id == reporter;
}

static bool in_custody(const struct step *step)
{
    return step->state->physical != PHYSICAL_NONE && step->state->physical != PHYSICAL_BOOKED;
}

static bool in_yard(const struct step *step)
{
    return in_custody(step) && step->state->physical != PHYSICAL_IN_TRANSIT;
}

/* VIN and engine number compared and found right; a plate may be lost when the owner states so in writing. Trailers
 * have no engine, electric vehicles may have no engine number. */
static bool identity_agrees(const struct step *step)
{
    if (step->event->detail != EVENT_DETAIL_INSPECTION)
        return false;
    const struct inspection *inspection = &step->event->inspection;
    bool no_engine = facts_of(step)->vehicle_class == VEHICLE_CLASS_TRAILER || facts_of(step)->new_energy;
    bool engine = inspection->engine_number == INSPECTION_RESULT_OK ||
                  (no_engine && inspection->engine_number == INSPECTION_RESULT_UNSPECIFIED);
    bool plate = inspection->plate == INSPECTION_RESULT_OK ||
                 (inspection->plate == INSPECTION_RESULT_MISSING && inspection->owner_statement);
    return inspection->vin == INSPECTION_RESULT_OK && engine && plate;
}

static bool not_quarantined(const struct step *step)
{
    return step->state->legal != LEGAL_QUARANTINED;
}

static bool by_police(const struct step *step)
{
    return reporter_is(step, PARTY_KIND_POLICE);
}

static bool by_agriculture(const struct step *step)
{
    return reporter_is(step, PARTY_KIND_AGRICULTURE_BUREAU);
}

static bool by_commerce(const struct step *step)
{
    return reporter_is(step, PARTY_KIND_COMMERCE_BUREAU);
}

static bool by_recycler(const struct step *step)
{
    return reporter_is(step, PARTY_KIND_RECYCLER);
}

static bool class_known(const struct step *step)
{
    return facts_of(step)->vehicle_class != VEHICLE_CLASS_UNSPECIFIED;
}

static bool agriculture_attested(const struct step *step)
{
    return facts_of(step)->supervision_attested;
}

static bool not_mortgaged(const struct step *step)
{
    return !facts_of(step)->mortgaged;
}

static bool has_certificate_number(const struct step *step)
{
    return !text_empty(event_certificate_number(step->event));
}

/* Names a certificate that is open. Facts have not learned of the voiding yet. */
static bool names_open_certificate(const struct step *step)
{
    return facts_certificate_at(facts_of(step), event_certificate_number(step->event)) >= 0;
}

static bool certified_unless_supervised(const struct step *step)
{
    return vehicle_class_supervised(facts_of(step)->vehicle_class) || facts_of(step)->open_certificate_count > 0;
}

static bool dismantled_first(const struct step *step)
{
    return step->state->physical == PHYSICAL_DISMANTLED || step->state->physical == PHYSICAL_DESTROYED;
}

static bool has_photos(const struct step *step)
{
    return facts_of(step)->photo_before && facts_of(step)->photo_after;
}

/* Everything that came out of it has ended, or was released, by then. */
static bool children_ended(const struct step *step)
{
    for (size_t i = 0; i < step->around->child_count; i++) {
        int64_t ended_at_us = step->around->children[i].ended_at_us;
        bool later = ended_at_us > step->event->at_us && time_gap_us(step->event->at_us, ended_at_us) > CLOCK_SKEW_US;
        if (ended_at_us == 0 || later)
            return false;
    }
    return true;
}

static bool is_deregistered(const struct step *step)
{
    return step->state->legal == LEGAL_DEREGISTERED;
}

static bool is_marked(const struct step *step)
{
    const struct event *event = step->event;
    for (size_t i = 0; i < event->evidence_count; i++)
        if (event->evidence[i].kind == EVIDENCE_KIND_PHOTO_MARK)
            return true;
    return event->detail == EVENT_DETAIL_RELEASE && event->release.marked;
}

static bool is_safe(const struct step *step)
{
    return step->event->detail == EVENT_DETAIL_RELEASE && step->event->release.safety_checked;
}

static bool was_wiped(const struct step *step)
{
    return !rule_c10_stores_data(step) || facts_of(step)->wiped;
}

/* The reprocessed product has a battery code of its own. */
static bool has_new_code(const struct step *step)
{
    const struct event *event = step->event;
    if (event->detail != EVENT_DETAIL_COMPOSITION)
        return false;
    for (size_t i = 0; i < event->composition.part_count; i++) {
        const struct item_ref *product = &event->composition.parts[i].item;
        for (size_t j = 0; j < product->identifier_count; j++)
            if (product->identifiers[j].scheme == IDENTIFIER_SCHEME_BATTERY_CODE)
                return true;
    }
    return false;
}

static bool has_manifest_number(const struct step *step)
{
    return step->event->detail == EVENT_DETAIL_HAZARDOUS_MANIFEST &&
           !text_empty(step->event->hazardous_manifest.number);
}

static bool names_open_manifest(const struct step *step)
{
    if (!has_manifest_number(step) || !facts_of(step)->manifest_open)
        return false;
    struct digest number = step_digest(step->event->hazardous_manifest.number);
    return digest_equal(&number, &facts_of(step)->manifest);
}

/* --- the table ------------------------------------------------------------------------------------------------ */

#define GUARD_WORD(name, word) [name] = word,
static const char *const words[GUARD_COUNT] = {GUARD_TABLE(GUARD_WORD)};

/* guard, rule, predicate, what is missing, hint */
const struct guard_info guard_infos[GUARD_COUNT] = {
#define G(name, rule, holds, lacks, hint) [GUARD_##name] = {RULE_##rule, holds, lacks, hint, NULL}
#define G_NAMING(name, rule, holds, lacks, hint, namer) [GUARD_##name] = {RULE_##rule, holds, lacks, hint, namer}
    G(VIN_OR_PLATE, C03, has_vin_or_plate, "no VIN or plate 车辆识别代号/号牌",
      "name the vehicle by VIN, frame number or plate"),
    G(TRUCK, C03, by_registered_truck, "the truck that it names is not registered 运输车辆未登记",
      "name the truck by its plate, or register it"),
    G(SITE, C03, at_a_site, "no registered site 场地", "name the site, or register it"),
    G(NEAR_SITE, C03, near_the_site, "reported away from the site it names 不在场地范围内",
      "take it in inside the yard, or register where the site is"),
    G(WEIGHED, C03, is_weighed, "never weighed 未称重", "report the mass, here or in an earlier WEIGHED"),
    G(HOLDER, C03, by_holder, "taken in without a hand-over 未交接", "the holder offers, the taker accepts"),
    G(IN_CUSTODY, C03, in_custody, "not in custody 未收运", "report the pickup"),
    G(IN_YARD, C03, in_yard, "not in a yard 未入场", "report the intake before the inspection"),
    G(IDENTITY, C03, identity_agrees, "VIN, engine number, plate not all compared with the papers 未核对",
      "inspect all three; a lost plate needs the owner's statement"),
    G_NAMING(WHOLE, C07, rule_c07_whole, "frame, engine or traction battery missing 车辆缺件",
             "no certificate for an incomplete vehicle", rule_c07_name_vital),
    G(NOT_QUARANTINED, C03, not_quarantined, "in quarantine 暂扣待查",
      "only the police release it (Decree 715 art 10)"),
    G(BY_POLICE, C03, by_police, "not reported by the police 非公安上报", "a police source has to report this"),
    G(BY_AGRICULTURE, C03, by_agriculture, "not reported by the agriculture bureau 非农业农村部门上报",
      "the county's agricultural machinery authority has to report this"),
    G(BY_COMMERCE, C03, by_commerce, "not reported by the commerce bureau 非商务部门上报",
      "a certificate is voided by the prefecture's commerce bureau"),
    G(BY_RECYCLER, C03, by_recycler, "not issued by a vehicle recycler 非报废机动车回收企业",
      "only a qualified recycler issues a certificate"),
    G(CLASS_KNOWN, C03, class_known, "vehicle class unknown, so is the duty of supervision 车型未知",
      "report the class with the pickup"),
    G(SUPERVISION, C09, rule_c09_supervised, "no police supervision attested before 未经公安监销",
      "SUPERVISION_ATTESTED by a police source comes first (Decree 715 art 11)"),
    G(AGRI_SUPERVISION, C03, agriculture_attested, "no supervision by the agriculture bureau 未经农机部门监督",
      "SUPERVISION_ATTESTED by the bureau comes first (Reg. 563 art 37)"),
    G(NOT_MORTGAGED, C03, not_mortgaged, "mortgaged or pledged 抵押/质押",
      "clear the mortgage first (Order 164 art 42)"),
    G(CERT_NUMBER, C03, has_certificate_number, "no certificate number 回收证明编号", "give the number"),
    G(CERT_OPEN, C03, names_open_certificate, "names no open certificate 回收证明编号不符",
      "give the number that was issued"),
    G(CERTIFIED, C03, certified_unless_supervised, "no certificate 未开具回收证明",
      "issue the certificate first (Decree 715 art 9)"),
    G(DISMANTLED_FIRST, C03, dismantled_first, "not dismantled yet 监销车辆未拆解",
      "a supervised vehicle is certified after dismantling"),
    G(PHOTOS, C03, has_photos, "photos before and after dismantling 拆解前后照片 incomplete",
      "send both with the event or before"),
    G_NAMING(ASSEMBLIES, C07, rule_c07_accounted,
             "not all of the five assemblies, battery and catalyst accounted for 五大总成去向不全",
             "list every child, or declare it missing", rule_c07_name_unaccounted),
    G(CHILDREN_ENDED, C03, children_ended, "parts of it have not ended 拆下的零部件去向未结",
      "report where each went: released, smelted, recovered, handed over as hazardous waste"),
    G(DEREGISTERED, C03, is_deregistered, "not deregistered 未注销登记",
      "file the deregistration and report its outcome"),
    G(MARKED, C03, is_marked, "no mark 报废机动车回用件/旧货 on it", "mark it; state it or send the photo"),
    G(SAFE, C03, is_safe, "safety not checked 未经安全检验", "state the safety check (Decree 551 art 12)"),
    G(WIPED, C03, was_wiped, "no DATA_WIPED reported 未清除信息", "report the wipe before its verification"),
    G(WIPE_VERIFIED, C10, rule_c10_wiped, "no verified wipe 信息清除未验证",
      "WIPE_VERIFIED, passed, comes first (GB 46864-2025)"),
    G(NEW_CODE, C03, has_new_code, "no product with a new battery code 新编码",
      "list the product with its new GB/T 34014 code"),
    G(MANIFEST_NUMBER, C03, has_manifest_number, "no manifest number 转移联单编号", "give the number"),
    G(MANIFEST_OPEN, C03, names_open_manifest, "names no open manifest 转移联单编号不符",
      "give the number that was opened"),
#undef G
#undef G_NAMING
};

const char *guard_word(enum guard guard)
{
    return (unsigned)guard < GUARD_COUNT ? words[guard] : "invalid";
}

static bool check(struct step *step, enum guard guard, bool all)
{
    const struct guard_info *info = &guard_infos[guard];
    if (info->holds(step))
        return true;
    bool speaks = info->rule != RULE_C03 || (all && !step->spoken);
    char names[128] = "";
    if (speaks && info->name)
        info->name(step, names, sizeof names);
    if (speaks)
        step_find(step, info->rule, guard_word(guard), "%s %s: %s%s; hint: %s", item_kind_word(step->state->kind),
                  event_type_word(step->event->type), info->lacks, names, info->hint);
    return false;
}

bool guards_check(struct step *step, uint64_t guards, bool all)
{
    bool held = true;
    for (unsigned guard = 0; guard < GUARD_COUNT; guard++)
        if (guards & GUARD_BIT(guard))
            held &= check(step, (enum guard)guard, all);
    return held;
}
