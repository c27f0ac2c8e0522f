/* recompute.c - record -> leaf hash -> tile -> edge -> root, and beside each what the database says.
 *
 *   head: is there less than was seen or signed? -> tree seen before: do its stored tiles still hash to it?
 *     -> each step: tiles, signed heads, records in order
 *     -> head: frontier, root, edges -> proofs that each signed head begins the next */
#include "ctl/recompute.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "core/ledger/leaf.h"
#include "ctl/operator_leaf.h"
#include "ctl/tree_reader.h"

/* Microseconds from 1970 to PostgreSQL's epoch, 2000-01-01. */
#define EPOCH_2000_US INT64_C(946684800000000)

enum { TILES_PER_STEP = RECOMPUTE_STEP / TILE_WIDTH, SQL_BYTES = 512, NUMBER_BYTES = 24, NOTE_BYTES_MAX = 8192 };

/* A tile of the step as it is stored. */
struct stored_tile {
    bool there;
    struct digest hashes[TILE_WIDTH];
};

struct stored_head {
    uint64_t size, record_end;
    struct frontier frontier;
    struct digest root;
    uint8_t edges[TILE_LEVELS][TILE_WIDTH * SHA256_BYTES];
    size_t edge_lens[TILE_LEVELS];
};

/* A record without its bytes, as it streamed by. */
struct erased {
    uint64_t index;
    enum leaf_type type;
    int64_t received_us;
    struct digest leaf_hash;
};

struct recompute {
    struct ctl *ctl;
    struct database *database;
    const struct policy *policy;
    const struct monitor_state *seen;
    bool full, needs_all;
    char difference[ERROR_TEXT_BYTES];
    struct stored_head head;
    struct edge edge; /* recomputed so far */
    uint64_t leaves, signed_heads;
    /* Of the step. */
    uint64_t step_begin, step_end;
    struct stored_tile level_0[TILES_PER_STEP], above[TILE_LEVELS];
    struct rows *heads; /* signed ones */
    size_t next_head;
    struct buffer erased;
    char newest_note[NOTE_BYTES_MAX + 1];
};

static int differ(struct recompute *recompute, const char *format, ...) PRINTF_LIKE(2, 3);
static int differ(struct recompute *recompute, const char *format, ...)
{
    va_list arguments;
    if (recompute->difference[0])
        return CTL_NEGATIVE;
    va_start(arguments, format);
    vsnprintf(recompute->difference, sizeof recompute->difference, format, arguments);
    va_end(arguments);
    text_make_clean(recompute->difference);
    return CTL_NEGATIVE;
}

struct recompute *recompute_new(struct ctl *ctl, struct database *database, const struct policy *policy,
                                const struct monitor_state *seen, bool full)
{
    struct recompute *recompute = calloc(1, sizeof *recompute);
    if (!recompute)
        return NULL;
    recompute->ctl = ctl;
    recompute->database = database;
    recompute->policy = policy;
    recompute->seen = seen;
    recompute->full = full;
    buffer_init(&recompute->erased, RECOMPUTE_STEP * sizeof(struct erased));
    return recompute;
}

void recompute_free(struct recompute *recompute)
{
    if (!recompute)
        return;
    rows_free(recompute->heads);
    buffer_fini(&recompute->erased);
    free(recompute);
}

const char *recompute_difference(const struct recompute *recompute)
{
    return recompute->difference;
}

bool recompute_needs_all(const struct recompute *recompute)
{
    return recompute->needs_all;
}

uint64_t recompute_leaves(const struct recompute *recompute)
{
    return recompute->leaves;
}

uint64_t recompute_signed_heads(const struct recompute *recompute)
{
    return recompute->signed_heads;
}

/* ---- the stored head */

/* A bytea field in its text form; false when it is longer than there is room. */
static bool field_bytes(const struct rows *rows, size_t row, size_t column, uint8_t *out, size_t room, size_t *len)
{
    struct text digits = text_of(rows_text(rows, row, column));
    *len = digits.len >= 2 ? (digits.len - 2) / 2 : 0;
    return *len <= room && (*len == 0 || hex_decode((struct text){digits.data + 2, 2 * *len}, out, *len) == 0);
}

