/* registry.c - the control connection: loads the registry in one pipeline, listens for changes, makes partitions ahead.
 *
 * The life of a connection: LISTEN first and alone, so that it is committed before a load looks and a failing statement of
 * that load does not roll it back; the first time the partitions, since rows may come as soon as somebody is known; then the
 * load. A load or LISTEN that failed is repeated after a pause that grows; one without an end is ended by the connection's
 * deadline.
 *
 * A load replaces parties and sites at once when its last answer is in; sources are updated in place and never freed before the end,
 * since batches point to them. A source that is gone or disabled stays known as disabled. */
#include "ingest/registry.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "ingest/directory_rows.h"
#include "ingest/map_rows.h"
#include "io/copy.h"
#include "io/pg.h"

enum {
    DIRECTORY_BYTES_MAX = 16 * 1024 * 1024,
    FIRST_SLOTS = 1024,
    RELOAD_DELAY_MS = 20,
    RETRY_MIN_MS = 200,
    RETRY_MAX_MS = 15000,
    PARTITION_INTERVAL_MS = 3600 * 1000,
    PARTITION_RETRY_MS = 60 * 1000,
};

struct registry {
    uv_loop_t *loop;
    struct pg *pg;
    struct registry_handler handler;
    void *context;
    int64_t partition_days_ahead;
    const char *schema;

    struct source **slots; /* open addressing by name; a power of two */
    size_t slot_count, source_count;

    struct arena arenas[2]; /* the directory in use, and the one being loaded */
    unsigned current;
    struct directory directory, loading;
    struct text snapshot, loading_snapshot; /* what each of them has seen */
    struct route_map *map, *loading_map;    /* owned; NULL: none yet */
    struct route_limits loading_limits;
    bool ready, listening, load_running, load_again, load_failed, closing;
    uint32_t retry_ms; /* bound of the next pause */
    uv_timer_t *reload_timer, *retry_timer, *partition_timer;
    unsigned open_handles;
    void (*on_closed)(void *context);
    void *closed_context;
};

static const struct pg_statement listen_statement = {0, "LISTEN custody_registry"};
/* The directory is searched by bytes, whatever the collation of the database. */
static const struct pg_statement parties_statement = {
    1, "SELECT party_id, code, kind FROM registry.party ORDER BY code COLLATE \"C\""};
static const struct pg_statement sites_statement = {
    2, "SELECT site_id, party_id, code, lon_e7, lat_e7 FROM registry.site ORDER BY code COLLATE \"C\""};
static const struct pg_statement sources_statement = {
    3, "SELECT s.source_id, s.name, s.area, s.party_id, p.kind, s.signed, s.enabled,"
       " (SELECT coalesce(string_agg(k.key_id || k.public_key, ''::bytea ORDER BY k.registered_at DESC), '')"
       "    FROM registry.source_key k WHERE k.source_id = s.source_id AND k.revoked_at IS NULL),"
       " coalesce(s.vehicle_id, 0), s.kind IN ('truck', 'gateway')"
       " FROM registry.source s JOIN registry.party p USING (party_id)"};
static const struct pg_statement streams_statement = {
    4, "SELECT DISTINCT ON (t.source_id) s.name, t.epoch, t.version, t.state"
       " FROM ledger.stream t JOIN registry.source s USING (source_id) ORDER BY t.source_id, t.epoch DESC"};
static const struct pg_statement partitions_statement = {
    5, "SELECT telemetry.ensure_days((now() AT TIME ZONE 'Asia/Shanghai')::date - 1,"
       " (now() AT TIME ZONE 'Asia/Shanghai')::date + $1::int)"};

static const struct pg_statement permits_statement = {7, PERMITS_SQL};
static const struct pg_statement links_statement = {8, LINKS_SQL};
static const struct pg_statement figures_statement = {9, FIGURES_SQL};
static const struct pg_statement vehicles_statement = {
    10, "SELECT vehicle_id, plate, coalesce(class, '') FROM registry.vehicle ORDER BY plate COLLATE \"C\""};
