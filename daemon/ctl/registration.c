/* registration.c - one registry document ({"party": {...}}, {"site": ...}, ...): its fields checked and brought into
 * normal form. */
#include "ctl/registration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "core/directory.h"
#include "core/identity/credit_code.h"
#include "core/identity/identifier.h"
#include "ctl/registration_route.h"
#include "io/keyfile.h"

/* Looks at one field (and may replace it in `fields`); `what` is "noun: field" for the words of an error. */
typedef int check_function(json_t *fields, const char *name, json_t *value, struct error *error);

static const char *source_kinds[] = {"truck",  "handheld", "weighbridge", "sorting", "marketplace",
                                     "camera", "gateway",  "account",     NULL};
static const char *permit_kinds[] = {"vehicle_dismantling",
                                     "hazardous_waste",
                                     "weee_treatment",
                                     "battery_processing",
                                     "remanufacturing",
                                     "road_access",
                                     NULL};
static const char *link_kinds[] = {"ownership", "person", "address", "account", NULL};
static const char *watch_lists[] = {"stolen", "seized", "wanted", NULL};

static int refuse(struct error *error, const char *name, json_t *value, const char *hint)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(12));
    int code = error_set(error, ERR_INVALID, "%s: %.100s; hint: %s", name, text ? text : "?", hint);
    free(text);
    return code;
}

static int check_slug(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    size_t len = json_string_length(value);
    size_t fitting = strspn(json_string_value(value), "abcdefghijklmnopqrstuvwxyz0123456789-");
    return len >= 1 && len <= 64 && fitting == len ? 0 : refuse(error, name, value, "1 to 64 of a-z, 0-9 and -");
}

static int check_area(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    size_t len = json_string_length(value);
    bool fits = len == 6 && strspn(json_string_value(value), "0123456789") == len;
    return fits ? 0 : refuse(error, name, value, "an administrative division code of 6 digits, such as 350504");
}

static int check_name(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    size_t len = json_string_length(value);
    return len >= 1 && len <= 200 ? 0 : refuse(error, name, value, "1 to 200 bytes of text");
}

static int check_party(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    size_t len = json_string_length(value);
    return len >= 1 && len <= 64 ? 0 : refuse(error, name, value, "the code of a registered party");
}

static int check_party_code(json_t *fields, const char *name, json_t *value, struct error *error)
{
    if (json_is_true(json_object_get(fields, "code_unchecked"))) {
        json_object_del(fields, "code_unchecked");
        return check_party(fields, name, value, error);
    }
    json_object_del(fields, "code_unchecked");
    struct text code = {json_string_value(value), json_string_length(value)};
    char normal[CREDIT_CODE_BYTES];
    if (credit_code_normalise(code, normal, NULL) == IDENTIFIER_INVALID)
        return refuse(error, name, value,
                      "18 characters with their check character (GB 32100); a bureau's own code: code-unchecked");
    return json_object_set_new(fields, name, json_string(normal));
}

static int check_party_kind(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    enum party_kind kind;
    if (party_kind_parse(text_of(json_string_value(value)), &kind) == 0 && kind != PARTY_KIND_UNSPECIFIED)
        return 0;
    char hint[ERROR_TEXT_BYTES] = "one of";
    for (int i = 1; i <= PARTY_KIND_AGRICULTURE_BUREAU; i++) {
        size_t used = strlen(hint);
        snprintf(hint + used, sizeof hint - used, " %s", party_kind_word((enum party_kind)i));
    }
    return refuse(error, name, value, hint);
}

static int check_word(const char *const *words, const char *name, json_t *value, struct error *error)
{
    char hint[ERROR_TEXT_BYTES] = "one of";
    for (; *words; words++) {
        if (strcmp(*words, json_string_value(value)) == 0)
            return 0;
        size_t used = strlen(hint);
        snprintf(hint + used, sizeof hint - used, " %s", *words);
    }
    return refuse(error, name, value, hint);
}

static int check_source_kind(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    return check_word(source_kinds, name, value, error);
}

static int check_permit_kind(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    return check_word(permit_kinds, name, value, error);
}

static int check_link_kind(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    return check_word(link_kinds, name, value, error);
}

