/* evidence_rows.c - the VINs of the items first, since their keys ask for what was written near to them; then the evidence. */
#include "ctl/evidence_rows.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/clock.h"

enum { KEYS_MAX_BYTES = 8 * 1024 * 1024 };

int evidence_is_followed(struct ctl *ctl, bool *followed)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl,
                              "SELECT (p.followed >= h.size AND NOT EXISTS (SELECT FROM "
                              "reentry.ban_change))::integer FROM reentry.progress p, ledger.head h",
                              0, NULL, &rows);
    *followed = exit_code == CTL_OK && rows_i64(rows, 0, 0) != 0;
    rows_free(rows);
    return exit_code;
}

/* Two arrays of one length, "{1,1,...}" and "{akey,bkey,...}": keys are letters and digits. */
static int write_keys(struct ctl *ctl, const char *item_ids, struct buffer *items, struct buffer *keys)
{
    struct rows *rows = NULL;
    int exit_code = ctl_query(ctl,
                              "SELECT item_id, min(value) FROM custody.identifier WHERE item_id = ANY ($1::bigint[]) "
                              "AND scheme = 1 AND proof GROUP BY item_id",
                              1, (const char *const[]){item_ids}, &rows);
    const char *comma = "{";
    for (size_t row = 0; exit_code == CTL_OK && row < rows_count(rows); row++) {
        char list[VIN_KEYS_MAX][NEAR_KEY_BYTES];
        size_t count = vin_keys(text_of(rows_text(rows, row, 1)), list);
        for (size_t i = 0; i < count; i++, comma = ",") {
            buffer_printf(items, "%s%" PRId64, comma, rows_i64(rows, row, 0));
            buffer_printf(keys, "%s%s", comma, list[i]);
        }
    }
    rows_free(rows);
    buffer_printf(items, "%s}", comma[0] == '{' ? "{" : "");
    buffer_printf(keys, "%s}", comma[0] == '{' ? "{" : "");
    buffer_put_u8(items, 0);
    buffer_put_u8(keys, 0);
    if (exit_code == CTL_OK && (items->failed || keys->failed))
        exit_code = ctl_fail(ctl, CTL_TEMPORARY, "evidence: %s", error_words(ERR_NO_MEMORY));
    return exit_code;
}

enum column { ITEM, PART, LOG_INDEX, ORDINAL, SCHEME, VALUE, PROOF, PHONE_HASHES, RECORD };

static int add_row(struct history *history, const struct rows *rows, size_t row, struct dossiers *dossiers)
{
    const struct evidence_row evidence = {
        .item_id = rows_i64(rows, row, ITEM),
        .part = (enum evidence_part)rows_i64(rows, row, PART),
        .log_index = (uint64_t)rows_i64(rows, row, LOG_INDEX),
        .ordinal = (uint16_t)rows_i64(rows, row, ORDINAL),
        .scheme = (enum identifier_scheme)rows_i64(rows, row, SCHEME),
        .value = text_of(rows_text(rows, row, VALUE)),
        .proof = rows_text(rows, row, PROOF)[0] == 't',
        .phone_hashes = history_bytes(&history->arena, rows_text(rows, row, PHONE_HASHES)),
        .record = history_bytes(&history->arena, rows_text(rows, row, RECORD)),
        .received_us = clock_now_us(),
    };
    return dossiers_add_row(dossiers, &evidence);
}

int evidence_load(struct ctl *ctl, const char *item_ids, struct history *history, struct dossiers *dossiers)
{
    static const struct item_ban none = {.stands = false};
    struct buffer items, keys;
    struct rows *rows = NULL;
    int code = dossiers_init(dossiers, &history->arena, history->item_count);
    buffer_init(&items, KEYS_MAX_BYTES);
    buffer_init(&keys, KEYS_MAX_BYTES);
    int exit_code = write_keys(ctl, item_ids, &items, &keys);
    for (size_t i = 0; !code && i < history->item_count; i++)
        dossiers_add_item(dossiers, history->items[i].item_id, history->items[i].kind, &none);
    if (exit_code == CTL_OK)
        exit_code =
            ctl_query(ctl,
                      "SELECT item_id, part, log_index, ordinal, scheme, value, proof, phone_hashes, record "
                      "FROM reentry.evidence($1::bigint[], $2::bigint[], $3::text[])",
                      3, (const char *const[]){item_ids, (const char *)items.data, (const char *)keys.data}, &rows);
    for (size_t row = 0; exit_code == CTL_OK && !code && row < rows_count(rows); row++)
        code = add_row(history, rows, row, dossiers);
    rows_free(rows);
    buffer_fini(&items);
    buffer_fini(&keys);
    if (exit_code == CTL_OK && code)
        exit_code = ctl_fail(ctl, CTL_TEMPORARY, "evidence: %s", error_words(code));
    return exit_code;
}
