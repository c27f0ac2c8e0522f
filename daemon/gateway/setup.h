/* setup.h - what a gateway reads before it begins: keys, password, datum, trackers, and its new epoch. */
#ifndef CUSTODY_GATEWAY_SETUP_H
#define CUSTODY_GATEWAY_SETUP_H

#include "client/note.h"
#include "config.h"
#include "core/report.h"
#include "gateway/trackers.h"

struct setup {
    struct note_verifier verifier;
    bool signs;
    struct key_pair key;
    char password[256]; /* empty: none */
    enum datum datum;
    uint32_t epoch;
    struct trackers trackers;
    int lock; /* descriptor that keeps the state file ours, as long as the process lives */
};

/* 0 or a negative code with words; setup_fini is due either way. */
int setup_read(struct setup *setup, const struct config *config, struct error *error) MUST_USE;
/* Forgets the secrets and frees the list. */
void setup_fini(struct setup *setup);

/* The epoch after `last` (0: none is known): seconds since 2023-11-14 when that is more, so that it rises though the file was lost,
 * and last + 1 when it is not, so that it rises though two starts share a second or the clock went back. ERR_TOO_LARGE past 2^31-1. */
int setup_next_epoch(uint32_t last, int64_t now_us, uint32_t *epoch) MUST_USE;

#endif
