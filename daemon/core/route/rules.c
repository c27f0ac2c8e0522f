/* rules.c - R01 to R08, in their order; each finding says what is on board at that moment. */
#include "core/route/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

enum { SECONDS_PER_MINUTE = 60, G_PER_KG = 1000, CDEG_PER_DEG = 100, WORDS_BYTES = 160, CARGO_NAMED = 3 };

static const struct route_limits *limits_of(const struct truck_fold *fold)
{
    return route_map_limits(fold->map);
}

static bool is_laden(const struct truck_fold *fold)
{
    return truck_is_laden(fold->state, limits_of(fold));
}

/* ---- what a finding says ---- */

static void put_cargo(const struct truck_state *state, char *out, size_t size)
{
    size_t used = 0;
    const uint32_t items = state->cargo_count + state->cargo_more;
    out[0] = '\0';
    if (items > 0)
        used = (size_t)snprintf(out, size, "%u item%s (", (unsigned)items, items == 1 ? "" : "s");
    for (uint32_t i = 0; i < state->cargo_count && i < CARGO_NAMED && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%lld", i ? ", " : "item ", (long long)state->cargo[i]);
    if (items > 0 && used < size)
        used += (size_t)snprintf(out + used, size - used, "%s)", items > CARGO_NAMED ? ", ..." : "");
    if (state->has_load && used < size)
        (void)snprintf(out + used, size - used, "%sload cell %lld kg", items ? ", " : "",
                       (long long)(state->load_g / G_PER_KG));
}

/* When it was met, when it began (its key), records of beginning and end. */
struct met {
    enum rule rule;
    int64_t at_us, since_us;
    uint64_t first_index, last_index;
    struct spot where;
};

/* `words` say what the truck did. */
static void found(struct truck_fold *fold, const struct met *met, const char *words)
{
    struct route_finding finding;
    struct findings room = {.list = &finding.finding, .room = 1};
    char key[TIME_TEXT_SIZE], cargo[96];
    const bool rising = met->first_index < met->last_index;
    time_format_utc(met->since_us, key);
    put_cargo(fold->state, cargo, sizeof cargo);
    (void)findings_add(&room, met->rule, met->at_us, SIZE_MAX, key, "truck %.*s %s at %.5f, %.5f; on board: %s",
                       TEXT_ARG(fold->truck->plate), words, met->where.lat_e7 / 1e7, met->where.lon_e7 / 1e7, cargo);
    finding.evidence_count = met->first_index == met->last_index ? 1 : 2;
    finding.evidence[0] = rising ? met->first_index : met->last_index;
    finding.evidence[1] = rising ? met->last_index : met->first_index;
    fold->sink->on_finding(fold->sink->context, &finding);
}

static struct spot spot_of(const struct observation *fix)
{
    return (struct spot){fix->lon_e7, fix->lat_e7};
}

static struct spot last_spot(const struct truck_state *state)
{
    return (struct spot){state->fix_lon_e7, state->fix_lat_e7};
}

static long long minutes(int64_t us)
{
    return (long long)(us / US_PER_S / SECONDS_PER_MINUTE);
}

/* ---- R01 ---- */

/* A pickup said since shortly before the stop explains it: that is what trucks stop for. */
void rule_r01_stops_off_site(struct truck_fold *fold, const struct observation *fix)
{
    struct truck_state *state = fold->state;
    const struct route_limits *limits = limits_of(fold);
    const int64_t stood_us = fix->at_us - state->stop_since_us;
    char words[WORDS_BYTES];
    if (state->stop_said || stood_us < limits->stop_s * US_PER_S || !is_off_site(&fold->place) || fold->place.watched ||
        !is_laden(fold))
        return;
    state->stop_said = true;
    if (state->pickup_at_us && state->pickup_at_us >= state->stop_since_us - limits->pickup_grace_s * US_PER_S)
        return;
    (void)snprintf(words, sizeof words, "has stood %lld min off-site without a pickup 场外停留", minutes(stood_us));
    found(fold,
          &(struct met){RULE_R01, fix->at_us, state->stop_since_us, state->stop_index, fix->log_index, spot_of(fix)},
          words);
}

/* ---- R02 ---- */

void rule_r02_calls_at_watched_site(struct truck_fold *fold, const struct observation *fix)
{
    struct truck_state *state = fold->state;
    const int64_t stood_us = fix->at_us - state->stop_since_us;
    char words[WORDS_BYTES];
    if (state->watched_said || stood_us < limits_of(fold)->watched_stop_s * US_PER_S || !fold->place.watched ||
        !is_laden(fold))
        return;
    state->watched_said = true;
    (void)snprintf(words, sizeof words, "stands at the watched site %s 关注场所 for %lld min",
                   fold->place.watched->code, minutes(stood_us));
    found(fold,
          &(struct met){RULE_R02, fix->at_us, state->stop_since_us, state->stop_index, fix->log_index, spot_of(fix)},
          words);
}

/* ---- R03 ---- */

/* An excursion is told once, when it has lasted; coming back ends it. True at that moment. */
static bool lasts(bool outside, const struct observation *fix, int64_t least_s, int64_t *since_us, uint64_t *index,
                  bool *said)
{
    if (!outside) {
        *since_us = 0;
        *said = false;
        return false;
    }
    if (*since_us == 0) {
        *since_us = fix->at_us;
        *index = fix->log_index;
    }
    if (*said || fix->at_us - *since_us < least_s * US_PER_S)
        return false;
    *said = true;
    return true;
}

/* Within the district (outside of it R08 speaks), off-site, where some right concerns the truck and none lets it be here now. */
void rule_r03_leaves_permitted_area_or_hours(struct truck_fold *fold, const struct observation *fix)
{
    struct truck_state *state = fold->state;
    const struct whereabouts *place = &fold->place;
    enum road_answer answer = ROAD_UNREGULATED;
    if (is_off_site(place) && (place->in_district || !place->has_district) && is_laden(fold))
        answer = route_map_road(fold->map, fold->truck, place, fix->at_us);
    if (!lasts(answer == ROAD_OUTSIDE_AREA || answer == ROAD_OUTSIDE_HOURS, fix, limits_of(fold)->excursion_s,
               &state->road_since_us, &state->road_index, &state->road_said))
        return;
    found(fold,
          &(struct met){RULE_R03, fix->at_us, state->road_since_us, state->road_index, fix->log_index, spot_of(fix)},
          answer == ROAD_OUTSIDE_AREA ? "is outside the area it may use 超出通行区域"
                                      : "is on the road outside its hours 超出通行时段");
}

/* ---- R04 ---- */

void rule_r04_falls_silent(struct truck_fold *fold, int64_t until_us)
{
    struct truck_state *state = fold->state;
    const int64_t silence_us = limits_of(fold)->silence_s * US_PER_S, at_us = state->fix_at_us + silence_us;
    char words[WORDS_BYTES];
    if (!state->fix_at_us || state->silence_said || at_us > until_us || !is_laden(fold) ||
        !is_off_site(fold_place(fold, at_us)))
        return;
    state->silence_said = true;
    (void)snprintf(words, sizeof words, "has given no position for %lld min 失联, last", minutes(silence_us));
    found(fold, &(struct met){RULE_R04, at_us, state->fix_at_us, state->fix_index, state->fix_index, last_spot(state)},
          words);
}

/* ---- R05 ---- */

/* 1e-7 degrees are at most 0.0112 m along a meridian or a parallel: what cannot be far is not measured. */
static bool may_be_further(struct spot a, struct spot b, int64_t distance_m)
{
    const int64_t steps = llabs((int64_t)a.lon_e7 - b.lon_e7) + llabs((int64_t)a.lat_e7 - b.lat_e7);
    return steps * 112 > distance_m * 10000;
}

void rule_r05_moves_impossibly(struct truck_fold *fold, const struct observation *fix)
{
    struct truck_state *state = fold->state;
    const struct route_limits *limits = limits_of(fold);
    const struct spot from = last_spot(state), to = spot_of(fix);
    const int64_t us = fix->at_us - state->fix_at_us;
    char words[WORDS_BYTES];
    if (!state->fix_at_us || !may_be_further(from, to, limits->jump_min_m) || !is_laden(fold))
        return;
    const double distance_m = earth_distance_m(route_map_earth(fold->map), from, to);
    if (distance_m < (double)limits->jump_min_m ||
        distance_m * (double)US_PER_S <= (double)limits->speed_max_m_s * (double)us)
        return;
    (void)snprintf(words, sizeof words, "moved %.1f km in %.1f s 位置跳变, arriving", distance_m / 1000.0,
                   (double)us / (double)US_PER_S);
    /* One flag a trip: a jammed or spoofed receiver jumps there and back all day. */
    found(fold,
          &(struct met){RULE_R05, fix->at_us, state->trip_started_us ? state->trip_started_us : fix->at_us,
                        state->fix_index, fix->log_index, to},
          words);
}

/* ---- R06 ---- */

/* The body opens or tips; only told when no pickup explains it in time. */
void rule_r06_opens_off_site(struct truck_fold *fold, const struct observation *reading)
{
    struct truck_state *state = fold->state;
    const struct route_limits *limits = limits_of(fold);
    const bool tilt = reading->kind == OBSERVED_TILT;
    if (tilt ? llabs(reading->value) < limits->tilt_min_cdeg : reading->value == 0)
        return;
    if (state->open_at_us || !is_laden(fold) || !is_off_site(fold_place(fold, reading->at_us)) ||
        (state->pickup_at_us && state->pickup_at_us >= reading->at_us - limits->pickup_grace_s * US_PER_S))
        return;
    state->open_at_us = reading->at_us;
    state->open_index = reading->log_index;
    state->open_is_tilt = tilt;
}

void rule_r06_was_not_explained(struct truck_fold *fold, int64_t until_us)
{
    struct truck_state *state = fold->state;
    const int64_t at_us = state->open_at_us + limits_of(fold)->pickup_grace_s * US_PER_S;
    if (!state->open_at_us || at_us > until_us)
        return;
    const struct met met = {RULE_R06, at_us, state->open_at_us, state->open_index, state->open_index, last_spot(state)};
    state->open_at_us = 0;
    found(fold, &met,
          state->open_is_tilt ? "tipped its body off-site without a pickup 场外倾卸, last"
                              : "opened off-site without a pickup 场外开启, last");
}

/* ---- R07 ---- */

/* Against the most since it was at a site: what goes piece by piece is gone, too. */
void rule_r07_loses_load_off_site(struct truck_fold *fold, const struct observation *reading)
{
    struct truck_state *state = fold->state;
    const struct route_limits *limits = limits_of(fold);
    const int64_t lost_g = state->load_top_g - reading->value;
    char words[WORDS_BYTES];
    if (!state->has_load || lost_g < limits->loss_min_g ||
        lost_g * 1000 < limits->loss_min_permille * state->load_top_g || state->load_top_g < limits->laden_min_g ||
        !is_off_site(fold_place(fold, reading->at_us)))
        return;
    (void)snprintf(words, sizeof words, "lost %lld of %lld kg off-site 场外失货,", (long long)(lost_g / G_PER_KG),
                   (long long)(state->load_top_g / G_PER_KG));
    found(fold,
          &(struct met){RULE_R07, reading->at_us, reading->at_us, state->load_top_index, reading->log_index,
                        last_spot(state)},
          words);
    state->load_top_g = reading->value;
    state->load_top_index = reading->log_index;
}

/* ---- R08 ---- */

/* Booked is a load whose booking or departure names a site outside. */
void rule_r08_leaves_district(struct truck_fold *fold, const struct observation *fix)
{
    struct truck_state *state = fold->state;
    const struct whereabouts *place = &fold->place;
    bool outside = place->has_district && !place->in_district && is_off_site(place) && is_laden(fold);
    if (outside && state->booked_site_id)
        outside = !route_map_site_is_outside(fold->map, state->booked_site_id, fix->at_us);
    if (lasts(outside, fix, limits_of(fold)->excursion_s, &state->abroad_since_us, &state->abroad_index,
              &state->abroad_said))
        found(fold,
              &(struct met){RULE_R08, fix->at_us, state->abroad_since_us, state->abroad_index, fix->log_index,
                            spot_of(fix)},
              "left the district without a booked destination outside 未预约驶出辖区,");
}