static int read_head(struct recompute *recompute, const struct rows *rows)
{
    struct stored_head *head = &recompute->head;
    uint8_t frontier[FRONTIER_MAX * SHA256_BYTES];
    size_t len, root_len;
    bool good = rows_count(rows) == 1;
    if (!good)
        return differ(recompute, "the head is missing");
    head->size = (uint64_t)rows_i64(rows, 0, 0);
    head->record_end = (uint64_t)rows_i64(rows, 0, 1);
    good = field_bytes(rows, 0, 2, frontier, sizeof frontier, &len) &&
           frontier_load(&head->frontier, head->size, frontier, len) == 0 &&
           field_bytes(rows, 0, 3, head->root.bytes, SHA256_BYTES, &root_len) && root_len == SHA256_BYTES;
    for (unsigned level = 1; level < TILE_LEVELS; level++)
        good = good &&
               field_bytes(rows, 0, 3 + level, head->edges[level], sizeof head->edges[level], &head->edge_lens[level]);
    return good ? CTL_OK
                : differ(recompute, "the head of size %" PRIu64 " is altered: its frontier does not fit its size",
                         head->size);
}

static int load_head(struct recompute *recompute)
{
    struct rows *rows = NULL;
    int exit_code =
        ctl_query(recompute->ctl,
                  "SELECT size, coalesce((SELECT max(log_index) FROM ledger.record), -1) + 1, frontier, root, "
                  "edge_1, edge_2, edge_3, edge_4, edge_5, edge_6, edge_7 FROM ledger.head",
                  0, NULL, &rows);
    if (exit_code == CTL_OK)
        exit_code = read_head(recompute, rows);
    rows_free(rows);
    return exit_code;
}

/* The largest size that was signed, as the database has it; 0: none. */
static int load_signed_size(struct recompute *recompute, uint64_t *size)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(recompute->ctl, "SELECT coalesce(max(size), 0) FROM ledger.checkpoint", 0, NULL, &rows);
    if (exit_code == CTL_OK)
        *size = (uint64_t)rows_i64(rows, 0, 0);
    rows_free(rows);
    return exit_code;
}

/* Less than there was: the tail cut off, or an earlier state put back. */
static int check_size(struct recompute *recompute)
{
    const struct stored_head *head = &recompute->head;
    uint64_t seen = recompute->seen ? recompute->seen->frontier.size : 0, signed_size = 0;
    char when[TIME_TEXT_SIZE];
    int exit_code = load_signed_size(recompute, &signed_size);
    if (exit_code != CTL_OK)
        return exit_code;
    uint64_t end = head->record_end < head->size ? head->record_end : head->size;
    if (head->record_end < head->size)
        return differ(recompute, "the tail is truncated to size %" PRIu64 ": the head says %" PRIu64 " records", end,
                      head->size);
    if (signed_size > end)
        return differ(recompute, "the tail is truncated to size %" PRIu64 ": a head of size %" PRIu64 " is signed", end,
                      signed_size);
    if (head->size < seen) {
        time_format_local(recompute->seen->seen_at_us, when);
        return differ(recompute,
                      "an earlier state was restored, such as a backup: the log has size %" PRIu64 ", and had %" PRIu64
                      " on %s",
                      head->size, seen, when);
    }
    if (head->record_end > head->size)
        return differ(recompute, "record %" PRIu64 " is beyond the head of size %" PRIu64, head->record_end - 1,
                      head->size);
    return CTL_OK;
}

/* ---- where to begin */

