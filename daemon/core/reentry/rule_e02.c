/* rule_e02.c - E02: a banned VIN sighted with one character edited, or with characters that are confused, in a listing that fits. */
#include <stdio.h>

#include "core/reentry/dossier.h"

enum { HINT_SEVERITY = 2 };

static const char *near_words(enum near_kind kind)
{
    switch (kind) {
    case NEAR_LOOKALIKE:
        return "look-alike characters (形近字符)";
    case NEAR_SUBSTITUTED:
        return "one character differs (一字之差)";
    case NEAR_INSERTED:
        return "one character too many (多一字符)";
    case NEAR_LOST:
        return "one character missing (少一字符)";
    case NEAR_NOT:
    case NEAR_SAME:
    case NEAR_MASKED:
        break;
    }
    return NULL;
}

void rule_e02(const struct dossier *dossier, struct judgement *judgement)
{
    for (size_t i = 0; dossier->ban.stands && dossier->vin[0] && i < dossier->sighting_count; i++) {
        const struct dossier_sighting *seen = &dossier->sightings[i];
        if (!seen->written.len || seen->written.hidden)
            continue;
        struct nearness nearness = vin_compare(dossier->vin, &seen->written);
        struct clue_weight weight = clues_weigh(&dossier->clues, &seen->clues);
        const char *words = near_words(nearness.kind);
        if (!words || near_score(dossier->vin, &seen->written, &nearness, &weight) < NEAR_ENOUGH)
            continue;
        bool before = seen->sighting->at_us < dossier->ban.banned_at_us;
        char key[WRITTEN_BYTES + 8];
        (void)snprintf(key, sizeof key, "vin %s", seen->written.text);
        judgement_add(judgement, dossier, RULE_E02, before ? HINT_SEVERITY : rule_infos[RULE_E02].severity, i, key,
                      "%s written in a %s, banned is vin %s: %s%s%s%s; hint: compare with the frame",
                      seen->written.text, sighting_kind_word(seen->sighting->kind), dossier->vin, words,
                      weight.words[0] ? "; also agrees: " : "", weight.words,
                      before ? "; seen before the ban (禁售前)" : "");
    }
}
