/* ack_note.h - acknowledgement notes (architecture section 4): what one says, signing those of a batch, reading one.
 *
 * A note that is signed alone is an ordinary C2SP signed-note, Ed25519 (0x01). Notes that are signed together share one signature, because
 * one each would be most of what the daemon has to compute at full load: their texts are the leaves of a tree (RFC 9162 section 2.1.1),
 * Ed25519 signs
 *
 *     custody-ack-batch/v1
 *     <name of the key>
 *     <number of notes>
 *     <base64 of the root>
 *
 * and each note has a signature line of algorithm 0xff "custody-ack-batch/v1" (C2SP signed-note: 0xff and a name, for algorithms that
 * have no number) with, behind the key hash: number of notes and index (16 bits each, big-endian), the Ed25519 signature, and the
 * path from the leaf's sibling up. The same key makes both; nothing that is signed as the one can be taken for the other.
 *
 * Pure. */
#ifndef CUSTODY_CORE_LEDGER_ACK_NOTE_H
#define CUSTODY_CORE_LEDGER_ACK_NOTE_H

#include "base/buffer.h"
#include "core/ledger/note.h"

/* Under one signature: a path of 6 hashes. */
enum { ACK_NOTES_MAX = 64 };

struct ack_statement {
    struct text origin, source;
    uint32_t epoch;
    uint64_t seq;        /* highest contiguous dealt with */
    struct digest chain; /* SHA-256 of that envelope */
    uint64_t index;      /* its log index */
    uint64_t size;       /* of the tree */
    struct digest root;
};
void ack_statement_put(const struct ack_statement *statement, struct buffer *out);
/* Parses the signed text of an acknowledgement, strictly: 0 or ERR_INVALID. Texts borrow from it. */
int ack_statement_parse(struct text text, struct ack_statement *statement) MUST_USE;

/* Appends the notes of `count` statements, at most ACK_NOTES_MAX, one behind the other; ends[i] is where in `out` note i ends. Together
 * when they are more than one. None of them is one when `out` has failed. */
void ack_notes_put(const struct ack_statement *const statements[], size_t count, const struct note_signer *signer,
                   struct buffer *out, size_t ends[]);

/* Checks the signature of `name` with this key, alone or of a batch; *text (may be NULL) borrows the signed text. 0, ERR_INVALID (not a
 * note), ERR_NOT_FOUND (no such signature) or ERR_SIGNATURE. */
int ack_note_verify(struct text note, struct text name, const uint8_t public_key[NOTE_PUBLIC_KEY_BYTES],
                    struct text *text) MUST_USE;

#endif
