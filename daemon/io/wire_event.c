/* wire_event.c - the shapes of events, and which detail each type of event may or must carry. */
#include <assert.h>

#include "custody/v1/event.pb-c.h"
#include "io/wire_bounds.h"
#include "io/wire_shape.h"

static const struct rule evidence_rules[] = {
    {.name = "kind", .kind = RULE_ENUM, .least = 1, .most = EVIDENCE_KIND_PHOTO_MARK, MEMBER(evidence, kind)},
    {.name = "sha256", .kind = RULE_DIGEST, MEMBER(evidence, sha256)},
    RULE_OF_TEXT(evidence, uri, URI_MAX_BYTES),
};
static const struct shape evidence_shape = {
    .descriptor = &custody__v1__evidence__descriptor, SHAPE_RULES(evidence_rules), .size = sizeof(struct evidence)};

static const struct rule pickup_rules[] = {
    RULE_OF_ENUM(pickup, reason, SCRAP_REASON_VOLUNTARY),
    RULE_OF_ENUM(pickup, vehicle_class, VEHICLE_CLASS_TRAILER),
    RULE_OF_FLAG(pickup, new_energy),
    RULE_OF_FLAG(pickup, battery_swap_model),
    RULE_OF_MASS(pickup, curb_mass_g, curb_mass_g),
    RULE_OF_HASH(pickup, seller_hash),
    RULE_OF_TEXT(pickup, seller_last4, LAST4_MAX_BYTES),
    RULE_OF_TEXT(pickup, make, NAME_MAX_BYTES),
    RULE_OF_TEXT(pickup, model, NAME_MAX_BYTES),
    RULE_OF_FLAG(pickup, mortgaged),
    RULE_OF_FLAG(pickup, stores_data),
    RULE_OF_TEXT(pickup, colour, NAME_MAX_BYTES),
    RULE_OF_HASH(pickup, phone_hash),
    {.name = "first_registered_at_us",
     .kind = RULE_NUMBER,
     .least = FIRST_REGISTRATION_LEAST_US,
     .most = FIRST_REGISTRATION_MOST_US,
     .hint = "microseconds since 1970-01-01, 1900 to 2100; 0 when not known",
     MEMBER(pickup, first_registered_at_us),
     .reason = REFUSAL_IMPOSSIBLE_TIME},
};
static const struct shape pickup_shape = {.descriptor = &custody__v1__pickup__descriptor, SHAPE_RULES(pickup_rules)};

static const struct rule inspection_rules[] = {
    RULE_OF_ENUM(inspection, vin, INSPECTION_RESULT_MISSING),
    RULE_OF_ENUM(inspection, engine_number, INSPECTION_RESULT_MISSING),
    RULE_OF_ENUM(inspection, plate, INSPECTION_RESULT_MISSING),
    {.name = "missing",
     .kind = RULE_ENUM_LIST,
     .most = KINDS_MAX,
     .element_most = ITEM_KIND_LOT,
     COUNTED(inspection, missing, missing_count)},
    RULE_OF_FLAG(inspection, owner_statement),
    RULE_OF_FLAG(inspection, stolen_hit),
};
static const struct shape inspection_shape = {.descriptor = &custody__v1__inspection__descriptor,
                                              SHAPE_RULES(inspection_rules)};

static const struct rule part_rules[] = {
    {.name = "item",
     .kind = RULE_MESSAGE,
     .shape = &item_ref_shape,
     .least = 1,
     .reason = REFUSAL_INVALID_IDENTIFIER,
     .hint = "name the part",
     MEMBER(part, item)},
    {.name = "mass", .kind = RULE_MESSAGE, .shape = &mass_shape, MEMBER(part, mass)},
};
static const struct shape part_shape = {
    .descriptor = &custody__v1__part__descriptor, SHAPE_RULES(part_rules), .size = sizeof(struct part)};

static const struct rule composition_rules[] = {
    {.name = "parts",
     .kind = RULE_LIST,
     .shape = &part_shape,
     .most = PARTS_MAX,
     COUNTED(composition, parts, part_count)},
    {.name = "declared_missing",
     .kind = RULE_ENUM_LIST,
     .most = KINDS_MAX,
     .element_most = ITEM_KIND_LOT,
     COUNTED(composition, declared_missing, declared_missing_count)},
};
static const struct shape composition_shape = {.descriptor = &custody__v1__composition__descriptor,
                                               SHAPE_RULES(composition_rules)};

static const struct rule certificate_rules[] = {
    RULE_OF_TEXT(certificate, number, CODE_MAX_BYTES),
    RULE_OF_TEXT(certificate, case_number, CODE_MAX_BYTES),
};
static const struct shape certificate_shape = {.descriptor = &custody__v1__certificate__descriptor,
                                               SHAPE_RULES(certificate_rules)};