/* The tree that was seen, without its partial tile, and the tiles above: they must hash to what is remembered. */
static int load_seen(struct recompute *recompute, uint64_t begin)
{
    struct text tiles[TILE_LEVELS] = {{0}};
    uint8_t *bytes = calloc(TILE_LEVELS, TILE_WIDTH * SHA256_BYTES);
    struct tree_reader *reader = tree_reader_new(recompute->database, begin);
    struct error error = {0};
    size_t count = (size_t)__builtin_popcountll(begin);
    int code = !bytes || !reader
                   ? error_set(&error, ERR_NO_MEMORY, "monitor: %s", error_words(ERR_NO_MEMORY))
                   : edge_load(&recompute->edge, begin,
                               (struct text){(const char *)recompute->seen->frontier.nodes, count * SHA256_BYTES});
    for (unsigned level = 1; code == 0 && level < TILE_LEVELS; level++) {
        code = tree_read_tile(reader, level, (begin >> (TILE_HEIGHT * level)) / TILE_WIDTH, &tiles[level], &error);
        if (code == 0 && tiles[level].len > 0)
            tiles[level].data =
                memcpy(bytes + (size_t)level * TILE_WIDTH * SHA256_BYTES, tiles[level].data, tiles[level].len);
    }
    if (code == 0)
        code = edge_load_tiles(&recompute->edge, tiles);
    tree_reader_free(reader);
    free(bytes);
    if (code == 0)
        return CTL_OK;
    recompute->needs_all = code == ERR_INVALID || code == ERR_DATA;
    return recompute->needs_all ? CTL_NEGATIVE : ctl_fail_error(recompute->ctl, &error);
}

static int begin(struct recompute *recompute)
{
    uint64_t from = recompute->full || !recompute->seen ? 0 : recompute->seen->frontier.size / TILE_WIDTH * TILE_WIDTH;
    const struct text none[TILE_LEVELS] = {{0}};
    recompute->step_begin = from;
    if (from > 0)
        return load_seen(recompute, from);
    return edge_load(&recompute->edge, 0, TEXT("")) == 0 && edge_load_tiles(&recompute->edge, none) == 0
               ? CTL_OK
               : ctl_fail(recompute->ctl, CTL_TEMPORARY, "monitor: %s", error_words(ERR_INTERNAL));
}

/* ---- a step: tiles */

static struct stored_tile *tile_slot(struct recompute *recompute, unsigned level, uint64_t index)
{
    return level == 0 ? &recompute->level_0[index % TILES_PER_STEP] : &recompute->above[level];
}

static int recompute_on_tile(void *context, const struct text *fields)
{
    struct recompute *recompute = context;
    if (fields[0].len != 2 || fields[1].len != 8 || fields[2].len != sizeof(struct digest[TILE_WIDTH]))
        return 0; /* missing, then, and named when its turn comes */
    unsigned level = (unsigned)((uint8_t)fields[0].data[0] << 8 | (uint8_t)fields[0].data[1]);
    struct stored_tile *slot = tile_slot(recompute, level % TILE_LEVELS, load_u64_be((const uint8_t *)fields[1].data));
    slot->there = true;
    memcpy(slot->hashes, fields[2].data, fields[2].len);
    return 0;
}

static int load_tiles(struct recompute *recompute)
{
    struct tile_span spans[TILE_LEVELS];
    struct error error = {0};
    size_t count = tiles_completed(recompute->step_begin, recompute->step_end, spans);
    for (size_t i = 0; i < TILES_PER_STEP; i++)
        recompute->level_0[i].there = false;
    for (size_t i = 0; i < TILE_LEVELS; i++)
        recompute->above[i].there = false;
    for (size_t i = 0; i < count; i++) {
        char sql[SQL_BYTES];
        snprintf(sql, sizeof sql,
                 "COPY (SELECT level, tile_index, hashes FROM ledger.tile WHERE level = %u AND tile_index >= %" PRIu64
                 " AND tile_index < %" PRIu64 ") TO STDOUT (FORMAT binary)",
                 spans[i].level, spans[i].begin, spans[i].end);
        if (database_copy_out(recompute->database, sql, 3, recompute_on_tile, recompute, &error) != 0)
            return ctl_fail_error(recompute->ctl, &error);
    }
    return CTL_OK;
}

