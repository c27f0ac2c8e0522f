/* key_event.h - the keys of the log, announced in the log itself: which key signs checkpoints now, and who says so.
 *
 * A leaf of type 4 is a note (C2SP signed-note) whose text is
 *
 *   custody-key/v1
 *   <origin>
 *   <verifier key that is announced>
 *
 * The first checkpoint key (its name is the origin) signs its own announcement; every later one is signed by the key that it replaces,
 * so that whoever trusts one follows the chain. A key of acknowledgements (<origin>/ack) is signed by the checkpoint key of its time. */
#ifndef CUSTODY_CORE_LEDGER_KEY_EVENT_H
#define CUSTODY_CORE_LEDGER_KEY_EVENT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "core/ledger/verifier_key.h"

enum { KEY_EVENT_BYTES_MAX = 2048 };

struct key_event {
    struct text origin; /* borrowed */
    struct verifier_key key;
};

void key_event_put_signed(const struct key_event *event, const struct note_signer *signer, struct buffer *out);
/* The three lines that are signed, strictly. 0, or ERR_INVALID with words. Borrows from `t`. */
int key_event_parse(struct text t, struct key_event *event, struct error *error) MUST_USE;

/* ---- the chain, link by link in the order of the log */

enum key_standing {
    KEY_NONE_YET, /* nothing was announced */
    KEY_CURRENT,  /* signs now */
    KEY_REPLACED, /* did, until a rotation */
    KEY_STRANGER, /* others were announced, and none of them leads here */
};

struct key_chain {
    struct text origin; /* borrowed */
    uint8_t asked[NOTE_PUBLIC_KEY_BYTES], asked_ack[NOTE_PUBLIC_KEY_BYTES];
    uint8_t current[NOTE_PUBLIC_KEY_BYTES]; /* once the standing is not KEY_NONE_YET */
    enum key_standing standing;             /* of the asked checkpoint key */
    bool ack_announced;                     /* the asked key of acknowledgements, by a checkpoint key */
};

/* About one checkpoint key and one key of acknowledgements (NULL: not asked). */
void key_chain_init(struct key_chain *chain, struct text origin, const uint8_t asked[NOTE_PUBLIC_KEY_BYTES],
                    const uint8_t *asked_ack);
/* The next leaf. False, and nothing changed, when it is no announcement that counts: not a note of this form, of another log, or not
 * signed by whom it takes. */
bool key_chain_add(struct key_chain *chain, struct text note);

#endif
