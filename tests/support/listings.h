/* listings.h - makes banned cars and labelled listings by seed: texts as sellers write them, with identifiers hidden, misread or right. */
#ifndef CUSTODY_TESTS_SUPPORT_LISTINGS_H
#define CUSTODY_TESTS_SUPPORT_LISTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/reentry/clues.h"
#include "core/reentry/dossier.h"
#include "core/reentry/vin_index.h"

/* A car: its VIN says who it is, and everything else is drawn from it. */
struct made_car {
    char vin[VIN_LEN + 1];
    const char *make, *model, *colour, *city;
    char plate[16], phone[12];
    int year, month; /* of first registration */
};
/* Car number i; different numbers may, rarely, be one car. Some 40 makers, 60 models each (with engine and body), real-looking serial numbers, 3 in 100
 * without a check digit. */
void made_car(uint64_t seed, uint64_t i, struct made_car *car);
void made_car_of_vin(const char *vin, struct made_car *car);
/* What its pickup and its identifiers say. */
void made_clues(const struct made_car *car, struct clues *clues);

#define LISTING_CLASS_TABLE(X)                                                                                         \
    X(LISTING_EXACT, "exact, plain")                                                                                   \
    X(LISTING_DISGUISED, "exact, disguised")                                                                           \
    X(LISTING_CONFUSED, "look-alike characters")                                                                       \
    X(LISTING_SUBSTITUTED, "one character another")                                                                    \
    X(LISTING_INSERTED, "one character too many")                                                                      \
    X(LISTING_LOST, "one character missing")                                                                           \
    X(LISTING_MASKED_1, "1 hidden")                                                                                    \
    X(LISTING_MASKED_2, "2 hidden")                                                                                    \
    X(LISTING_MASKED_3, "3 hidden")                                                                                    \
    X(LISTING_MASKED_4, "4 hidden")                                                                                    \
    X(LISTING_MASKED_5, "5 hidden")                                                                                    \
    X(LISTING_MASKED_6, "6 hidden")                                                                                    \
    X(LISTING_NO_VIN, "no VIN")

enum listing_class {
#define X(name, words) name,
    LISTING_CLASS_TABLE(X)
#undef X
        LISTING_CLASSES
};
extern const char *const listing_class_words[LISTING_CLASSES];

enum { LISTING_BYTES = 2048 };
struct made_listing {
    char title[LISTING_BYTES], text[LISTING_BYTES], place[64];
    struct sighting sighting; /* borrows from the above */
};
/* One listing of this car. */
void made_listing(uint64_t seed, const struct made_car *car, enum listing_class class, struct made_listing *listing);
/* A class as clean listings have them: mostly no VIN, or a right one; few misread, some partly hidden. */
enum listing_class made_clean_class(uint64_t random);

/* What the follower does with one listing, without a database. */
struct detection {
    size_t count; /* VINs that would be flagged */
    char vins[VIN_FOUND_MAX][VIN_LEN + 1];
};
void detect(const struct vin_index *index, const struct made_listing *listing, struct detection *detection);
bool detection_has(const struct detection *detection, const char *vin);

#endif
