"""custodyctl migrate seen from outside: on databases of every history that it may meet."""

import contextlib
import hashlib
import itertools
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import time

import psycopg
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CUSTODY_BUILD", ROOT / "build" / "debug"))
CUSTODYCTL = BUILD / "custodyctl"
WAIT_S = 60
LOCK_KEY = int.from_bytes(b"custody\0", "big")
NUMBERED = sorted(f"migrations/{path.name}" for path in (ROOT / "sql" / "migrations").glob("*.sql"))
ALL_FILES = sorted(str(path.relative_to(ROOT / "sql")) for path in (ROOT / "sql").rglob("*.sql"))
REPEATABLE = [name for name in ALL_FILES if name not in NUMBERED]
numbers = itertools.count(1)

OK, TEMPORARY, CONFIG = 0, 75, 78


@contextlib.contextmanager
def private_stack():
    """Environment of a throw-away PostgreSQL."""
    directory = tempfile.mkdtemp(prefix="custody-migrate.")
    stack = ROOT / "deploy" / "private-stack"
    subprocess.run([stack, "start", directory, "--no-fsync", "--watch", str(os.getpid())], check=True, timeout=WAIT_S)
    try:
        dump = subprocess.run(["sh", "-c", '. "$0/env" && env -0', directory], check=True, capture_output=True, text=True)
        yield dict(entry.split("=", 1) for entry in dump.stdout.split("\0") if entry)
    finally:
        subprocess.run([stack, "stop", directory], check=True, timeout=WAIT_S)


@pytest.fixture(scope="module")
def cluster():
    with private_stack() as environment:
        yield environment