/* A tile became full: the stored one must be the same. */
static void recompute_on_full_tile(void *context, unsigned level, uint64_t index,
                                   const struct digest hashes[TILE_WIDTH])
{
    struct recompute *recompute = context;
    const struct stored_tile *stored = tile_slot(recompute, level, index);
    char path[TILE_PATH_SIZE];
    unsigned at = 0;
    tile_path(&(struct tile){.kind = TILE_HASHES, .level = level, .index = index, .width = TILE_WIDTH}, path);
    if (!stored->there) {
        (void)differ(recompute, "%s is missing", path);
        return;
    }
    while (at < TILE_WIDTH && digest_equal(&hashes[at], &stored->hashes[at]))
        at++;
    if (at < TILE_WIDTH && level == 0)
        (void)differ(recompute, "record %" PRIu64 " is altered, together with its leaf hash, or %s is: they differ",
                     index * TILE_WIDTH + at, path);
    else if (at < TILE_WIDTH)
        (void)differ(recompute, "%s is altered: hash %u is not that of the tile below it", path, at);
}

/* ---- a step: signed heads */

static int load_heads(struct recompute *recompute)
{
    char after[NUMBER_BYTES], until[NUMBER_BYTES];
    snprintf(after, sizeof after, "%" PRIu64, recompute->step_begin);
    snprintf(until, sizeof until, "%" PRIu64, recompute->step_end);
    rows_free(recompute->heads);
    recompute->heads = NULL;
    recompute->next_head = 0;
    return ctl_query(
        recompute->ctl,
        "SELECT size, root, note FROM ledger.checkpoint WHERE size > $1::bigint AND size <= $2::bigint ORDER BY size",
        2, (const char *const[]){after, until}, &recompute->heads);
}

/* The log's own signature by a key of the policy; cosignatures are for those who verify evidence. */
static int open_note(const struct recompute *recompute, struct text note, struct checkpoint *head, struct error *error)
{
    int code = error_set(error, ERR_NOT_FOUND, "the policy names no log");
    for (size_t i = 0; i < recompute->policy->log_count; i++) {
        code = checkpoint_open(note, &recompute->policy->logs[i].key, head, error);
        if (code == 0 || code == ERR_SIGNATURE)
            break;
    }
    return code;
}

static int check_head(struct recompute *recompute, size_t row)
{
    struct checkpoint head;
    struct error error = {0};
    struct digest root, computed = frontier_root(&recompute->edge.frontier);
    size_t len;
    uint64_t size = (uint64_t)rows_i64(recompute->heads, row, 0);
    if (open_note(recompute, text_of(rows_text(recompute->heads, row, 2)), &head, &error) != 0)
        return differ(recompute, "the signed head of size %" PRIu64 " is not good: %s", size, error.text);
    if (!field_bytes(recompute->heads, row, 1, root.bytes, sizeof root, &len) || len != sizeof root ||
        head.size != size || !digest_equal(&head.root, &root))
        return differ(recompute, "the signed head of size %" PRIu64 " is altered: its note says another size or root",
                      size);
    if (!digest_equal(&root, &computed))
        return differ(recompute,
                      "the records before index %" PRIu64 " do not give the root that was signed for size %" PRIu64
                      ": altered with all their hashes, or forked",
                      size, size);
    recompute->signed_heads++;
    text_copy(recompute->newest_note, sizeof recompute->newest_note, text_of(rows_text(recompute->heads, row, 2)));
    return CTL_OK;
}

/* What was seen at this size before; the log may only have grown since. */
static int check_seen(struct recompute *recompute)
{
    const struct monitor_state *seen = recompute->seen;
    struct digest computed, before;
    uint64_t size = recompute->edge.frontier.size;
    if (!seen || (size != seen->frontier.size && (seen->note.len == 0 || size != seen->signed_head.size)))
        return CTL_OK;
    computed = frontier_root(&recompute->edge.frontier);
    before = size == seen->frontier.size ? frontier_root(&seen->frontier) : seen->signed_head.root;
    if (digest_equal(&computed, &before))
        return CTL_OK;
    recompute->needs_all = !recompute->full;
    return differ(recompute,
                  "forked: the log has another root at size %" PRIu64
                  " than was seen before; it holds together, but it is not that log",
                  size);
}

