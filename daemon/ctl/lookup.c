/* lookup.c - from what somebody typed (a VIN, a plate, a certificate number, ...) to the items that carry it. */
#include "ctl/lookup.h"

#include <stdlib.h>

static const enum identifier_scheme schemes[] = {
#define X(name, number, word) name,
    IDENTIFIER_SCHEME_TABLE(X)
#undef X
};

/* A reading is worth a warning where it is what the typist most likely meant: schemes with a check digit of their
 * own. */
static bool has_check_digit(enum identifier_scheme scheme)
{
    return scheme == IDENTIFIER_SCHEME_VIN || scheme == IDENTIFIER_SCHEME_IMEI;
}

static void read_as(struct text raw, enum identifier_scheme scheme, bool chosen, struct lookup *lookup,
                    struct error *error)
{
    char value[IDENTIFIER_VALUE_BYTES];
    struct error doubt = {0};
    enum identifier_grade grade = identifier_normalise(scheme, raw, value, &doubt);
    if (grade == IDENTIFIER_INVALID) {
        if (chosen && error)
            *error = doubt;
        return;
    }
    json_array_append_new(lookup->candidates,
                          json_pack("{s:s, s:s}", "scheme", identifier_scheme_word(scheme), "value", value));
    if (grade == IDENTIFIER_DOUBTFUL && (chosen || has_check_digit(scheme)))
        json_array_append_new(lookup->warnings, json_string(doubt.text));
}

int lookup_read(const char *raw, const char *scheme_word, struct lookup *lookup, struct error *error)
{
    enum identifier_scheme chosen = IDENTIFIER_SCHEME_UNSPECIFIED;
    *lookup = (struct lookup){.candidates = json_array(), .warnings = json_array()};
    if (scheme_word &&
        (identifier_scheme_parse(text_of(scheme_word), &chosen) != 0 || chosen == IDENTIFIER_SCHEME_UNSPECIFIED))
        return error_set(error, ERR_INVALID,
                         "--scheme: %s; hint: vin, plate, engine_number, battery_code, imei, tag, "
                         "certificate_number, serial_number, frame_number, lot or gs1",
                         scheme_word);
    struct error reason = {0};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        enum identifier_scheme scheme = schemes[i];
        if (scheme != IDENTIFIER_SCHEME_UNSPECIFIED && (!scheme_word || scheme == chosen))
            read_as(text_of(raw), scheme, scheme_word != NULL, lookup, &reason);
    }
    if (json_array_size(lookup->candidates) > 0)
        return 0;
    if (reason.text[0])
        return error_set(error, ERR_INVALID, "%s", reason.text);
    return error_set(error, ERR_INVALID,
                     "identifier: %.100s; hint: a VIN, plate, engine number, certificate number, battery code, "
                     "IMEI or tag",
                     raw);
}

int lookup_find(struct ctl *ctl, struct lookup *lookup)
{
    struct rows *rows = NULL;
    char *candidates = json_dumps(lookup->candidates, JSON_COMPACT);
    int exit_code = ctl_query(ctl, "SELECT api.find_items($1::jsonb)", 1, (const char *const[]){candidates}, &rows);
    free(candidates);
    if (exit_code == CTL_OK)
        lookup->items = json_loads(rows_text(rows, 0, 0), 0, NULL);
    rows_free(rows);
    return exit_code;
}

void lookup_free(struct lookup *lookup)
{
    json_decref(lookup->candidates);
    json_decref(lookup->items);
    json_decref(lookup->warnings);
    *lookup = (struct lookup){0};
}
