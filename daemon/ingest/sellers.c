/* sellers.c - reverse invoices out of the records, their rows, and the flags of sellers. */
#include "ingest/sellers.h"

#include <string.h>

#include "core/custody/reverse_invoice.h"
#include "ingest/directory_rows.h"
#include "ingest/follow_read.h"

/* Ids beside those of follow.c, follow_read.c, follower.c and flags.c. The events of an item's parts are the same events. */
static const struct pg_statement records_statement = {
    22, "SELECT e.log_index, e.ordinal, e.party_id, r.received_at, r.record FROM custody.event e"
        " JOIN ledger.record r USING (log_index) WHERE e.log_index >= $1::bigint AND e.log_index < $2::bigint"
        " AND e.type IN (36, 37) AND e.part IS NULL ORDER BY e.log_index, e.ordinal"};
static const struct pg_statement add_invoices_statement = {
    23, "INSERT INTO custody.reverse_invoice (event_id, seller_hash, month, amount_fen, event_at, party_id, log_index, "
        "ordinal)"
        " SELECT g.event_id, g.seller_hash, (extract(year FROM g.day) - 1970) * 12 + extract(month FROM g.day) - 1,"
        " g.amount_fen, g.event_at, g.party_id, g.log_index, g.ordinal FROM (SELECT *,"
        " event_at AT TIME ZONE 'Asia/Shanghai' AS day FROM unnest($1::uuid[], $2::bytea[], $3::bigint[],"
        " $4::timestamptz[], $5::bigint[], $6::bigint[], $7::smallint[])"
        " AS u (event_id, seller_hash, amount_fen, event_at, party_id, log_index, ordinal)) AS g ON CONFLICT DO "
        "NOTHING"};
static const struct pg_statement add_corrections_statement = {
    24, "INSERT INTO custody.correction (log_index, ordinal, event_id, party_id)"
        " SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::uuid[], $4::bigint[]) ON CONFLICT DO NOTHING"};
static const struct pg_statement figures_statement = {25, FIGURES_SQL};
/* A seller of whom nothing is left has one row without a month. */
static const struct pg_statement sums_statement = {
    26, "SELECT s.seller_hash, v.month, least(sum(v.amount_fen), 9223372036854775807)::bigint FROM"
        " (SELECT seller_hash FROM custody.reverse_invoice WHERE log_index >= $1::bigint AND log_index < $2::bigint"
        "  UNION SELECT i.seller_hash FROM custody.correction c JOIN custody.reverse_invoice i USING (event_id)"
        "  WHERE c.log_index >= $1::bigint AND c.log_index < $2::bigint) AS s"
        " LEFT JOIN custody.valid_reverse_invoice v USING (seller_hash)"
        " GROUP BY s.seller_hash, v.month ORDER BY s.seller_hash, v.month"};
static const struct pg_statement settle_statement = {
    27,
    "SELECT flag.settle_sellers($1::bytea[], $2::text[], $3::int, $4::smallint[], $5::text[], $6::int[], $7::int[])"};

struct follow_invoice {
    struct follow_invoice *next;
    const struct event *event;
    int64_t party_id, log_index;
    uint16_t ordinal;
};

/* What was found of one seller; has_finding false: nothing. */
struct follow_seller {
    struct follow_seller *next;
    struct text hash;
    bool has_finding;
    struct invoice_window window;
    struct finding finding;
};

/* ---- read ---- */

static void add(struct follow *follow, struct follow_invoice **list, size_t *count, const struct follow_invoice *found)
{
    struct follow_invoice *kept = arena_alloc(&follow->arena, sizeof *kept);

    if (!kept) {
        follow_no_memory(follow);
        return;
    }
    *kept = *found;
    kept->next = *list;
    *list = kept;
    (*count)++;
}

/* What is below zero takes nothing away: an invoice is taken back by a correction, which somebody answers for. */
static bool is_reverse_invoice(const struct event *event)
{
    return event->detail == EVENT_DETAIL_INVOICE && event->invoice.reverse && event->invoice.amount_fen > 0 &&
           event->invoice.seller_hash.len == SHA256_BYTES;
}

static void on_records(void *context, const struct pg_result *result)
{
    struct follow *follow = context;

    for (size_t row = 0; row < pg_rows(result) && !follow->transaction.code; row++) {
        int code;
        const struct report *report =
            evidence_decode(pg_bytes(result, row, 4), pg_time_us(result, row, 3), &follow->arena, &code);
        size_t ordinal = (size_t)pg_i64(result, row, 1);
        struct follow_invoice found = {
            .party_id = pg_i64(result, row, 2), .log_index = pg_i64(result, row, 0), .ordinal = (uint16_t)ordinal};

        if (code)
            follow_no_memory(follow);
        if (!report || ordinal >= report->event_count)
            continue;
        found.event = &report->events[ordinal];
        if (found.event->type == EVENT_TYPE_CORRECTED)
            add(follow, &follow->corrections, &follow->correction_count, &found);
        else if (is_reverse_invoice(found.event))
            add(follow, &follow->invoices, &follow->invoice_count, &found);
    }
}

static void add_range(struct follow *follow)
{
    params_clear(&follow->params);
    params_add_i64(&follow->params, follow->from);
    params_add_i64(&follow->params, follow->to);
}

void sellers_read(struct follow *follow)
{
    follow->invoices = follow->corrections = NULL;
    follow->sellers = NULL;
    follow->invoice_count = follow->correction_count = 0;
    add_range(follow);
    transaction_query(&follow->transaction, &records_statement, &follow->params, on_records, follow);
}

