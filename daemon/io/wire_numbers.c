/* wire_numbers.c - proves at compile time that every enumeration of core/report.h and io/wire.h has the numbers of the
 * contract. */
#include <assert.h>

#include "custody/v1/ack.pb-c.h"
#include "custody/v1/envelope.pb-c.h"
#include "custody/v1/event.pb-c.h"
#include "custody/v1/item.pb-c.h"
#include "custody/v1/sighting.pb-c.h"
#include "custody/v1/telemetry.pb-c.h"
#include "io/wire.h"

#define SAME(ours, generated) static_assert((int)(ours) == (int)(generated), #ours " differs from the contract")

#define X(name, number, word) SAME(name, CUSTODY__V1__CLOCK_QUALITY__##name);
CLOCK_QUALITY_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__DATUM__##name);
DATUM_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__ITEM_KIND__##name);
ITEM_KIND_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__IDENTIFIER_SCHEME__##name);
IDENTIFIER_SCHEME_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__EVENT_TYPE__##name);
EVENT_TYPE_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__EVIDENCE_KIND__##name);
EVIDENCE_KIND_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__SCRAP_REASON__##name);
SCRAP_REASON_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__VEHICLE_CLASS__##name);
VEHICLE_CLASS_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__INSPECTION_RESULT__##name);
INSPECTION_RESULT_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__BUYER_CLASS__##name);
BUYER_CLASS_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__CORRECTION_REASON__##name);
CORRECTION_REASON_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__SIGHTING_KIND__##name);
SIGHTING_KIND_TABLE(X)
#undef X
#define X(name, number, word) SAME(name, CUSTODY__V1__SIGHTED_USE__##name);
SIGHTED_USE_TABLE(X)
#undef X

#define DETAIL(name) SAME(EVENT_DETAIL_##name, CUSTODY__V1__EVENT__DETAIL_##name)
DETAIL(PICKUP);
DETAIL(INSPECTION);
DETAIL(COMPOSITION);
DETAIL(CERTIFICATE);
DETAIL(RELEASE);
DETAIL(HAZARDOUS_MANIFEST);
DETAIL(INVOICE);
DETAIL(WIPE);
DETAIL(CORRECTION);

#define READING(name) SAME(READING_##name, CUSTODY__V1__READING__VALUE_##name)
READING(LOAD_CELL);
READING(DOOR);
READING(TILT);
READING(WEIGHBRIDGE);
READING(SORTING_MASS);

#define REFUSAL(name) SAME(REFUSAL_##name, CUSTODY__V1__REFUSAL_REASON__REFUSAL_REASON_##name)
REFUSAL(MALFORMED);
REFUSAL(OVERSIZE);
REFUSAL(UNKNOWN_SOURCE);
REFUSAL(BAD_SIGNATURE);
REFUSAL(UNKNOWN_KEY);
REFUSAL(WRONG_TOPIC);
REFUSAL(INVALID_TEXT);
REFUSAL(IMPOSSIBLE_POSITION);
REFUSAL(IMPOSSIBLE_TIME);
REFUSAL(INVALID_FIELD);
REFUSAL(INVALID_IDENTIFIER);
REFUSAL(TOO_FAR_AHEAD);
REFUSAL(NOT_STORABLE);

#define WARNING(name) SAME(WARNING_##name, CUSTODY__V1__WARNING_CODE__WARNING_CODE_##name)
WARNING(SEQUENCE_GAP);
WARNING(BROKEN_CHAIN);
WARNING(EQUIVOCATION);
WARNING(OLD_EPOCH);
WARNING(CLOCK);
WARNING(UNKNOWN_ITEM);
WARNING(STEP_NOT_ALLOWED);
WARNING(IDENTIFIER);
WARNING(FLAGGED);
