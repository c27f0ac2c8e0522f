/* import_rows.c - rows as reports: checked as the daemon checks them, and compared with what is stored.
 *
 * Compared are the values, not the bytes: the record that holds a row's event is decoded, its header left out, and
 * encoded again beside the row's own report. So the signed record itself is the memory of what was imported. */
#include <string.h>

#include "base/clock.h"
#include "ctl/import.h"
#include "io/wire.h"

enum { ASK_ROWS = 500, UUID_ITEM_BYTES = UUID_TEXT_SIZE };

void import_tell(struct import_job *job, size_t row, bool warning, const char *words)
{
    const struct text none = {NULL, 0};
    import_issue_add(&job->issues, warning, job->table.rows[row].line, none, none, "%s", words);
    if (!warning)
        job->results[row] = IMPORT_REFUSED;
}

struct report import_report(const struct import_row *row)
{
    struct report report = {0};
    if (row->event.type != EVENT_TYPE_UNSPECIFIED) {
        report.event_count = 1;
        report.events = (struct event *)&row->event;
    } else {
        report.sighting_count = 1;
        report.sightings = (struct sighting *)&row->sighting;
    }
    if (row->reading.kind != 0) {
        report.reading_count = 1;
        report.readings = (struct reading *)&row->reading;
    }
    return report;
}

/* ---- checking ---- */

int import_check(struct import_job *job, int64_t now_us)
{
    struct arena arena;
    struct buffer body;
    int code = 0;
    arena_init(&arena, WIRE_REPORT_MEMORY_MAX);
    buffer_init(&body, ENVELOPE_MAX_BYTES);
    for (size_t i = 0; i < job->table.row_count && code == 0; i++) {
        if (job->results[i] != IMPORT_NEW)
            continue;
        struct error error = {0};
        struct report report = import_report(&job->table.rows[i]), decoded;
        report.source = TEXT("import");
        report.epoch = 1;
        report.device_time_us = now_us;
        buffer_clear(&body);
        arena_reset(&arena);
        code = wire_report_encode(&report, &body);
        if (code == 0 && wire_report_decode(buffer_text(&body), now_us, &arena, &decoded, &error) != REFUSAL_NONE)
            import_tell(job, i, false, error.text);
    }
    buffer_fini(&body);
    arena_fini(&arena);
    return code;
}

/* Where its lasting id stands. */
static uint8_t *id_of(struct import_row *row)
{
    return row->event.type != EVENT_TYPE_UNSPECIFIED ? row->event.event_id : row->sighting.sighting_id;
}

void import_name(struct import_job *job, struct text party)
{
    for (size_t i = 0; i < job->table.row_count; i++) {
        struct import_row *row = &job->table.rows[i];
        import_row_id(party, job->table.kind, text_of(job->document), row->line, id_of(row));
    }
}

/* ---- comparing ---- */

/* Does this record say what the row says? */
static bool says_the_same(const struct import_row *row, struct text record, int64_t now_us)
{
    struct arena arena;
    struct buffer stored, given;
    struct envelope envelope;
    struct report report, own = import_report(row);
    arena_init(&arena, WIRE_REPORT_MEMORY_MAX);
    buffer_init(&stored, ENVELOPE_MAX_BYTES);
    buffer_init(&given, ENVELOPE_MAX_BYTES);
    bool same = wire_envelope_split(record, &envelope, NULL) == REFUSAL_NONE &&
                wire_report_decode(envelope.body, now_us, &arena, &report, NULL) == REFUSAL_NONE;
    if (same) {
        const struct report bare = {.event_count = report.event_count,
                                    .events = report.events,
                                    .sighting_count = report.sighting_count,
                                    .sightings = report.sightings,
                                    .reading_count = report.reading_count,
                                    .readings = report.readings};
        same = wire_report_encode(&bare, &stored) == 0 && wire_report_encode(&own, &given) == 0 &&
               text_equal(buffer_text(&stored), buffer_text(&given));
    }
    buffer_fini(&given);
    buffer_fini(&stored);
    arena_fini(&arena);
    return same;
}

