/* trucks_rebuild.c - one truck after the other: folded from nothing as far as the daemon has come, compared.
 *
 * A truck that differs is repaired by the daemon: it is marked as if something had come before all that is known of it. */
#include "ctl/trucks_rebuild.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/encoding.h"
#include "core/route/truck.h"
#include "ctl/route_rows.h"
#include "ctl/table.h"

enum { STATE_BYTES_MAX = 16 * 1024 * 1024, NUMBER_BYTES = 32, TRIP_BYTES = 160 };

/* What the fold of one truck says. */
struct folded {
    struct trucks_rebuild *rebuild;
    struct truck truck;
    struct route_finding *findings;
    size_t finding_count, finding_room;
    struct trip *trips;
    size_t trip_count, trip_room;
    bool failed;
};

static void report_difference(struct trucks_rebuild *rebuild, struct text plate, const char *what, const char *stored,
                              const char *folded)
{
    struct ctl *ctl = rebuild->ctl;
    rebuild->differences++;
    if (ctl->json) {
        json_array_append_new(rebuild->list, json_pack("{s:s%, s:s, s:s, s:s}", "truck", plate.data, plate.len, "what",
                                                       what, "stored", stored, "folded", folded));
        return;
    }
    fprintf(ctl->out, "truck %.*s: %s: stored ", TEXT_ARG(plate), what);
    text_print_safe(stored[0] ? stored : "nothing", ctl->out);
    fputs(", folded ", ctl->out);
    text_print_safe(folded[0] ? folded : "nothing", ctl->out);
    fputc('\n', ctl->out);
}

/* ---- the sink ---- */

static void *grown(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    size_t wanted = *room ? 2 * *room : 64;
    void *larger = realloc(list, wanted * size);
    if (larger)
        *room = wanted;
    return larger;
}

static void folded_on_finding(void *context, const struct route_finding *finding)
{
    struct folded *folded = context;
    struct route_finding *list =
        grown(folded->findings, folded->finding_count, &folded->finding_room, sizeof *folded->findings);
    folded->failed |= !list;
    if (!list)
        return;
    folded->findings = list;
    folded->findings[folded->finding_count++] = *finding;
}

static void folded_on_departure(void *context, const struct trip *trip, const struct truck_state *entry)
{
    struct folded *folded = context;
    struct trip *list = grown(folded->trips, folded->trip_count, &folded->trip_room, sizeof *folded->trips);
    (void)entry;
    folded->failed |= !list;
    if (!list)
        return;
    folded->trips = list;
    folded->trips[folded->trip_count++] = *trip;
}

static void folded_on_arrival(void *context, const struct trip *trip)
{
    struct folded *folded = context;
    if (trip->number >= 1 && trip->number <= folded->trip_count)
        folded->trips[trip->number - 1] = *trip;
}

/* ---- comparing ---- */

/* Both as hexadecimal. */
static void compare_state(struct folded *folded, const struct truck_state *state, const struct observation *waiting,
                          size_t count, const char *stored)
{
    struct buffer bytes;
    buffer_init(&bytes, STATE_BYTES_MAX);
    truck_encode(state, waiting, count, &bytes);
    char *hex = bytes.failed ? NULL : malloc(HEX_SIZE(bytes.len));
    if (hex)
        hex_encode(bytes.data, bytes.len, hex);
    else
        folded->failed = true;
    if (hex && strcmp(hex, stored) != 0)
        report_difference(folded->rebuild, folded->truck.plate, "state", stored, hex);
    free(hex);
    buffer_fini(&bytes);
}

static void trip_words(const struct trip *trip, char out[TRIP_BYTES])
{
    const bool over = trip->ended_us != 0; /* until then its row has no length */
    snprintf(out, TRIP_BYTES,
             "%" PRIu32 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRIu32 " %" PRId64,
             trip->number, trip->started_us, trip->ended_us, trip->from_site_id, trip->to_site_id,
             over ? trip->distance_m : 0, over ? trip->fix_count : 0, over ? trip->most_load_g : 0);
}