static const struct rule release_rules[] = {
    RULE_OF_ENUM(release, buyer_class, BUYER_CLASS_CONSUMER),
    RULE_OF_FLAG(release, marked),
    RULE_OF_FLAG(release, safety_checked),
    {.name = "price_fen", .kind = RULE_NUMBER, .most = MONEY_MAX_FEN, .hint = "fen", MEMBER(release, price_fen)},
};
static const struct shape release_shape = {.descriptor = &custody__v1__release__descriptor, SHAPE_RULES(release_rules)};

/* 14 digits: year, area, serial (危险废物转移管理办法, 2022). */
static enum refusal_reason check_manifest(const struct wire_check *check, const struct wire_path *path, void *value)
{
    const struct hazardous_manifest *manifest = value;
    size_t digits = 0;
    while (digits < manifest->number.len && manifest->number.data[digits] >= '0' &&
           manifest->number.data[digits] <= '9')
        digits++;
    if (digits == manifest->number.len && digits == 14)
        return REFUSAL_NONE;
    return wire_refuse(check, path, REFUSAL_INVALID_FIELD,
                       "number of %zu bytes begins with %zu digits; hint: a manifest has 14 digits",
                       manifest->number.len, digits);
}

static const struct rule hazardous_manifest_rules[] = {
    RULE_OF_TEXT(hazardous_manifest, number, CODE_MAX_BYTES),
    RULE_OF_TEXT(hazardous_manifest, waste_code, CODE_MAX_BYTES),
};
static const struct shape hazardous_manifest_shape = {.descriptor = &custody__v1__hazardous_manifest__descriptor,
                                                      SHAPE_RULES(hazardous_manifest_rules),
                                                      .check = check_manifest};

static const struct rule invoice_rules[] = {
    {.name = "number", .kind = RULE_TEXT, .least = 1, .most = CODE_MAX_BYTES, MEMBER(invoice, number)},
    {.name = "amount_fen",
     .kind = RULE_NUMBER,
     .least = -MONEY_MAX_FEN,
     .most = MONEY_MAX_FEN,
     .hint = "fen",
     MEMBER(invoice, amount_fen)},
    RULE_OF_FLAG(invoice, reverse),
    RULE_OF_HASH(invoice, seller_hash),
};
static const struct shape invoice_shape = {.descriptor = &custody__v1__invoice__descriptor, SHAPE_RULES(invoice_rules)};

static const struct rule wipe_rules[] = {
    RULE_OF_TEXT(wipe, method, CODE_MAX_BYTES),
    RULE_OF_TEXT(wipe, tool, NAME_MAX_BYTES),
    RULE_OF_FLAG(wipe, passed),
};
static const struct shape wipe_shape = {.descriptor = &custody__v1__wipe__descriptor, SHAPE_RULES(wipe_rules)};

static const struct rule correction_rules[] = {
    {.name = "event_id", .kind = RULE_UUID, MEMBER(correction, event_id)},
    RULE_OF_ENUM(correction, reason, CORRECTION_REASON_INCORRECT_DATA),
    RULE_OF_TEXT(correction, text, NOTE_MAX_BYTES),
};
static const struct shape correction_shape = {.descriptor = &custody__v1__correction__descriptor,
                                              SHAPE_RULES(correction_rules)};

/* ---- which detail fits which type ---- */

struct detail_rule {
    enum event_detail may, or_may; /* EVENT_DETAIL_NONE: none */
    bool must;                     /* the event says nothing without it */
    bool numbered;                 /* and neither does a certificate without its number */
};

static const struct detail_rule detail_rules[EVENT_TYPE_GRADED + 1] = {
    [EVENT_TYPE_BOOKED] = {.may = EVENT_DETAIL_PICKUP},
    [EVENT_TYPE_PICKED_UP] = {.may = EVENT_DETAIL_PICKUP},
    [EVENT_TYPE_INSPECTED] = {.may = EVENT_DETAIL_INSPECTION},
    [EVENT_TYPE_DATA_WIPED] = {.may = EVENT_DETAIL_WIPE, .must = true},
    [EVENT_TYPE_WIPE_VERIFIED] = {.may = EVENT_DETAIL_WIPE, .must = true},
    [EVENT_TYPE_DISMANTLED] = {.may = EVENT_DETAIL_COMPOSITION},
    [EVENT_TYPE_LOT_CREATED] = {.may = EVENT_DETAIL_COMPOSITION},
    [EVENT_TYPE_LOT_MERGED] = {.may = EVENT_DETAIL_COMPOSITION},
    [EVENT_TYPE_LOT_SPLIT] = {.may = EVENT_DETAIL_COMPOSITION},
    [EVENT_TYPE_REPROCESS_RELEASED] = {.may = EVENT_DETAIL_COMPOSITION, .or_may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_REMAN_RELEASED] = {.may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_REUSE_MARKED] = {.may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_LOT_SOLD] = {.may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_SMELTED] = {.may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_MATERIAL_RECOVERED] = {.may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_TREATED] = {.may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_USED_GOODS_RELEASED] = {.may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_WIPED_RESOLD] = {.may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_RETREADED] = {.may = EVENT_DETAIL_RELEASE},
    [EVENT_TYPE_HAZ_MANIFEST_OPENED] = {.may = EVENT_DETAIL_HAZARDOUS_MANIFEST, .must = true},
    [EVENT_TYPE_HAZ_MANIFEST_CONFIRMED] = {.may = EVENT_DETAIL_HAZARDOUS_MANIFEST, .must = true},
    [EVENT_TYPE_CERT_ISSUED] = {.may = EVENT_DETAIL_CERTIFICATE, .must = true, .numbered = true},
    [EVENT_TYPE_CERT_VOIDED] = {.may = EVENT_DETAIL_CERTIFICATE, .must = true, .numbered = true},
    [EVENT_TYPE_DEREG_FILED] = {.may = EVENT_DETAIL_CERTIFICATE},
    [EVENT_TYPE_DEREGISTERED] = {.may = EVENT_DETAIL_CERTIFICATE},
    [EVENT_TYPE_INVOICED] = {.may = EVENT_DETAIL_INVOICE, .must = true},
    [EVENT_TYPE_CORRECTED] = {.may = EVENT_DETAIL_CORRECTION, .must = true},
    [EVENT_TYPE_DISPUTED] = {.may = EVENT_DETAIL_CORRECTION, .must = true},
};

