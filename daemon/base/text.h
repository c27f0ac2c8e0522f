/* text.h - a borrowed run of bytes with a length: the one string type of parsers and of the report. */
#ifndef CUSTODY_BASE_TEXT_H
#define CUSTODY_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *data; /* borrowed; not terminated; may be NULL when len is 0 */
    size_t len;       /* bytes */
};

#define TEXT(literal) ((struct text){(literal), sizeof(literal) - 1})
/* printf("%.*s", TEXT_ARG(t)) */
#define TEXT_ARG(t) (int)(t).len, ((t).data ? (t).data : "")

static inline struct text text_of(const char *terminated)
{
    return (struct text){terminated, terminated ? strlen(terminated) : 0};
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool text_empty(struct text t)
{
    return t.len == 0;
}

/* < 0, 0, > 0 by bytes, shorter first when one begins the other. */
int text_compare(struct text a, struct text b);

/* Copies with a terminating NUL, cut to `size`; returns false when it was cut. `size` > 0. */
bool text_copy(char *out, size_t size, struct text t);

/* Whole text as a decimal number within [min, max]; false when it is anything else. */
bool text_to_i64(struct text t, int64_t min, int64_t max, int64_t *out);

/* Of these characters alone, and of one at least. */
bool text_is_made_of(struct text t, const char *characters);

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF) without NUL. */
bool text_is_clean_utf8(struct text t);

/* Replaces every byte that is no part of well-formed UTF-8 by '?': for words that quote what somebody sent. */
void text_make_clean(char *terminated);

#endif
