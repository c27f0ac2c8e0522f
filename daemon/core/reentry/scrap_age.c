/* scrap_age.c - the age of what is traded against the compulsory-scrapping table. */
#include "core/reentry/scrap_age.h"

#include <stdio.h>

#include "core/reentry/civil_date.h"
#include "core/words.h"

enum {
    LONGEST_YEARS = 15, /* after a change from what had no limit */
    ASSUMED_YEARS = 17, /* that such a vehicle is taken to last, by the formula */
    STOCK_YEARS = 2,    /* registered later than so many after it was made: counted from then */
    NAME_BYTES = 1024,
    WARNING_SEVERITY = 2, /* an offer in the last year */
    LAST_YEAR_SEVERITY = 3,
};

static const char *const trade_words[] = {"private", "operating", "hazardous"};

int scrap_trade_parse(struct text word, enum scrap_trade *trade)
{
    int number = word_parse(trade_words, sizeof trade_words / sizeof *trade_words, word);
    if (number < 0)
        return number;
    *trade = (enum scrap_trade)number;
    return 0;
}

static int stricter(int a, int b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

int scrap_years_after_change(const struct scrap_limit *former, const struct scrap_limit *now, int used_years)
{
    bool was_private = former->trade == SCRAP_TRADE_PRIVATE, is_private = now->trade == SCRAP_TRADE_PRIVATE;
    if (former->trade == SCRAP_TRADE_HAZARDOUS || now->trade == SCRAP_TRADE_HAZARDOUS)
        return former->trade == SCRAP_TRADE_HAZARDOUS ? former->years : now->years;
    if (was_private && !is_private && former->years == 0) {
        /* used + (1 - used / 17) * limit, in whole numbers */
        int years = (ASSUMED_YEARS * used_years + (ASSUMED_YEARS - used_years) * now->years) / ASSUMED_YEARS;
        return years > LONGEST_YEARS || used_years > ASSUMED_YEARS ? LONGEST_YEARS : years;
    }
    if (was_private != is_private)
        return was_private ? now->years : former->years;
    return stricter(former->years, now->years);
}

static const struct scrap_limit *limit_of(struct text category, const struct scrap_limit *limits, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!text_empty(category) && text_equal(limits[i].category, category))
            return &limits[i];
    return NULL;
}

/* From first registration, or from when it was made at the latest. */
static struct civil_date beginning(const struct sighting *sighting)
{
    struct civil_date registered = civil_date_of(sighting->first_registered_at_us);
    struct civil_date made = {(int)sighting->year, 12, 31};
    struct civil_date stock_ends = {made.year + STOCK_YEARS, made.month, made.day};
    if (sighting->year && sighting->first_registered_at_us > civil_date_us(stock_ends))
        return made;
    return registered;
}

static int begun_years(struct civil_date from, int64_t until_us)
{
    struct civil_date until = civil_date_of(until_us);
    bool begun = until.month > from.month || (until.month == from.month && until.day > from.day);
    return until.year - from.year + begun;
}

static int years_of(const struct sighting *sighting, const struct scrap_limit *limits, size_t count)
{
    const struct scrap_limit *now = limit_of(sighting->scrap_category, limits, count);
    const struct scrap_limit *former = limit_of(sighting->former_category, limits, count);
    if (!now || (!text_empty(sighting->former_category) && (!former || !sighting->use_changed_at_us)))
        return 0;
    return former ? scrap_years_after_change(former, now, begun_years(beginning(sighting), sighting->use_changed_at_us))
                  : now->years;
}

/* The strongest identifier, or else the listing. */
static void name_vehicle(const struct sighting *sighting, char *name, size_t size)
{
    const struct identifier *named = NULL;
    for (size_t i = 0; i < sighting->identifier_count; i++)
        if (!named || sighting->identifiers[i].scheme < named->scheme)
            named = &sighting->identifiers[i];
    if (named)
        (void)snprintf(name, size, "%s %.*s", identifier_scheme_word(named->scheme), TEXT_ARG(named->value));
    else
        (void)snprintf(name, size, "%.*s %.*s", TEXT_ARG(sighting->listing.platform),
                       TEXT_ARG(sighting->listing.listing_id));
    text_make_clean(name);
}

bool rule_e04(const struct sighting *sighting, const struct scrap_limit *limits, size_t limit_count,
              struct finding *finding)
{
    int years = sighting->has_first_registered ? years_of(sighting, limits, limit_count) : 0;
    bool trade = sighting->kind == SIGHTING_KIND_LISTING || sighting->kind == SIGHTING_KIND_TRANSFER;
    if (!years || !trade)
        return false;
    char name[NAME_BYTES];
    struct civil_date end = beginning(sighting);
    end.year += years;
    struct civil_date last_year = {end.year - 1, end.month, end.day};
    bool over = sighting->at_us >= civil_date_us(end);
    if (!over && sighting->at_us < civil_date_us(last_year))
        return false;
    *finding = (struct finding){.rule = RULE_E04, .at_us = sighting->at_us};
    finding->severity = over                                       ? rule_infos[RULE_E04].severity
                        : sighting->kind == SIGHTING_KIND_TRANSFER ? LAST_YEAR_SEVERITY
                                                                   : WARNING_SEVERITY;
    name_vehicle(sighting, name, sizeof name);
    finding_key(finding->key, name);
    (void)snprintf(finding->text, sizeof finding->text,
                   "%s in a %s: %.*s, %d years from first registration end on %d-%02d-%02d (%s); policy, compare with "
                   "the order",
                   name, sighting_kind_word(sighting->kind), TEXT_ARG(sighting->scrap_category), years, end.year,
                   end.month, end.day, over ? "已达强制报废年限" : "距强制报废不足一年");
    text_make_clean(finding->text);
    return true;
}
