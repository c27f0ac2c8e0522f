/* vin.h - vehicle identification numbers 车辆识别代号 (GB 16735, ISO 3779). */
#ifndef CUSTODY_CORE_IDENTITY_VIN_H
#define CUSTODY_CORE_IDENTITY_VIN_H

#include "core/identity/identifier.h"

enum { VIN_LEN = 17 };

/* GOOD with a right check digit. DOUBTFUL with a wrong one: a Chinese maker (WMI L) must have it, others need not, so the words
 * differ. INVALID for another length or character; I, O and Q get a suggestion, never a correction. A right check digit does not
 * prove a genuine VIN: clones pass it. */
enum identifier_grade vin_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

#endif
