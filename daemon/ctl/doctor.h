/* doctor.h - what the checks of custodyctl doctor share. */
#ifndef CUSTODY_CTL_DOCTOR_H
#define CUSTODY_CTL_DOCTOR_H

#include "ctl/ctl.h"

enum doctor_status { STATUS_OK, STATUS_WARN, STATUS_FAIL, STATUS_SKIPPED };

struct outcome {
    enum doctor_status status;
    char text[ERROR_TEXT_BYTES]; /* what was found */
    char hint[ERROR_TEXT_BYTES]; /* what to do; empty with ok */
};

struct doctor {
    struct ctl *ctl;
    struct config config;
    bool has_config;
    struct database *database; /* NULL: not reachable */
    bool has_schema;
};

void doctor_set(struct outcome *outcome, enum doctor_status status, const char *hint, const char *format, ...)
    PRINTF_LIKE(4, 5);
/* "what: value; hint: what to do" apart; `hint` where the error has none. */
void doctor_set_error(struct outcome *outcome, enum doctor_status status, const struct error *error, const char *hint);
/* Asks for one row; false (and the outcome set) when the database does not answer. */
bool doctor_ask(struct doctor *doctor, const char *sql, struct outcome *outcome, struct rows **rows);

/* ---- checks of what signs (doctor_signing.c) */

void doctor_check_ack_key(struct doctor *doctor, struct outcome *outcome);
void doctor_check_checkpoint_key(struct doctor *doctor, struct outcome *outcome);
void doctor_check_head_file(struct doctor *doctor, struct outcome *outcome);

#endif
