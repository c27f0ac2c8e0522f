/* citizen_id.h - citizen identity numbers 公民身份号码 (GB 11643): checked, never kept.
 *
 * Only a keyed hash and the last four characters may be stored (PIPL, data minimisation); callers clear what they normalised. */
#ifndef CUSTODY_CORE_IDENTITY_CITIZEN_ID_H
#define CUSTODY_CORE_IDENTITY_CITIZEN_ID_H

#include "base/error.h"
#include "base/text.h"

enum { CITIZEN_ID_LEN = 18, CITIZEN_ID_BYTES = CITIZEN_ID_LEN + 1 };

/* Normalises into `out` (empty on error). 0, or ERR_INVALID for another length or character, an impossible birth date or a
 * wrong check character (ISO 7064 MOD 11-2). The words of `error` (may be NULL) do not show the number. */
int citizen_id_normalise(struct text raw, char out[CITIZEN_ID_BYTES], struct error *error) MUST_USE;

#endif
