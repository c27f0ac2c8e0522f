/* datum.h - coordinates of Chinese map data to WGS-84; pure.
 *
 * GCJ-02 and BD-09 are obfuscations of WGS-84 whose published forward formulas are inverted by iteration; CGCS2000
 * (GB/T 22021) differs from WGS-84 by centimetres and is taken as the same. */
#ifndef CUSTODY_CORE_ROUTE_DATUM_H
#define CUSTODY_CORE_ROUTE_DATUM_H

#include <stdbool.h>
#include <stdint.h>

#include "core/report.h"

/* In place, 1e-7 degrees; exact to 2e-7 degrees (2 cm). False, and nothing changed, for DATUM_UNSPECIFIED and for what
 * is no point on the earth before or after. Outside China's bounding box GCJ-02 is WGS-84 by definition. */
bool datum_to_wgs84(enum datum datum, int32_t *lon_e7, int32_t *lat_e7) __attribute__((warn_unused_result));

/* The forward direction, for tests and simulated devices. The same conditions. */
bool datum_from_wgs84(enum datum datum, int32_t *lon_e7, int32_t *lat_e7) __attribute__((warn_unused_result));

#endif
