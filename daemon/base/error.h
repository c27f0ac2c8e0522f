/* error.h - one table of error codes, and the value that carries an error's words.
 *
 * Functions return 0 or a negative code of this table. Where a caller needs words (cold paths only), it passes a
 * `struct error`, and the text reads "what: the value; hint: what to do". Input never asserts: it gets an error. */
#ifndef CUSTODY_BASE_ERROR_H
#define CUSTODY_BASE_ERROR_H

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

/* code, number, words. Numbers are stable: they appear in logs. */
#define ERROR_TABLE(X)                                                                                                 \
    X(ERR_INVALID, 1, "invalid value")                                                                                 \
    X(ERR_NO_MEMORY, 2, "out of memory")                                                                               \
    X(ERR_TOO_LARGE, 3, "larger than its bound")                                                                       \
    X(ERR_NOT_FOUND, 4, "not found")                                                                                   \
    X(ERR_EXISTS, 5, "exists already")                                                                                 \
    X(ERR_IO, 6, "input or output failed")                                                                             \
    X(ERR_TIMEOUT, 7, "deadline passed")                                                                               \
    X(ERR_DENIED, 8, "not permitted")                                                                                  \
    X(ERR_CONFLICT, 9, "somebody else changed it")                                                                     \
    X(ERR_UNREACHABLE, 10, "peer cannot be reached")                                                                   \
    X(ERR_SCHEMA, 11, "database schema does not fit this program")                                                     \
    X(ERR_CONFIG, 12, "configuration is wrong")                                                                        \
    X(ERR_STATE, 13, "not possible in this state")                                                                     \
    X(ERR_SIGNATURE, 14, "signature does not verify")                                                                  \
    X(ERR_DATA, 15, "the database refuses the data")                                                                   \
    X(ERR_INTERNAL, 16, "internal error")

enum {
#define X(name, number, words) name = -(number),
    ERROR_TABLE(X)
#undef X
};

enum { ERROR_TEXT_BYTES = 512 };

struct error {
    int code; /* 0 or a code of ERROR_TABLE */
    char text[ERROR_TEXT_BYTES];
};

/* Words of a code; never NULL. */
const char *error_words(int code);

/* Fills `error` (may be NULL) and returns `code`, so that `return error_set(e, ERR_X, ...)` is one line. */
int error_set(struct error *error, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "context: " before the text of an error that is set; returns its code. */
int error_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