static int check_roots(struct recompute *recompute)
{
    int exit_code = check_seen(recompute);
    while (exit_code == CTL_OK && recompute->next_head < rows_count(recompute->heads) &&
           (uint64_t)rows_i64(recompute->heads, recompute->next_head, 0) == recompute->edge.frontier.size)
        exit_code = check_head(recompute, recompute->next_head++);
    return exit_code;
}

/* ---- a step: records */

enum record_field { FIELD_INDEX, FIELD_TYPE, FIELD_RECEIVED, FIELD_SALT, FIELD_LEAF_HASH, FIELD_RECORD, FIELDS };

static int append_leaf(struct recompute *recompute, const struct digest *hash)
{
    edge_append(&recompute->edge, hash, recompute_on_full_tile, recompute);
    recompute->leaves++;
    return recompute->difference[0] ? CTL_NEGATIVE : check_roots(recompute);
}

static int keep_erased(struct recompute *recompute, const struct erased *erased)
{
    buffer_put(&recompute->erased, erased, sizeof *erased);
    return append_leaf(recompute, &erased->leaf_hash);
}

/* Constraints say so, and a superuser drops constraints. */
static bool has_lengths(const struct text *fields)
{
    return fields[FIELD_INDEX].len == 8 && fields[FIELD_TYPE].len == 2 && fields[FIELD_RECEIVED].len == 8 &&
           fields[FIELD_LEAF_HASH].len == SHA256_BYTES &&
           (!fields[FIELD_SALT].data || fields[FIELD_SALT].len == SALT_BYTES);
}

static int recompute_on_record(void *context, const struct text *fields)
{
    struct recompute *recompute = context;
    uint64_t next = recompute->edge.frontier.size;
    if (!has_lengths(fields))
        return differ(recompute, "record %" PRIu64 " is altered: a column has another length", next);
    struct erased read = {.index = load_u64_be((const uint8_t *)fields[FIELD_INDEX].data)};
    if (read.index != next)
        return differ(recompute, "record %" PRIu64 " is missing", next);
    read.type = (enum leaf_type)(uint8_t)fields[FIELD_TYPE].data[1];
    read.received_us = (int64_t)load_u64_be((const uint8_t *)fields[FIELD_RECEIVED].data) + EPOCH_2000_US;
    memcpy(read.leaf_hash.bytes, fields[FIELD_LEAF_HASH].data, SHA256_BYTES);
    bool salted = fields[FIELD_SALT].data != NULL, there = fields[FIELD_RECORD].data != NULL;
    if (!salted && !there)
        return keep_erased(recompute, &read);
    struct digest hash = {{0}};
    if (salted && there)
        hash = leaf_hash_of_record(read.type, read.received_us, (const uint8_t *)fields[FIELD_SALT].data,
                                   fields[FIELD_RECORD]);
    if (!digest_equal(&hash, &read.leaf_hash))
        return differ(recompute,
                      "record %" PRIu64 " is altered: its bytes, salt, type and time do not give its leaf hash", next);
    return append_leaf(recompute, &hash);
}

static int stream_records(struct recompute *recompute)
{
    char sql[SQL_BYTES];
    struct error error = {0};
    buffer_clear(&recompute->erased);
    snprintf(sql, sizeof sql,
             "COPY (SELECT log_index, type, received_at, salt, leaf_hash, record FROM ledger.record WHERE log_index >= "
             "%" PRIu64 " AND log_index < %" PRIu64 " ORDER BY log_index) TO STDOUT (FORMAT binary)",
             recompute->step_begin, recompute->step_end);
    int code = database_copy_out(recompute->database, sql, FIELDS, recompute_on_record, recompute, &error);
    if (code < 0)
        return ctl_fail_error(recompute->ctl, &error);
    if (code == 0 && recompute->edge.frontier.size < recompute->step_end)
        return differ(recompute, "record %" PRIu64 " is missing", recompute->edge.frontier.size);
    return code;
}

