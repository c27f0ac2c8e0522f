/* market.c - writes listings as sellers do. */
#include "fleet/market.h"

#include <ctype.h>
#include <string.h>

enum { LISTING_BYTES = 1024, DISGUISED_BYTES = 256 };

static const struct {
    const char *word, *what;
} disguises[DISGUISE_COUNT] = {
#define X(name, word, what) [name] = {word, what},
    DISGUISE_TABLE(X)
#undef X
};

const char *disguise_word(enum disguise disguise)
{
    return disguises[disguise].word;
}

const char *disguise_what(enum disguise disguise)
{
    return disguises[disguise].what;
}

int disguise_parse(struct text word, enum disguise *disguise)
{
    for (enum disguise i = 0; i < DISGUISE_COUNT; i++)
        if (text_equal(word, text_of(disguises[i].word))) {
            *disguise = i;
            return 0;
        }
    return ERR_INVALID;
}

/* One character of an identifier; U+FF01 to U+FF5E are the full-width forms of U+0021 to U+007E. */
static size_t put_disguised(enum disguise disguise, size_t at, char c, char *out)
{
    size_t len = 0;
    const bool breaks = at > 0 && at % 4 == 0 && (disguise == DISGUISE_SPACED || disguise == DISGUISE_DASHED);
    if (breaks)
        out[len++] = disguise == DISGUISE_SPACED ? ' ' : '-';
    if (disguise == DISGUISE_FULL_WIDTH && c > ' ' && c <= '~') {
        const unsigned code = 0xff00u + (unsigned)(unsigned char)c - 0x20u;
        out[len++] = (char)(0xe0 | code >> 12);
        out[len++] = (char)(0x80 | (code >> 6 & 0x3f));
        out[len++] = (char)(0x80 | (code & 0x3f));
    } else {
        out[len++] = disguise == DISGUISE_DASHED ? (char)tolower((unsigned char)c) : c;
    }
    return len;
}

void disguise_identifier(enum disguise disguise, struct text identifier, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < identifier.len && len + 5 < size; i++)
        len += put_disguised(disguise, i, identifier.data[i], out + len);
    out[len] = '\0';
}

/* What the seller calls an identifier. */
static const char *label_of(enum identifier_scheme scheme)
{
    static const char *const labels[IDENTIFIER_SCHEME_GS1 + 1] = {
        [IDENTIFIER_SCHEME_VIN] = "车架号",
        [IDENTIFIER_SCHEME_PLATE] = "车牌",
        [IDENTIFIER_SCHEME_BATTERY_CODE] = "电池编码",
        [IDENTIFIER_SCHEME_IMEI] = "IMEI",
        [IDENTIFIER_SCHEME_SERIAL_NUMBER] = "序列号",
        [IDENTIFIER_SCHEME_TAG] = "标签",
    };
    return labels[scheme] ? labels[scheme] : "编号";
}

static int put_text(struct arena *arena, const char *words, struct text *out)
{
    *out = arena_text(arena, text_of(words));
    return out->data == NULL ? ERR_NO_MEMORY : 0;
}

static int put_listing(struct random *random, const char *title, const char *words, struct arena *arena,
                       struct sighting *sighting)
{
    char id[32];
    (void)snprintf(id, sizeof id, "L%09llu", (unsigned long long)random_below(random, 1000000000));
    sighting->listing.present = true;
    sighting->listing.platform = TEXT("luojiang-ershou");
    sighting->listing.price_fen = random_between(random, 5000, 4000000);
    if (put_text(arena, title, &sighting->listing.title) || put_text(arena, words, &sighting->listing.text) ||
        put_text(arena, id, &sighting->listing.listing_id))
        return ERR_NO_MEMORY;
    return 0;
}

static int put_structured(struct identifier identifier, struct arena *arena, struct sighting *sighting)
{
    sighting->identifiers = arena_array(arena, 1, sizeof *sighting->identifiers);
    if (sighting->identifiers == NULL)
        return ERR_NO_MEMORY;
    const struct text value = arena_text(arena, identifier.value);
    if (value.data == NULL)
        return ERR_NO_MEMORY;
    sighting->identifiers[0] = (struct identifier){identifier.scheme, value};
    sighting->identifier_count = 1;
    return 0;
}

static int list(const struct card *card, bool structured, const char *written, struct random *random, int64_t at_us,
                struct arena *arena, struct sighting *sighting)
{
    char words[LISTING_BYTES];
    const struct identifier identifier = card_strongest(card);
    *sighting = (struct sighting){
        .kind = SIGHTING_KIND_LISTING,
        .at_us = at_us,
        .item_kind = card->kind,
        .make = text_of(card->make),
        .model = text_of(card->model),
        .place = TEXT("泉州洛江"),
    };
    invent_uuid(random, sighting->sighting_id);
    if (structured)
        (void)snprintf(words, sizeof words, "%s%s，成色好，个人出售，可小刀，电话 13800138000", card->make,
                       card->model);
    else
        (void)snprintf(words, sizeof words, "%s%s，成色好，%s：%s，手续齐全，电话 13800138000，订单 20261123000123",
                       card->make, card->model, label_of(identifier.scheme), written);
    if (structured && put_structured(identifier, arena, sighting))
        return ERR_NO_MEMORY;
    return put_listing(random, "个人闲置转让", words, arena, sighting);
}

int market_listing(const struct card *card, enum disguise disguise, struct random *random, int64_t at_us,
                   struct arena *arena, struct sighting *sighting)
{
    char written[DISGUISED_BYTES];
    disguise_identifier(disguise, card_strongest(card).value, written, sizeof written);
    return list(card, disguise == DISGUISE_STRUCTURED, written, random, at_us, arena, sighting);
}

int market_clean_listing(struct random *random, int64_t at_us, struct arena *arena, struct sighting *sighting)
{
    struct card card = {.kind = ITEM_KIND_VEHICLE, .make = "大众", .model = "朗逸"};
    char written[DISGUISED_BYTES];
    if (random_chance(random, 0.5)) {
        invent_vin(random, card.vin);
    } else {
        card.kind = ITEM_KIND_DATA_DEVICE, card.make = "Xiaomi", card.model = "13";
        invent_imei(random, card.imei);
    }
    const enum disguise disguise = (enum disguise)random_below(random, DISGUISE_COUNT);
    disguise_identifier(disguise, card_strongest(&card).value, written, sizeof written);
    return list(&card, disguise == DISGUISE_STRUCTURED, written, random, at_us, arena, sighting);
}