/* ---- judge ---- */

static void add_invoices(struct follow *follow)
{
    struct params *params = PARAMS_BEGIN_ARRAYS(&follow->params, follow->invoice_count, OID_UUID, OID_BYTEA, OID_INT8,
                                                OID_TIMESTAMPTZ, OID_INT8, OID_INT8, OID_INT2);

    for (const struct follow_invoice *found = follow->invoices; found; found = found->next) {
        struct buffer *column = params->buffers;

        copy_put_bytes(column++, found->event->event_id, UUID_BYTES);
        copy_put_bytes(column++, found->event->invoice.seller_hash.data, SHA256_BYTES);
        copy_put_i64(column++, found->event->invoice.amount_fen);
        copy_put_time(column++, found->event->at_us);
        copy_put_i64(column++, found->party_id);
        copy_put_i64(column++, found->log_index);
        copy_put_i16(column, (int16_t)found->ordinal);
    }
    transaction_query(&follow->transaction, &add_invoices_statement, params, NULL, NULL);
}

static void add_corrections(struct follow *follow)
{
    struct params *params =
        PARAMS_BEGIN_ARRAYS(&follow->params, follow->correction_count, OID_INT8, OID_INT2, OID_UUID, OID_INT8);

    for (const struct follow_invoice *found = follow->corrections; found; found = found->next) {
        copy_put_i64(&params->buffers[0], found->log_index);
        copy_put_i16(&params->buffers[1], (int16_t)found->ordinal);
        copy_put_bytes(&params->buffers[2], found->event->correction.event_id, UUID_BYTES);
        copy_put_i64(&params->buffers[3], found->party_id);
    }
    transaction_query(&follow->transaction, &add_corrections_statement, params, NULL, NULL);
}

static void on_figures(void *context, const struct pg_result *result)
{
    struct follow *follow = context;
    struct directory directory = {0};
    const char *missing = directory_take_figures(&directory, result);

    memcpy(follow->figures, directory.figures, sizeof follow->figures);
    if (missing)
        transaction_fail(&follow->transaction, ERR_SCHEMA, "figure: %s is missing; hint: custodyctl migrate", missing);
}

/* Rows row .. end are one seller's. */
static void judge_seller(struct follow *follow, const struct pg_result *result, size_t row, size_t end)
{
    struct follow_seller *seller = arena_alloc(&follow->arena, sizeof *seller);
    struct invoice_month *months = arena_array(&follow->arena, end - row, sizeof *months);
    size_t count = 0;

    if (!seller || !months) {
        follow_no_memory(follow);
        return;
    }
    *seller =
        (struct follow_seller){.next = follow->sellers, .hash = arena_text(&follow->arena, pg_bytes(result, row, 0))};
    follow->sellers = seller;
    if (!seller->hash.data)
        follow_no_memory(follow);
    for (; row < end; row++)
        if (!pg_is_null(result, row, 1))
            months[count++] = (struct invoice_month){(int32_t)pg_i64(result, row, 1), pg_i64(result, row, 2)};
    seller->has_finding = rule_c16(months, count, follow->figures, &seller->window, &seller->finding);
}

static void on_sums(void *context, const struct pg_result *result)
{
    struct follow *follow = context;

    for (size_t row = 0, end; row < pg_rows(result); row = end) {
        for (end = row + 1; end < pg_rows(result); end++)
            if (!text_equal(pg_bytes(result, row, 0), pg_bytes(result, end, 0)))
                break;
        judge_seller(follow, result, row, end);
    }
}

void sellers_judge(struct follow *follow)
{
    if (follow->invoice_count)
        add_invoices(follow);
    if (follow->correction_count)
        add_corrections(follow);
    if (!follow->invoice_count && !follow->correction_count)
        return;
    transaction_query(&follow->transaction, &figures_statement, NULL, on_figures, follow);
    add_range(follow);
    transaction_query(&follow->transaction, &sums_statement, &follow->params, on_sums, follow);
}

/* ---- settle ---- */

static void put_seller(struct params *params, const struct follow_seller *seller)
{
    copy_put_bytes(&params->buffers[0], seller->hash.data, seller->hash.len);
    if (seller->has_finding)
        copy_put_text(&params->buffers[1], text_of(seller->finding.key));
    else
        copy_put_null(&params->buffers[1]);
    copy_put_i16(&params->buffers[3], (int16_t)seller->finding.severity);
    copy_put_text(&params->buffers[4], text_of(seller->finding.text));
    copy_put_i32(&params->buffers[5], seller->window.first_month);
    copy_put_i32(&params->buffers[6], seller->window.last_month);
}

void sellers_settle(struct follow *follow)
{
    struct params *params = &follow->params;
    size_t count = 0;

    for (const struct follow_seller *seller = follow->sellers; seller; seller = seller->next)
        count++;
    if (!count)
        return;
    params_clear(params);
    array_begin(params_add(params), OID_BYTEA, count);
    array_begin(params_add(params), OID_TEXT, count);
    params_add_i32(params, rule_infos[RULE_C16].version);
    array_begin(params_add(params), OID_INT2, count);
    array_begin(params_add(params), OID_TEXT, count);
    array_begin(params_add(params), OID_INT4, count);
    array_begin(params_add(params), OID_INT4, count);
    for (const struct follow_seller *seller = follow->sellers; seller; seller = seller->next)
        put_seller(params, seller);
    transaction_query(&follow->transaction, &settle_statement, params, NULL, NULL);
}
