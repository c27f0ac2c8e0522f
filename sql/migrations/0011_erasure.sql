-- 0011_erasure.sql - the bytes of a record can be removed, by two people and with a leaf of its own; nothing else of the log changes.
--
-- What stays: the leaf (its commitment moves to ledger.erasure, so that every proof still verifies), the rows of custody, reentry and
-- telemetry that were made of the record, and the states and flags that were judged with it. What goes: the bytes and the salt, so
-- that nobody can show any more, or guess and check, what was committed to. They leave the disk with the next VACUUM, and the
-- archives of the write-ahead log and backups in their own time.

CREATE TABLE ledger.erasure_request (
    request_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log_index   bigint NOT NULL,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 2000),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    request_index bigint NOT NULL UNIQUE
);
CREATE INDEX erasure_request_log_index ON ledger.erasure_request (log_index);
COMMENT ON TABLE ledger.erasure_request IS 'Who wants which record erased, and why. Append-only; it stays open until ledger.erasure names the record.';
COMMENT ON COLUMN ledger.erasure_request.request_id IS 'Number of the request in this database.';
COMMENT ON COLUMN ledger.erasure_request.log_index IS 'Record to be erased.';
COMMENT ON COLUMN ledger.erasure_request.reason IS 'Why: the law or the order that asks for it.';
COMMENT ON COLUMN ledger.erasure_request.requested_by IS 'Who asked (ledger.actor).';
COMMENT ON COLUMN ledger.erasure_request.requested_at IS 'Time of the request.';
COMMENT ON COLUMN ledger.erasure_request.request_index IS 'Leaf of type 2 that says so.';

CREATE TABLE ledger.erasure (
    log_index   bigint PRIMARY KEY,
    commitment  bytea NOT NULL CHECK (length(commitment) = 32),
    erasure_index bigint NOT NULL UNIQUE CHECK (erasure_index > log_index),
    request_id  bigint NOT NULL UNIQUE,
    reason      text NOT NULL,
    requested_by text NOT NULL,
    approved_by text NOT NULL CHECK (approved_by <> requested_by),
    erased_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ledger.erasure IS 'Records whose bytes were removed. Append-only.';
COMMENT ON COLUMN ledger.erasure.log_index IS 'Record that was erased.';
COMMENT ON COLUMN ledger.erasure.commitment IS 'SHA-256("custody-commit/v1\n" || salt || record), 32 bytes: what its leaf is computed from now.';
COMMENT ON COLUMN ledger.erasure.erasure_index IS 'Leaf of type 5 that says so.';
COMMENT ON COLUMN ledger.erasure.request_id IS 'Request that was approved.';
COMMENT ON COLUMN ledger.erasure.reason IS 'Why, as the request says.';
COMMENT ON COLUMN ledger.erasure.requested_by IS 'Who asked for it.';
COMMENT ON COLUMN ledger.erasure.approved_by IS 'Who approved it: somebody else.';
COMMENT ON COLUMN ledger.erasure.erased_at IS 'Time of the erasure.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.erasure_request FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.erasure FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- The one change of a record that there is: salt and record go, both at once, after the leaf that says so.
CREATE FUNCTION ledger.refuse_all_but_erasure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept ledger.record := NEW;
BEGIN
    kept.salt := OLD.salt;
    kept.record := OLD.record;
    IF kept IS DISTINCT FROM OLD OR NEW.salt IS NOT NULL OR NEW.record IS NOT NULL OR NOT EXISTS (
        SELECT FROM ledger.erasure AS e JOIN ledger.record AS r ON r.log_index = e.erasure_index
        WHERE e.log_index = OLD.log_index AND e.commitment = sha256(convert_to(E'custody-commit/v1\n', 'UTF8') || OLD.salt || OLD.record)
          AND r.type = 5 AND convert_from(r.record, 'UTF8')::jsonb -> 'data' @> jsonb_build_object('log_index', e.log_index,
              'commitment', encode(e.commitment, 'hex'))) THEN
        RAISE EXCEPTION 'UPDATE of ledger.record is refused: what was said stays said'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'custodyctl erase removes the bytes of a record, by two people and with a leaf that says so';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION ledger.refuse_all_but_erasure() IS
    'Trigger: lets a record lose its bytes and its salt when a leaf of type 5 keeps its commitment, and refuses any other change, to the owner and a superuser too.';
DROP TRIGGER append_only ON ledger.record;
CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON ledger.record FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER erased_only BEFORE UPDATE ON ledger.record FOR EACH ROW EXECUTE FUNCTION ledger.refuse_all_but_erasure();
