/* dossier.c - runs the rules over one item, and joins what they find. */
#include "core/reentry/dossier.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_sightings(const void *left, const void *right)
{
    const struct dossier_sighting *a = left, *b = right;
    int order = compare_u64(a->log_index, b->log_index);
    if (!order)
        order = compare_u64(a->ordinal, b->ordinal);
    if (!order)
        order = compare_u64(a->scheme, b->scheme);
    if (!order)
        order = text_compare(a->value, b->value);
    return order ? order : strcmp(a->written.text, b->written.text);
}

static size_t find(const struct findings *findings, enum rule rule, const char *key)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->list[i].rule == rule && strcmp(findings->list[i].key, key) == 0)
            return i;
    return NO_FINDING;
}

static void add_evidence(struct judgement *judgement, size_t finding, size_t sighting)
{
    for (size_t i = 0; i < judgement->evidence_count; i++)
        if (judgement->evidence[i].finding == finding && judgement->evidence[i].sighting == sighting)
            return;
    if (judgement->evidence_count == judgement->evidence_room)
        judgement->dropped++;
    else
        judgement->evidence[judgement->evidence_count++] =
            (struct dossier_evidence){(uint32_t)finding, (uint32_t)sighting};
}

void judgement_add(struct judgement *judgement, const struct dossier *dossier, enum rule rule, int severity, size_t at,
                   const char *key, const char *format, ...)
{
    char whole[FINDING_KEY_BYTES], words[FINDING_TEXT_BYTES];
    size_t found;
    va_list arguments;
    finding_key(whole, key);
    found = find(judgement->findings, rule, whole);
    if (found == NO_FINDING) {
        va_start(arguments, format);
        (void)vsnprintf(words, sizeof words, format, arguments);
        va_end(arguments);
        text_make_clean(words);
        if (!findings_add(judgement->findings, rule, dossier->sightings[at].sighting->at_us, at, whole, "%s", words))
            return;
        found = judgement->findings->count - 1;
        judgement->findings->list[found].severity = severity;
    }
    if (judgement->findings->list[found].severity < severity)
        judgement->findings->list[found].severity = severity;
    add_evidence(judgement, found, at);
}

static const struct {
    enum rule rule;
    void (*judge)(const struct dossier *dossier, struct judgement *judgement);
} rules[] = {
    {RULE_E02, rule_e02}, {RULE_E03, rule_e03}, {RULE_E06, rule_e06}, {RULE_E07, rule_e07}, {RULE_E08, rule_e08},
};

bool rule_needs_dossier(enum rule rule)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].rule == rule)
            return true;
    return false;
}

void dossier_judge(struct dossier *dossier, struct judgement *judgement)
{
    if (dossier->sighting_count)
        qsort(dossier->sightings, dossier->sighting_count, sizeof *dossier->sightings, compare_sightings);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i].judge(dossier, judgement);
}
