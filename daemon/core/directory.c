/* directory.c - look-ups in what is registered, and what a party is to a seller. */
#include "core/directory.h"

#include <math.h>
#include <stdlib.h>

#include "core/identity/identifier.h"
#include "core/words.h"

WORDS_DEFINE(party_kind, PARTY_KIND_TABLE)
WORDS_DEFINE_WORD(party_kind)
WORDS_DEFINE_PARSE(party_kind)

#define PERMIT_WORD(name, number, word, zh) [number] = (word),
static const char *const words_permit_kind[] = {PERMIT_KIND_TABLE(PERMIT_WORD)};
#define PERMIT_ZH(name, number, word, zh) [number] = (zh),
static const char *const zh_permit_kind[] = {PERMIT_KIND_TABLE(PERMIT_ZH)};
WORDS_DEFINE_WORD(permit_kind)
WORDS_DEFINE_PARSE(permit_kind)

#define FIGURE_WORD(name, word) [name] = (word),
static const char *const words_figure[] = {FIGURE_TABLE(FIGURE_WORD)};
WORDS_DEFINE_WORD(figure)
WORDS_DEFINE_PARSE(figure)

#define CLOCK_WORD(name, number, word, zh) [number] = (word),
static const char *const words_clock_kind[] = {CLOCK_KIND_TABLE(CLOCK_WORD)};
#define CLOCK_ZH(name, number, word, zh) [number] = (zh),
static const char *const zh_clock_kind[] = {CLOCK_KIND_TABLE(CLOCK_ZH)};
WORDS_DEFINE_WORD(clock_kind)

WORDS_DEFINE(limit_unit, LIMIT_UNIT_TABLE)
WORDS_DEFINE_WORD(limit_unit)
WORDS_DEFINE_PARSE(limit_unit)

const char *clock_kind_zh(enum clock_kind kind)
{
    return word_of(zh_clock_kind, WORDS_COUNT(clock_kind), (unsigned)kind);
}

const char *permit_kind_zh(enum permit_kind kind)
{
    return word_of(zh_permit_kind, WORDS_COUNT(permit_kind), (unsigned)kind);
}

enum buyer_class party_kind_buyer_class(enum party_kind kind)
{
    static const enum buyer_class classes[WORDS_COUNT(party_kind)] = {
        [PARTY_KIND_RECYCLER] = BUYER_CLASS_VEHICLE_RECYCLER,
        [PARTY_KIND_REMANUFACTURER] = BUYER_CLASS_REMANUFACTURER,
        [PARTY_KIND_STEEL_MILL] = BUYER_CLASS_STEEL_MILL,
        [PARTY_KIND_BATTERY_PROCESSOR] = BUYER_CLASS_BATTERY_PROCESSOR,
        [PARTY_KIND_HAZARDOUS_WASTE_OPERATOR] = BUYER_CLASS_HAZARDOUS_WASTE_OPERATOR,
        [PARTY_KIND_WEEE_TREATMENT] = BUYER_CLASS_WEEE_TREATMENT,
        [PARTY_KIND_EBIKE] = BUYER_CLASS_EBIKE,
    };
    enum buyer_class found = (size_t)kind < WORDS_COUNT(party_kind) ? classes[kind] : BUYER_CLASS_UNSPECIFIED;
    return found == BUYER_CLASS_UNSPECIFIED ? BUYER_CLASS_TRADER : found;
}

static int party_against_code(const void *code, const void *party)
{
    return text_compare(*(const struct text *)code, ((const struct party *)party)->code);
}

static int site_against_code(const void *code, const void *site)
{
    return text_compare(*(const struct text *)code, ((const struct site *)site)->code);
}

static int vehicle_against_plate(const void *plate, const void *vehicle)
{
    return text_compare(*(const struct text *)plate, ((const struct vehicle *)vehicle)->plate);
}

const struct party *directory_party(const struct directory *directory, struct text code)
{
    if (directory->party_count == 0)
        return NULL;
    return bsearch(&code, directory->parties, directory->party_count, sizeof(struct party), party_against_code);
}

const struct party *directory_party_by_id(const struct directory *directory, int64_t party_id)
{
    for (size_t i = 0; i < directory->party_count; i++)
        if (directory->parties[i].party_id == party_id)
            return &directory->parties[i];
    return NULL;
}

const struct site *directory_site(const struct directory *directory, struct text code)
{
    if (directory->site_count == 0)
        return NULL;
    return bsearch(&code, directory->sites, directory->site_count, sizeof(struct site), site_against_code);
}

const struct vehicle *directory_vehicle(const struct directory *directory, struct text plate)
{
    if (directory->vehicle_count == 0)
        return NULL;
    return bsearch(&plate, directory->vehicles, directory->vehicle_count, sizeof(struct vehicle),
                   vehicle_against_plate);
}

bool directory_conveyance(const struct directory *directory, struct text conveyance, const struct vehicle **vehicle)
{
    char plate[IDENTIFIER_VALUE_BYTES];
    *vehicle = NULL;
    if (text_empty(conveyance) ||
        identifier_normalise(IDENTIFIER_SCHEME_PLATE, conveyance, plate, NULL) == IDENTIFIER_INVALID)
        return false;
    *vehicle = directory_vehicle(directory, text_of(plate));
    return true;
}

/* First element of a party in an array sorted by party_id, which is each element's first member; or `count`. */
static size_t first_of_party(const void *array, size_t count, size_t size, int64_t party_id)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (*(const int64_t *)((const char *)array + middle * size) < party_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool directory_permitted(const struct directory *directory, int64_t party_id, enum permit_kind kind, int64_t site_id,
                         int64_t at_us)
{
    size_t at = first_of_party(directory->permits, directory->permit_count, sizeof(struct permit), party_id);
    for (; at < directory->permit_count && directory->permits[at].party_id == party_id; at++) {
        const struct permit *permit = &directory->permits[at];
        bool here = permit->site_id == 0 || site_id == 0 || permit->site_id == site_id;
        if (permit->kind == kind && here && permit->from_us <= at_us && at_us < permit->until_us)
            return true;
    }
    return false;
}

const struct party_link *directory_link(const struct directory *directory, int64_t party_id, int64_t other_party_id,
                                        int64_t at_us)
{
    size_t at = first_of_party(directory->links, directory->link_count, sizeof(struct party_link), party_id);
    for (; at < directory->link_count && directory->links[at].party_id == party_id; at++) {
        const struct party_link *link = &directory->links[at];
        if (link->linked_party_id == other_party_id && link->from_us <= at_us && at_us < link->until_us)
            return link;
    }
    return NULL;
}

double site_distance_m(const struct site *site, const struct position *position)
{
    /* Metres a degree along the meridian and the parallel on the WGS-84 ellipsoid at the middle latitude. */
    const double radians = 3.14159265358979323846 / 180, a = 6378137.0, e2 = 0.00669437999014;
    double middle = ((double)site->lat_e7 + position->lat_e7) / 2e7 * radians;
    double w2 = 1 - e2 * sin(middle) * sin(middle);
    double north = ((double)position->lat_e7 - site->lat_e7) / 1e7 * radians * a * (1 - e2) / (w2 * sqrt(w2));
    double east = ((double)position->lon_e7 - site->lon_e7) / 1e7 * radians * a * cos(middle) / sqrt(w2);
    return hypot(north, east);
}
