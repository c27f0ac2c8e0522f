/* directory.c - look-ups in the registered parties and sites, and what a party is to a seller. */
#include "core/directory.h"

#include <stdlib.h>

#include "core/words.h"

WORDS_DEFINE(party_kind, PARTY_KIND_TABLE)
WORDS_DEFINE_WORD(party_kind)
WORDS_DEFINE_PARSE(party_kind)

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
