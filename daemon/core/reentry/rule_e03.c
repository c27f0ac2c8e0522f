/* rule_e03.c - E03: a banned VIN sighted with up to six characters hidden, in a listing that fits. */
#include <stdio.h>

#include "core/reentry/dossier.h"

enum { HINT_SEVERITY = 2 };

void rule_e03(const struct dossier *dossier, struct judgement *judgement)
{
    for (size_t i = 0; dossier->ban.stands && dossier->vin[0] && i < dossier->sighting_count; i++) {
        const struct dossier_sighting *seen = &dossier->sightings[i];
        if (!seen->written.len || !seen->written.hidden)
            continue;
        struct nearness nearness = vin_compare(dossier->vin, &seen->written);
        struct clue_weight weight = clues_weigh(&dossier->clues, &seen->clues);
        if (near_score(dossier->vin, &seen->written, &nearness, &weight) < NEAR_ENOUGH)
            continue;
        bool before = seen->sighting->at_us < dossier->ban.banned_at_us;
        char key[WRITTEN_BYTES + 8];
        (void)snprintf(key, sizeof key, "vin %s", seen->written.text);
        judgement_add(
            judgement, dossier, RULE_E03, before ? HINT_SEVERITY : rule_infos[RULE_E03].severity, i, key,
            "%s written in a %s with %u hidden, banned is vin %s (车架号遮挡)%s%s%s; hint: ask for the whole number",
            seen->written.text, sighting_kind_word(seen->sighting->kind), seen->written.hidden, dossier->vin,
            weight.words[0] ? "; also agrees: " : "", weight.words, before ? "; seen before the ban (禁售前)" : "");
    }
}
