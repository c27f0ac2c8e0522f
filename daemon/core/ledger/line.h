/* line.h - the few things that all texts of the ledger are made of: lines, words before a value, numbers, hashes.
 *
 * One value has one text: a number has no sign and no leading zero, base64 is padded with its unused bits zero, and a
 * line ends in a newline. Everything here borrows from the text it is given. */
#ifndef CUSTODY_CORE_LEDGER_LINE_H
#define CUSTODY_CORE_LEDGER_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/text.h"

/* Cuts the next line off `rest`, without its newline; false, and nothing cut, where there is no whole line. */
bool line_take(struct text *rest, struct text *line);

/* Cuts `prefix` off the front of `t`; false, and nothing cut, where `t` begins otherwise. */
bool line_take_prefix(struct text *t, struct text prefix);

/* The next line is "<word> <value>": gives the value. When false, `rest` may have lost the line. */
bool line_take_field(struct text *rest, const char *word, struct text *value);

/* The whole of `t` is a decimal number that fits 64 bits. */
bool line_to_u64(struct text t, uint64_t *number);

/* The whole of `t` is base64 of 32 bytes. */
bool line_to_digest(struct text t, struct digest *digest);

/* The whole of `t` is base64 of any number of bytes (none included), whatever their length. */
bool line_is_base64(struct text t);

#endif
