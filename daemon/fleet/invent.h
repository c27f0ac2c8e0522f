/* invent.h - invents identifiers that are right in form and check digit and belong to nobody we know of.
 *
 * Formats and weights: GB 16735 (VIN), GB 32100 (credit code), GB/T 34014 (traction battery), 3GPP TS 23.003 (IMEI),
 * GA 36 (plate). */
#ifndef CUSTODY_FLEET_INVENT_H
#define CUSTODY_FLEET_INVENT_H

#include <stdint.h>

#include "base/encoding.h"
#include "fleet/random.h"

enum { INVENTED_BYTES = 64 }; /* longest invented identifier with its NUL */

/* Each writes a NUL-terminated UTF-8 text. */
void invent_vin(struct random *random, char out[INVENTED_BYTES]);
void invent_engine_number(struct random *random, char out[INVENTED_BYTES]);
void invent_plate(struct random *random, char out[INVENTED_BYTES]); /* 闽C12345, five places after the letter */
void invent_new_energy_plate(struct random *random, char out[INVENTED_BYTES]); /* 闽CD12345 */
void invent_battery_code(struct random *random, char out[INVENTED_BYTES]);     /* a pack, 24 characters */
void invent_imei(struct random *random, char out[INVENTED_BYTES]);
void invent_serial(struct random *random, struct text brand_and_model,
                   char out[INVENTED_BYTES]); /* "brand/model/serial" */

/* Credit code of the `number`th invented party: "91350504" or, for authorities, "11350504", organisation code, check
 * character. */
void invent_credit_code(bool authority, uint32_t number, char out[INVENTED_BYTES]);

/* UUID version 8 (RFC 9562): custom bits, here random ones. */
void invent_uuid(struct random *random, uint8_t out[UUID_BYTES]);

#endif
