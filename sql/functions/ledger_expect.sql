-- ledger_expect.sql - the check of every compare-and-swap in the ingest transaction: fails in the server, so that COMMIT may already be under way.

CREATE OR REPLACE FUNCTION ledger.expect(met bigint, wanted bigint, what text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF met <> wanted THEN
        RAISE EXCEPTION '%: % of % are as they were read; another transaction changed them', what, met, wanted
            USING ERRCODE = 'serialization_failure', HINT = 'one client_id a daemon and area';
    END IF;
END $$;
COMMENT ON FUNCTION ledger.expect(bigint, bigint, text) IS
    'Raises serialization_failure unless as many rows were met as wanted: the transaction is to be repeated from what is there now.';
