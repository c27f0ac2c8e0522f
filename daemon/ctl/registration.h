/* registration.h - one registry document ({"party": {...}}, {"site": ...}, ...): its fields checked and brought into
 * normal form. */
#ifndef CUSTODY_CTL_REGISTRATION_H
#define CUSTODY_CTL_REGISTRATION_H

#include <jansson.h>

#include "base/error.h"

/* Checks the document against the table of fields and normalises it in place, as api.register takes it: party codes
 * are credit codes (GB 32100) unless "code_unchecked" is true, plates are folded, "lon" and "lat" (degrees, WGS-84)
 * become lon_e7 and lat_e7, a ring becomes GeoJSON, days and hours become numbers, a source is signed unless "signed" is false. A field that is not in the table is an
 * error. 0 or ERR_INVALID. */
int registration_check(json_t *document, struct error *error) MUST_USE;

#endif
