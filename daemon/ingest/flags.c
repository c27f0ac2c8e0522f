/* flags.c - findings as rows for flag.settle. */
#include "ingest/flags.h"

#include <stdio.h>

#include "io/copy.h"

/* Ids beside those of store.c, judge.c and rows.c on the same connection. */
static const struct pg_statement settle_statement = {32,
                                                     "SELECT flag.settle($1::bigint[], $2::bigint[], $3::bigint[], "
                                                     "$4::text[], $5::int[], $6::smallint[], $7::text[], $8::text[],"
                                                     " $9::timestamptz[], $10::bigint[], $11::smallint[])"};
static const struct pg_statement withdraw_statement = {
    33, "SELECT flag.withdraw($1::text[], $2::text[], $3::text[], $4::text)"};

static const struct pg_statement withdraw_dossier_statement = {
    40, "SELECT flag.withdraw(coalesce(array_agg(f.subject), '{}'), coalesce(array_agg(f.rule), '{}'),"
        " coalesce(array_agg(f.key), '{}'), 'what was sighted no longer supports it') FROM flag.flag f"
        " WHERE f.subject = ANY (ARRAY(SELECT 'item:' || i FROM unnest($1::bigint[]) AS i))"
        " AND f.rule IN ('E02', 'E03', 'E06', 'E07', 'E08') AND f.state IN ('new', 'under_review')"
        " AND NOT EXISTS (SELECT FROM unnest($2::bigint[], $3::text[], $4::text[]) AS g (item_id, rule, key)"
        "   WHERE g.item_id = f.item_id AND g.rule = f.rule AND g.key = f.key)"};

/* Whose flag, and the evidence for it. */
struct flag_row {
    int64_t item_id, source_id; /* one of them 0 */
    enum rule rule;
    int severity;
    struct text key, text;
    int64_t at_us;
    bool has_evidence;
    uint64_t log_index;
    uint16_t ordinal;
};

static void put_flag(struct params *params, const struct flag_row *flag)
{
    struct buffer *column = params->buffers + 1; /* the first parameter names the items */

    copy_put_id(column++, flag->item_id);
    copy_put_id(column++, flag->source_id);
    copy_put_text(column++, text_of(rule_infos[flag->rule].id));
    copy_put_i32(column++, rule_infos[flag->rule].version);
    copy_put_i16(column++, (int16_t)flag->severity);
    copy_put_text(column++, flag->key);
    copy_put_text(column++, flag->text);
    copy_put_time(column++, flag->at_us);
    if (flag->has_evidence)
        copy_put_i64(column++, (int64_t)flag->log_index);
    else
        copy_put_null(column++);
    copy_put_i16(column, (int16_t)flag->ordinal);
}

static void begin_flags(struct params *params, size_t item_count, size_t flag_count)
{
    static const enum pg_type_oid types[] = {OID_INT8, OID_INT8, OID_TEXT,        OID_INT4, OID_INT2,
                                             OID_TEXT, OID_TEXT, OID_TIMESTAMPTZ, OID_INT8, OID_INT2};

    params_clear(params);
    array_begin(params_add(params), OID_INT8, item_count);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        array_begin(params_add(params), types[i], flag_count);
}

static void put_custody_flags(struct params *params, const struct judged *judged)
{
    for (size_t i = 0; i < judged->custody.count; i++) {
        const struct finding *finding = &judged->custody.list[i];
        const struct history_event *event =
            finding->event < judged->item->history_count ? &judged->item->history[finding->event] : NULL;

        put_flag(params, &(struct flag_row){judged->item->item_id, 0, finding->rule, finding->severity,
                                            text_of(finding->key), text_of(finding->text), finding->at_us,
                                            event != NULL, event ? event->log_index : 0, event ? event->ordinal : 0});
    }
}

/* Each sighting is a row, for it is evidence; the words of a finding go with the first only, where flag.settle reads them. */
static void put_reentry_flags(struct params *params, const struct judged *judged)
{
    for (size_t i = 0; i < judged->item->sighting_count; i++) {
        const struct matched_sighting *sighting = &judged->item->sightings[i];
        const struct finding *finding;

        if (sighting->finding == NO_FINDING)
            continue;
        finding = &judged->reentry.list[sighting->finding];
        put_flag(params, &(struct flag_row){judged->item->item_id, 0, finding->rule, finding->severity,
                                            text_of(finding->key), text_of(finding->event == i ? finding->text : ""),
                                            finding->at_us, true, sighting->log_index, sighting->ordinal});
    }
}

static size_t flag_count(const struct judged *judged)
{
    size_t count = judged->custody.count;

    for (size_t i = 0; i < judged->item->sighting_count; i++)
        count += judged->item->sightings[i].finding != NO_FINDING;
    return count;
}

/* Without everything about an item nobody knows which of its flags are without support. */
static bool all_found(const struct judged *judged)
{
    return judged->complete && judged->custody.dropped == 0 && judged->reentry.dropped == 0;
}

void flags_settle_items(struct transaction *transaction, struct params *params, const struct judged *judged,
                        size_t count)
{
    size_t items = 0, flags = 0;

    for (size_t i = 0; i < count; i++) {
        items += all_found(&judged[i]);
        flags += flag_count(&judged[i]);
    }
    begin_flags(params, items, flags);
    for (size_t i = 0; i < count; i++) {
        if (all_found(&judged[i]))
            copy_put_i64(&params->buffers[0], judged[i].item->item_id);
        put_custody_flags(params, &judged[i]);
        put_reentry_flags(params, &judged[i]);
    }
    transaction_query(transaction, &settle_statement, params, NULL, NULL);
}

