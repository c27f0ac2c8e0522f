/* tiles.c - one statement a request; its answer is the answer. */
#include "serve/tiles.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "core/ledger/leaf.h"
#include "core/ledger/policy.h"
#include "core/ledger/tile.h"
#include "io/pg.h"
#include "io/statefile.h"

enum { BUNDLE_BYTES = TILE_WIDTH * (2 + LEAF_BYTES), NOTE_BYTES_MAX = 64 * 1024 };

#define TYPE_NOTE "text/plain; charset=utf-8"
#define TYPE_BYTES "application/octet-stream"
#define CACHE_FOREVER "public, max-age=31536000, immutable"

struct tiles {
    struct pg *pg;
    bool has_policy;
    struct buffer policy_text; /* the policy borrows from it */
    struct policy policy;
    void (*on_closed)(void *context);
    void *closed_context;
};

/* A request while the database works on it. */
struct asked {
    struct tiles *tiles;
    struct http_request *request;
    struct tile tile;
};

/* LIMIT is how long a quorum may take, in checkpoints. */
static const struct pg_statement checkpoint_statement = {
    0, "SELECT c.note, coalesce((SELECT string_agg(s.line || E'\\n', '' ORDER BY s.witness, s.key_hash)"
       "   FROM ledger.cosignature s WHERE s.size = c.size), '')"
       " FROM ledger.checkpoint c ORDER BY c.size DESC LIMIT 16"};
static const struct pg_statement tile_statement = {
    1, "SELECT (SELECT max(size) FROM ledger.checkpoint), ledger.tile_hashes($1::int, $2::bigint, $3::int)"};
/* Of an erased record its commitment is left. */
static const struct pg_statement entries_statement = {
    2, "SELECT (SELECT max(size) FROM ledger.checkpoint), r.type, r.received_at,"
       " coalesce(sha256(convert_to(E'custody-commit/v1\\n', 'UTF8') || r.salt || r.record),"
       "   (SELECT e.commitment FROM ledger.erasure e WHERE e.log_index = r.log_index))"
       " FROM ledger.record r WHERE r.log_index >= $1::bigint AND r.log_index < $1::bigint + $2::int ORDER BY "
       "r.log_index"};

/* ---- answers */

static void answer(struct asked *asked, const char *type, const char *cache, struct text body)
{
    http_answer(asked->request, &(struct http_answer){.status = 200, .type = type, .cache = cache, .body = body});
    free(asked);
}

static void fail(struct asked *asked, unsigned status, const char *words)
{
    http_fail(asked->request, status, "%s", words);
    free(asked);
}

static void fail_database(struct asked *asked, const struct error *error)
{
    log_warn("serve_failed", "error=\"%s\"", log_text(text_of(error->text)));
    fail(asked, error->code == ERR_UNREACHABLE ? 503 : 500, "the database does not answer");
}

/* Something that a signed checkpoint promises is not there. */
static void fail_missing(struct asked *asked)
{
    char path[TILE_PATH_SIZE];

    tile_path(&asked->tile, path);
    log_error("tile_missing",
              "tile=%s hint=\"the tree is signed, and the database lacks a part of it: custodyctl monitor\"", path);
    fail(asked, 500, "the log is damaged here");
}

/* ---- the checkpoint */

static void put_note(const struct pg_result *result, size_t row, bool with_cosignatures, struct buffer *note)
{
    buffer_clear(note);
    buffer_put_text(note, pg_bytes(result, row, 0));
    if (with_cosignatures)
        buffer_put_text(note, pg_bytes(result, row, 1));
}

/* The newest that has a quorum, or the newest: with its cosignatures where they verify. */
static void choose_note(const struct tiles *tiles, const struct pg_result *result, struct buffer *note)
{
    struct policy_verdict verdict;

    for (size_t row = 0; tiles->has_policy && row < pg_rows(result); row++) {
        put_note(result, row, true, note);
        if (policy_judge(&tiles->policy, buffer_text(note), &verdict, NULL) == 0)
            return;
    }
    put_note(result, 0, true, note);
    if (!tiles->has_policy || policy_judge(&tiles->policy, buffer_text(note), &verdict, NULL) != ERR_DENIED)
        put_note(result, 0, false, note);
}