static const char *detail_word(enum event_detail detail)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&custody__v1__event__descriptor, (unsigned)detail);
    return field ? field->name : "no detail";
}

static enum refusal_reason check_event(const struct wire_check *check, const struct wire_path *path, void *value)
{
    const struct event *event = value;
    const struct detail_rule *rule = &detail_rules[event->type];
    bool fits = event->detail == rule->may || (rule->or_may != EVENT_DETAIL_NONE && event->detail == rule->or_may);
    if (event->detail == EVENT_DETAIL_NONE && rule->must)
        return wire_refuse(check, path, REFUSAL_INVALID_FIELD, "%s without %s; hint: the type needs it",
                           event_type_word(event->type), detail_word(rule->may));
    if (event->detail != EVENT_DETAIL_NONE && !fits)
        return wire_refuse(check, path, REFUSAL_INVALID_FIELD, "%s with %s; hint: the type takes %s",
                           event_type_word(event->type), detail_word(event->detail), detail_word(rule->may));
    if (rule->numbered && text_empty(event->certificate.number))
        return wire_refuse(check, path, REFUSAL_INVALID_FIELD, "certificate.number is empty; hint: %s needs the number",
                           event_type_word(event->type));
    return REFUSAL_NONE;
}

#define EVENT_DETAIL_RULE(field)                                                                                       \
    {                                                                                                                  \
        .name = #field, .kind = RULE_MESSAGE, .shape = &field##_shape, MEMBER(event, field),                           \
        .case_to = (uint16_t)offsetof(struct event, detail)                                                            \
    }

static const struct rule event_rules[] = {
    {.name = "event_id", .kind = RULE_UUID, MEMBER(event, event_id)},
    {.name = "type",
     .kind = RULE_ENUM,
     .least = 1,
     .most = EVENT_TYPE_GRADED,
     .hint = "say what was done",
     MEMBER(event, type)},
    {.name = "at_us", .kind = RULE_TIME, MEMBER(event, at_us)},
    {.name = "item",
     .kind = RULE_MESSAGE,
     .shape = &item_ref_shape,
     .least = 1,
     .reason = REFUSAL_INVALID_IDENTIFIER,
     .hint = "name the item",
     MEMBER(event, item)},
    RULE_OF_TEXT(event, site, CODE_MAX_BYTES),
    {.name = "position", .kind = RULE_MESSAGE, .shape = &position_shape, MEMBER(event, position)},
    RULE_OF_TEXT(event, counterparty, CODE_MAX_BYTES),
    RULE_OF_TEXT(event, actor, NAME_MAX_BYTES),
    RULE_OF_TEXT(event, conveyance, NAME_MAX_BYTES),
    {.name = "mass", .kind = RULE_MESSAGE, .shape = &mass_shape, MEMBER(event, mass)},
    {.name = "evidence",
     .kind = RULE_LIST,
     .shape = &evidence_shape,
     .most = EVIDENCE_MAX,
     COUNTED(event, evidence, evidence_count)},
    RULE_OF_TEXT(event, note, NOTE_MAX_BYTES),
    EVENT_DETAIL_RULE(pickup),
    EVENT_DETAIL_RULE(inspection),
    EVENT_DETAIL_RULE(composition),
    EVENT_DETAIL_RULE(certificate),
    EVENT_DETAIL_RULE(release),
    EVENT_DETAIL_RULE(hazardous_manifest),
    EVENT_DETAIL_RULE(invoice),
    EVENT_DETAIL_RULE(wipe),
    EVENT_DETAIL_RULE(correction),
};
const struct shape event_shape = {.descriptor = &custody__v1__event__descriptor,
                                  SHAPE_RULES(event_rules),
                                  .size = sizeof(struct event),
                                  .check = check_event};