class Database:
    def __init__(self, environment, name):
        self.name = name
        self.environment = {**environment, "PGDATABASE": name}

    def connect(self, user=None):
        return psycopg.connect(host=self.environment["PGHOST"], port=self.environment.get("PGPORT", "5432"), dbname=self.name,
                               user=user or self.environment["PGUSER"], autocommit=True)

    def sql(self, statement, *params):
        with self.connect() as connection:
            cursor = connection.execute(statement, params or None)
            return cursor.fetchall() if cursor.description else None

    def forge(self, statement, *params):
        """Changes the history as only a superuser can who takes the trigger away."""
        with self.connect() as connection, connection.transaction():
            connection.execute("ALTER TABLE migration.applied DISABLE TRIGGER append_only")
            connection.execute(statement, params or None)
            connection.execute("ALTER TABLE migration.applied ENABLE TRIGGER append_only")

    def start(self, *arguments, **environment):
        return subprocess.Popen([CUSTODYCTL, "migrate", *arguments], env={**self.environment, **environment}, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def migrate(self, *arguments, **environment):
        process = self.start(*arguments, **environment)
        process.stdout_text, process.stderr_text = process.communicate(timeout=WAIT_S)
        return process

    def history(self):
        return [name for (name,) in self.sql("SELECT name FROM migration.applied ORDER BY applied_id")]


@pytest.fixture
def empty(cluster):
    yield from make_database(cluster, "template0")


@pytest.fixture(scope="module")
def template(cluster):
    database = Database(cluster, "migrated_template")
    Database(cluster, "postgres").sql("CREATE DATABASE migrated_template TEMPLATE template0")
    done = database.migrate()
    assert (done.returncode, done.stderr_text) == (OK, "")
    return database


@pytest.fixture
def migrated(cluster, template):
    yield from make_database(cluster, template.name)


def make_database(cluster, template_name):
    name = f"migrate_{next(numbers)}"
    server = Database(cluster, "postgres")
    server.sql(f'CREATE DATABASE "{name}" TEMPLATE {template_name}')
    yield Database(cluster, name)
    server.sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def assert_refused(done, code, *words):
    assert done.returncode == code, done.stderr_text
    for word in words:
        assert word in done.stderr_text
    assert "hint:" in done.stderr_text
    assert done.stdout_text.count("applied") == 0


def test_an_empty_database_gets_every_file_once_and_in_order(empty):
    done = empty.migrate()
    assert (done.returncode, done.stderr_text) == (OK, "")
    history = empty.history()
    assert sorted(history) == ALL_FILES
    assert history[:len(NUMBERED)] == NUMBERED
    assert history[-1] == "roles.sql"
    kinds = [name.split("/")[0] for name in history[len(NUMBERED):]]
    assert kinds == sorted(kinds, key=["functions", "data", "views", "api", "roles.sql"].index)


def schema_leaves(database):
    return [json.loads(bytes(record)) for (record,) in database.sql("SELECT record FROM ledger.record WHERE type = 7 ORDER BY log_index")]


def test_every_file_that_ran_is_a_leaf_in_the_order_in_which_they_ran(empty):
    assert empty.migrate().returncode == OK
    leaves = schema_leaves(empty)
    assert [leaf["data"]["name"] for leaf in leaves] == empty.history()
    for leaf in leaves:
        assert leaf["data"]["sha256"] == hashlib.sha256((ROOT / "sql" / leaf["data"]["name"]).read_bytes()).hexdigest()
        assert (leaf["action"], leaf["actor"]) == ("schema changed", empty.environment["PGUSER"])
    assert empty.sql("SELECT count(*) FROM ledger.pending_leaf") == [(0,)]


def test_a_run_that_does_nothing_appends_nothing_and_an_edited_file_is_a_leaf_again(migrated):
    before = len(schema_leaves(migrated))
    assert migrated.migrate().returncode == OK
    assert len(schema_leaves(migrated)) == before
    migrated.sql("INSERT INTO migration.applied (name, sha256) VALUES ('api/item.sql', sha256('another'))")
    assert migrated.migrate().returncode == OK
    assert [leaf["data"]["name"] for leaf in schema_leaves(migrated)[before:]] == ["api/item.sql", "api/item.sql", "roles.sql"]


@pytest.mark.parametrize("leaves", [700, 70000])
def test_a_log_begun_before_there_were_tiles_gets_the_tiles_and_edges_that_appending_makes(migrated, leaves):
    """0009 fills them level by level: what it fills is taken away, and that part of it runs again."""
    fill = (ROOT / "sql/migrations/0009_tree.sql").read_text().partition("-- A log that was begun before there were tiles")[2].partition("\n")[2]
    edges = ", ".join(f"edge_{level}" for level in range(1, 8))
    migrated.sql("SELECT ledger.append_all(array_agg(7), array_agg(n::text::bytea)) FROM generate_series(1, %s) AS n", leaves)
    tiles = "SELECT level, tile_index, hashes FROM ledger.tile ORDER BY level, tile_index"
    expected = migrated.sql(tiles), migrated.sql(f"SELECT {edges} FROM ledger.head")
    assert max(level for level, _, _ in expected[0]) == (1 if leaves > 65536 else 0)
    with migrated.connect() as connection, connection.transaction():
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM ledger.tile")
        connection.execute("UPDATE ledger.head SET " + ", ".join(f"edge_{level} = DEFAULT" for level in range(1, 8)))
        connection.execute(fill)
    assert (migrated.sql(tiles), migrated.sql(f"SELECT {edges} FROM ledger.head")) == expected


def test_a_second_run_finds_nothing_to_do(migrated):
    before = migrated.history()
    done = migrated.migrate()
    assert (done.returncode, done.stdout_text) == (OK, "nothing to do: the schema is current\n")
    assert migrated.history() == before


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(empty):
    done = empty.migrate("--dry-run")
    assert done.returncode == OK
    assert [line.removeprefix("would apply ") for line in done.stdout_text.splitlines()][:len(NUMBERED)] == NUMBERED
    assert empty.sql("SELECT count(*) FROM pg_namespace WHERE nspname IN ('migration', 'registry')") == [(0,)]


def test_check_tells_a_current_schema_from_an_older_one(empty, migrated):
    assert_refused(empty.migrate("--check"), CONFIG, "older than this program", "0000_history.sql")
    assert migrated.migrate("--check").returncode == OK
    migrated.forge("DELETE FROM migration.applied WHERE name = %s", NUMBERED[-1])
    assert_refused(migrated.migrate("--check"), CONFIG, "older than this program", NUMBERED[-1])


def test_the_roles_of_the_programs_may_check_the_schema(migrated):
    for role in ("custody_ingest", "custody_console", "custody_monitor"):
        done = migrated.migrate("--check", PGUSER=role)
        assert (done.returncode, done.stderr_text) == (OK, "")


def test_an_edited_file_is_refused_and_both_checksums_are_named(migrated):
    (current,), = migrated.sql("SELECT encode(sha256, 'hex') FROM migration.applied WHERE name = 'migrations/0003_custody.sql'")
    other = "ab" * 32
    migrated.forge("UPDATE migration.applied SET sha256 = decode(%s, 'hex') WHERE name = 'migrations/0003_custody.sql'", other)
    for arguments in ((), ("--check",), ("--dry-run",)):
        assert_refused(migrated.migrate(*arguments), CONFIG, "migrations/0003_custody.sql was edited", current, other)


def test_a_database_newer_than_the_program_is_refused(migrated):
    migrated.sql("INSERT INTO migration.applied (name, sha256) VALUES ('migrations/9999_later.sql', sha256('later'))")
    for arguments in ((), ("--check",), ("--dry-run",)):
        assert_refused(migrated.migrate(*arguments), CONFIG, "newer than this program", "migrations/9999_later.sql")


def test_a_file_put_before_one_that_ran_is_refused(migrated):
    migrated.forge("DELETE FROM migration.applied WHERE name = 'migrations/0005_reentry.sql'")
    assert_refused(migrated.migrate(), CONFIG, "migrations/0006_flag.sql has run", "migrations/0005_reentry.sql before it has not")


def test_a_changed_view_runs_again_and_the_grants_after_it(migrated):
    before = len(migrated.history())
    migrated.sql("INSERT INTO migration.applied (name, sha256) VALUES ('views/report_item.sql', sha256('an older one'))")
    migrated.sql("DROP VIEW report.item")
    done = migrated.migrate()
    assert done.stdout_text.splitlines() == ["applied views/report_item.sql", "applied roles.sql"]
    assert len(migrated.history()) == before + 3
    assert migrated.sql("SELECT has_table_privilege('custody_police', 'report.item', 'SELECT')") == [(True,)]


def test_after_a_numbered_file_every_repeatable_one_runs_again(migrated):
    migrated.forge("DELETE FROM migration.applied WHERE name = ANY (%s)", NUMBERED[1:])
    for (schema,) in migrated.sql("SELECT nspname FROM pg_namespace WHERE nspowner = 'custody_owner'::regrole AND nspname <> 'migration'"):
        migrated.sql(f"DROP SCHEMA {schema} CASCADE")
    migrated.sql("DROP FUNCTION migration.record_applied() CASCADE")
    migrated.sql(f"GRANT CREATE ON DATABASE {migrated.name} TO custody_owner")  # a template does not hand it on
    done = migrated.migrate()
    assert done.returncode == OK, done.stderr_text
    applied = [line.removeprefix("applied ") for line in done.stdout_text.splitlines()]
    numbered = len(NUMBERED) - 1
    assert (applied[:numbered], sorted(applied[numbered:])) == (NUMBERED[1:], REPEATABLE)


def test_a_grant_given_by_hand_is_taken_back_when_the_roles_run(migrated):
    migrated.sql("GRANT DELETE ON ledger.record TO custody_ingest")
    migrated.sql("INSERT INTO migration.applied (name, sha256) VALUES ('roles.sql', sha256('an older one'))")
    assert migrated.migrate().returncode == OK
    assert migrated.sql("SELECT has_table_privilege('custody_ingest', 'ledger.record', 'DELETE')") == [(False,)]


def test_a_role_that_was_bent_by_hand_is_put_right(migrated):
    migrated.sql("ALTER ROLE custody_firm BYPASSRLS")
    migrated.sql("ALTER ROLE custody_console INHERIT")
    migrated.sql("ALTER ROLE custody_ingest NOBYPASSRLS")
    migrated.sql("INSERT INTO migration.applied (name, sha256) VALUES ('roles.sql', sha256('an older one'))")
    assert migrated.migrate().returncode == OK
    assert migrated.sql("SELECT rolname, rolinherit, rolbypassrls FROM pg_roles WHERE rolname IN "
                        "('custody_firm', 'custody_console', 'custody_ingest') ORDER BY rolname") == [
        ("custody_console", False, False), ("custody_firm", True, False), ("custody_ingest", True, True)]


def test_a_numbered_file_cannot_be_remembered_twice(migrated):
    with pytest.raises(psycopg.errors.UniqueViolation):
        migrated.sql("INSERT INTO migration.applied (name, sha256) VALUES ('migrations/0001_registry.sql', sha256('x'))")


def test_two_at_once_do_the_work_once(empty):
    running = [empty.start() for _ in range(4)]
    outputs = [process.communicate(timeout=WAIT_S) for process in running]
    assert [process.returncode for process in running] == [OK] * 4, outputs
    assert sorted(empty.history()) == ALL_FILES
    assert sum("applied roles.sql" in out for out, _ in outputs) == 1
    assert sum("nothing to do" in out for out, _ in outputs) == 3


def test_while_another_migrates_it_says_that_it_waits_and_touches_nothing(empty):
    with empty.connect() as other:
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
        waiting = empty.start()
        killer = threading.Timer(WAIT_S, waiting.kill)
        killer.start()
        try:
            assert waiting.stdout.readline() == "waiting: another custodyctl migrates this database\n"
            assert empty.sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'migration'") == [(0,)]
            assert waiting.poll() is None
            other.execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))
            assert "applied roles.sql" in waiting.communicate(timeout=WAIT_S)[0]
            assert waiting.returncode == OK
        finally:
            killer.cancel()
            waiting.kill()


