/* signing_key.h - a key out of its file, ready to sign notes. */
#ifndef CUSTODY_IO_SIGNING_KEY_H
#define CUSTODY_IO_SIGNING_KEY_H

#include "core/ledger/note.h"
#include "io/keyfile.h"

struct signing_key {
    char name[NOTE_NAME_MAX + 1];
    struct key_pair pair;
    struct note_signer signer; /* borrows from here: the struct must stay where it is */
};

/* 0, or a code of keyfile_read with words. */
int signing_key_read(const char *path, struct signing_key *key, struct error *error) MUST_USE;
void signing_key_forget(struct signing_key *key);

#endif
