/* scrap_age.h - rule E04: a vehicle past its compulsory scrapping age, or within its last year, is traded (RTSL art 100, Order 164 art 29(3)).
 *
 * The limits are data (registry.scrap_limit). Without a category, a known limit or a date of first registration nothing is said. */
#ifndef CUSTODY_CORE_REENTRY_SCRAP_AGE_H
#define CUSTODY_CORE_REENTRY_SCRAP_AGE_H

#include "core/finding.h"
#include "core/report.h"

enum scrap_trade { SCRAP_TRADE_PRIVATE, SCRAP_TRADE_OPERATING, SCRAP_TRADE_HAZARDOUS };

struct scrap_limit {
    struct text category; /* borrowed */
    enum scrap_trade trade;
    int years; /* 0: none */
};

/* "private", "operating", "hazardous"; 0 or ERR_INVALID. */
int scrap_trade_parse(struct text word, enum scrap_trade *trade) MUST_USE;

/* Years from first registration after a change of use (Order 12 of 2012, as remembered: policy); 0: none. `used_years`: before the change,
 * begun ones count. Between private and operating the operating limit; what had none, cum = used + (1 - used / 17) * limit, rounded
 * down, 15 at most; of two operating uses the stricter; hazardous goods before or after: that. */
int scrap_years_after_change(const struct scrap_limit *former, const struct scrap_limit *now, int used_years);

/* What is the matter with this trade; false: nothing, or it cannot be said. `finding->key` names the vehicle. */
bool rule_e04(const struct sighting *sighting, const struct scrap_limit *limits, size_t limit_count,
              struct finding *finding);

#endif
