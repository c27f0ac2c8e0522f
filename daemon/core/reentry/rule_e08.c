/* rule_e08.c - E08: one identifier at two places that nobody reaches in the time between, or offered by two sellers at once: a clone.
 *
 * A seller who lists on several platforms is none: the same telephone or seller hash, or nothing that tells two sellers apart, keeps
 * it quiet. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/reentry/dossier.h"

#define DAY_US (INT64_C(86400) * 1000000)
#define AT_ONCE_US (30 * DAY_US)
enum { APART_MIN_KM = 50, SPEED_MAX_KM_H = 250 };

/* A listing says where the seller is, not where the thing is. */
static bool shows_the_thing(const struct sighting *sighting)
{
    return sighting->position.present && sighting->kind != SIGHTING_KIND_LISTING &&
           sighting->kind != SIGHTING_KIND_NETWORK_ACTIVITY;
}

/* Great circle on a sphere of 6371 km: half a percent off does not matter here. */
static double distance_km(const struct position *a, const struct position *b)
{
    const double radians = 3.14159265358979323846 / 180 / 1e7;
    double lat_a = a->lat_e7 * radians, lat_b = b->lat_e7 * radians;
    double half_lat = sin((lat_b - lat_a) / 2), half_lon = sin((b->lon_e7 - a->lon_e7) * radians / 2);
    return 2 * 6371 * asin(sqrt(half_lat * half_lat + cos(lat_a) * cos(lat_b) * half_lon * half_lon));
}

static bool are_far_apart(const struct sighting *a, const struct sighting *b)
{
    if (!shows_the_thing(a) || !shows_the_thing(b))
        return false;
    double km = distance_km(&a->position, &b->position), hours = fabs((double)(b->at_us - a->at_us)) / 3.6e9;
    return km > APART_MIN_KM && km > SPEED_MAX_KM_H * hours;
}

static bool is_same(struct text a, struct text b)
{
    return !text_empty(a) && text_equal(a, b);
}

static bool differs(struct text a, struct text b)
{
    return !text_empty(a) && !text_empty(b) && !text_equal(a, b);
}

static bool have_two_sellers(const struct dossier_sighting *a, const struct dossier_sighting *b)
{
    const struct listing *one = &a->sighting->listing, *other = &b->sighting->listing;
    const struct place *here = &a->clues.place, *there = &b->clues.place;
    if (!one->present || !other->present || llabs(a->sighting->at_us - b->sighting->at_us) > AT_ONCE_US ||
        (text_equal(one->platform, other->platform) && text_equal(one->listing_id, other->listing_id)) ||
        is_same(one->seller_hash, other->seller_hash) || is_same(one->phone_hash, other->phone_hash))
        return false;
    bool elsewhere = here->province && there->province &&
                     (here->province != there->province || (here->city && there->city && here->city != there->city));
    return differs(one->seller_hash, other->seller_hash) || differs(one->phone_hash, other->phone_hash) || elsewhere;
}

static void add(struct judgement *judgement, const struct dossier *dossier, size_t at, const char *what)
{
    const struct dossier_sighting *seen = &dossier->sightings[at];
    char key[IDENTIFIER_VALUE_BYTES + FINDING_KEY_BYTES];
    (void)snprintf(key, sizeof key, "%s %.*s", identifier_scheme_word(seen->scheme), TEXT_ARG(seen->value));
    judgement_add(judgement, dossier, RULE_E08, rule_infos[RULE_E08].severity, at, key, "%s %s (一号多现，疑似套牌)",
                  key, what);
}

void rule_e08(const struct dossier *dossier, struct judgement *judgement)
{
    for (size_t i = 0; i < dossier->sighting_count; i++)
        for (size_t k = i + 1; k < dossier->sighting_count; k++) {
            const struct dossier_sighting *a = &dossier->sightings[i], *b = &dossier->sightings[k];
            if (!a->proof || !b->proof || a->scheme != b->scheme || !text_equal(a->value, b->value))
                continue;
            const char *what = are_far_apart(a->sighting, b->sighting) ? "seen at two places at once"
                               : have_two_sellers(a, b)                ? "offered by two sellers at once"
                                                                       : NULL;
            if (!what)
                continue;
            add(judgement, dossier, i, what);
            add(judgement, dossier, k, what);
        }
}
