/* signing.c - the chain of keys out of the database. */
#include "ctl/signing.h"

#include "base/encoding.h"

int signing_chain_read(struct database *database, struct key_chain *chain, struct error *error)
{
    static const char sql[] = "SELECT encode(r.record, 'hex') FROM ledger.signing_key AS k JOIN ledger.record AS r "
                              "USING (log_index) WHERE r.type = 4 ORDER BY k.log_index";
    struct rows *rows;
    int code = database_query(database, sql, 0, NULL, &rows, error);

    if (code)
        return code;
    for (size_t row = 0; row < rows_count(rows); row++) {
        uint8_t note[KEY_EVENT_BYTES_MAX];
        struct text hex = text_of(rows_text(rows, row, 0));

        if (hex.len <= 2 * sizeof note && hex_decode(hex, note, hex.len / 2) == 0)
            (void)key_chain_add(chain, (struct text){(const char *)note, hex.len / 2});
    }
    rows_free(rows);
    return 0;
}
