/* imei.h - mobile equipment identities 手机串号 (3GPP TS 23.003): 15 digits, 14 without check digit, 16 with software version. */
#ifndef CUSTODY_CORE_IDENTITY_IMEI_H
#define CUSTODY_CORE_IDENTITY_IMEI_H

#include "core/identity/identifier.h"

enum { IMEI_LEN = 14 }; /* digits kept, so that the three forms of one device are equal */

/* Cuts `value` to its first 14 digits. INVALID for another length, another character, a wrong Luhn digit (then no telling which
 * digit is wrong), or one digit repeated (a filler that many devices show). Never DOUBTFUL. */
enum identifier_grade imei_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

#endif
