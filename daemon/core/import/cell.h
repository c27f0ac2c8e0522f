/* cell.h - one cell as a value: numbers, days and times as people and spreadsheets write them, full-width or not.
 *
 * Every function takes a trimmed cell (sheet.h) and answers NULL, or what is wrong with it as "what; hint: what to do". */
#ifndef CUSTODY_CORE_IMPORT_CELL_H
#define CUSTODY_CORE_IMPORT_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Folds what was typed in full-width forms to ASCII; false when it does not fit into `size` bytes with its NUL. */
bool cell_fold(struct text cell, char *out, size_t size);

/* "8.6E+14", "####": a spreadsheet showed a long number so, and saved what it showed. */
const char *cell_destroyed(struct text cell);

/* A decimal number, not negative, with at most `decimals` digits behind the point, times 10^decimals: 1,234.5 with 3
 * gives 1234500. Commas between thousands are taken. */
const char *cell_decimal(struct text cell, int decimals, int64_t *value);

/* 2026-01-05, 2026/1/5, 2026.1.5, 20260105 or 2026年1月5日, with hours and minutes (and seconds) behind it where
 * `with_time`; Asia/Shanghai, or with its offset as RFC 3339 has it. Microseconds since the Unix epoch. */
const char *cell_time(struct text cell, bool with_time, int64_t *at_us);

/* 是, 否, yes, no, true, false, 1, 0. */
const char *cell_flag(struct text cell, bool *value);

/* Decimal degrees. */
const char *cell_degrees(struct text cell, double *value);

/* The same words but for width, case and white space? */
bool cell_is(struct text cell, struct text word);

#endif
