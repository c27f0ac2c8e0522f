/* log.c - one write a line, escaped, with a budget a second for each event word. */
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"

enum { LOG_LINE_BYTES = 2048, LOG_EVENTS = 64, LOG_BUDGET_PER_S = 20, LOG_TEXTS = 4, LOG_TEXT_BYTES = 512 };

static const char *const level_words[] = {"debug", "info", "warn", "error"};
static enum log_level least_level = LOG_INFO;

/* How often each event word was written in the current second; a collision of hashes shares a budget, which is harmless. */
static struct log_budget {
    uint64_t second;
    unsigned written, suppressed;
} budgets[LOG_EVENTS];

void log_set_level(enum log_level level)
{
    least_level = level;
}

int log_level_parse(const char *word, enum log_level *level)
{
    for (size_t i = 0; i < sizeof level_words / sizeof *level_words; i++)
        if (strcmp(word, level_words[i]) == 0) {
            *level = (enum log_level)i;
            return 0;
        }
    return ERR_INVALID;
}

static void put_line(enum log_level level, const char *event, const char *pairs)
{
    char line[LOG_LINE_BYTES], when[TIME_TEXT_SIZE];
    int len;

    time_format_utc(clock_now_us(), when);
    len = snprintf(line, sizeof line, "time=%s level=%s event=%s%s%s\n", when, level_words[level], event,
                   *pairs ? " " : "", pairs);
    if (len < 0)
        return;
    if ((size_t)len >= sizeof line) {
        len = (int)sizeof line - 1;
        line[len - 1] = '\n';
    }
    /* A log that cannot be written must not stop the daemon. */
    if (write(STDERR_FILENO, line, (size_t)len) < 0)
        return;
}

/* True when the event may be written now; says first how many were held back in the second before. */
static bool within_budget(const char *event)
{
    struct log_budget *budget = &budgets[hash64(text_of(event)) % LOG_EVENTS];
    uint64_t second = clock_monotonic_ms() / 1000;

    if (budget->second != second) {
        unsigned suppressed = budget->suppressed;

        *budget = (struct log_budget){.second = second};
        if (suppressed) {
            char pairs[128];

            (void)snprintf(pairs, sizeof pairs, "of=%s count=%u", event, suppressed);
            put_line(LOG_WARN, "repeats_suppressed", pairs);
        }
    }
    if (budget->written >= LOG_BUDGET_PER_S) {
        budget->suppressed++;
        return false;
    }
    budget->written++;
    return true;
}

const char *log_text(struct text words)
{
    static char rooms[LOG_TEXTS][LOG_TEXT_BYTES];
    static unsigned next;
    char *room = rooms[next++ % LOG_TEXTS];
    size_t used = 0;

    for (size_t i = 0; i < words.len && used + 3 < LOG_TEXT_BYTES; i++) {
        char c = words.data[i];

        if (c == '"' || c == '\\')
            room[used++] = '\\';
        room[used++] = (unsigned char)c < ' ' || c == 0x7f ? ' ' : c;
    }
    room[used] = '\0';
    text_make_clean(room);
    return room;
}

void log_write(enum log_level level, const char *event, const char *format, ...)
{
    char pairs[LOG_LINE_BYTES - 256];
    va_list arguments;

    if (level < least_level || !within_budget(event))
        return;
    va_start(arguments, format);
    (void)vsnprintf(pairs, sizeof pairs, format, arguments);
    va_end(arguments);
    text_make_clean(pairs);
    for (char *at = pairs; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    put_line(level, event, pairs);
}
