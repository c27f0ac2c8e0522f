/* rule_c14.c - C14: games with the certificate 报废机动车回收证明 (Decree 715 art 9, 20; Order 2/2020): issued again after one
 * was voided, and one number on two vehicles. A second number beside an open one is rule C02's. */
#include <stdio.h>
#include <string.h>

#include "base/encoding.h"
#include "core/custody/facts.h"
#include "core/custody/rules.h"
#include "core/identity/identifier.h"

enum { SEVERITY_LOOK = 2, HASH_SHOWN = 8 };

void rule_c14_certificate(struct step *step)
{
    const struct item_facts *facts = &step->state->facts;
    struct text number = event_certificate_number(step->event);
    if (!step_is_subject(step) || step->event->type != EVENT_TYPE_CERT_ISSUED || facts->certificates_voided == 0 ||
        facts_certificate_at(facts, number) >= 0)
        return;
    size_t before = step->findings->count;
    step_find(step, RULE_C14, "reissued",
              "%s certified again under %.*s after a certificate was voided 作废重开; hint: compare with the bureau's "
              "decision",
              item_kind_word(step->state->kind), TEXT_ARG(number));
    step_severity(step, before, SEVERITY_LOOK); /* the bureau did void it: to be looked at */
}

/* Of the number in its normal form, as identifiers have it. */
static struct digest normal_digest(struct text number)
{
    char value[IDENTIFIER_VALUE_BYTES];
    struct error error = {.code = 0};
    bool invalid =
        identifier_normalise(IDENTIFIER_SCHEME_CERTIFICATE_NUMBER, number, value, &error) == IDENTIFIER_INVALID;
    return step_digest(invalid ? number : text_of(value));
}

/* The event that issued the number, or step->count. */
static size_t issued_at(const struct step *step, const struct digest *number)
{
    for (size_t i = 0; i < step->count; i++) {
        const struct history_event *at = &step->events[i];
        if (at->standing != EVENT_STANDS || at->role != ITEM_ROLE_SUBJECT || at->event->type != EVENT_TYPE_CERT_ISSUED)
            continue;
        struct digest digest = normal_digest(event_certificate_number(at->event));
        if (digest_equal(&digest, number))
            return i;
    }
    return step->count;
}

void rule_c14_shared(struct step *step)
{
    for (size_t i = 0; i < step->around->certificate_count; i++) {
        const struct shared_certificate *shared = &step->around->certificates[i];
        size_t at = issued_at(step, &shared->number);
        char hash[HEX_SIZE(HASH_SHOWN)], key[FINDING_KEY_BYTES];
        if (at == step->count)
            continue;
        hex_encode(shared->number.bytes, HASH_SHOWN, hash);
        snprintf(key, sizeof key, "shared:%s:%lld", hash, (long long)shared->item_id);
        step_find_keyed(
            step, at, RULE_C14, key,
            "certificate %.*s was issued for item %lld, too 一证多车; hint: one of the two is a false certificate",
            TEXT_ARG(event_certificate_number(step->events[at].event)), (long long)shared->item_id);
    }
}
