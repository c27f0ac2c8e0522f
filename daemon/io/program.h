/* program.h - the file of the running program, for the log to say what stored. */
#ifndef CUSTODY_IO_PROGRAM_H
#define CUSTODY_IO_PROGRAM_H

#include "base/error.h"
#include "base/hash.h"

/* SHA-256 of /proc/self/exe, also when the file was replaced or removed meanwhile. 0 or ERR_IO with words. Blocks for some 10 ms. */
int program_sha256(struct digest *digest, struct error *error) MUST_USE;

#endif
