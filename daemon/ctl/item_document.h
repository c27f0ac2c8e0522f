/* item_document.h - everything known of one item: the database's document, and what the domain makes of the item's
 * history. */
#ifndef CUSTODY_CTL_ITEM_DOCUMENT_H
#define CUSTODY_CTL_ITEM_DOCUMENT_H

#include "ctl/ctl.h"
#include "ctl/lookup.h"

/* The items that `raw` names, as documents of api.item with "verdict", "reason_zh", "reason_en", "warnings" and
 * "matched" added, and in each event what only the record says ("standing", "signed", "actor", "note",
 * "certificate", ...). One snapshot of the database. *items is an array, the caller's. 0, or an exit code after the
 * error was printed. */
int item_documents(struct ctl *ctl, const struct lookup *lookup, json_t **items) MUST_USE;

/* Opens the snapshot that item_documents and lookup_find shall share. */
int item_snapshot(struct ctl *ctl) MUST_USE;

/* The word for several items as one answer: banned when one is banned; allowed only when all are, and each was named
 * by an identifier that proves it; else unknown. Fills the reasons, static words. */
const char *combined_verdict(const json_t *items, const char **reason_zh, const char **reason_en);

#endif
