-- ledger_software_started.sql - which program stores: a leaf of type 7 whenever it is not the one that started last.

CREATE OR REPLACE FUNCTION ledger.software_started(version text, sha256 bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    started bytea := convert_to(json_build_object('format', 'custody-operator/v1', 'action', 'software started', 'actor', session_user,
        'data', json_build_object('program', 'custodyd', 'version', version, 'sha256', encode(sha256, 'hex')))::text, 'UTF8');
    newest bytea;
BEGIN
    PERFORM FROM ledger.head FOR UPDATE;
    SELECT r.record INTO newest FROM ledger.record AS r
    WHERE r.type = 7 AND position('"software started"'::bytea IN r.record) > 0 ORDER BY r.log_index DESC LIMIT 1;
    IF newest = started THEN
        RETURN NULL;
    END IF;
    RETURN ledger.append(7, started);
END $$;
COMMENT ON FUNCTION ledger.software_started(text, bytea) IS
    'Says that custodyd of this version, whose program file has this SHA-256, started: the log index of the leaf of type 7, NULL where the newest such leaf says the same.';
