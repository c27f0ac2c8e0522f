/* rules.h - the custody rules, one file each: rule_c01.c (after the end), rule_c02.c (twice), rule_c03.c (not a step
 * from here), rule_c08.c (wrong buyer), rule_c09.c (without supervision), rule_c10.c (unwiped). */
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

#endif
