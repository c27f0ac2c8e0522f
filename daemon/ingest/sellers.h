/* sellers.h - reverse invoices of a pass of the follower: put down by seller, summed, judged (C16).
 *
 * Behind the log and not in the lanes' transactions: the limit is one seller's across all firms, and one follower a database sees every
 * invoice, so that no two can miss it together. */
#ifndef CUSTODY_INGEST_SELLERS_H
#define CUSTODY_INGEST_SELLERS_H

#include "ingest/follow.h"

/* Queue what they ask. Reading fills follow->invoices and ->corrections; judging, in the transaction, stores them and asks for the sums of every
 * seller whom they concern; settling, a turn later, writes the flags. */
void sellers_read(struct follow *follow);
void sellers_judge(struct follow *follow);
void sellers_settle(struct follow *follow);

#endif
