/* issue.h - what is wrong with a row of an imported file (it is refused), or deserves a look (it is taken): two lists,
 * told against line and column. */
#ifndef CUSTODY_CORE_IMPORT_ISSUE_H
#define CUSTODY_CORE_IMPORT_ISSUE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

struct import_issue {
    bool warning;
    size_t line;        /* of the file, from 1 */
    struct text column; /* its header as the file has it; empty: the whole row */
    struct text value;  /* as read */
    const char *words;  /* "what; hint: what to do" */
    size_t order;       /* in which it was found */
};

struct import_issues {
    struct arena *arena;
    size_t count, capacity;
    struct import_issue *list;
    size_t errors, warnings;
    bool failed; /* memory ran out: some are missing */
};

/* All of it is in the arena; `column` and `value` are borrowed. */
void import_issue_add(struct import_issues *issues, bool warning, size_t line, struct text column, struct text value,
                      const char *format, ...) PRINTF_LIKE(6, 7);
/* By line, in the order found. */
void import_issues_sort(struct import_issues *issues);

#endif
