-- ledger_announce_key.sql - a key that signs for the log is announced: the leaf and the row that finds it, together or not at all.
--
-- The announcement is a signed note (daemon/core/ledger/key_event.h). Signatures are not checked here: whoever starts to sign follows the
-- chain of announcements, and one that does not hold leads nowhere.

CREATE OR REPLACE FUNCTION ledger.announce_key(verifier_key text, announcement bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    at bigint;
BEGIN
    PERFORM FROM ledger.head FOR UPDATE; -- of two who announce one key at a time the second finds it
    SELECT k.log_index INTO at FROM ledger.signing_key AS k WHERE k.verifier_key = announce_key.verifier_key;
    IF NOT FOUND THEN
        at := ledger.append(4, announcement);
        INSERT INTO ledger.signing_key (verifier_key, log_index) VALUES (announce_key.verifier_key, at);
    END IF;
    RETURN at;
END $$;
COMMENT ON FUNCTION ledger.announce_key(text, bytea) IS
    'Announces a key that signs checkpoints or acknowledgement notes, by its C2SP verifier key and the signed note that says so; the log index of the leaf of type 4, an earlier one where the key is known already.';
