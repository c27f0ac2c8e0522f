/* registry.h - who may speak, in memory: sources with their keys and streams, parties and sites. Loaded from the database at
 * start, again whenever the registry says that it changed, and on SIGHUP. A load that fails is repeated, with growing pauses,
 * until one succeeds; what was loaded before stays in force meanwhile. One for all lanes. */
#ifndef CUSTODY_INGEST_REGISTRY_H
#define CUSTODY_INGEST_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "core/directory.h"
#include "core/route/map.h"
#include "core/source/bucket.h"
#include "core/source/stream.h"
#include "io/keyfile.h"

enum { SOURCE_NAME_BYTES = 65, AREA_CODE_BYTES = 7, SOURCE_KEYS_MAX = 4 };

struct source_key {
    uint8_t key_id[KEY_ID_BYTES];
    uint8_t public_key[PUBLIC_KEY_BYTES];
};

struct batch_stream;

struct source {
    int64_t source_id, party_id;
    enum party_kind party_kind;
    char name[SOURCE_NAME_BYTES];
    char area[AREA_CODE_BYTES];
    int64_t vehicle_id; /* truck it rides on; 0: none */
    bool tracks;        /* it is fixed to that truck */
    bool is_signed;
    bool enabled; /* also in the database's last answer: sources are never forgotten while a batch may point to them */
    bool seen_in_load;
    size_t key_count;
    struct source_key keys[SOURCE_KEYS_MAX];
    struct bucket bucket;  /* all that it sends */
    struct bucket refused; /* dead letters that it published and that nobody can be held to */

    /* Newest epoch, as committed. version 0: nothing stored yet. */
    uint32_t epoch;
    int64_t version;
    struct stream stream;
    /* Log index of envelope stream.next_seq - 1 where this process knows it; -1 where it does not. */
    int64_t head_index;

    /* Committed, and not told yet (ack.h). */
    bool owed;
    struct source *next_owed;

    struct batch_stream *active; /* the batch under way of the lane that serves this source, or NULL */
};

struct registry;

struct registry_handler {
    void (*on_ready)(void *context); /* first complete load */
};

struct registry_settings {
    const char *conninfo;
    int64_t statement_timeout_ms, partition_days_ahead;
    const char *schema; /* newest migration that this program carries, "migrations/NNNN_name.sql"; borrowed */
};

struct registry *registry_new(uv_loop_t *loop, const struct registry_settings *settings,
                              const struct registry_handler *handler, void *context);
void registry_open(struct registry *registry);
void registry_close(struct registry *registry, void (*on_closed)(void *context));

bool registry_is_ready(const struct registry *registry);
/* NULL when there is none. Valid as long as the registry. */
struct source *registry_source(const struct registry *registry, struct text name);
/* Valid until control returns to the loop. */
/* Which transactions the directory has seen, as text of pg_snapshot; lives as long as the directory. */
struct text registry_snapshot(const struct registry *registry);
const struct directory *registry_directory(const struct registry *registry);
/* Fences, road rights and thresholds; the same. */
const struct route_map *registry_map(const struct registry *registry);
/* Loads again, soon. */
void registry_reload(struct registry *registry);

#endif
