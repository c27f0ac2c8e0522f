/* credit_code.h - unified social credit codes 统一社会信用代码 (GB 32100-2015), the codes of parties. */
#ifndef CUSTODY_CORE_IDENTITY_CREDIT_CODE_H
#define CUSTODY_CORE_IDENTITY_CREDIT_CODE_H

#include "core/identity/identifier.h"

enum { CREDIT_CODE_LEN = 18, CREDIT_CODE_BYTES = CREDIT_CODE_LEN + 1 };

/* Normalises into `out` (empty when INVALID). INVALID for another length or character or a wrong check character; DOUBTFUL where
 * only the organisation code within (positions 9-17, GB 11714) fails its own check. `error` may be NULL. */
enum identifier_grade credit_code_normalise(struct text raw, char out[CREDIT_CODE_BYTES], struct error *error);

#endif
