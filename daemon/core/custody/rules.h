/* rules.h - the custody rules, one file each: rule_c01.c (after the end), rule_c02.c (twice), rule_c03.c (not a step
 * from here), rule_c06.c (mass lost), rule_c07.c (assemblies), rule_c08.c (wrong buyer), rule_c09.c (without supervision), rule_c10.c (unwiped),
 * rule_c11.c (without a licence), rule_c12.c (identity), rule_c13.c (outputs), rule_c14.c (certificates), rule_c15.c (yields), rule_c17.c (linked parties). */
#ifndef CUSTODY_CORE_CUSTODY_RULES_H
#define CUSTODY_CORE_CUSTODY_RULES_H

#include "core/custody/step.h"

/* C01: an event after an end state. True when the event is at odds with the end: it changes nothing then. Asked before
 * facts_learn. */
bool rule_c01_after_end(struct step *step);

/* C02: one identifier alive twice. Asked before facts_learn; sets step->spoken. */
void rule_c02_twice(struct step *step);

/* C03: moves both machines by their tables; says what is not allowed, or what is missing. True when the table has the
 * move and all its guards hold. */
bool rule_c03_move(struct step *step);
/* C03: corrections, disputes and duplicates that do not count; a kind that differs. */
void rule_c03_references(struct step *step);
void rule_c03_kind(struct step *step);
/* C03: at the end of the history, a suspect item of which the police were not told (Decree 715 art 10). */
void rule_c03_police_not_notified(struct step *step);

/* C08: released, sold or handed over to a buyer of the wrong class. Asked after the hand-over step. */
void rule_c08_buyer(struct step *step);

/* C09: holds unless a vehicle of a supervised class is taken apart or certified without supervision attested (a
 * guard). */
bool rule_c09_supervised(const struct step *step);

/* C10: holds unless a thing that stores data goes out without a verified wipe (a guard). */
bool rule_c10_wiped(const struct step *step);
/* Does it store data? DATA_DEVICE always does. */
bool rule_c10_stores_data(const struct step *step);

/* C07: holds unless frame, engine or traction battery were found missing (a guard). */
bool rule_c07_whole(const struct step *step);
/* C07: holds unless a kind that must come out of it neither did nor was declared missing (a guard). */
bool rule_c07_accounted(const struct step *step);
/* What is missing by those two, as ": engine, frame". */
void rule_c07_name_vital(const struct step *step, char *out, size_t size);
void rule_c07_name_unaccounted(const struct step *step, char *out, size_t size);
/* C07: other assemblies found missing at inspection without the owner's written statement. */
void rule_c07_statement(struct step *step);

/* C06: lighter at the intake than before, or than its papers say. Asked after facts_learn; remembers the mass. */
void rule_c06_mass(struct step *step);

/* C13: a lot's outputs exceed its inputs, a vehicle's parts its mass. */
void rule_c13_balance(struct step *step);

/* C15: fewer or lighter hazardous parts than such a vehicle has. */
void rule_c15_yield(struct step *step);

/* C11: done by a party, or handed to one, without the licence that it needs, valid at the event's time. */
void rule_c11_licence(struct step *step);

/* C12: identity altered or mismatching at inspection; a Chinese VIN whose check digit is wrong. */
void rule_c12_identity(struct step *step);
/* C12: at the end of the history, an item in custody that a watch list names. */
void rule_c12_watched(struct step *step);

/* C14: a certificate issued after one was voided. */
void rule_c14_certificate(struct step *step);
/* C14: at the end of the history, a certificate number that another item has, too. */
void rule_c14_shared(struct step *step);

/* C17: giver and taker are one party, or linked by ownership, person or address. Asked after the hand-over step. */
void rule_c17_linked(struct step *step);

#endif
