/* report.c - the words of the report's enumerations, from the tables in report.h. */
#include "core/report.h"

#include "core/words.h"

WORDS_DEFINE(clock_quality, CLOCK_QUALITY_TABLE)
WORDS_DEFINE(datum, DATUM_TABLE)
WORDS_DEFINE(item_kind, ITEM_KIND_TABLE)
WORDS_DEFINE(identifier_scheme, IDENTIFIER_SCHEME_TABLE)
WORDS_DEFINE(event_type, EVENT_TYPE_TABLE)
WORDS_DEFINE(evidence_kind, EVIDENCE_KIND_TABLE)
WORDS_DEFINE(vehicle_class, VEHICLE_CLASS_TABLE)
WORDS_DEFINE(inspection_result, INSPECTION_RESULT_TABLE)
WORDS_DEFINE(buyer_class, BUYER_CLASS_TABLE)
WORDS_DEFINE(sighting_kind, SIGHTING_KIND_TABLE)
WORDS_DEFINE(sighted_use, SIGHTED_USE_TABLE)

static const char *const words_reading_kind[] = {
    [READING_LOAD_CELL] = "load_cell",
    [READING_DOOR] = "door",
    [READING_TILT] = "tilt",
    [READING_WEIGHBRIDGE] = "weighbridge",
    [READING_SORTING_MASS] = "sorting_mass",
};

WORDS_DEFINE_WORD(clock_quality)
WORDS_DEFINE_WORD(datum)
WORDS_DEFINE_WORD(item_kind)
WORDS_DEFINE_WORD(identifier_scheme)
WORDS_DEFINE_WORD(event_type)
WORDS_DEFINE_WORD(evidence_kind)
WORDS_DEFINE_WORD(vehicle_class)
WORDS_DEFINE_WORD(inspection_result)
WORDS_DEFINE_WORD(buyer_class)
WORDS_DEFINE_WORD(sighting_kind)
WORDS_DEFINE_WORD(sighted_use)
WORDS_DEFINE_WORD(reading_kind)

WORDS_DEFINE_PARSE(item_kind)
WORDS_DEFINE_PARSE(identifier_scheme)
WORDS_DEFINE_PARSE(event_type)
WORDS_DEFINE_PARSE(datum)
WORDS_DEFINE_PARSE(buyer_class)
WORDS_DEFINE_PARSE(sighting_kind)
