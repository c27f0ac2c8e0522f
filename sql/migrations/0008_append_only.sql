-- 0008_append_only.sql - what was said stays said: UPDATE, DELETE and TRUNCATE are refused, to the owner and to superusers too.
--
-- Statement triggers, so that they cost nothing where nothing is updated, and inserting never meets them. A superuser can drop
-- a trigger; the log notices. Statement triggers are not inherited, so partitions have their own (telemetry.ensure_days makes them).

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of %.% is refused: what was said stays said', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'a correction is a new record that names the old one';
END $$;
COMMENT ON FUNCTION ledger.refuse_change() IS 'Trigger: refuses the statement it stands before. Holds append-only tables.';

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'migration.applied',
        'ledger.record', 'ledger.ingest_key', 'ledger.ingest_key_0', 'ledger.ingest_key_1', 'ledger.ingest_key_2',
        'ledger.ingest_key_3', 'ledger.dead_letter',
        'custody.event',
        'telemetry.fix', 'telemetry.fix_default', 'telemetry.reading', 'telemetry.reading_default',
        'reentry.sighting', 'reentry.sighted_identifier',
        'flag.evidence', 'flag.action'
    ] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', name::regclass);
    END LOOP;
    -- State that moves on, but whose rows stay.
    FOREACH name IN ARRAY ARRAY['ledger.stream', 'ledger.head', 'custody.item', 'custody.identifier', 'flag.flag'] LOOP
        EXECUTE format('CREATE TRIGGER rows_stay BEFORE DELETE OR TRUNCATE ON %s '
                       'FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change()', name::regclass);
    END LOOP;
END $$;
