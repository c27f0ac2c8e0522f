/* plate.h - number plates 机动车号牌 (GA 36): regular, new-energy and special. */
#ifndef CUSTODY_CORE_IDENTITY_PLATE_H
#define CUSTODY_CORE_IDENTITY_PLATE_H

#include <stdint.h>

#include "core/identity/identifier.h"

/* GOOD for the patterns in force; DOUBTFUL for temporary, military, farm and abolished ones; INVALID for everything else. I and O
 * get a suggestion, never a correction. The kind of plate 号牌种类 is not part of the value: a plate is a hint, not proof. */
enum identifier_grade plate_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

/* One of the 31 province characters that begin a plate. */
bool plate_is_province(uint32_t code);

/* A character that may end a plate in place of its last letter or digit: 挂 学 警 港 澳, or 领 of a consulate. */
bool plate_is_tail(uint32_t code);

#endif