static int check_watch_list(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    return check_word(watch_lists, name, value, error);
}

/* The scheme's word becomes its number; the value, which is looked at after it, its normal form. */
static int check_scheme(json_t *fields, const char *name, json_t *value, struct error *error)
{
    enum identifier_scheme scheme;
    if (identifier_scheme_parse(text_of(json_string_value(value)), &scheme) != 0 ||
        scheme == IDENTIFIER_SCHEME_UNSPECIFIED)
        return refuse(error, name, value, "vin, engine_number, plate, battery_code, imei, serial_number, tag, ...");
    return json_object_set_new(fields, name, json_integer(scheme));
}

static int check_identifier(json_t *fields, const char *name, json_t *value, struct error *error)
{
    char normal[IDENTIFIER_VALUE_BYTES];
    struct text raw = {json_string_value(value), json_string_length(value)};
    enum identifier_scheme scheme = (enum identifier_scheme)json_integer_value(json_object_get(fields, "scheme"));
    if (identifier_normalise(scheme, raw, normal, error) == IDENTIFIER_INVALID)
        return ERR_INVALID;
    return json_object_set_new(fields, name, json_string(normal));
}

static int check_truck_class(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    return check_word(truck_classes, name, value, error);
}

static int check_fence_kind(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    return check_word(fence_kinds, name, value, error);
}

static int check_plate(json_t *fields, const char *name, json_t *value, struct error *error)
{
    char normal[IDENTIFIER_VALUE_BYTES];
    struct text raw = {json_string_value(value), json_string_length(value)};
    if (identifier_normalise(IDENTIFIER_SCHEME_PLATE, raw, normal, error) == IDENTIFIER_INVALID)
        return refuse(error, name, value, "a number plate, such as 闽C12345");
    return json_object_set_new(fields, name, json_string(normal));
}

static int check_date(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    int64_t at_us;
    struct text day = {json_string_value(value), json_string_length(value)};
    return day.len == 10 && time_parse(day, &at_us) == 0 ? 0 : refuse(error, name, value, "a day, such as 2026-11-23");
}

static int check_public_key(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    uint8_t key[PUBLIC_KEY_BYTES];
    size_t len = sizeof key;
    struct text encoded = {json_string_value(value), json_string_length(value)};
    bool fits = base64_decode(encoded, key, &len) == 0 && len == sizeof key;
    return fits ? 0
                : refuse(error, name, value,
                         "an Ed25519 public key, 32 bytes in base64, as custodyctl keygen prints it");
}

static int check_key_id(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    uint8_t id[KEY_ID_BYTES];
    struct text encoded = {json_string_value(value), json_string_length(value)};
    return hex_decode(encoded, id, sizeof id) == 0 ? 0 : refuse(error, name, value, "8 hexadecimal digits");
}

static int check_degrees(json_t *fields, const char *name, json_t *value, double most, struct error *error)
{
    char e7_name[16];
    double degrees = json_number_value(value);
    if (!(fabs(degrees) <= most))
        return refuse(error, name, value, "degrees, WGS-84: longitude within 180, latitude within 90");
    snprintf(e7_name, sizeof e7_name, "%s_e7", name);
    json_t *e7 = json_integer(llround(degrees * 1e7));
    json_object_del(fields, name);
    return json_object_set_new(fields, e7_name, e7);
}

static int check_longitude(json_t *fields, const char *name, json_t *value, struct error *error)
{
    return check_degrees(fields, name, value, 180, error);
}

static int check_latitude(json_t *fields, const char *name, json_t *value, struct error *error)
{
    return check_degrees(fields, name, value, 90, error);
}

static int check_mass(json_t *fields, const char *name, json_t *value, struct error *error)
{
    (void)fields;
    bool fits = json_is_integer(value) && json_integer_value(value) > 0;
    return fits ? 0 : refuse(error, name, value, "whole grams, above 0");
}

enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_FLAG, FIELD_ANY };

