/* issue.c - the two lists, as one array that grows in an arena. */
#include "core/import/issue.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ISSUES_FIRST = 32 };

static bool make_room(struct import_issues *issues)
{
    if (issues->count < issues->capacity)
        return true;
    const size_t capacity = issues->capacity ? 2 * issues->capacity : ISSUES_FIRST;
    struct import_issue *list = arena_array(issues->arena, capacity, sizeof *list);
    if (list == NULL)
        return false;
    if (issues->count > 0)
        memcpy(list, issues->list, issues->count * sizeof *list);
    issues->list = list;
    issues->capacity = capacity;
    return true;
}

void import_issue_add(struct import_issues *issues, bool warning, size_t line, struct text column, struct text value,
                      const char *format, ...)
{
    char words[ERROR_TEXT_BYTES];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    text_make_clean(words); /* a long value was cut anywhere */
    const struct text kept = arena_text(issues->arena, text_of(words));
    if (kept.data == NULL || !make_room(issues)) {
        issues->failed = true;
        return;
    }
    issues->list[issues->count] = (struct import_issue){
        .warning = warning, .line = line, .column = column, .value = value, .words = kept.data, .order = issues->count};
    issues->count++;
    if (warning)
        issues->warnings++;
    else
        issues->errors++;
}

static int by_line(const void *left, const void *right)
{
    const struct import_issue *a = left, *b = right;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

void import_issues_sort(struct import_issues *issues)
{
    if (issues->count > 1)
        qsort(issues->list, issues->count, sizeof *issues->list, by_line);
}