static const struct pg_statement fences_statement = {11, MAP_FENCES_SQL};
static const struct pg_statement rights_statement = {12, MAP_RIGHTS_SQL};
static const struct pg_statement clocks_statement = {13, CLOCKS_SQL};
static const struct pg_statement calendar_statement = {14, CALENDAR_SQL};
static const struct pg_statement yields_statement = {15, YIELDS_SQL};
static const struct pg_statement schema_statement = {
    6, "SELECT max(name), pg_current_snapshot()::text FROM migration.applied WHERE name LIKE 'migrations/%'"};

/* ---- the table of sources ---- */

static size_t slot_of(const struct registry *registry, struct text name)
{
    size_t at = hash64(name) & (registry->slot_count - 1);

    while (registry->slots[at] && !text_equal(text_of(registry->slots[at]->name), name))
        at = (at + 1) & (registry->slot_count - 1);
    return at;
}

struct source *registry_source(const struct registry *registry, struct text name)
{
    return registry->slots[slot_of(registry, name)];
}

static bool grow_slots(struct registry *registry)
{
    struct source **old = registry->slots;
    size_t old_count = registry->slot_count;

    registry->slots = calloc(old_count * 2, sizeof(struct source *));
    if (!registry->slots) {
        registry->slots = old;
        return false;
    }
    registry->slot_count = old_count * 2;
    for (size_t i = 0; i < old_count; i++)
        if (old[i])
            registry->slots[slot_of(registry, text_of(old[i]->name))] = old[i];
    free(old);
    return true;
}

static struct source *source_of(struct registry *registry, struct text name)
{
    struct source *source = registry_source(registry, name);

    if (source || name.len >= SOURCE_NAME_BYTES)
        return source;
    if (registry->source_count * 2 >= registry->slot_count && !grow_slots(registry))
        return NULL;
    source = calloc(1, sizeof *source);
    if (!source)
        return NULL;
    (void)text_copy(source->name, sizeof source->name, name);
    source->head_index = -1;
    registry->slots[slot_of(registry, name)] = source;
    registry->source_count++;
    return source;
}

/* ---- loading ---- */

/* The first failure of a load says why; what stood behind it in the pipeline fails with it. */
static void load_failed(struct registry *registry, const char *words)
{
    if (!registry->load_failed && !registry->closing)
        log_error("registry_load_failed", "ready=%s error=\"%s\" hint=\"%s\"", registry->ready ? "true" : "false",
                  log_text(text_of(words)),
                  registry->ready ? "it is loaded again soon; until then changes, also of keys, are not known"
                                  : "it is loaded again soon; until then nothing is read");
    registry->load_failed = true;
}

static void directory_too_large(struct registry *registry)
{
    char words[ERROR_TEXT_BYTES];

    (void)snprintf(words, sizeof words, "parties and sites need more memory than there is, or than %d bytes",
                   DIRECTORY_BYTES_MAX);
    load_failed(registry, words);
}

static void registry_on_retry(uv_timer_t *timer);

static void retry_later(struct registry *registry)
{
    uint32_t random;

    if (registry->closing)
        return;
    (void)uv_random(NULL, NULL, &random, sizeof random, 0, NULL);
    (void)uv_timer_start(registry->retry_timer, registry_on_retry, registry->retry_ms / 2 + random % registry->retry_ms,
                         0);
    registry->retry_ms = registry->retry_ms > RETRY_MAX_MS / 2 ? RETRY_MAX_MS : registry->retry_ms * 2;
}

/* Nothing is read before the database has the schema that this program was built for: half of what would come could not be stored. */
static void registry_on_schema(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;
    struct text name = code ? TEXT("none") : pg_bytes(result, 0, 0);
    int order = text_compare(name, text_of(registry->schema));

    if (code && code != ERR_SCHEMA) {
        load_failed(registry, error->text);
        return;
    }
    if (!code && order == 0) {
        registry->loading_snapshot = arena_text(&registry->arenas[!registry->current], pg_bytes(result, 0, 1));
        return;
    }
    if (!registry->load_failed && !registry->closing)
        log_error("schema_differs", "database=%s program=%s hint=\"%s\"", log_text(name), registry->schema,
                  !code && order > 0 ? "the database is newer: install the custodyd that belongs to it"
                                     : "custodyctl migrate; it is looked at again soon");
    registry->load_failed = true;
}

