/* head_file.h - the text of the last signed head, which is kept outside the database so that a restored backup cannot fork the log
 * unnoticed (architecture section 6).
 *
 *   custody-head/v1
 *   <verifier key that signed>
 *   <the checkpoint: origin, size, root, blank line, signature>
 *
 * The file proves itself: bytes that were damaged do not verify, and what follows the second line is a checkpoint for any C2SP tool. */
#ifndef CUSTODY_CORE_LEDGER_HEAD_FILE_H
#define CUSTODY_CORE_LEDGER_HEAD_FILE_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "core/ledger/checkpoint.h"

enum { HEAD_FILE_BYTES_MAX = 4096 };

/* Appends the file. The signer's name must be the checkpoint's origin. */
void head_file_put(const struct checkpoint *head, const struct note_signer *signer, struct buffer *out);

/* Strict. 0; ERR_INVALID (no such file), ERR_NOT_FOUND (of another origin) or ERR_SIGNATURE, with words. head->origin and *note (the
 * checkpoint as signed; may be NULL) borrow from `t`. */
int head_file_parse(struct text t, struct text origin, struct checkpoint *head, struct text *note,
                    struct error *error) MUST_USE;

#endif
