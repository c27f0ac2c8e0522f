-- registry_recorded.sql - every table of the registry makes leaves of its changes, also one that a later migration brings.

DO $$
DECLARE
    name regclass;
BEGIN
    FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'registry'::regnamespace AND relkind = 'r' AND relname <> 'source_key' LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER recorded AFTER INSERT OR UPDATE OR DELETE ON %s '
                       'FOR EACH ROW EXECUTE FUNCTION registry.record_change()', name);
    END LOOP;
END $$;