static int compare_trips(struct folded *folded, const char *vehicle_id)
{
    static const char sql[] = "SELECT concat_ws(' ', number, (extract(epoch FROM started_at) * 1000000)::bigint, "
                              "coalesce((extract(epoch FROM ended_at) * 1000000)::bigint, 0), coalesce(from_site_id, "
                              "0), coalesce(to_site_id, "
                              "0), distance_m, fix_count, most_load_g) FROM route.trip WHERE vehicle_id = $1::bigint "
                              "AND NOT void ORDER BY number";
    struct rows *rows = NULL;
    int exit_code = ctl_query(folded->rebuild->ctl, sql, 1, &vehicle_id, &rows);
    size_t stored = exit_code == CTL_OK ? rows_count(rows) : 0;
    for (size_t i = 0; exit_code == CTL_OK && (i < stored || i < folded->trip_count); i++) {
        char words[TRIP_BYTES] = "";
        if (i < folded->trip_count)
            trip_words(&folded->trips[i], words);
        const char *row = i < stored ? rows_text(rows, i, 0) : "";
        if (strcmp(row, words) != 0)
            report_difference(folded->rebuild, folded->truck.plate, "trip", row, words);
    }
    rows_free(rows);
    return exit_code;
}

static bool is_found(const struct folded *folded, size_t below, const char *rule, const char *key)
{
    for (size_t i = 0; i < below; i++)
        if (strcmp(rule_infos[folded->findings[i].finding.rule].id, rule) == 0 &&
            strcmp(folded->findings[i].finding.key, key) == 0)
            return true;
    return false;
}

enum flag_column { FLAG_RULE, FLAG_KEY, FLAG_STATE };

static bool is_flagged(const struct rows *flags, const struct finding *finding)
{
    for (size_t row = 0; row < rows_count(flags); row++)
        if (strcmp(rows_text(flags, row, FLAG_RULE), rule_infos[finding->rule].id) == 0 &&
            strcmp(rows_text(flags, row, FLAG_KEY), finding->key) == 0)
            return strcmp(rows_text(flags, row, FLAG_STATE), "withdrawn") != 0;
    return false;
}

/* Every finding has a flag that was not withdrawn, and every open flag a finding. */
static int compare_flags(struct folded *folded, const char *vehicle_id)
{
    struct rows *flags = NULL;
    char what[FINDING_KEY_BYTES + 16];
    int exit_code = ctl_query(folded->rebuild->ctl,
                              "SELECT rule, key, state FROM flag.flag WHERE vehicle_id = $1::bigint AND rule LIKE 'R%'",
                              1, &vehicle_id, &flags);
    for (size_t i = 0; exit_code == CTL_OK && i < folded->finding_count; i++) {
        const struct finding *finding = &folded->findings[i].finding;
        snprintf(what, sizeof what, "flag %s %s", rule_infos[finding->rule].id, finding->key);
        if (!is_flagged(flags, finding) && !is_found(folded, i, rule_infos[finding->rule].id, finding->key))
            report_difference(folded->rebuild, folded->truck.plate, what, "", finding->text);
    }
    for (size_t row = 0; exit_code == CTL_OK && row < rows_count(flags); row++) {
        const char *rule = rows_text(flags, row, FLAG_RULE), *key = rows_text(flags, row, FLAG_KEY),
                   *state = rows_text(flags, row, FLAG_STATE);
        const bool open = strcmp(state, "new") == 0 || strcmp(state, "under_review") == 0;
        snprintf(what, sizeof what, "flag %s %s", rule, key);
        if (open && !is_found(folded, folded->finding_count, rule, key))
            report_difference(folded->rebuild, folded->truck.plate, what, state, "");
    }
    rows_free(flags);
    return exit_code;
}

/* ---- one truck ---- */

enum truck_column { TRUCK_VEHICLE, TRUCK_PLATE, TRUCK_CLASS, TRUCK_STATE };

/* As far as the daemon has come: what it has not settled yet still waits. 0 for bytes that are none. */
static int64_t settled_of(struct text hex)
{
    size_t len = hex.len / 2, count = 0;
    uint8_t *bytes = malloc(len ? len : 1);
    const struct text text = {(const char *)bytes, len};
    struct truck_state state = {.settled_us = 0};
    struct observation *waiting = NULL;
    bool good = bytes && hex_decode(hex, bytes, len) == 0 && truck_waiting_count(text, &count) == 0;
    if (good)
        waiting = calloc(count ? count : 1, sizeof *waiting);
    good = waiting && truck_decode(text, &state, waiting) == 0;
    free(waiting);
    free(bytes);
    return good ? state.settled_us : 0;
}

