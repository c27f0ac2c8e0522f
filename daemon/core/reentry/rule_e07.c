/* rule_e07.c - E07: a traction battery sighted in a use that is forbidden: e-bikes always, energy storage unless it was reprocessed and
 * released (six ministries, in force 2026-04-01). A use that only the listing's text names is a hint. */
#include <stdio.h>

#include "core/reentry/dossier.h"

enum { HINT_SEVERITY = 3 };

static bool has_any(struct text t, const char *const *words)
{
    for (; *words; words++)
        if (t.len && memmem(t.data, t.len, *words, strlen(*words)))
            return true;
    return false;
}

static enum sighted_use use_in_words(const struct sighting *sighting)
{
    static const char *const ebike[] = {"电动自行车", "电瓶车", "电摩", "两轮电动", "外卖车", "电动三轮", NULL};
    static const char *const storage[] = {"储能", "户外电源", "露营电源", "光伏", NULL};
    const struct listing *listing = &sighting->listing;
    if (has_any(listing->title, ebike) || has_any(listing->text, ebike))
        return SIGHTED_USE_EBIKE;
    if (has_any(listing->title, storage) || has_any(listing->text, storage))
        return SIGHTED_USE_ENERGY_STORAGE;
    return SIGHTED_USE_UNSPECIFIED;
}

void rule_e07(const struct dossier *dossier, struct judgement *judgement)
{
    if (dossier->kind != ITEM_KIND_TRACTION_BATTERY)
        return;
    for (size_t i = 0; i < dossier->sighting_count; i++) {
        const struct dossier_sighting *seen = &dossier->sightings[i];
        bool stated = seen->sighting->use != SIGHTED_USE_UNSPECIFIED;
        enum sighted_use use = stated ? seen->sighting->use : use_in_words(seen->sighting);
        bool banned = dossier->ban.stands && seen->sighting->at_us >= dossier->ban.banned_at_us;
        if (!seen->proof || !(use == SIGHTED_USE_EBIKE || (use == SIGHTED_USE_ENERGY_STORAGE && banned)))
            continue;
        char key[IDENTIFIER_VALUE_BYTES + FINDING_KEY_BYTES];
        (void)snprintf(key, sizeof key, "%s %.*s %s", identifier_scheme_word(seen->scheme), TEXT_ARG(seen->value),
                       sighted_use_word(use));
        judgement_add(judgement, dossier, RULE_E07, stated ? rule_infos[RULE_E07].severity : HINT_SEVERITY, i, key,
                      "%s seen in a %s%s: forbidden use of a traction battery (动力电池违规使用)", key,
                      sighting_kind_word(seen->sighting->kind), stated ? "" : ", by its words");
    }
}
