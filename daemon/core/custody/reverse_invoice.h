/* reverse_invoice.h - C16: what was reverse-invoiced 反向开票 in the name of one seller, by all firms together, over any twelve consecutive calendar
 * months (SAT Announcement 5/2024): a natural person may sell for 5,000,000 RMB, without VAT. One firm cannot see it; the district can. */
#ifndef CUSTODY_CORE_CUSTODY_REVERSE_INVOICE_H
#define CUSTODY_CORE_CUSTODY_REVERSE_INVOICE_H

#include "core/directory.h"
#include "core/finding.h"

/* Months since January 1970, Asia/Shanghai. Amounts are 0.01 RMB. */
struct invoice_month {
    int32_t month;
    int64_t fen;
};
struct invoice_window {
    int32_t first_month, last_month; /* of the months with invoices in it */
    int64_t fen;
};

/* The window with most in it, the earliest of equals. `months` rise, each once; count > 0. */
struct invoice_window invoice_window_max(const struct invoice_month *months, size_t count, int64_t window_months);

/* C16 by the seller's months: near, close to, or at the limit, each a key of its own. False: below all of it. */
bool rule_c16(const struct invoice_month *months, size_t count, const int64_t figures[FIGURE_COUNT],
              struct invoice_window *window, struct finding *finding);

#endif
