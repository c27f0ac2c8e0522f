/* assigned_number.h - numbers that a maker, a firm or an office assigned in a form of its own: serial numbers, tags, lots,
 * certificates. */
#ifndef CUSTODY_CORE_IDENTITY_ASSIGNED_NUMBER_H
#define CUSTODY_CORE_IDENTITY_ASSIGNED_NUMBER_H

#include "core/identity/identifier.h"

/* "brand/model/serial". INVALID where a part is missing or the serial number is a filler (no digit, or one character
 * repeated): it would make one item of many. */
enum identifier_grade serial_number_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

/* Own QR or RFID tag: printable ASCII; dashes count, case does not. DOUBTFUL below 4 characters. */
enum identifier_grade tag_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

/* "credit code/lot": the code must be a credit code (GB 32100), the lot is the firm's own; dashes in it count. */
enum identifier_grade lot_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

/* Scrap certificate 报废机动车回收证明: opaque, its form differs by province. */
enum identifier_grade certificate_number_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

#endif
