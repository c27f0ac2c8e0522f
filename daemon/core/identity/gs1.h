/* gs1.h - GS1 keys that name one item: SGTIN, SSCC, GRAI with serial (GS1 General Specifications). */
#ifndef CUSTODY_CORE_IDENTITY_GS1_H
#define CUSTODY_CORE_IDENTITY_GS1_H

#include "core/identity/identifier.h"

/* Read with application identifiers in brackets or as scanned, an SSCC also as its 18 digits alone. Normalised forms:
 * "(01)<14 digits>(21)<serial>", "(00)<18 digits>", "(8003)0<13 digits><serial>". The case of a serial counts. INVALID for a wrong
 * check digit and for a key without serial: a GTIN names a product, not one item. Never DOUBTFUL. */
enum identifier_grade gs1_check(char value[IDENTIFIER_VALUE_BYTES], struct error *error);

/* Digits whose last is the GS1 check digit of those before: GTIN-8 to GTIN-14, SSCC, the asset key of a GRAI. */
bool gs1_check_digit_fits(struct text digits);

#endif