static void tiles_on_checkpoint(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct asked *asked = context;
    struct buffer note;

    if (code) {
        fail_database(asked, error);
        return;
    }
    if (pg_rows(result) == 0) {
        fail(asked, 404, "no checkpoint is signed yet");
        return;
    }
    buffer_init(&note, NOTE_BYTES_MAX);
    choose_note(asked->tiles, result, &note);
    answer(asked, TYPE_NOTE, "no-cache", buffer_text(&note));
    buffer_fini(&note);
}

/* ---- tiles and entries */

static bool is_signed(const struct asked *asked, const struct pg_result *result)
{
    return pg_rows(result) > 0 && !pg_is_null(result, 0, 0) &&
           tile_in_tree(&asked->tile, (uint64_t)pg_i64(result, 0, 0));
}

static void tiles_on_hashes(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct asked *asked = context;

    if (code)
        fail_database(asked, error);
    else if (!is_signed(asked, result))
        fail(asked, 404, "no such tile is signed");
    else if (pg_bytes(result, 0, 1).len != (size_t)asked->tile.width * SHA256_BYTES)
        fail_missing(asked);
    else
        answer(asked, TYPE_BYTES, CACHE_FOREVER, pg_bytes(result, 0, 1));
}

/* False where a leaf cannot be told. */
static bool put_entry(const struct pg_result *result, size_t row, struct buffer *bundle)
{
    struct text commitment_bytes = pg_bytes(result, row, 3);
    struct digest commitment;
    uint8_t leaf[LEAF_BYTES];

    if (commitment_bytes.len != SHA256_BYTES)
        return false;
    memcpy(commitment.bytes, commitment_bytes.data, SHA256_BYTES);
    leaf_encode((enum leaf_type)pg_i64(result, row, 1), pg_time_us(result, row, 2), &commitment, leaf);
    tile_entry_put(bundle, leaf, sizeof leaf);
    return true;
}

static void answer_entries(struct asked *asked, const struct pg_result *result)
{
    struct buffer bundle;
    bool whole = pg_rows(result) == asked->tile.width;

    buffer_init(&bundle, BUNDLE_BYTES);
    for (size_t row = 0; whole && row < pg_rows(result); row++)
        whole = put_entry(result, row, &bundle);
    if (whole)
        answer(asked, TYPE_BYTES, CACHE_FOREVER, buffer_text(&bundle));
    else
        fail_missing(asked);
    buffer_fini(&bundle);
}

static void tiles_on_entries(void *context, int code, const struct pg_result *result, const struct error *error)
{
    struct asked *asked = context;

    if (code)
        fail_database(asked, error);
    else if (!is_signed(asked, result))
        fail(asked, 404, "no such bundle is signed");
    else
        answer_entries(asked, result);
}

/* ---- requests */

static int ask_checkpoint(struct asked *asked)
{
    return pg_query(asked->tiles->pg, &checkpoint_statement, NULL, 0, tiles_on_checkpoint, asked);
}

static int ask_hashes(struct asked *asked)
{
    const uint32_t level = htobe32(asked->tile.level), width = htobe32(asked->tile.width);
    const uint64_t index = htobe64(asked->tile.index);

    return pg_query(asked->tiles->pg, &tile_statement,
                    (const struct pg_param[]){{&level, sizeof level}, {&index, sizeof index}, {&width, sizeof width}},
                    3, tiles_on_hashes, asked);
}

static int ask_entries(struct asked *asked)
{
    const uint64_t first = htobe64(asked->tile.index * TILE_WIDTH);
    const uint32_t width = htobe32(asked->tile.width);

    return pg_query(asked->tiles->pg, &entries_statement,
                    (const struct pg_param[]){{&first, sizeof first}, {&width, sizeof width}}, 2, tiles_on_entries,
                    asked);
}

static void ask(struct tiles *tiles, struct http_request *request, const struct tile *tile,
                int (*query)(struct asked *))
{
    struct asked *asked = malloc(sizeof *asked);

    if (!asked) {
        http_fail(request, 503, "out of memory");
        return;
    }
    *asked = (struct asked){tiles, request, *tile};
    if (query(asked))
        fail(asked, 503, "the database is away");
}

