/* sign.h - signs checkpoints: looks at the head every interval, proves it out of what the database returns, keeps it outside the
 * database, and only then publishes it. One a daemon, on a connection of its own; lanes and acknowledgements never wait for it.
 *
 *   WAITING -> CHECKING -> KEYS -> ANNOUNCING -> SIGNING (every interval, until the end)
 *                 |          |         |            |
 *                 +----------+---------+------------+--> REFUSED: the database is not the one that was signed, or the key not the log's
 *
 * Until the first check has passed no lane reads; once the signer refuses no lane stores (struct ledger_guard). */
#ifndef CUSTODY_INGEST_SIGN_H
#define CUSTODY_INGEST_SIGN_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/error.h"
#include "base/text.h"
#include "config.h"
#include "core/ledger/note.h"

struct signer;

struct signer_handler {
    /* A checkpoint of this size is in ledger.checkpoint, by us or by another daemon; `note` is the one stored, borrowed during the call.
     * Sizes rise. Also called once at the start for the newest one. */
    void (*on_checkpoint)(void *context, uint64_t size, struct text note);
    /* Once: nothing is signed and nothing may be stored any more; an operator has to look. The log says what to do. */
    void (*on_refused)(void *context, const char *reason);
    /* Once: the database is the one that was signed, and the keys are announced; lanes may read. */
    void (*on_ready)(void *context);
};

/* What lanes look at; on the loop's thread only. */
struct ledger_guard {
    bool ready, refused;
    uint64_t signed_size; /* no head that is smaller may be built upon */
};

struct signer_settings {
    const struct config *config;
    const struct note_signer *key;     /* named as the origin */
    const struct note_signer *ack_key; /* NULL: acknowledgements are not signed */
    const char *version;               /* of this program */
};

/* Reads config->head_file and locks it. Borrows what the settings point to. NULL and `error`: ERR_CONFIG for a head file that is damaged,
 * of another origin, in use, or in a folder that cannot be written to. */
struct signer *signer_new(uv_loop_t *loop, const struct signer_settings *settings, const struct signer_handler *handler,
                          void *context, struct error *error);
void signer_open(struct signer *signer);
/* The database has our schema: it may begin. */
void signer_start(struct signer *signer);
const struct ledger_guard *signer_guard(const struct signer *signer);
/* Once; a head that is being written is finished. on_closed runs later, and the signer is freed. */
void signer_close(struct signer *signer, void (*on_closed)(void *context));

#endif
