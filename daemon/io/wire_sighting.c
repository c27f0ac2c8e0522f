/* wire_sighting.c - the shapes of sightings. */
#include <assert.h>

#include "custody/v1/sighting.pb-c.h"
#include "io/wire_bounds.h"
#include "io/wire_shape.h"

static enum refusal_reason check_listing(const struct wire_check *check, const struct wire_path *path, void *value)
{
    const struct listing *listing = value;
    size_t len = listing->title.len + listing->text.len;
    if (len <= LISTING_TEXT_MAX_BYTES)
        return REFUSAL_NONE;
    return wire_refuse(check, path, REFUSAL_INVALID_FIELD,
                       "title and text are %zu bytes, more than %d; hint: shorten them", len, LISTING_TEXT_MAX_BYTES);
}

static const struct rule listing_rules[] = {
    RULE_OF_TEXT(listing, platform, NAME_MAX_BYTES),
    RULE_OF_TEXT(listing, listing_id, NAME_MAX_BYTES),
    RULE_OF_TEXT(listing, title, LISTING_TEXT_MAX_BYTES),
    RULE_OF_TEXT(listing, text, LISTING_TEXT_MAX_BYTES),
    {.name = "price_fen", .kind = RULE_NUMBER, .most = MONEY_MAX_FEN, .hint = "fen", MEMBER(listing, price_fen)},
    RULE_OF_HASH(listing, seller_hash),
    RULE_OF_HASH(listing, phone_hash),
};
static const struct shape listing_shape = {.descriptor = &custody__v1__listing__descriptor,
                                           SHAPE_RULES(listing_rules),
                                           .size = sizeof(struct listing),
                                           .optional = true,
                                           .check = check_listing};

/* First registrations go back to before 2000, so this one is bounded as a number. */
static const struct rule sighting_rules[] = {
    {.name = "sighting_id", .kind = RULE_UUID, MEMBER(sighting, sighting_id)},
    {.name = "kind",
     .kind = RULE_ENUM,
     .least = 1,
     .most = SIGHTING_KIND_REPAIR,
     .hint = "say where it was seen",
     MEMBER(sighting, kind)},
    {.name = "at_us", .kind = RULE_TIME, MEMBER(sighting, at_us)},
    {.name = "identifiers",
     .kind = RULE_LIST,
     .shape = &identifier_shape,
     .most = ITEM_REF_IDENTIFIERS_MAX,
     COUNTED(sighting, identifiers, identifier_count)},
    {.name = "item_kind", .kind = RULE_ENUM, .most = ITEM_KIND_LOT, MEMBER(sighting, item_kind)},
    RULE_OF_TEXT(sighting, make, NAME_MAX_BYTES),
    RULE_OF_TEXT(sighting, model, NAME_MAX_BYTES),
    {.name = "year",
     .kind = RULE_NUMBER,
     .most = YEAR_MAX,
     .hint = "year of manufacture, 0 when not stated",
     MEMBER(sighting, year)},
    RULE_OF_TEXT(sighting, colour, NAME_MAX_BYTES),
    {.name = "first_registered_at_us",
     .kind = RULE_NUMBER,
     .least = FIRST_REGISTRATION_LEAST_US,
     .most = FIRST_REGISTRATION_MOST_US,
     .hint = "microseconds since 1970-01-01, 1900 to 2100",
     MEMBER(sighting, first_registered_at_us),
     .has_to = (uint16_t)offsetof(struct sighting, has_first_registered),
     .reason = REFUSAL_IMPOSSIBLE_TIME},
    {.name = "odometer_m", .kind = RULE_NUMBER, .most = ODOMETER_MAX_M, .hint = "metres", MEMBER(sighting, odometer_m)},
    RULE_OF_TEXT(sighting, place, NAME_MAX_BYTES),
    {.name = "position", .kind = RULE_MESSAGE, .shape = &position_shape, MEMBER(sighting, position)},
    {.name = "use", .kind = RULE_ENUM, .most = SIGHTED_USE_CONSUMER, MEMBER(sighting, use)},
    {.name = "listing", .kind = RULE_MESSAGE, .shape = &listing_shape, MEMBER(sighting, listing)},
    RULE_OF_HASH(sighting, photo_sha256),
    RULE_OF_TEXT(sighting, scrap_category, NAME_MAX_BYTES),
    RULE_OF_TEXT(sighting, former_category, NAME_MAX_BYTES),
    {.name = "use_changed_at_us",
     .kind = RULE_NUMBER,
     .least = FIRST_REGISTRATION_LEAST_US,
     .most = FIRST_REGISTRATION_MOST_US,
     .hint = "microseconds since 1970-01-01, 1900 to 2100; 0 when it was not changed",
     MEMBER(sighting, use_changed_at_us),
     .reason = REFUSAL_IMPOSSIBLE_TIME},
};
const struct shape sighting_shape = {
    .descriptor = &custody__v1__sighting__descriptor, SHAPE_RULES(sighting_rules), .size = sizeof(struct sighting)};

static_assert(offsetof(struct listing, present) == 0, "optional shapes start with `present`");