static void registry_on_parties(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;
    struct arena *arena = &registry->arenas[!registry->current];
    struct party *parties;
    size_t count = 0;

    if (code) {
        load_failed(registry, error->text);
        return;
    }
    parties = arena_array(arena, pg_rows(result), sizeof *parties);
    for (; parties && count < pg_rows(result); count++) {
        struct text party_code = arena_text(arena, pg_bytes(result, count, 1));

        if (!party_code.data)
            break;
        parties[count] =
            (struct party){pg_i64(result, count, 0), party_code, (enum party_kind)pg_i64(result, count, 2)};
    }
    if (!parties || count < pg_rows(result))
        directory_too_large(registry);
    registry->loading.parties = parties;
    registry->loading.party_count = count;
}

static void registry_on_sites(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;
    struct arena *arena = &registry->arenas[!registry->current];
    struct site *sites;
    size_t count = 0;

    if (code) {
        load_failed(registry, error->text);
        return;
    }
    sites = arena_array(arena, pg_rows(result), sizeof *sites);
    for (; sites && count < pg_rows(result); count++) {
        struct text site_code = arena_text(arena, pg_bytes(result, count, 2));

        if (!site_code.data)
            break;
        sites[count] = (struct site){pg_i64(result, count, 0), pg_i64(result, count, 1), site_code,
                                     (int32_t)pg_i64(result, count, 3), (int32_t)pg_i64(result, count, 4)};
    }
    if (!sites || count < pg_rows(result))
        directory_too_large(registry);
    registry->loading.sites = sites;
    registry->loading.site_count = count;
}

static void registry_on_permits(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    if (code)
        load_failed(registry, error->text);
    else if (!directory_take_permits(&registry->loading, &registry->arenas[!registry->current], result))
        directory_too_large(registry);
}

static void registry_on_links(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    if (code)
        load_failed(registry, error->text);
    else if (!directory_take_links(&registry->loading, &registry->arenas[!registry->current], result))
        directory_too_large(registry);
}

static void registry_on_clocks(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    if (code)
        load_failed(registry, error->text);
    else
        directory_take_clocks(&registry->loading, result);
}

static void registry_on_calendar(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    if (code)
        load_failed(registry, error->text);
    else if (!directory_take_calendar(&registry->loading, &registry->arenas[!registry->current], result))
        directory_too_large(registry);
}

static void registry_on_yields(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    if (code)
        load_failed(registry, error->text);
    else if (!directory_take_yields(&registry->loading, &registry->arenas[!registry->current], result))
        directory_too_large(registry);
}

static void registry_on_figures(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;
    const char *missing = code ? NULL : directory_take_figures(&registry->loading, result);
    char words[128];

    if (code)
        load_failed(registry, error->text);
    else
        map_take_figures(&registry->loading_limits, result);
    if (!missing)
        return;
    (void)snprintf(words, sizeof words, "registry.figure has no %s; hint: custodyctl migrate enters it", missing);
    load_failed(registry, words);
}

static void registry_on_vehicles(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;
    struct arena *arena = &registry->arenas[!registry->current];
    struct vehicle *vehicles;
    size_t count = 0;

    if (code) {
        load_failed(registry, error->text);
        return;
    }
    vehicles = arena_array(arena, pg_rows(result), sizeof *vehicles);
    for (; vehicles && count < pg_rows(result); count++) {
        vehicles[count] = (struct vehicle){pg_i64(result, count, 0), arena_text(arena, pg_bytes(result, count, 1)),
                                           arena_text(arena, pg_bytes(result, count, 2))};
        if (!vehicles[count].plate.data || !vehicles[count].truck_class.data)
            break;
    }
    if (!vehicles || count < pg_rows(result))
        directory_too_large(registry);
    registry->loading.vehicles = vehicles;
    registry->loading.vehicle_count = count;
}

static void registry_on_fences(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    if (code)
        load_failed(registry, error->text);
    else if (registry->loading_map)
        map_take_fences(registry->loading_map, &registry->loading_limits, result);
}

static void registry_on_rights(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;
    struct error closing = {.code = 0};

    if (code)
        load_failed(registry, error->text);
    else if (!registry->loading_map || !map_take_rights(registry->loading_map, result))
        load_failed(registry, "the map of trucks needs more memory than there is");
    else if (route_map_close(registry->loading_map, &registry->loading_limits, &closing))
        load_failed(registry, closing.text);
}

