/* match.c - exact re-entry, both ways. */
#include "core/reentry/match.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/identity/identifier.h"

enum { HINT_SEVERITY = 2 };

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Total: a proof goes before a hint, and what was typed before what was read out of text. */
static int compare_sightings(const void *left, const void *right)
{
    const struct matched_sighting *a = left, *b = right;
    int order = compare_numbers(a->log_index, b->log_index);

    if (!order)
        order = compare_numbers(a->ordinal, b->ordinal);
    if (!order)
        order = compare_numbers((uint64_t)a->scheme, (uint64_t)b->scheme);
    if (!order)
        order = text_compare(a->value, b->value);
    if (!order)
        order = b->proof - a->proof;
    return order ? order : a->from_text - b->from_text;
}

static enum rule rule_for(const struct item_ban *ban, const struct matched_sighting *sighting)
{
    bool before = sighting->seen_at_us < ban->banned_at_us || sighting->log_index < ban->banned_index;

    return before ? RULE_E05 : RULE_E01;
}

/* The finding that has this rule and identifier, of those from `first` on; NO_FINDING. */
static size_t find(const struct findings *findings, size_t first, enum rule rule,
                   const struct matched_sighting *sightings, const struct matched_sighting *sighting)
{
    for (size_t i = first; i < findings->count; i++) {
        const struct matched_sighting *said = &sightings[findings->list[i].event];

        if (findings->list[i].rule == rule && said->scheme == sighting->scheme &&
            text_equal(said->value, sighting->value))
            return i;
    }
    return NO_FINDING;
}

static size_t add(enum rule rule, const struct matched_sighting *sighting, size_t index, struct findings *findings)
{
    char key[FINDING_KEY_BYTES + IDENTIFIER_VALUE_BYTES];
    struct finding *finding;

    (void)snprintf(key, sizeof key, "%s %.*s", identifier_scheme_word(sighting->scheme), TEXT_ARG(sighting->value));
    finding = findings_add(findings, rule, sighting->seen_at_us, index, key, "%s %.*s seen in a %s%s%s",
                           identifier_scheme_word(sighting->scheme), TEXT_ARG(sighting->value),
                           sighting_kind_word(sighting->kind), sighting->from_text ? ", in its text" : "",
                           rule == RULE_E05 ? ", before the resale ban (禁售前已有线索): does the offer still stand?"
                                            : ", while its resale is banned (禁售物品再现)");
    if (!finding)
        return NO_FINDING;
    finding->severity = HINT_SEVERITY; /* until there is a proof */
    return findings->count - 1;
}

void reentry_match(const struct item_ban *ban, struct matched_sighting *sightings, size_t count,
                   struct findings *findings)
{
    size_t first = findings->count;

    if (count > 0)
        qsort(sightings, count, sizeof *sightings, compare_sightings);
    for (size_t i = 0; i < count; i++) {
        struct matched_sighting *sighting = &sightings[i];
        enum rule rule = rule_for(ban, sighting);

        sighting->finding = ban->stands ? find(findings, first, rule, sightings, sighting) : NO_FINDING;
        if (ban->stands && sighting->finding == NO_FINDING)
            sighting->finding = add(rule, sighting, i, findings);
        if (sighting->finding != NO_FINDING && sighting->proof)
            findings->list[sighting->finding].severity = rule_infos[rule].severity;
    }
}