def test_a_failing_file_leaves_nothing_of_itself_and_the_next_run_goes_on_from_there(empty):
    empty.sql("CREATE SCHEMA report")
    done = empty.migrate()
    assert done.returncode == CONFIG
    assert 'migrations/0007_answers.sql: schema "report" already exists' in done.stderr_text
    assert empty.history() == NUMBERED[:7]
    empty.sql("DROP SCHEMA report")
    assert empty.migrate().returncode == OK
    assert sorted(empty.history()) == ALL_FILES


def test_a_table_that_is_in_use_makes_it_give_up_for_now_and_not_queue_for_ever(migrated):
    migrated.sql("INSERT INTO migration.applied (name, sha256) VALUES ('roles.sql', sha256('an older one'))")
    with migrated.connect() as other, other.transaction():
        other.execute("LOCK TABLE flag.flag IN ACCESS SHARE MODE")
        done = migrated.migrate()
    assert done.returncode == TEMPORARY
    assert "roles.sql" in done.stderr_text and "lock timeout" in done.stderr_text
    assert migrated.migrate().returncode == OK


def test_roles_of_another_database_of_the_cluster_are_used(template, empty):
    assert empty.migrate().returncode == OK
    assert empty.sql("SELECT has_table_privilege('custody_ingest', 'ledger.record', 'INSERT')") == [(True,)]


