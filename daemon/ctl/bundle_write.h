/* bundle_write.h - evidence as a directory that others verify: core/ledger/bundle.h names its files. */
#ifndef CUSTODY_CTL_BUNDLE_WRITE_H
#define CUSTODY_CTL_BUNDLE_WRITE_H

#include "ctl/casefile.h"

/* Makes `directory`, which must not exist, and everything in it; the manifest last, so that a bundle cut short has none. `target` is
 * what was asked for. 0, ERR_EXISTS, ERR_IO or ERR_NO_MEMORY, with words. */
int bundle_write(const struct casefile *casefile, const char *target, const char *directory,
                 struct error *error) MUST_USE;

#endif
