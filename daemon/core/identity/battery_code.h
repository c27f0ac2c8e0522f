/* battery_code.h - traction battery codes 动力电池编码 (GB/T 34014-2017): pack, module or cell. */
#ifndef CUSTODY_CORE_IDENTITY_BATTERY_CODE_H
#define CUSTODY_CORE_IDENTITY_BATTERY_CODE_H

#include "core/identity/identifier.h"

/* 24 characters: maker 3, level P M C, chemistry, spec 2, trace 7, date 3 (year, month, day), serial 7. A re-used product has a new
 * code without the trace characters: 17, or 19 with a suffix. Wrong length, character or level is INVALID; an impossible year,
 * month or serial is DOUBTFUL. The day is opaque: its letters are read in two ways. */
enum identifier_grade battery_code_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

/* Year of a year character: 0-9 = 2010-2019, A-H = 2020-2027, J = 2028 and on, skipping I and O; 0 for anything else. */
int battery_code_year(char c);

#endif
