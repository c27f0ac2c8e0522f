/* tree_reader.h - the nodes of the log's tree out of the database, for proofs: full tiles, and the partial ones where the tree ends.
 *
 * One query and one row a tile, each tile once while it stays in the cache: an inclusion proof needs the tiles on the leaf's way to the
 * root and those of the right edge, five at ten million leaves. The caller's transaction decides what is seen; give it a snapshot. */
#ifndef CUSTODY_CTL_TREE_READER_H
#define CUSTODY_CTL_TREE_READER_H

#include "base/error.h"
#include "core/ledger/proof.h"
#include "core/ledger/tile.h"
#include "io/database.h"

struct tree_reader;

/* Of the tree of `size` leaves, which the database's may have outgrown. Borrows the database. NULL: no memory. */
struct tree_reader *tree_reader_new(struct database *database, uint64_t size);
/* Asks about the tree of another size from now on; tiles that are the same in both stay. */
void tree_reader_resize(struct tree_reader *reader, uint64_t size);
void tree_reader_free(struct tree_reader *reader); /* NULL is fine */

/* 0, or with words: ERR_INVALID (not in this tree), ERR_DATA (the database lacks a tile, or part of one), or the database's code. */
int tree_read_inclusion(struct tree_reader *reader, uint64_t index, struct proof *proof, struct error *error) MUST_USE;
int tree_read_consistency(struct tree_reader *reader, uint64_t old_size, struct proof *proof,
                          struct error *error) MUST_USE;
/* The hashes of one tile of this tree, as wide as it has it: borrowed until the next call. */
int tree_read_tile(struct tree_reader *reader, unsigned level, uint64_t index, struct text *hashes,
                   struct error *error) MUST_USE;

/* Rows asked for so far. */
uint64_t tree_reader_rows(const struct tree_reader *reader);

#endif