/* ---- a step: what was erased */

/* The commitment still gives the leaf hash, and the leaf that the erasure names says so. */
static int check_erased(struct recompute *recompute, const struct erased *erased)
{
    char number[NUMBER_BYTES];
    struct rows *rows = NULL;
    struct digest commitment, hash;
    size_t len = 0;
    snprintf(number, sizeof number, "%" PRIu64, erased->index);
    int exit_code = ctl_query(
        recompute->ctl,
        "SELECT e.commitment, convert_from(r.record, 'UTF8') FROM ledger.erasure AS e JOIN ledger.record AS r "
        "ON r.log_index = e.erasure_index AND r.type = 5 WHERE e.log_index = $1::bigint",
        1, (const char *const[]){number}, &rows);
    if (exit_code != CTL_OK)
        return exit_code;
    if (rows_count(rows) != 1 || !operator_leaf_erases(text_of(rows_text(rows, 0, 1)), erased->index)) {
        exit_code = differ(recompute, "record %" PRIu64 " is altered: its bytes are gone, and no erasure says so",
                           erased->index);
    } else if (field_bytes(rows, 0, 0, commitment.bytes, sizeof commitment, &len) && len == sizeof commitment) {
        uint8_t leaf[LEAF_BYTES];
        leaf_encode(erased->type, erased->received_us, &commitment, leaf);
        hash = leaf_hash(leaf);
        if (!digest_equal(&hash, &erased->leaf_hash))
            exit_code =
                differ(recompute,
                       "record %" PRIu64 ", which was erased, is altered: its commitment does not give its leaf hash",
                       erased->index);
    }
    rows_free(rows);
    return exit_code;
}

static int check_erasures(struct recompute *recompute)
{
    int exit_code = CTL_OK;
    for (size_t at = 0; exit_code == CTL_OK && at < recompute->erased.len; at += sizeof(struct erased)) {
        struct erased erased;
        memcpy(&erased, recompute->erased.data + at, sizeof erased);
        exit_code = check_erased(recompute, &erased);
    }
    return exit_code;
}

static int run_step(struct recompute *recompute)
{
    int exit_code = load_tiles(recompute);
    if (exit_code == CTL_OK)
        exit_code = load_heads(recompute);
    if (exit_code == CTL_OK)
        exit_code = stream_records(recompute);
    return exit_code == CTL_OK ? check_erasures(recompute) : exit_code;
}

/* ---- the end */

/* Which leaves a node of the frontier stands for. */
static struct leaf_range range_of(uint64_t size, size_t node)
{
    struct tree_node nodes[PROOF_NODES_MAX];
    (void)proof_nodes((struct leaf_range){0, size}, nodes);
    uint64_t first = nodes[node].index << nodes[node].level;
    return (struct leaf_range){first, first + (UINT64_C(1) << nodes[node].level)};
}

static int check_stored_head(struct recompute *recompute)
{
    const struct stored_head *head = &recompute->head;
    const struct frontier *computed = &recompute->edge.frontier;
    struct digest root = frontier_root(computed);
    for (size_t i = 0; i < computed->count; i++) {
        if (digest_equal(&computed->nodes[i], &head->frontier.nodes[i]))
            continue;
        struct leaf_range range = range_of(computed->size, i);
        return differ(recompute,
                      "one of the records %" PRIu64 " to %" PRIu64
                      " is altered, together with its leaf hash, or the head is: its "
                      "frontier differs",
                      range.begin, range.end - 1);
    }
    if (!digest_equal(&root, &head->root))
        return differ(recompute, "the head of size %" PRIu64 " is altered: its root is not that of the records",
                      head->size);
    for (unsigned level = 1; level < TILE_LEVELS; level++)
        if (!text_equal(edge_tile(&recompute->edge, level),
                        (struct text){(const char *)head->edges[level], head->edge_lens[level]}))
            return differ(recompute, "the head of size %" PRIu64 " is altered: its edge_%u is not that of the records",
                          head->size, level);
    return CTL_OK;
}

