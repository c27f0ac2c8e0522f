/* import.h - one file on its way in: its rows, what became of each, and the steps that custodyctl import takes with them.
 *
 *     import_check -> import_refer -> import_name -> import_compare -> import_send        envelopes of a source
 *     import_register                                                     documents for the registry
 */
#ifndef CUSTODY_CTL_IMPORT_H
#define CUSTODY_CTL_IMPORT_H

#include "core/import/table.h"
#include "ctl/ctl.h"
#include "ctl/speaker.h"

/* word in the answer; what it means */
#define IMPORT_RESULT_TABLE(X)                                                                                         \
    X(IMPORT_NEW, "new", "will be sent, or with --dry-run would be")                                                   \
    X(IMPORT_STORED, "stored", "acknowledged now")                                                                     \
    X(IMPORT_STORED_BEFORE, "stored_before", "was there already, with the same values")                                \
    X(IMPORT_REFUSED, "refused", "has an error")                                                                       \
    X(IMPORT_UNANSWERED, "unanswered", "sent, and not acknowledged in time")

enum import_result {
#define X(name, word, meaning) name,
    IMPORT_RESULT_TABLE(X)
#undef X
};

struct import_job {
    struct ctl *ctl;
    const char *document;
    struct digest file_sha256;
    struct arena arena;
    struct sheet sheet;
    struct import_table table;
    struct import_issues issues;
    enum import_result *results; /* one a row, in the arena */
};

/* Refuses a row, or warns of it. */
void import_tell(struct import_job *job, size_t row, bool warning, const char *words);

/* What the row says, as a report without a header; borrows from the row. */
struct report import_report(const struct import_row *row);

/* Decodes what each row would send, as the daemon will: what it would refuse is told now. 0 or ERR_NO_MEMORY. */
int import_check(struct import_job *job, int64_t now_us) MUST_USE;

/* Looks the codes of sites and categories up: names become codes, and what the registry does not know is warned of, as
 * no rule can say anything by it. CTL_OK or an exit code after the error was printed. */
int import_refer(struct import_job *job) MUST_USE;

/* Gives every row its lasting id. */
void import_name(struct import_job *job, struct text party);

/* Asks the database which new rows are there already: with the same values they are done, with others the row is
 * refused. CTL_OK or an exit code after the error was printed. */
int import_compare(struct import_job *job, int64_t now_us) MUST_USE;

struct import_way {
    const char *broker, *ack_key; /* ack_key NULL: notes are not checked */
    int64_t timeout_s;            /* longest time without an acknowledgement */
};
/* Sends the new rows and waits until every one is acknowledged. CTL_OK, also when rows are refused; otherwise an exit
 * code, after what is missing was said. */
int import_send(struct import_job *job, const struct speaker *speaker, const struct import_way *way) MUST_USE;

/* Enters the new rows into the registry, each in a transaction of its own; with `dry_run` checks them alone. The same
 * answers. */
int import_register(struct import_job *job, bool dry_run) MUST_USE;

#endif