static void load_source(struct registry *registry, const struct pg_result *result, size_t row)
{
    struct source *source = source_of(registry, pg_bytes(result, row, 1));
    struct text keys = pg_bytes(result, row, 7);

    if (!source) {
        load_failed(registry, "a source needs more memory than there is");
        return;
    }
    source->source_id = pg_i64(result, row, 0);
    (void)text_copy(source->area, sizeof source->area, pg_bytes(result, row, 2));
    source->party_id = pg_i64(result, row, 3);
    source->party_kind = (enum party_kind)pg_i64(result, row, 4);
    source->is_signed = pg_bool(result, row, 5);
    source->enabled = pg_bool(result, row, 6);
    source->vehicle_id = pg_i64(result, row, 8);
    source->tracks = source->vehicle_id && pg_bool(result, row, 9);
    source->seen_in_load = true;
    source->key_count = keys.len / sizeof *source->keys;
    if (source->key_count > SOURCE_KEYS_MAX) {
        log_warn("source_keys", "source=%s keys=%zu used=%d hint=\"revoke old keys; the newest are used\"",
                 source->name, source->key_count, SOURCE_KEYS_MAX);
        source->key_count = SOURCE_KEYS_MAX;
    }
    memcpy(source->keys, keys.data, source->key_count * sizeof *source->keys);
}

static void registry_on_sources(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    if (code) {
        load_failed(registry, error->text);
        return;
    }
    for (size_t i = 0; i < registry->slot_count; i++)
        if (registry->slots[i])
            registry->slots[i]->seen_in_load = false;
    for (size_t row = 0; row < pg_rows(result); row++)
        load_source(registry, result, row);
    for (size_t i = 0; i < registry->slot_count; i++)
        if (registry->slots[i] && !registry->slots[i]->seen_in_load)
            registry->slots[i]->enabled = false;
}

/* Only for sources whose stream we do not know: ours is at least as new while we are the ones who write. Somebody else's writes are
 * found out by the version when we store. */
static void load_stream(struct registry *registry, const struct pg_result *result, size_t row)
{
    struct source *source = registry_source(registry, pg_bytes(result, row, 0));

    if (!source || source->version || source->active)
        return;
    if (stream_decode(&source->stream, pg_bytes(result, row, 3))) {
        log_error("stream_unreadable", "source=%s hint=\"ledger.stream.state is damaged or of a newer layout\"",
                  source->name);
        source->enabled = false;
        return;
    }
    source->epoch = (uint32_t)pg_i64(result, row, 1);
    source->version = pg_i64(result, row, 2);
}

static void take_load(struct registry *registry)
{
    registry->retry_ms = RETRY_MIN_MS;
    registry->current = !registry->current;
    registry->directory = registry->loading;
    registry->snapshot = registry->loading_snapshot;
    route_map_free(registry->map);
    registry->map = registry->loading_map;
    registry->loading_map = NULL;
    log_info("registry_loaded", "sources=%zu parties=%zu sites=%zu vehicles=%zu fences=%zu", registry->source_count,
             registry->directory.party_count, registry->directory.site_count, registry->directory.vehicle_count,
             route_map_fence_count(registry->map));
    if (!registry->ready) {
        registry->ready = true;
        registry->handler.on_ready(registry->context);
    }
}

static void registry_on_streams(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    if (code) {
        load_failed(registry, error->text);
    } else {
        for (size_t row = 0; row < pg_rows(result); row++)
            load_stream(registry, result, row);
    }
    registry->load_running = false;
    if (registry->load_failed)
        retry_later(registry);
    else
        take_load(registry);
    if (registry->load_again) {
        registry->load_again = false;
        registry_reload(registry);
    }
}

