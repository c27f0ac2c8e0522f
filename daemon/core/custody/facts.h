/* facts.h - what an event teaches about its item, whatever the tables say of it. */
#ifndef CUSTODY_CORE_CUSTODY_FACTS_H
#define CUSTODY_CORE_CUSTODY_FACTS_H

#include "core/custody/step.h"

/* Learns before the move: what the event says of the thing itself. Guards see it. */
void facts_learn(struct step *step);

/* Learns after the move: what the event makes of the item (intakes, certificates, manifests, holder, place). */
void facts_settle(struct step *step);

/* A released thing came back: forgets the last round of custody; the ban is not touched. */
void facts_begin_again(struct item_state *state);

/* Number in CERT_ISSUED and CERT_VOIDED; empty where there is none. */
struct text event_certificate_number(const struct event *event);

/* Place of the number among the open certificates, or -1. */
int facts_certificate_at(const struct item_facts *facts, struct text number);

#endif
