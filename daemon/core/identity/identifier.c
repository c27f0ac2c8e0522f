/* identifier.c - the table of schemes: how each is folded, checked, and how far it names one item. */
#include "core/identity/identifier.h"

#include <string.h>

#include "core/identity/assigned_number.h"
#include "core/identity/battery_code.h"
#include "core/identity/engine_number.h"
#include "core/identity/glyph.h"
#include "core/identity/gs1.h"
#include "core/identity/imei.h"
#include "core/identity/plate.h"
#include "core/identity/vin.h"

/* `check` gets the folded value, not empty; it grades it and may change it in place. `strength`: what is stamped or issued into the
 * item comes before what was attached to it; 0 are hints. */
static const struct scheme {
    enum identifier_grade (*check)(char value[IDENTIFIER_VALUE_BYTES], struct error *error);
    enum glyph_folding folding;
    int strength;
} schemes[] = {
    [IDENTIFIER_SCHEME_VIN] = {vin_check, GLYPH_COMPACT, 7},
    [IDENTIFIER_SCHEME_FRAME_NUMBER] = {frame_number_check, GLYPH_COMPACT, 0},
    [IDENTIFIER_SCHEME_ENGINE_NUMBER] = {engine_number_check, GLYPH_COMPACT, 0},
    [IDENTIFIER_SCHEME_PLATE] = {plate_check, GLYPH_COMPACT, 0},
    [IDENTIFIER_SCHEME_BATTERY_CODE] = {battery_code_check, GLYPH_COMPACT, 6},
    [IDENTIFIER_SCHEME_IMEI] = {imei_check, GLYPH_COMPACT, 5},
    [IDENTIFIER_SCHEME_SERIAL_NUMBER] = {serial_number_check, GLYPH_COMPACT, 3},
    [IDENTIFIER_SCHEME_TAG] = {tag_check, GLYPH_SPACED, 2},
    [IDENTIFIER_SCHEME_CERTIFICATE_NUMBER] = {certificate_number_check, GLYPH_COMPACT, 0},
    [IDENTIFIER_SCHEME_LOT] = {lot_check, GLYPH_SPACED, 1},
    [IDENTIFIER_SCHEME_GS1] = {gs1_check, GLYPH_CASED, 4},
};

/* NULL for IDENTIFIER_SCHEME_UNSPECIFIED and numbers outside the table. */
static const struct scheme *scheme_of(enum identifier_scheme scheme)
{
    size_t number = (size_t)scheme;
    return number < sizeof schemes / sizeof *schemes && schemes[number].check ? &schemes[number] : NULL;
}

static enum identifier_grade fold_and_check(const struct scheme *scheme, enum identifier_scheme number, struct text raw,
                                            char out[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    const char *fault = NULL;
    if (!text_is_clean_utf8(raw))
        fault = "is not clean UTF-8";
    else if (!glyph_fold(raw, scheme->folding, out, IDENTIFIER_VALUE_BYTES))
        fault = "is longer than 128 bytes";
    else if (!out[0])
        fault = "is empty";
    if (!fault)
        return scheme->check(out, error);
    error_set(error, ERR_INVALID, "identifier of scheme %s %s; hint: give the number alone, in UTF-8",
              identifier_scheme_word(number), fault);
    return IDENTIFIER_INVALID;
}

enum identifier_grade identifier_normalise(enum identifier_scheme scheme, struct text raw,
                                           char out[IDENTIFIER_VALUE_BYTES], struct error *error)
{
    enum identifier_grade grade = IDENTIFIER_INVALID;
    const struct scheme *entry = scheme_of(scheme);
    if (entry)
        grade = fold_and_check(entry, scheme, raw, out, error);
    else
        error_set(error, ERR_INVALID, "identifier has no known scheme: %d; hint: say what it is, a VIN, a plate, ...",
                  (int)scheme);
    if (grade == IDENTIFIER_INVALID)
        out[0] = '\0';
    return grade;
}

bool identifier_scheme_is_proof(enum identifier_scheme scheme)
{
    return identifier_scheme_strength(scheme) > 0;
}

int identifier_scheme_strength(enum identifier_scheme scheme)
{
    const struct scheme *entry = scheme_of(scheme);
    return entry ? entry->strength : 0;
}
