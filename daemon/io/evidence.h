/* evidence.h - rows of reentry.evidence() to dossiers: records decoded once each, clues read, everything in one arena.
 *
 * The daemon's follower and custodyctl rebuild load the same rows over different connections; from here on both do the same. */
#ifndef CUSTODY_IO_EVIDENCE_H
#define CUSTODY_IO_EVIDENCE_H

#include "base/arena.h"
#include "core/custody/lifecycle.h"
#include "core/reentry/dossier.h"

/* `part` of reentry.evidence(). */
enum evidence_part { EVIDENCE_IDENTIFIER, EVIDENCE_EVENT, EVIDENCE_SIGHTING, EVIDENCE_WRITING };

struct evidence_row {
    int64_t item_id;
    enum evidence_part part;
    uint64_t log_index;
    uint16_t ordinal;
    enum identifier_scheme scheme;
    struct text value, phone_hashes, record; /* borrowed during the call */
    bool proof;
    int64_t received_us;
};

struct item_dossier {
    int64_t item_id;
    struct dossier dossier;
    size_t room;
    struct findings findings;
    struct judgement judgement;
};

struct dossiers {
    struct arena *arena;       /* borrowed; everything lives there */
    struct item_dossier *list; /* in the order in which they were added: rising item_id */
    size_t count, room;
    uint64_t record_index;
    struct report *record; /* the last one decoded; NULL: none, or unreadable */
    bool has_record;
    bool capped; /* some rows found no memory: no flag may be withdrawn */
};

/* 0 or ERR_NO_MEMORY, all of them. */
int dossiers_init(struct dossiers *dossiers, struct arena *arena, size_t room) MUST_USE;
/* Rising item_id, at most `room`. */
void dossiers_add_item(struct dossiers *dossiers, int64_t item_id, enum item_kind kind, const struct item_ban *ban);
int dossiers_add_row(struct dossiers *dossiers, const struct evidence_row *row) MUST_USE;
/* NULL when there is none. */
struct item_dossier *dossiers_find(struct dossiers *dossiers, int64_t item_id);
/* Judges one, or each. */
int dossiers_judge_item(struct dossiers *dossiers, struct item_dossier *item) MUST_USE;
int dossiers_judge(struct dossiers *dossiers) MUST_USE;

/* All of a report in a record, as it was sent; NULL and *code ERR_NO_MEMORY, or 0 where it cannot be read. */
struct report *evidence_decode(struct text record, int64_t received_us, struct arena *arena, int *code);

#endif