@pytest.mark.parametrize("role", ["custody_owner", "custody_ingest"])
def test_roles_that_another_database_makes_at_this_moment_are_used(role):
    with private_stack() as environment:
        database = Database(environment, environment["PGDATABASE"])
        with database.connect() as other:
            with other.transaction():
                other.execute(f"CREATE ROLE {role} BYPASSRLS")
                running = database.start()
                deadline = time.monotonic() + WAIT_S
                while database.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == [(0,)]:
                    assert running.poll() is None and time.monotonic() < deadline
                    time.sleep(0.01)
            out, err = running.communicate(timeout=WAIT_S)
        assert (running.returncode, err) == (OK, ""), out


def test_no_superuser_is_needed_once_the_roles_are_there(template, empty):
    empty.sql("CREATE ROLE operator LOGIN CREATEROLE")
    empty.sql(f'ALTER DATABASE "{empty.name}" OWNER TO operator')
    try:
        done = empty.migrate(PGUSER="operator")
        assert (done.returncode, done.stderr_text) == (OK, "")
        owners = empty.sql("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'ledger'")
        assert owners == [("custody_owner",)]
    finally:
        empty.sql(f'ALTER DATABASE "{empty.name}" OWNER TO CURRENT_USER')
        empty.sql("REASSIGN OWNED BY operator TO CURRENT_USER")
        empty.sql("DROP OWNED BY operator")
        empty.sql("DROP ROLE operator")


def test_an_encoding_that_cannot_hold_chinese_is_refused(cluster):
    server = Database(cluster, "postgres")
    server.sql("CREATE DATABASE latin TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        assert_refused(Database(cluster, "latin").migrate(), CONFIG, "SQL_ASCII", "--encoding=UTF8")
    finally:
        server.sql("DROP DATABASE latin")


def test_an_unreachable_database_is_worth_another_try(empty):
    done = empty.migrate(PGHOST="/nonexistent")
    assert done.returncode == TEMPORARY
    assert "cannot connect to the database" in done.stderr_text and "/nonexistent" in done.stderr_text


@pytest.mark.parametrize("change", [
    "INSERT INTO registry.party (code, kind, name) VALUES ('NOTIFY', 1, 'x')",
    "UPDATE registry.source SET enabled = enabled",
    "DELETE FROM registry.source_key",
    "UPDATE registry.site SET name = name",
])
def test_a_change_of_what_the_gate_reads_is_announced_to_the_daemon(template, change):
    table = change.split("registry.")[1].split()[0]
    with template.connect("custody_ingest") as daemon:
        told = []
        daemon.add_notify_handler(lambda note: told.append((note.channel, note.payload)))
        daemon.execute("LISTEN custody_registry")
        template.sql(change)
        daemon.execute("SELECT 1")  # what was announced before it arrives with its answer
    assert told == [("custody_registry", table)]
