/* signing.h - the chain of keys that sign for the log, as the database has it: what the subcommands about keys share. */
#ifndef CUSTODY_CTL_SIGNING_H
#define CUSTODY_CTL_SIGNING_H

#include "core/ledger/key_event.h"
#include "io/database.h"

/* Follows the announcements in the database. `chain` was initialised with whom is asked about. */
int signing_chain_read(struct database *database, struct key_chain *chain, struct error *error) MUST_USE;

#endif