static void tiles_on_get_checkpoint(void *context, struct http_request *request)
{
    ask(context, request, &(struct tile){.width = 0}, ask_checkpoint);
}

static void tiles_on_get_tile(void *context, struct http_request *request)
{
    struct text path = http_path(request);
    struct tile tile;

    /* PostgreSQL counts records to 2^63. */
    if (tile_path_parse((struct text){path.data + 1, path.len - 1}, &tile, NULL) ||
        tile.index > INT64_MAX / TILE_WIDTH - 1)
        http_fail(request, 404, "no such tile; hint: as tile/<level>/x001/x234/067 or tile/entries/067.p/8");
    else
        ask(context, request, &tile, tile.kind == TILE_ENTRIES ? ask_entries : ask_hashes);
}

int tiles_serve(struct tiles *tiles, struct http *http)
{
    int code = http_route(http, &(struct http_route){"GET", "/checkpoint", 0, tiles_on_get_checkpoint, tiles});

    return code ? code : http_route(http, &(struct http_route){"GET", "/tile/", 0, tiles_on_get_tile, tiles});
}

/* ---- the beginning and the end */

static void tiles_on_connected(void *context)
{
    (void)context;
    log_info("serve_connected", "hint=\"the log is served\"");
}

static void tiles_on_disconnected(void *context, const char *reason)
{
    (void)context;
    log_warn("serve_disconnected", "error=\"%s\"", log_text(text_of(reason)));
}

/* The policy is the one that the log's readers are given, so it names the log. */
static int load_policy(struct tiles *tiles, const struct tiles_settings *settings, struct error *error)
{
    int code;

    if (!*settings->policy_file)
        return 0;
    tiles->has_policy = true;
    code = statefile_read(settings->policy_file, &tiles->policy_text, error);
    if (!code)
        code = policy_parse(buffer_text(&tiles->policy_text), &tiles->policy, error);
    if (code) {
        error->code = ERR_CONFIG;
        return error_prefix(error, "policy_file");
    }
    for (size_t i = 0; i < tiles->policy.log_count; i++)
        if (text_equal(tiles->policy.logs[i].key.name, text_of(settings->origin)))
            return 0;
    return error_set(error, ERR_CONFIG, "policy_file: does not name the log %s; hint: log <its verifier key>",
                     settings->origin);
}

struct tiles *tiles_new(uv_loop_t *loop, const struct tiles_settings *settings, struct error *error)
{
    static const struct pg_handler handler = {tiles_on_connected, tiles_on_disconnected, NULL};
    struct tiles *tiles = calloc(1, sizeof *tiles);
    struct pg_settings connection = {.conninfo = settings->conninfo,
                                     .application_name = "custodyd serve",
                                     .statement_timeout_ms = settings->statement_timeout_ms,
                                     .reads_only = true};

    if (!tiles) {
        (void)error_set(error, ERR_NO_MEMORY, "serve: out of memory");
        return NULL;
    }
    tiles->policy.quorum = POLICY_NOBODY;
    buffer_init(&tiles->policy_text, POLICY_BYTES_MAX);
    if (load_policy(tiles, settings, error) == 0) {
        tiles->pg = pg_new(loop, &connection, &handler, tiles);
        if (tiles->pg) {
            pg_open(tiles->pg);
            return tiles;
        }
        (void)error_set(error, ERR_NO_MEMORY, "serve: out of memory");
    }
    buffer_fini(&tiles->policy_text);
    free(tiles);
    return NULL;
}

static void tiles_on_pg_closed(void *context)
{
    struct tiles *tiles = context;

    tiles->on_closed(tiles->closed_context);
    buffer_fini(&tiles->policy_text);
    free(tiles);
}

void tiles_close(struct tiles *tiles, void (*on_closed)(void *context), void *context)
{
    tiles->on_closed = on_closed;
    tiles->closed_context = context;
    pg_close(tiles->pg, tiles_on_pg_closed);
}
