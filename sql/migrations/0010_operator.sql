-- 0010_operator.sql - what people and programs change beside the envelopes becomes leaves of the log: registry, keys, schema.
--
-- Row triggers write the leaves that are due into ledger.pending_leaf; one deferred trigger appends them when the transaction commits. So
-- the head is locked last and for a moment only, however long a registration takes: nobody who holds it waits for a row of the
-- registry, and ten thousand changes move the head once, not ten thousand times.

CREATE FUNCTION ledger.actor() RETURNS text
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
RETURN CASE WHEN session_user = 'custody_console' AND current_setting('role') <> 'none' THEN current_setting('role') ELSE session_user END;
COMMENT ON FUNCTION ledger.actor() IS
    'Who asks: the login, whatever role it took on; behind custody_console, which answers for others, the role it took on. The same inside SECURITY DEFINER functions, where current_user is the owner.';

CREATE FUNCTION ledger.operator_record(action text, data jsonb) RETURNS bytea
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
RETURN convert_to(json_build_object('format', 'custody-operator/v1', 'action', action, 'actor', ledger.actor(), 'data', data)::text, 'UTF8');
COMMENT ON FUNCTION ledger.operator_record(text, jsonb) IS
    'Record of a leaf that was made here: a JSON object on one line, {"format", "action", "actor", "data"}.';

CREATE TABLE ledger.pending_leaf (
    pending_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    leaf_type   smallint NOT NULL CHECK (leaf_type IN (2, 4, 7)),
    record      bytea NOT NULL
);
COMMENT ON TABLE ledger.pending_leaf IS
    'Leaves that the transaction appends when it commits: empty between transactions, but for what migrations left before ledger.append_all was there.';
COMMENT ON COLUMN ledger.pending_leaf.pending_id IS 'Order in which they are appended.';
COMMENT ON COLUMN ledger.pending_leaf.leaf_type IS '2 operator action, 4 key event, 7 schema change.';
COMMENT ON COLUMN ledger.pending_leaf.record IS 'Record of the leaf.';

-- The first row of a transaction takes all the others along; those find themselves gone, by their key: a table whose rows are all
-- dead would be read from its beginning each time.
CREATE FUNCTION ledger.append_pending() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    leaf_types integer[];
    records bytea[];
BEGIN
    IF to_regprocedure('ledger.append_all(integer[],bytea[])') IS NULL
        OR NOT EXISTS (SELECT FROM ledger.pending_leaf AS p WHERE p.pending_id = NEW.pending_id) THEN
        RETURN NULL;
    END IF;
    PERFORM FROM ledger.head FOR UPDATE;
    WITH due AS (DELETE FROM ledger.pending_leaf RETURNING *)
    SELECT array_agg(d.leaf_type::integer ORDER BY d.pending_id), array_agg(d.record ORDER BY d.pending_id) INTO leaf_types, records FROM due AS d;
    PERFORM ledger.append_all(leaf_types, records);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger.append_pending() IS 'Trigger: appends all leaves that are due, at the end of the transaction.';
CREATE CONSTRAINT TRIGGER append_pending AFTER INSERT ON ledger.pending_leaf DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ledger.append_pending();

CREATE FUNCTION registry.record_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET bytea_output = 'hex' AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb := to_jsonb(NEW);
    done text := CASE TG_OP WHEN 'INSERT' THEN 'registered' WHEN 'DELETE' THEN 'removed' ELSE 'changed' END;
BEGIN
    IF before = after THEN
        RETURN NULL;
    END IF;
    INSERT INTO ledger.pending_leaf (leaf_type, record)
    SELECT 2, ledger.operator_record(replace(TG_TABLE_NAME, '_', ' ') || ' ' || done, coalesce(after, before)
        || CASE TG_OP WHEN 'UPDATE' THEN jsonb_build_object('was',
               (SELECT jsonb_object_agg(key, value) FROM jsonb_each(before) WHERE after -> key IS DISTINCT FROM value)) ELSE '{}' END);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION registry.record_change() IS
    'Trigger: makes a leaf of type 2 of a row that was entered, changed or removed: the row as it is now, with what it was where that differs.';

CREATE FUNCTION registry.record_key_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    k registry.source_key := coalesce(NEW, OLD);
    done text := CASE TG_OP WHEN 'INSERT' THEN 'registered' WHEN 'DELETE' THEN 'removed' ELSE 'changed' END;
BEGIN
    IF NEW IS NOT DISTINCT FROM OLD THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL THEN
        done := 'revoked';
    END IF;
    INSERT INTO ledger.pending_leaf (leaf_type, record)
    SELECT 4, ledger.operator_record('key ' || done, jsonb_strip_nulls(jsonb_build_object('source', s.name, 'key_id', encode(k.key_id, 'hex'),
        'public_key', encode(k.public_key, 'base64'), 'revoked_at', k.revoked_at)))
    FROM registry.source AS s WHERE s.source_id = k.source_id;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION registry.record_key_change() IS 'Trigger: makes a leaf of type 4 of a key that was registered, revoked or otherwise changed.';

-- The other tables of the registry get theirs in functions/registry_recorded.sql, those that come later too.
CREATE TRIGGER recorded AFTER INSERT OR UPDATE OR DELETE ON registry.source_key FOR EACH ROW EXECUTE FUNCTION registry.record_key_change();

CREATE FUNCTION migration.record_applied() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO ledger.pending_leaf (leaf_type, record)
    VALUES (7, ledger.operator_record('schema changed', jsonb_build_object('name', NEW.name, 'sha256', encode(NEW.sha256, 'hex'))));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION migration.record_applied() IS 'Trigger: makes a leaf of type 7 of a file that ran here.';
CREATE TRIGGER recorded AFTER INSERT ON migration.applied FOR EACH ROW EXECUTE FUNCTION migration.record_applied();

-- The files that ran before this one.
INSERT INTO ledger.pending_leaf (leaf_type, record)
SELECT 7, ledger.operator_record('schema changed', jsonb_build_object('name', name, 'sha256', encode(sha256, 'hex')))
FROM migration.applied ORDER BY applied_id;
