/* lookup.h - from what somebody typed (a VIN, a plate, a certificate number, ...) to the items that carry it. */
#ifndef CUSTODY_CTL_LOOKUP_H
#define CUSTODY_CTL_LOOKUP_H

#include "core/identity/identifier.h"
#include "ctl/ctl.h"

struct lookup {
    json_t *candidates; /* [{"scheme", "value"}]: every reading that core/identity does not rule out */
    json_t *items; /* [{"item_id", "scheme", "value", "proof"}], proof first; an item may stand there several times */
    json_t *warnings; /* ["..."]: a check digit that fails, an unusual form */
};

/* Every reading of `raw`: under `scheme_word`, or under all schemes when it is NULL. Fills candidates and warnings;
 * touches no database. 0, or ERR_INVALID with words when `raw` can name nothing. Always to be ended by lookup_free. */
int lookup_read(const char *raw, const char *scheme_word, struct lookup *lookup, struct error *error) MUST_USE;
/* Asks the database for the items of the candidates. 0, or an exit code after the error was printed. */
int lookup_find(struct ctl *ctl, struct lookup *lookup) MUST_USE;
void lookup_free(struct lookup *lookup);

#endif
