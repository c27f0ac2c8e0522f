-- 0022_reverse_invoice.sql - reverse invoices 反向开票 by seller, of all firms, for rule C16 (SAT Announcement 5/2024).

CREATE TABLE custody.reverse_invoice (
    event_id    uuid PRIMARY KEY,
    seller_hash bytea NOT NULL CHECK (length(seller_hash) = 32),
    month       integer NOT NULL,
    amount_fen  bigint NOT NULL CHECK (amount_fen > 0),
    event_at    timestamptz NOT NULL,
    party_id    bigint NOT NULL,
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL CHECK (ordinal >= 0)
);
CREATE INDEX reverse_invoice_seller ON custody.reverse_invoice (seller_hash, month);
CREATE INDEX reverse_invoice_log_index ON custody.reverse_invoice (log_index);
COMMENT ON TABLE custody.reverse_invoice IS 'Reverse invoices 反向开票 by seller, of all firms: the limit is the seller''s. Made behind the log. Append-only.';
COMMENT ON COLUMN custody.reverse_invoice.event_id IS 'UUID of the event; reported twice, the first in the log counts.';
COMMENT ON COLUMN custody.reverse_invoice.seller_hash IS 'Keyed hash of the seller''s ID, 32 bytes; the ID itself is nowhere (PIPL).';
COMMENT ON COLUMN custody.reverse_invoice.month IS 'Calendar month of the event, Asia/Shanghai, months since January 1970.';
COMMENT ON COLUMN custody.reverse_invoice.amount_fen IS 'Amount without VAT, 0.01 RMB.';
COMMENT ON COLUMN custody.reverse_invoice.event_at IS 'Time of the event, by its reporter.';
COMMENT ON COLUMN custody.reverse_invoice.party_id IS 'Firm that invoiced.';
COMMENT ON COLUMN custody.reverse_invoice.log_index IS 'Record that reported it.';
COMMENT ON COLUMN custody.reverse_invoice.ordinal IS 'Position in that report''s events, from 0.';

CREATE TABLE custody.correction (
    log_index   bigint NOT NULL,
    ordinal     smallint NOT NULL CHECK (ordinal >= 0),
    event_id    uuid NOT NULL,
    party_id    bigint NOT NULL,
    PRIMARY KEY (log_index, ordinal)
);
CREATE INDEX correction_event_id ON custody.correction (event_id);
COMMENT ON TABLE custody.correction IS 'Corrections 更正 by what they take back, for what is judged apart from the item that it happened to. Made behind the log. Append-only.';
COMMENT ON COLUMN custody.correction.log_index IS 'Record that reported the correction.';
COMMENT ON COLUMN custody.correction.ordinal IS 'Position in that report''s events, from 0.';
COMMENT ON COLUMN custody.correction.event_id IS 'Event that it takes back.';
COMMENT ON COLUMN custody.correction.party_id IS 'Party that reported it.';

CREATE VIEW custody.valid_reverse_invoice WITH (security_invoker) AS
    SELECT i.* FROM custody.reverse_invoice AS i
    WHERE NOT EXISTS (
        SELECT FROM custody.correction AS c JOIN registry.party AS p USING (party_id)
        WHERE c.event_id = i.event_id AND (c.party_id = i.party_id OR p.kind >= 12));
COMMENT ON VIEW custody.valid_reverse_invoice IS 'Reverse invoices that neither the firm itself nor an authority took back.';
DO $$
DECLARE
    of_table record;
BEGIN
    FOR of_table IN SELECT attname AS name, col_description(attrelid, attnum) AS words FROM pg_attribute
                    WHERE attrelid = 'custody.reverse_invoice'::regclass AND attnum > 0 LOOP
        EXECUTE format('COMMENT ON COLUMN custody.valid_reverse_invoice.%I IS %L', of_table.name, of_table.words);
    END LOOP;
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON custody.reverse_invoice FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON custody.correction FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- Made anew by its own file, with subjects that are neither item nor source.
DROP FUNCTION IF EXISTS flag.settle(bigint[], bigint[], bigint[], text[], integer[], smallint[], text[], text[], timestamptz[], bigint[], smallint[]);
COMMENT ON COLUMN flag.flag.subject IS 'Whom it concerns: "item:<item_id>", "source:<source_id>", "vehicle:<plate>" or "seller:<keyed hash, hex>".';
