/* statefile.h - a small file that is whole at every moment, also after a power cut: what must be known outside the database. */
#ifndef CUSTODY_IO_STATEFILE_H
#define CUSTODY_IO_STATEFILE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

/* Appends the file to `out`, whose bound it must not pass. 0; ERR_NOT_FOUND (there is none), ERR_IO or ERR_TOO_LARGE with words. */
int statefile_read(const char *path, struct buffer *out, struct error *error) MUST_USE;

/* Replaces it: a temporary file beside it (mode 0600) is written and synced, renamed over it, and the folder synced. When this
 * returns 0 the new content survives a crash; otherwise ERR_IO with words, and the old one stands unless only the last sync failed.
 * Blocks for as long as the disk takes. */
int statefile_write(const char *path, struct text content, struct error *error) MUST_USE;

/* Takes <path>.lock for this process, so that nobody else writes the file: gives a descriptor, which closing (or dying) releases.
 * 0; ERR_CONFLICT when another process has it, ERR_IO when the folder cannot be written to, with words. */
int statefile_lock(const char *path, int *lock, struct error *error) MUST_USE;

#endif