static int check_growth(struct recompute *recompute, struct tree_reader *reader, uint64_t old_size,
                        const struct digest *old_root, uint64_t size, const struct digest *root)
{
    struct proof proof;
    struct error error = {0};
    tree_reader_resize(reader, size);
    if (tree_read_consistency(reader, old_size, &proof, &error) != 0)
        return error.code == ERR_DATA ? differ(recompute, "%s", error.text) : ctl_fail_error(recompute->ctl, &error);
    return proof_consistency_holds(old_size, size, proof.hashes, proof.count, old_root, root)
               ? CTL_OK
               : differ(recompute,
                        "forked: the signed head of size %" PRIu64 " does not begin with that of size %" PRIu64, size,
                        old_size);
}

/* Every signed head since the last one that was seen begins with the one before it, as any follower of the log would ask. */
static int check_pairs(struct recompute *recompute)
{
    const struct monitor_state *seen = recompute->seen;
    struct rows *rows = NULL;
    char after[NUMBER_BYTES];
    if (!seen || seen->note.len == 0 || seen->signed_head.size == 0)
        return CTL_OK;
    uint64_t old_size = seen->signed_head.size;
    struct digest old_root = seen->signed_head.root, root;
    struct tree_reader *reader = tree_reader_new(recompute->database, old_size);
    size_t len;
    snprintf(after, sizeof after, "%" PRIu64, old_size);
    int exit_code = reader
                        ? ctl_query(recompute->ctl,
                                    "SELECT size, root FROM ledger.checkpoint WHERE size >= $1::bigint ORDER BY size",
                                    1, (const char *const[]){after}, &rows)
                        : ctl_fail(recompute->ctl, CTL_TEMPORARY, "monitor: %s", error_words(ERR_NO_MEMORY));
    if (exit_code == CTL_OK && (rows_count(rows) == 0 || (uint64_t)rows_i64(rows, 0, 0) != old_size))
        exit_code = differ(recompute, "the signed head of size %" PRIu64 ", seen before, is missing", old_size);
    for (size_t row = 0; exit_code == CTL_OK && row < rows_count(rows); row++) {
        uint64_t size = (uint64_t)rows_i64(rows, row, 0);
        if (!field_bytes(rows, row, 1, root.bytes, sizeof root, &len))
            continue;
        exit_code = check_growth(recompute, reader, old_size, &old_root, size, &root);
        old_size = size;
        old_root = root;
    }
    rows_free(rows);
    tree_reader_free(reader);
    recompute->needs_all = exit_code == CTL_NEGATIVE && !recompute->full;
    return exit_code;
}

int recompute_run(struct recompute *recompute)
{
    int exit_code = load_head(recompute);
    if (exit_code == CTL_OK)
        exit_code = check_size(recompute);
    if (exit_code == CTL_OK)
        exit_code = begin(recompute);
    while (exit_code == CTL_OK && recompute->step_begin < recompute->head.size) {
        uint64_t end = (recompute->step_begin / RECOMPUTE_STEP + 1) * RECOMPUTE_STEP;
        recompute->step_end = end < recompute->head.size ? end : recompute->head.size;
        exit_code = run_step(recompute);
        recompute->step_begin = recompute->step_end;
    }
    if (exit_code == CTL_OK)
        exit_code = check_stored_head(recompute);
    return exit_code == CTL_OK ? check_pairs(recompute) : exit_code;
}

void recompute_state(const struct recompute *recompute, int64_t seen_at_us, struct monitor_state *state)
{
    *state = (struct monitor_state){.seen_at_us = seen_at_us, .frontier = recompute->edge.frontier};
    state->note =
        recompute->newest_note[0] || !recompute->seen ? text_of(recompute->newest_note) : recompute->seen->note;
}
