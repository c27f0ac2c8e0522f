/* market.h - what a second-hand marketplace's feed says: clean listings, and banned things in every disguise we look
 * through. */
#ifndef CUSTODY_FLEET_MARKET_H
#define CUSTODY_FLEET_MARKET_H

#include "fleet/scenario.h"

/* How an identifier stands in a listing. constant, word on the command line, what it is */
#define DISGUISE_TABLE(X)                                                                                              \
    X(DISGUISE_STRUCTURED, "structured", "in the field that is made for it")                                           \
    X(DISGUISE_TEXT, "text", "in the free text")                                                                       \
    X(DISGUISE_FULL_WIDTH, "full-width", "in the free text, in full-width characters")                                 \
    X(DISGUISE_SPACED, "spaced", "in the free text, with spaces")                                                      \
    X(DISGUISE_DASHED, "dashed", "in the free text, with dashes and in lower case")

enum disguise {
#define X(name, word, what) name,
    DISGUISE_TABLE(X)
#undef X
        DISGUISE_COUNT
};
const char *disguise_word(enum disguise disguise);
const char *disguise_what(enum disguise disguise);
int disguise_parse(struct text word, enum disguise *disguise) MUST_USE;

/* A listing of something that nobody banned: its identifiers are new inventions. 0 or ERR_NO_MEMORY. */
int market_clean_listing(struct random *random, int64_t at_us, struct arena *arena, struct sighting *sighting) MUST_USE;

/* A listing of the card's item. 0 or ERR_NO_MEMORY. */
int market_listing(const struct card *card, enum disguise disguise, struct random *random, int64_t at_us,
                   struct arena *arena, struct sighting *sighting) MUST_USE;

/* `identifier` as a seller would write it to be overlooked; UTF-8 into out. */
void disguise_identifier(enum disguise disguise, struct text identifier, char *out, size_t size);

#endif
