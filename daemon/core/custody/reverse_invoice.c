/* reverse_invoice.c - the fullest window of months, and what it is called. */
#include "core/custody/reverse_invoice.h"

#include <stdio.h>

enum { PERCENT = 100, FEN_A_YUAN = 100, MONTHS_A_YEAR = 12, FIRST_YEAR = 1970 };

/* Nobody sells so much; who claims it is over every limit. */
static int64_t add_bounded(int64_t a, int64_t b)
{
    int64_t sum;

    if (!__builtin_add_overflow(a, b, &sum))
        return sum;
    return b > 0 ? INT64_MAX : INT64_MIN;
}

struct invoice_window invoice_window_max(const struct invoice_month *months, size_t count, int64_t window_months)
{
    struct invoice_window best = {months[0].month, months[0].month, months[0].fen};

    for (size_t first = 0; first < count; first++) {
        int64_t sum = 0;

        for (size_t last = first; last < count && months[last].month - (int64_t)months[first].month < window_months;
             last++) {
            sum = add_bounded(sum, months[last].fen);
            if (sum > best.fen)
                best = (struct invoice_window){months[first].month, months[last].month, sum};
        }
    }
    return best;
}

static const struct level {
    enum figure percent; /* FIGURE_COUNT: all of the limit */
    int severity;
    const char *key, *zh;
} LEVELS[] = {
    {FIGURE_COUNT, 3, "limit", "达到限额"},
    {FIGURE_REVERSE_INVOICE_CLOSE_PERCENT, 2, "close", "临近限额"},
    {FIGURE_REVERSE_INVOICE_NEAR_PERCENT, 1, "near", "接近限额"},
};

/* In floating point: a hundred times a limit need not fit, and nobody counts the last fen of a warning. At the limit itself it is exact. */
static bool reaches(int64_t fen, const struct level *level, const int64_t figures[FIGURE_COUNT])
{
    int64_t limit = figures[FIGURE_REVERSE_INVOICE_LIMIT_FEN];

    if (level->percent == FIGURE_COUNT)
        return fen >= limit;
    return (double)fen * PERCENT >= (double)limit * (double)figures[level->percent];
}

bool rule_c16(const struct invoice_month *months, size_t count, const int64_t figures[FIGURE_COUNT],
              struct invoice_window *window, struct finding *finding)
{
    if (count == 0)
        return false;
    *window = invoice_window_max(months, count, figures[FIGURE_REVERSE_INVOICE_MONTHS]);
    for (size_t i = 0; i < sizeof LEVELS / sizeof *LEVELS; i++) {
        if (!reaches(window->fen, &LEVELS[i], figures))
            continue;
        *finding = (struct finding){.rule = RULE_C16, .severity = LEVELS[i].severity, .event = SIZE_MAX};
        finding_key(finding->key, LEVELS[i].key);
        (void)snprintf(
            finding->text, sizeof finding->text,
            "seller: %lld.%02d RMB reverse-invoiced from %04d-%02d to %04d-%02d, limit %lld RMB in %lld months "
            "反向开票%s; hint: stop at the limit; who sells more registers as a business",
            (long long)(window->fen / FEN_A_YUAN), (int)(window->fen % FEN_A_YUAN),
            FIRST_YEAR + window->first_month / MONTHS_A_YEAR, 1 + window->first_month % MONTHS_A_YEAR,
            FIRST_YEAR + window->last_month / MONTHS_A_YEAR, 1 + window->last_month % MONTHS_A_YEAR,
            (long long)(figures[FIGURE_REVERSE_INVOICE_LIMIT_FEN] / FEN_A_YUAN),
            (long long)figures[FIGURE_REVERSE_INVOICE_MONTHS], LEVELS[i].zh);
        return true;
    }
    return false;
}