static void load_now(struct registry *registry)
{
    struct pg *pg = registry->pg;

    if (registry->load_running) {
        registry->load_again = true;
        return;
    }
    if (!registry->listening)
        return; /* loaded as soon as changes are heard */
    (void)uv_timer_stop(registry->retry_timer);
    registry->load_running = true;
    registry->load_failed = false;
    arena_reset(&registry->arenas[!registry->current]);
    registry->loading = (struct directory){.party_count = 0};
    registry->loading_limits = (struct route_limits){.stop_s = 0};
    route_map_free(registry->loading_map);
    registry->loading_map = route_map_new();
    /* A statement that cannot be queued (out of memory) leaves the load without an end: dropping the connection is one. */
    if (pg_query(pg, &schema_statement, NULL, 0, registry_on_schema, registry) ||
        pg_query(pg, &parties_statement, NULL, 0, registry_on_parties, registry) ||
        pg_query(pg, &sites_statement, NULL, 0, registry_on_sites, registry) ||
        pg_query(pg, &permits_statement, NULL, 0, registry_on_permits, registry) ||
        pg_query(pg, &links_statement, NULL, 0, registry_on_links, registry) ||
        pg_query(pg, &figures_statement, NULL, 0, registry_on_figures, registry) ||
        pg_query(pg, &vehicles_statement, NULL, 0, registry_on_vehicles, registry) ||
        pg_query(pg, &fences_statement, NULL, 0, registry_on_fences, registry) ||
        pg_query(pg, &rights_statement, NULL, 0, registry_on_rights, registry) ||
        pg_query(pg, &clocks_statement, NULL, 0, registry_on_clocks, registry) ||
        pg_query(pg, &calendar_statement, NULL, 0, registry_on_calendar, registry) ||
        pg_query(pg, &yields_statement, NULL, 0, registry_on_yields, registry) ||
        pg_query(pg, &sources_statement, NULL, 0, registry_on_sources, registry) ||
        pg_query(pg, &streams_statement, NULL, 0, registry_on_streams, registry))
        pg_drop(pg, "registry load cannot be queued");
}

static void registry_on_reload_timer(uv_timer_t *timer)
{
    load_now(timer->data);
}

void registry_reload(struct registry *registry)
{
    /* A registration of thousands of rows announces itself many times: one load for all. */
    if (registry->reload_timer && !uv_is_active((uv_handle_t *)registry->reload_timer))
        (void)uv_timer_start(registry->reload_timer, registry_on_reload_timer, RELOAD_DELAY_MS, 0);
}

/* ---- partitions ahead of need ---- */

static void registry_on_partition_timer(uv_timer_t *timer);

static void registry_on_partitions(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    if (registry->closing)
        return;
    if (code) {
        log_error("partitions_failed", "error=\"%s\" hint=\"rows go to the default partitions meanwhile\"",
                  log_text(text_of(error->text)));
        (void)uv_timer_start(registry->partition_timer, registry_on_partition_timer, PARTITION_RETRY_MS,
                             PARTITION_INTERVAL_MS);
    } else if (pg_i64(result, 0, 0) > 0) {
        log_info("partitions_made", "count=%lld", (long long)pg_i64(result, 0, 0));
    }
    if (!registry->ready)
        load_now(registry);
}

static void make_partitions(struct registry *registry)
{
    struct buffer days;

    buffer_init(&days, 16);
    buffer_put_u32_be(&days, (uint32_t)registry->partition_days_ahead);
    if (pg_query(registry->pg, &partitions_statement, &(struct pg_param){days.data, days.len}, 1,
                 registry_on_partitions, registry))
        log_warn("partitions_failed", "error=\"not connected\"");
    buffer_fini(&days);
}

static void registry_on_partition_timer(uv_timer_t *timer)
{
    make_partitions(timer->data);
}

/* ---- the connection ---- */

static void registry_on_listening(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct registry *registry = context;

    (void)result;
    if (registry->closing)
        return;
    if (code) {
        log_error("registry_listen_failed", "error=\"%s\" hint=\"connecting again soon\"",
                  log_text(text_of(error->text)));
        retry_later(registry);
        return;
    }
    registry->listening = true;
    if (registry->ready)
        load_now(registry);
    make_partitions(registry); /* loads afterwards the first time */
}

/* Deaf, a connection is of no use: a revoked key would go unnoticed. Dropped late, so that attempts have pauses between. */
static void registry_on_retry(uv_timer_t *timer)
{
    struct registry *registry = timer->data;

    if (registry->listening)
        load_now(registry);
    else
        pg_drop(registry->pg, "LISTEN failed");
}

static void registry_on_connected(void *context)
{
    struct registry *registry = context;

    if (pg_query(registry->pg, &listen_statement, NULL, 0, registry_on_listening, registry))
        pg_drop(registry->pg, "LISTEN cannot be queued");
}

