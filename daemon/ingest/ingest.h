/* ingest.h - the way in as a whole: the registry, the lanes and what they share, the signer of heads, opened and closed together.
 *
 * Life: ingest_new -> ingest_open -> on_ready -> ingest_stop -> on_stopped -> ingest_close -> on_closed, after which it is freed.
 * Callbacks run on the loop, outside of lanes, signer and registry: a lane must not be closed while it is still at work further down the stack. */
#ifndef CUSTODY_INGEST_INGEST_H
#define CUSTODY_INGEST_INGEST_H

#include <stdbool.h>
#include <uv.h>

#include "base/error.h"
#include "config.h"

struct ingest;

struct ingest_handler {
    void (*on_ready)(void *context);   /* every lane is */
    void (*on_stopped)(void *context); /* after ingest_stop: what was under way is stored */
    void (*on_failed)(void *context);  /* no lane is left that works */
};

struct ingest_program {
    const char *schema;  /* newest migration that this program was built for */
    const char *version; /* goes into the log */
};

/* Borrows the configuration, and the texts of the program. NULL without memory; error->code and words when keys, signer
 * or lanes fail: then the process ends, and what was made goes with it. */
struct ingest *ingest_new(uv_loop_t *loop, const struct config *config, const struct ingest_program *program,
                          const struct ingest_handler *handler, void *context, struct error *error);
void ingest_open(struct ingest *ingest);
void ingest_stop(struct ingest *ingest);
void ingest_close(struct ingest *ingest, void (*on_closed)(void *context), void *context);

/* Reads the registry again. */
void ingest_reload(struct ingest *ingest);
/* Once a second: the statistics line when something changed, lanes that are down every minute. */
void ingest_tick(struct ingest *ingest);
/* The statistics line, for one who leaves without closing. */
void ingest_log_counters(const struct ingest *ingest);
/* A lane failed for good. */
bool ingest_has_failed(const struct ingest *ingest);

#endif