/* Everything a document may hold. In the order in which it is checked. */
static const struct field {
    const char *noun, *name;
    enum field_type type;
    bool required;
    check_function *check;
} fields_table[] = {
    {"party", "code_unchecked", FIELD_FLAG, false, NULL},
    {"party", "code", FIELD_TEXT, true, check_party_code},
    {"party", "kind", FIELD_TEXT, true, check_party_kind},
    {"party", "name", FIELD_TEXT, true, check_name},
    {"site", "code", FIELD_TEXT, true, check_slug},
    {"site", "party", FIELD_TEXT, true, check_party},
    {"site", "name", FIELD_TEXT, true, check_name},
    {"site", "area", FIELD_TEXT, true, check_area},
    {"site", "lon", FIELD_NUMBER, true, check_longitude},
    {"site", "lat", FIELD_NUMBER, true, check_latitude},
    {"vehicle", "plate", FIELD_TEXT, true, check_plate},
    {"vehicle", "party", FIELD_TEXT, true, check_party},
    {"vehicle", "max_load_g", FIELD_NUMBER, false, check_mass},
    {"vehicle", "class", FIELD_TEXT, false, check_truck_class},
    {"fence", "code", FIELD_TEXT, true, check_slug},
    {"fence", "kind", FIELD_TEXT, true, check_fence_kind},
    {"fence", "site", FIELD_TEXT, false, check_slug},
    {"fence", "name", FIELD_TEXT, true, check_name},
    {"fence", "geometry", FIELD_ANY, true, check_geometry},
    {"fence", "source", FIELD_TEXT, true, check_name},
    {"fence", "valid_from", FIELD_TEXT, true, check_date},
    {"fence", "valid_until", FIELD_TEXT, true, check_date},
    {"road_right", "number", FIELD_TEXT, true, check_name},
    {"road_right", "fence", FIELD_TEXT, true, check_slug},
    {"road_right", "vehicle", FIELD_TEXT, false, check_plate},
    {"road_right", "class", FIELD_TEXT, false, check_truck_class},
    {"road_right", "weekdays", FIELD_TEXT, true, check_weekdays},
    {"road_right", "from", FIELD_TEXT, true, check_time_of_day},
    {"road_right", "until", FIELD_TEXT, true, check_time_of_day},
    {"road_right", "source", FIELD_TEXT, true, check_name},
    {"road_right", "valid_from", FIELD_TEXT, true, check_date},
    {"road_right", "valid_until", FIELD_TEXT, true, check_date},
    {"permit", "number", FIELD_TEXT, true, check_name},
    {"permit", "party", FIELD_TEXT, true, check_party},
    {"permit", "site", FIELD_TEXT, false, check_slug},
    {"permit", "kind", FIELD_TEXT, true, check_permit_kind},
    {"permit", "valid_from", FIELD_TEXT, true, check_date},
    {"permit", "valid_until", FIELD_TEXT, true, check_date},
    {"link", "party", FIELD_TEXT, true, check_party},
    {"link", "linked_party", FIELD_TEXT, true, check_party},
    {"link", "kind", FIELD_TEXT, true, check_link_kind},
    {"link", "source", FIELD_TEXT, true, check_name},
    {"link", "valid_from", FIELD_TEXT, true, check_date},
    {"link", "valid_until", FIELD_TEXT, true, check_date},
    {"watch", "list", FIELD_TEXT, true, check_watch_list},
    {"watch", "scheme", FIELD_TEXT, true, check_scheme},
    {"watch", "value", FIELD_TEXT, true, check_identifier},
    {"watch", "source", FIELD_TEXT, true, check_name},
    {"watch", "lifted", FIELD_FLAG, false, NULL},
    {"source", "name", FIELD_TEXT, true, check_slug},
    {"source", "kind", FIELD_TEXT, true, check_source_kind},
    {"source", "area", FIELD_TEXT, true, check_area},
    {"source", "party", FIELD_TEXT, true, check_party},
    {"source", "site", FIELD_TEXT, false, check_slug},
    {"source", "vehicle", FIELD_TEXT, false, check_plate},
    {"source", "signed", FIELD_FLAG, false, NULL},
    {"source", "enabled", FIELD_FLAG, false, NULL},
    {"source", "public_key", FIELD_TEXT, false, check_public_key},
    {"key", "source", FIELD_TEXT, true, check_slug},
    {"key", "public_key", FIELD_TEXT, false, check_public_key},
    {"key", "key_id", FIELD_TEXT, false, check_key_id},
    {"key", "revoked", FIELD_FLAG, false, NULL},
};
enum { FIELD_COUNT = sizeof fields_table / sizeof fields_table[0] };