static int fold_and_compare(struct folded *folded, const struct route_map *map, struct observation *list, size_t count,
                            const char *stored)
{
    const struct route_sink sink = {folded_on_finding, folded_on_departure, folded_on_arrival, folded};
    struct truck_state state = {.settled_us = 0};
    struct truck_fold fold = {map, &folded->truck, &sink, &state, PLACE_UNKNOWN};
    size_t done = truck_settle(&fold, list, count, settled_of(text_of(stored)));
    char id[NUMBER_BYTES];
    snprintf(id, sizeof id, "%" PRId64, folded->truck.vehicle_id);
    compare_state(folded, &state, list + done, count - done, stored);
    int exit_code = compare_trips(folded, id);
    if (exit_code == CTL_OK)
        exit_code = compare_flags(folded, id);
    if (exit_code == CTL_OK && folded->failed)
        exit_code = ctl_fail(folded->rebuild->ctl, CTL_TEMPORARY, "rebuild: %s", error_words(ERR_NO_MEMORY));
    return exit_code;
}

static int give_to_daemon(struct trucks_rebuild *rebuild, int64_t vehicle_id)
{
    char id[NUMBER_BYTES];
    snprintf(id, sizeof id, "%" PRId64, vehicle_id);
    return ctl_query(rebuild->ctl,
                     "UPDATE route.truck_state SET stale_from = 'epoch'::timestamptz + interval '1 us', due_at = now() "
                     "WHERE vehicle_id = $1::bigint",
                     1, (const char *const[]){id}, NULL);
}

/* A truck with erased records cannot be folded as it was: it stays as it is. */
static int rebuild_truck(struct trucks_rebuild *rebuild, const struct route_map *map, const struct rows *rows,
                         size_t row)
{
    struct folded folded = {.rebuild = rebuild,
                            .truck = {rows_i64(rows, row, TRUCK_VEHICLE), text_of(rows_text(rows, row, TRUCK_PLATE)),
                                      text_of(rows_text(rows, row, TRUCK_CLASS))}};
    struct route_observations seen;
    const int64_t before = rebuild->differences;
    int exit_code = route_observations_load(rebuild->ctl, folded.truck.vehicle_id, route_map_limits(map),
                                            rebuild->directory, &seen);
    rebuild->trucks++;
    if (exit_code == CTL_OK && seen.unreadable > 0)
        report_difference(rebuild, folded.truck.plate, "records", "", "some cannot be read");
    else if (exit_code == CTL_OK && seen.erased == 0)
        exit_code = fold_and_compare(&folded, map, seen.list, seen.count, rows_text(rows, row, TRUCK_STATE));
    if (exit_code == CTL_OK && !rebuild->check && rebuild->differences > before && seen.unreadable == 0)
        exit_code = give_to_daemon(rebuild, folded.truck.vehicle_id);
    free(folded.findings);
    free(folded.trips);
    free(seen.list);
    return exit_code;
}

int trucks_rebuild(struct trucks_rebuild *rebuild)
{
    static const char sql[] =
        "SELECT t.vehicle_id, v.plate, coalesce(v.class, ''), encode(t.state, 'hex') FROM route.truck_state AS t "
        "JOIN registry.vehicle AS v USING (vehicle_id) WHERE t.stale_from IS NULL AND t.state <> '' ORDER BY "
        "vehicle_id";
    struct rows *rows = NULL;
    struct route_map *map = NULL;
    int exit_code = route_map_load(rebuild->ctl, &map);
    if (exit_code == CTL_OK)
        exit_code = ctl_query(rebuild->ctl, sql, 0, NULL, &rows);
    for (size_t row = 0; exit_code == CTL_OK && row < rows_count(rows); row++)
        exit_code = rebuild_truck(rebuild, map, rows, row);
    rows_free(rows);
    route_map_free(map);
    return exit_code;
}
