/* rule_e06.c - E06: a device that was handed in is sighted before its data were verifiably wiped (GB 46864-2025). Beside E01: another
 * duty, another authority. */
#include <stdio.h>

#include "core/reentry/dossier.h"

void rule_e06(const struct dossier *dossier, struct judgement *judgement)
{
    if (dossier->kind != ITEM_KIND_DATA_DEVICE || !dossier->ban.stands)
        return;
    for (size_t i = 0; i < dossier->sighting_count; i++) {
        const struct dossier_sighting *seen = &dossier->sightings[i];
        int64_t at_us = seen->sighting->at_us;
        if (!seen->proof || at_us < dossier->ban.banned_at_us || (dossier->wiped && at_us >= dossier->wiped_at_us))
            continue;
        char key[IDENTIFIER_VALUE_BYTES + FINDING_KEY_BYTES];
        (void)snprintf(key, sizeof key, "%s %.*s", identifier_scheme_word(seen->scheme), TEXT_ARG(seen->value));
        judgement_add(judgement, dossier, RULE_E06, rule_infos[RULE_E06].severity, i, key,
                      "%s seen in a %s, without a verified wipe of its data (未清除信息); hint: secure the device", key,
                      sighting_kind_word(seen->sighting->kind));
    }
}
