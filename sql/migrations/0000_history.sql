-- 0000_history.sql - the role that owns everything, and the memory of what ran.
--
-- The only migration that runs with the caller's own rights: all others run as custody_owner.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'custody_owner') THEN
        CREATE ROLE custody_owner NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;  -- another database of this cluster is migrated at the same moment
END $$;

DO $$
BEGIN
    IF NOT pg_has_role('custody_owner', 'MEMBER') THEN
        EXECUTE 'GRANT custody_owner TO CURRENT_USER';
    END IF;
    EXECUTE format('GRANT CREATE ON DATABASE %I TO custody_owner', current_database());
END $$;

CREATE SCHEMA migration AUTHORIZATION custody_owner;
COMMENT ON SCHEMA migration IS 'Which SQL files ran here: what custodyctl migrate compares with the files it carries.';

SET LOCAL ROLE custody_owner;

-- A function is nobody's but the owner's until roles.sql says otherwise.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE migration.applied (
    applied_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    sha256      bytea NOT NULL CHECK (length(sha256) = 32),
    applied_at  timestamptz NOT NULL DEFAULT now(),
    applied_by  text NOT NULL DEFAULT session_user
);
CREATE UNIQUE INDEX applied_once ON migration.applied (name) WHERE name LIKE 'migrations/%';
COMMENT ON TABLE migration.applied IS
    'Every run of an SQL file. The last row of a name is what is in force. Numbered migrations have one row, repeatable files one a run. Append-only.';
COMMENT ON COLUMN migration.applied.applied_id IS 'Order of the runs.';
COMMENT ON COLUMN migration.applied.name IS 'File below sql/, such as migrations/0001_registry.sql.';
COMMENT ON COLUMN migration.applied.sha256 IS 'SHA-256 of the file as it ran, 32 bytes.';
COMMENT ON COLUMN migration.applied.applied_at IS 'Time of the transaction that ran it.';
COMMENT ON COLUMN migration.applied.applied_by IS 'Database role that was logged in.';