/* ---- flags that rest on a dossier ---- */

static void put_dossier_flags(struct params *params, const struct item_dossier *item)
{
    const struct judgement *judgement = &item->judgement;

    for (size_t i = 0; i < item->findings.count; i++) {
        const struct finding *finding = &item->findings.list[i];
        bool first = true;

        for (size_t k = 0; k < judgement->evidence_count; k++) {
            const struct dossier_sighting *seen = &item->dossier.sightings[judgement->evidence[k].sighting];

            if (judgement->evidence[k].finding != i)
                continue;
            put_flag(params, &(struct flag_row){item->item_id, 0, finding->rule, finding->severity,
                                                text_of(finding->key), text_of(first ? finding->text : ""),
                                                finding->at_us, true, seen->log_index, seen->ordinal});
            first = false;
        }
    }
}

static bool is_whole(const struct dossiers *dossiers, const struct item_dossier *item)
{
    return !dossiers->capped && !item->findings.dropped && !item->judgement.dropped;
}

/* What was found, and whose flags may go: not those of an item that was not seen whole. */
static void withdraw_dossier_flags(struct transaction *transaction, struct params *params,
                                   const struct dossiers *dossiers, size_t found)
{
    size_t whole = 0;

    for (size_t i = 0; i < dossiers->count; i++)
        whole += is_whole(dossiers, &dossiers->list[i]);
    params_clear(params);
    array_begin(params_add(params), OID_INT8, whole);
    array_begin(params_add(params), OID_INT8, found);
    array_begin(params_add(params), OID_TEXT, found);
    array_begin(params_add(params), OID_TEXT, found);
    for (size_t i = 0; i < dossiers->count; i++) {
        const struct item_dossier *item = &dossiers->list[i];

        if (is_whole(dossiers, item))
            copy_put_i64(&params->buffers[0], item->item_id);
        for (size_t k = 0; k < item->findings.count; k++) {
            copy_put_i64(&params->buffers[1], item->item_id);
            copy_put_text(&params->buffers[2], text_of(rule_infos[item->findings.list[k].rule].id));
            copy_put_text(&params->buffers[3], text_of(item->findings.list[k].key));
        }
    }
    transaction_query(transaction, &withdraw_dossier_statement, params, NULL, NULL);
}

void flags_settle_dossiers(struct transaction *transaction, struct params *params, const struct dossiers *dossiers)
{
    size_t found = 0, rows = 0;

    for (size_t i = 0; i < dossiers->count; i++) {
        found += dossiers->list[i].findings.count;
        rows += dossiers->list[i].judgement.evidence_count;
    }
    if (rows) {
        begin_flags(params, 0, rows);
        for (size_t i = 0; i < dossiers->count; i++)
            put_dossier_flags(params, &dossiers->list[i]);
        transaction_query(transaction, &settle_statement, params, NULL, NULL);
    }
    withdraw_dossier_flags(transaction, params, dossiers, found);
}

void flags_settle_sightings(struct transaction *transaction, struct params *params, const struct sighting_flag *flags)
{
    size_t count = 0;

    for (const struct sighting_flag *flag = flags; flag; flag = flag->next)
        count++;
    if (!count)
        return;
    begin_flags(params, 0, count);
    for (const struct sighting_flag *flag = flags; flag; flag = flag->next)
        put_flag(params, &(struct flag_row){0, flag->source_id, flag->finding.rule, flag->finding.severity,
                                            text_of(flag->finding.key), text_of(flag->finding.text),
                                            flag->finding.at_us, true, flag->log_index, flag->ordinal});
    transaction_query(transaction, &settle_statement, params, NULL, NULL);
}

/* ---- flags of sources ---- */

static void withdraw_source_flags(struct transaction *transaction, struct params *params, const struct batch *batch,
                                  size_t count)
{
    static const char reason[] = "the missing envelopes arrived";

    (void)PARAMS_BEGIN_ARRAYS(params, count, OID_TEXT, OID_TEXT, OID_TEXT);
    for (const struct source_finding *finding = batch->findings; finding; finding = finding->next) {
        char subject[32];

        if (!finding->withdraw)
            continue;
        (void)snprintf(subject, sizeof subject, "source:%lld", (long long)finding->source->source_id);
        copy_put_text(&params->buffers[0], text_of(subject));
        copy_put_text(&params->buffers[1], text_of(rule_infos[finding->rule].id));
        copy_put_text(&params->buffers[2], finding->key);
    }
    params_add_bytes(params, reason, sizeof reason - 1);
    transaction_query(transaction, &withdraw_statement, params, NULL, NULL);
}

void flags_settle_sources(struct transaction *transaction, struct params *params, const struct batch *batch)
{
    size_t raised = 0, withdrawn = 0;

    for (const struct source_finding *finding = batch->findings; finding; finding = finding->next)
        finding->withdraw ? withdrawn++ : raised++;
    if (raised) {
        begin_flags(params, 0, raised);
        for (const struct source_finding *finding = batch->findings; finding; finding = finding->next)
            if (!finding->withdraw)
                put_flag(params, &(struct flag_row){0, finding->source->source_id, finding->rule,
                                                    rule_infos[finding->rule].severity, finding->key, finding->text,
                                                    finding->at_us, true, finding->evidence->log_index, 0});
        transaction_query(transaction, &settle_statement, params, NULL, NULL);
    }
    if (withdrawn)
        withdraw_source_flags(transaction, params, batch, withdrawn);
}
