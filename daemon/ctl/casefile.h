/* casefile.h - what proves a record or an item's history: the records themselves, the leaves that register their devices' keys and the
 * log's own, what was erased, one signed checkpoint that covers them all, and an inclusion proof each. */
#ifndef CUSTODY_CTL_CASEFILE_H
#define CUSTODY_CTL_CASEFILE_H

#include "base/arena.h"
#include "core/ledger/checkpoint.h"
#include "core/ledger/leaf.h"
#include "core/ledger/proof.h"
#include "ctl/ctl.h"
#include "io/keyfile.h"

struct casefile_record {
    uint64_t index;
    enum leaf_type type;
    int64_t received_us;
    bool is_erased; /* then salt and bytes are gone, and a leaf of type 5 says so */
    uint8_t salt[SALT_BYTES];
    struct text bytes;
    struct digest commitment;
    struct proof proof; /* leads to the checkpoint's root */
    /* Of an envelope: who sent it, and with which key; an empty source: of no envelope. */
    struct text source;
    bool is_signed;
    uint8_t key_id[KEY_ID_BYTES];
};

/* A key with which devices signed these records, as the registration leaf among the records has it. */
struct casefile_key {
    struct text source;
    uint8_t key_id[KEY_ID_BYTES], public_key[PUBLIC_KEY_BYTES];
    uint64_t index; /* of the leaf */
};

struct casefile {
    struct arena arena; /* what the texts borrow from */
    json_t *items;      /* documents of item_documents; empty for a record asked by its log index */
    size_t record_count, key_count;
    struct casefile_record *records; /* by log index */
    struct casefile_key *keys;
    struct text note; /* the signed checkpoint with all cosignatures */
    struct checkpoint head;
    struct text log_keys; /* verifier keys of the log, a line each, oldest first */
    struct text log_key;  /* the one that signed the checkpoint */
    uint64_t rows_read;   /* for the proofs */
};

/* `target` is a log index (up to 12 digits), "item:<number>" or any identifier; with `scheme` it is that kind of identifier. One
 * snapshot of the database. CTL_OK or an exit code after the error was printed: 1 when there is no such thing, or when the
 * database contradicts its own signed head; 75 when no signed checkpoint covers it yet. Always to be ended by casefile_fini. */
int casefile_gather(struct ctl *ctl, const char *target, const char *scheme, struct casefile *casefile) MUST_USE;
void casefile_fini(struct casefile *casefile);

const struct casefile_record *casefile_record_at(const struct casefile *casefile, uint64_t index);

#endif