static int take_stored(struct import_job *job, size_t row, const struct rows *rows, size_t at, int64_t now_us)
{
    char words[200];
    const char *hex = rows_text(rows, at, 2);
    const size_t len = strlen(hex) / 2;
    job->results[row] = IMPORT_STORED_BEFORE;
    if (rows_is_null(rows, at, 2)) {
        snprintf(words, sizeof words,
                 "stored before as record %s, whose bytes were erased; hint: what the row says now cannot be compared",
                 rows_text(rows, at, 1));
        import_tell(job, row, true, words);
        return 0;
    }
    uint8_t *bytes = arena_alloc(&job->arena, len);
    if (bytes == NULL || hex_decode(text_of(hex), bytes, len) != 0)
        return ERR_NO_MEMORY;
    if (says_the_same(&job->table.rows[row], (struct text){(const char *)bytes, len}, now_us))
        return 0;
    snprintf(words, sizeof words,
             "line %zu of document %.60s is stored with other values (record %s); hint: correct it by a report of its "
             "own, or, when it is another file, give it another --document",
             job->table.rows[row].line, job->document, rows_text(rows, at, 1));
    import_tell(job, row, false, words);
    return 0;
}

/* The rows from..until that are new, as an array of ids; "{}" when there is none. */
static void list_ids(const struct import_job *job, size_t from, size_t until, struct buffer *list)
{
    char uuid[UUID_TEXT_SIZE];
    buffer_clear(list);
    buffer_put_u8(list, '{');
    for (size_t i = from; i < until; i++) {
        if (job->results[i] != IMPORT_NEW)
            continue;
        uuid_format(id_of(&job->table.rows[i]), uuid);
        buffer_printf(list, "%s%s", list->len > 1 ? "," : "", uuid);
    }
    buffer_put(list, "}", 2); /* its NUL, too */
}

static int take_answer(struct import_job *job, size_t from, size_t until, const struct rows *rows, int64_t now_us)
{
    uint8_t id[UUID_BYTES];
    int code = 0;
    for (size_t at = 0; at < rows_count(rows) && code == 0; at++) {
        if (uuid_parse(text_of(rows_text(rows, at, 0)), id) != 0)
            continue;
        for (size_t i = from; i < until && code == 0; i++)
            if (job->results[i] == IMPORT_NEW && memcmp(id, id_of(&job->table.rows[i]), UUID_BYTES) == 0)
                code = take_stored(job, i, rows, at, now_us);
    }
    return code;
}

int import_compare(struct import_job *job, int64_t now_us)
{
    static const char events[] = "SELECT e.event_id, e.log_index, encode(r.record, 'hex') FROM custody.event AS e "
                                 "JOIN ledger.record AS r USING (log_index) WHERE e.event_id = ANY ($1::uuid[])";
    static const char sightings[] =
        "SELECT s.sighting_id, s.log_index, encode(r.record, 'hex') FROM reentry.sighting AS s "
        "JOIN ledger.record AS r USING (log_index) WHERE s.sighting_id = ANY ($1::uuid[]) "
        "AND get_byte(uuid_send(s.sighting_id), 6) >> 4 = 8"; /* the index is of those alone */
    const size_t count = job->table.row_count;
    const bool are_events = count > 0 && job->table.rows[0].event.type != EVENT_TYPE_UNSPECIFIED;
    struct buffer list;
    int exit_code = CTL_OK;
    buffer_init(&list, (size_t)ASK_ROWS * UUID_ITEM_BYTES + 3);
    for (size_t from = 0; from < count && exit_code == CTL_OK; from += ASK_ROWS) {
        const size_t until = from + ASK_ROWS < count ? from + ASK_ROWS : count;
        struct rows *rows = NULL;
        list_ids(job, from, until, &list);
        if (list.len <= 3)
            continue;
        exit_code = ctl_query(job->ctl, are_events ? events : sightings, 1,
                              (const char *const[]){(const char *)list.data}, &rows);
        if (exit_code == CTL_OK && take_answer(job, from, until, rows, now_us) != 0)
            exit_code = ctl_fail(job->ctl, CTL_TEMPORARY, "import: %s", error_words(ERR_NO_MEMORY));
        rows_free(rows);
    }
    buffer_fini(&list);
    return exit_code;
}
