/* speaker.h - a registered source as which custodyctl speaks: what the registry says of it, and the epoch it begins. */
#ifndef CUSTODY_CTL_SPEAKER_H
#define CUSTODY_CTL_SPEAKER_H

#include "ctl/ctl.h"
#include "io/keyfile.h"

enum { SPEAKER_NAME_SIZE = 65, SPEAKER_PASSWORD_SIZE = 256 };

struct speaker {
    char name[SPEAKER_NAME_SIZE];
    struct key_pair pair;                 /* secret: clear it */
    char password[SPEAKER_PASSWORD_SIZE]; /* at the broker; "": none */
    char area[8];
    char party[SPEAKER_NAME_SIZE]; /* code of the party that answers for it */
    uint32_t epoch;                /* of its own: above every epoch the source has used */
};

/* Reads the key, whose name is the source's, and the password (a file's first line; NULL: none). CTL_OK or an exit code
 * after the error was printed; so below. */
int speaker_read(struct ctl *ctl, const char *key_file, const char *password_file, struct speaker *speaker) MUST_USE;

/* Asks the registry, with every reason why the source could not be heard, and takes a lock that goes with the
 * connection: two programs that spoke as one source at a time would take the same epoch. */
int speaker_begin(struct ctl *ctl, struct speaker *speaker) MUST_USE;

#endif
