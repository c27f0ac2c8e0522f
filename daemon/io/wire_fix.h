/* wire_fix.h - the short way through a report of fixes; private to io/wire*. */
#ifndef CUSTODY_IO_WIRE_FIX_H
#define CUSTODY_IO_WIRE_FIX_H

#include "io/wire_front.h"
#include "io/wire_shape.h"

/* Decodes a report that holds nothing but its header and fixes, all of them within their bounds. False for everything
 * else, with nothing said and `report` half filled: the long way decides. The error of `check` is not touched. */
bool wire_fix_report_decode(const struct wire_check *check, struct text body, const struct report_front *front,
                            struct report *report);

#endif