static void registry_on_disconnected(void *context, const char *reason)
{
    struct registry *registry = context;

    registry->listening = registry->load_running = false;
    (void)uv_timer_stop(registry->retry_timer); /* connecting again is the retry */
    log_warn("database_unreachable", "connection=control reason=\"%s\" hint=\"connecting again\"",
             log_text(text_of(reason)));
}

static void registry_on_notify(void *context, const char *channel, const char *payload)
{
    (void)channel;
    (void)payload;
    registry_reload(context);
}

static uv_timer_t *new_timer(struct registry *registry)
{
    uv_timer_t *timer = calloc(1, sizeof *timer);

    if (!timer)
        abort(); /* start-up, nothing to undo */
    (void)uv_timer_init(registry->loop, timer);
    timer->data = registry;
    registry->open_handles++;
    return timer;
}

struct registry *registry_new(uv_loop_t *loop, const struct registry_settings *settings,
                              const struct registry_handler *handler, void *context)
{
    static const struct pg_handler pg_handler = {registry_on_connected, registry_on_disconnected, registry_on_notify};
    struct registry *registry = calloc(1, sizeof *registry);

    if (!registry)
        return NULL;
    registry->loop = loop;
    registry->handler = *handler;
    registry->context = context;
    registry->partition_days_ahead = settings->partition_days_ahead;
    registry->schema = settings->schema;
    registry->retry_ms = RETRY_MIN_MS;
    registry->slot_count = FIRST_SLOTS;
    registry->slots = calloc(registry->slot_count, sizeof(struct source *));
    registry->pg = pg_new(loop,
                          &(struct pg_settings){.conninfo = settings->conninfo,
                                                .application_name = "custodyd control",
                                                .statement_timeout_ms = settings->statement_timeout_ms},
                          &pg_handler, registry);
    if (!registry->slots || !registry->pg) {
        free(registry->slots);
        free(registry);
        return NULL;
    }
    arena_init(&registry->arenas[0], DIRECTORY_BYTES_MAX);
    arena_init(&registry->arenas[1], DIRECTORY_BYTES_MAX);
    return registry;
}

void registry_open(struct registry *registry)
{
    registry->reload_timer = new_timer(registry);
    registry->retry_timer = new_timer(registry);
    registry->partition_timer = new_timer(registry);
    (void)uv_timer_start(registry->partition_timer, registry_on_partition_timer, PARTITION_INTERVAL_MS,
                         PARTITION_INTERVAL_MS);
    registry->open_handles++; /* the connection */
    pg_open(registry->pg);
}

static void finish_close(struct registry *registry)
{
    if (--registry->open_handles)
        return;
    for (size_t i = 0; i < registry->slot_count; i++)
        if (registry->slots[i]) {
            stream_fini(&registry->slots[i]->stream);
            free(registry->slots[i]);
        }
    free(registry->slots);
    arena_fini(&registry->arenas[0]);
    arena_fini(&registry->arenas[1]);
    route_map_free(registry->map);
    route_map_free(registry->loading_map);
    if (registry->on_closed)
        registry->on_closed(registry->closed_context);
    free(registry);
}

static void registry_on_timer_closed(uv_handle_t *handle)
{
    struct registry *registry = handle->data;

    free(handle);
    finish_close(registry);
}

static void registry_on_pg_closed(void *context)
{
    finish_close(context);
}

void registry_close(struct registry *registry, void (*on_closed)(void *context))
{
    registry->closing = true;
    registry->on_closed = on_closed;
    registry->closed_context = registry->context;
    uv_close((uv_handle_t *)registry->reload_timer, registry_on_timer_closed);
    uv_close((uv_handle_t *)registry->retry_timer, registry_on_timer_closed);
    uv_close((uv_handle_t *)registry->partition_timer, registry_on_timer_closed);
    registry->reload_timer = registry->retry_timer = registry->partition_timer = NULL;
    pg_close(registry->pg, registry_on_pg_closed);
}

bool registry_is_ready(const struct registry *registry)
{
    return registry->ready;
}

const struct directory *registry_directory(const struct registry *registry)
{
    return &registry->directory;
}

struct text registry_snapshot(const struct registry *registry)
{
    return registry->snapshot;
}

const struct route_map *registry_map(const struct registry *registry)
{
    return registry->map;
}
