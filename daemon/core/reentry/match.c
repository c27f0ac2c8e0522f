/* match.c - exact re-entry, both ways. */
#include "core/reentry/match.h"

#include <stdio.h>

#include "core/identity/identifier.h"

enum { HINT_SEVERITY = 2 };

static void add(const struct item_ban *ban, const struct matched_sighting *sighting, size_t index,
                struct findings *findings)
{
    bool before = sighting->seen_at_us < ban->banned_at_us || sighting->log_index < ban->banned_index;
    char key[FINDING_KEY_BYTES + IDENTIFIER_VALUE_BYTES];
    struct finding *finding;

    (void)snprintf(key, sizeof key, "%s %.*s", identifier_scheme_word(sighting->scheme), TEXT_ARG(sighting->value));
    finding =
        findings_add(findings, before ? RULE_E05 : RULE_E01, sighting->seen_at_us, index, key,
                     "%s %.*s seen in a %s%s%s", identifier_scheme_word(sighting->scheme), TEXT_ARG(sighting->value),
                     sighting_kind_word(sighting->kind), sighting->from_text ? ", in its text" : "",
                     before ? ", before the resale ban (禁售前已有线索): does the offer still stand?"
                            : ", while its resale is banned (禁售物品再现)");
    if (finding && !sighting->proof)
        finding->severity = HINT_SEVERITY;
}

void reentry_match(const struct item_ban *ban, const struct matched_sighting *sightings, size_t count,
                   struct findings *findings)
{
    if (!ban->stands)
        return;
    for (size_t i = 0; i < count; i++)
        add(ban, &sightings[i], i, findings);
}
