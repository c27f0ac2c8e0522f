/* log.h - logfmt lines on stderr: `time=... level=info event=<stable word> key=value ...`.
 *
 * No secrets and no personal data. `event` is a stable snake_case word that operators may match on. Repeats of one
 * event beyond a budget a second are counted and reported once (event=... suppressed=N). */
#ifndef CUSTODY_BASE_LOG_H
#define CUSTODY_BASE_LOG_H

#include "base/error.h"
#include "base/text.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level level);
/* "debug" | "info" | "warn" | "error"; 0 or ERR_INVALID. */
int log_level_parse(const char *word, enum log_level *level) MUST_USE;

/* `format` gives "key=value" pairs; values that may hold spaces are written as key=\"%s\" by the caller; quotes, newlines and
 * other control characters in the expansion are escaped here. */
void log_write(enum log_level level, const char *event, const char *format, ...) PRINTF_LIKE(3, 4);

/* Words that others had a hand in, for a value in quotes: quotes and backslashes escaped, control characters and what is no UTF-8
 * replaced, cut to 500 bytes. Lives until the fourth call after; for the loop's thread only. */
const char *log_text(struct text words);

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_write(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
