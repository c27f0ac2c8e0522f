/* bundle_read.h - a bundle that a stranger sent, off the disk: exactly the files that its manifest lists, with the bytes that it lists.
 *
 * Strict and bounded: no symbolic link and no special file anywhere below the bundle, no path but those of core/ledger/bundle.h, no
 * file larger than its kind may be. */
#ifndef CUSTODY_CTL_BUNDLE_READ_H
#define CUSTODY_CTL_BUNDLE_READ_H

#include "base/arena.h"
#include "core/ledger/bundle.h"

struct bundle {
    struct arena arena;
    size_t count;
    struct bundle_entry *entries; /* in the manifest's order */
    struct text *files;           /* the bytes of each */
};

/* 0, or with words that name the first file that is wrong: ERR_NOT_FOUND (no bundle there, a file missing), ERR_INVALID, ERR_TOO_LARGE,
 * ERR_IO, ERR_NO_MEMORY. Always to be ended by bundle_fini. */
int bundle_read(const char *directory, struct bundle *bundle, struct error *error) MUST_USE;
void bundle_fini(struct bundle *bundle);

/* The bytes of the file of this name; data is NULL when there is none. */
struct text bundle_file(const struct bundle *bundle, const char *path);

#endif