static bool type_fits(enum field_type type, const json_t *value)
{
    switch (type) {
    case FIELD_TEXT:
        return json_is_string(value);
    case FIELD_NUMBER:
        return json_is_number(value);
    case FIELD_FLAG:
        return json_is_boolean(value);
    case FIELD_ANY:
        return true;
    }
    return false;
}

static const struct field *find_field(const char *noun, const char *name)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields_table[i].noun, noun) == 0 && strcmp(fields_table[i].name, name) == 0)
            return &fields_table[i];
    }
    return NULL;
}

static int refuse_unknown(const char *noun, json_t *fields, struct error *error)
{
    const char *name;
    json_t *value;
    bool known_noun = false;
    for (size_t i = 0; i < FIELD_COUNT; i++)
        known_noun = known_noun || strcmp(fields_table[i].noun, noun) == 0;
    if (!known_noun)
        return error_set(
            error, ERR_INVALID,
            "document: %s; hint: party, site, vehicle, permit, fence, road_right, link, watch, source or key", noun);
    json_object_foreach(fields, name, value)
    {
        if (!find_field(noun, name))
            return error_set(error, ERR_INVALID, "%s: field %s is unknown; hint: is it misspelt?", noun, name);
    }
    return 0;
}

static int check_field(const struct field *field, json_t *fields, struct error *error)
{
    json_t *value = json_object_get(fields, field->name);
    if (!value && field->required)
        return error_set(error, ERR_INVALID, "%s is missing; hint: it has to be given", field->name);
    if (!value)
        return 0;
    if (!type_fits(field->type, value))
        return refuse(error, field->name, value, "a value of another type");
    return field->check ? field->check(fields, field->name, value, error) : 0;
}

/* A source that nobody can verify must have been wanted so; a source with a key is not an unsigned one. */
static int check_signing(json_t *fields, struct error *error)
{
    bool is_unsigned = json_is_false(json_object_get(fields, "signed"));
    bool has_key = json_object_get(fields, "public_key") != NULL;
    if (!is_unsigned && !has_key)
        return error_set(error, ERR_INVALID,
                         "public_key is missing; hint: a key (custodyctl keygen), or signed: false for a tracker "
                         "that cannot sign, which is weaker evidence");
    if (is_unsigned && has_key)
        return error_set(error, ERR_INVALID, "signed: false together with a public_key; hint: one or the other");
    return 0;
}

static int check_key(json_t *fields, struct error *error)
{
    bool has_key = json_object_get(fields, "public_key") != NULL;
    bool has_id = json_object_get(fields, "key_id") != NULL;
    if (!has_key && !(has_id && json_is_true(json_object_get(fields, "revoked"))))
        return error_set(error, ERR_INVALID,
                         "public_key is missing; hint: only a revocation may name a key by key_id alone");
    return 0;
}

int registration_check(json_t *document, struct error *error)
{
    void *first = json_object_iter(document);
    if (!json_is_object(document) || json_object_size(document) != 1 || !json_is_object(json_object_iter_value(first)))
        return error_set(error, ERR_INVALID,
                         "document: not of the form {\"party\": {...}}; hint: one noun (party, site, vehicle, "
                         "permit, fence, road_right, link, watch, source or key) with its fields");
    const char *noun = json_object_iter_key(first);
    json_t *fields = json_object_iter_value(first);
    int code = refuse_unknown(noun, fields, error);
    for (size_t i = 0; code == 0 && i < FIELD_COUNT; i++) {
        if (strcmp(fields_table[i].noun, noun) != 0)
            continue;
        code = check_field(&fields_table[i], fields, error);
        if (code != 0)
            error_prefix(error, "%s", noun);
    }
    if (code == 0 && strcmp(noun, "source") == 0)
        code = check_signing(fields, error);
    if (code == 0 && strcmp(noun, "key") == 0)
        code = check_key(fields, error);
    return code;
}
