"""custodyctl monitor against a superuser who alters, deletes, truncates, restores and forks: each is named within one cycle."""

import itertools
import json
import os
import subprocess

import pytest

from support.ledger import Tree, leaf_hash
from support.notary import NoteKey, Notary
from support.stack import CUSTODYCTL, Database
from support.waiting import WAIT_S
from support.world import ORIGIN

OK, NEGATIVE, USAGE, TEMPORARY, CONFIG = 0, 1, 2, 75, 78
_numbers = itertools.count(1)
SIZE = 1468  # five tiles and a partial one; a template's log is smaller
WHOLE = 2048  # eight tiles


class Watched:
    """A log, its notary, and a monitor that follows it as custody_monitor."""

    def __init__(self, stack, template, directory):
        self.stack, self.directory = stack, directory
        self.name = f"watched_{next(_numbers)}"
        self.copy(template.name, self.name)
        self.database = Database(stack, self.name)
        self.notary = Notary(self.database, ORIGIN)
        self.policy, self.state = directory / "policy", directory / "state"
        self.policy.write_text(self.notary.policy())

    def copy(self, origin, name):
        Database(self.stack, "postgres").sql(f"CREATE DATABASE {name} TEMPLATE {origin}")

    def close(self):
        """Dozens of databases would keep the server from stopping in time."""
        Database(self.stack, "postgres").sql(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def grow(self, count):
        self.database.sql("SELECT ledger.append((ARRAY[2, 4, 7])[1 + n %% 3], convert_to('record ' || n, 'UTF8')) FROM generate_series(1, %s) n",
                          count)
        return self

    def size(self):
        return self.database.value("SELECT size FROM ledger.head")

    def sql(self, *statements):
        """As a superuser whom no trigger stops."""
        with self.database.connect(autocommit=False) as connection:
            connection.execute("SET session_replication_role = replica")
            for statement in statements:
                connection.execute(statement)

    def monitor(self, *arguments, state=True):
        return subprocess.run([CUSTODYCTL, "monitor", "--policy", self.policy, *(["--state", self.state] if state else []), *arguments],
                              env={**self.database.environment, "PGUSER": "custody_monitor"}, capture_output=True, text=True,
                              timeout=2 * WAIT_S)

    def good(self, *arguments, **options):
        done = self.monitor("--json", *arguments, **options)
        assert done.returncode == OK, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        assert answer["good"] and answer["difference"] is None and answer["size"] == self.size()
        return answer

    def difference(self, *arguments, **options):
        """What one cycle names."""
        done = self.monitor(*arguments, **options)
        assert done.returncode == NEGATIVE and done.stdout == "", done.stdout + done.stderr
        assert done.stderr.startswith("custodyctl: the log differs: "), done.stderr
        return done.stderr.removeprefix("custodyctl: the log differs: ").rstrip("\n")

    def forge(self, index, statement):
        """Alters a record and everything that hangs on it: leaf hash, tiles, head."""
        self.sql(statement)
        with self.database.connect(autocommit=False) as connection:
            connection.execute("SET session_replication_role = replica")
            rows = connection.execute("SELECT type, (extract(epoch FROM received_at) * 1000000)::bigint, salt, record FROM ledger.record"
                                      " ORDER BY log_index").fetchall()
            tree = Tree([leaf_hash(*row) for row in rows])
            connection.execute("UPDATE ledger.record SET leaf_hash = %s WHERE log_index = %s", (tree.leaves[index], index))
            for (level, number), hashes in tree.full_tiles().items():
                connection.execute("UPDATE ledger.tile SET hashes = %s WHERE (level, tile_index) = (%s, %s)", (hashes, level, number))
            connection.execute("UPDATE ledger.head SET root = %s, frontier = %s, edge_1 = %s", (tree.root(), tree.frontier(), tree.edge(1)))


@pytest.fixture(scope="module")
def base(stack, template, tmp_path_factory):
    """SIZE records, three signed heads."""
    watched = Watched(stack, template, tmp_path_factory.mktemp("base"))
    watched.notary.announce()
    watched.grow(300).notary.checkpoint()
    watched.grow(300).notary.checkpoint()
    watched.grow(SIZE - watched.size()).notary.checkpoint()
    yield watched
    watched.close()


@pytest.fixture
def watched(stack, base, tmp_path):
    watched = Watched(stack, base.database, tmp_path)
    yield watched
    watched.close()


# ---- a log that nobody touched


def test_a_cycle_recomputes_all_or_what_is_new(watched):
    first = watched.good("--once")
    assert (first["recomputed"], first["signed_heads"]) == (SIZE, 3)
    assert watched.good("--new-only")["recomputed"] == SIZE % 256
    watched.grow(100).notary.checkpoint()
    assert watched.good("--new-only")["recomputed"] == SIZE % 256 + 100
    assert watched.good("--once")["recomputed"] == SIZE + 100
    assert watched.good("--once", state=False)["recomputed"] == SIZE + 100


def test_an_empty_state_a_log_without_signed_heads_and_one_of_whole_tiles_are_good(stack, template, tmp_path):
    watched = Watched(stack, template, tmp_path)
    try:
        watched.good("--once")
        watched.notary.announce()
        watched.good("--once")
        watched.grow(WHOLE - watched.size()).notary.checkpoint()
        watched.good("--once")
        assert watched.good("--new-only")["recomputed"] == 0
        watched.grow(1)
        assert watched.good("--new-only")["recomputed"] == 1
    finally:
        watched.close()


def test_it_goes_on_every_interval_until_something_differs(watched):
    process = subprocess.Popen([CUSTODYCTL, "monitor", "--policy", watched.policy, "--interval", "1", "--state", watched.state],
                               env={**watched.database.environment, "PGUSER": "custody_monitor"}, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline().startswith(f"good: size {SIZE}, {SIZE} leaves recomputed")
        index = watched.size()
        watched.grow(3)
        assert any(f"size {SIZE + 3}" in line for line in process.stdout)
        watched.sql(f"UPDATE ledger.record SET record = 'x' WHERE log_index = {index}")
        assert process.wait(WAIT_S) == NEGATIVE
        assert f"record {index} is altered" in process.stderr.read()
    finally:
        process.kill()


# ---- records


@pytest.mark.parametrize("column", [
    "record = set_byte(record, 3, get_byte(record, 3) # 1)", "salt = set_byte(salt, 31, get_byte(salt, 31) # 128)", "type = 5",
    "received_at = received_at + interval '1 microsecond'", "leaf_hash = set_byte(leaf_hash, 0, get_byte(leaf_hash, 0) # 1)",
    "record = record || 'x'", "record = NULL"])
def test_a_record_of_which_one_column_was_altered_is_named(watched, column):
    watched.good("--once")
    watched.sql(f"UPDATE ledger.record SET {column} WHERE log_index = 123")
    assert watched.difference("--once").startswith("record 123 is altered: its bytes, salt, type and time")


@pytest.mark.parametrize("index, name", [(123, "record 123 is altered, together with its leaf hash, or tile/0/000 is"),
                                         (SIZE - 1, "one of the records 1464 to 1467 is altered, together with its leaf hash, or the head is")])
def test_a_record_that_was_altered_with_its_leaf_hash_is_named(watched, index, name):
    watched.good("--once")
    ((leaf_type, received_us, salt),) = watched.database.sql(
        "SELECT type, (extract(epoch FROM received_at) * 1000000)::bigint, salt FROM ledger.record WHERE log_index = %s", index)
    forged = leaf_hash(leaf_type, received_us, salt, b"forged")
    watched.sql(f"DELETE FROM ledger.checkpoint WHERE size = {SIZE}",
                f"UPDATE ledger.record SET record = 'forged', leaf_hash = '\\x{forged.hex()}' WHERE log_index = {index}")
    assert watched.difference("--once", state=False).startswith(name)


def test_a_record_that_was_altered_with_all_its_hashes_contradicts_the_signed_root(watched):
    watched.forge(123, "UPDATE ledger.record SET record = 'forged' WHERE log_index = 123")
    size = watched.database.value("SELECT min(size) FROM ledger.checkpoint")
    assert watched.difference("--once", state=False).startswith(f"the records before index {size} do not give the root that was signed")


def test_a_deleted_record_is_named(watched):
    watched.good("--once")
    watched.sql("DELETE FROM ledger.record WHERE log_index = 321")
    assert watched.difference("--once") == "record 321 is missing"


def test_bytes_that_are_gone_without_an_erasure_are_named(watched):
    watched.sql("UPDATE ledger.record SET record = NULL, salt = NULL WHERE log_index = 5",
                "CREATE TABLE IF NOT EXISTS ledger.erasure (log_index bigint, erasure_index bigint, commitment bytea)",
                "GRANT SELECT ON ledger.erasure TO custody_monitor")
    assert watched.difference("--once") == "record 5 is altered: its bytes are gone, and no erasure says so"


def test_of_what_is_new_alone_an_altered_older_record_is_not_noticed_and_a_new_one_is(watched):
    watched.good("--once")
    index = watched.size()
    watched.grow(10)
    watched.sql("UPDATE ledger.record SET record = 'x' WHERE log_index = 123")
    watched.good("--new-only")
    watched.sql(f"UPDATE ledger.record SET record = 'x' WHERE log_index = {index + 4}")
    assert watched.difference("--new-only").startswith(f"record {index + 4} is altered")
    assert watched.difference("--once").startswith("record 123 is altered")


# ---- the tail


@pytest.mark.parametrize("how", ["--once", "--new-only"])
def test_a_truncated_tail_is_named_with_its_size(watched, how):
    watched.good("--once")
    watched.sql("DELETE FROM ledger.record WHERE log_index >= 1400")
    assert watched.difference(how) == f"the tail is truncated to size 1400: the head says {SIZE} records"


def test_a_tail_that_was_truncated_together_with_the_head_is_named(watched):
    """To the last signed head but one, as if nothing had come after it, tiles included."""
    size = sorted(watched.database.sql("SELECT size FROM ledger.checkpoint"))[1][0]
    rows = watched.database.sql("SELECT leaf_hash FROM ledger.record WHERE log_index < %s ORDER BY log_index", size)
    tree = Tree([leaf for (leaf,) in rows])
    assert tree.size == size
    with watched.database.connect(autocommit=False) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM ledger.record WHERE log_index >= %s", (size,))
        connection.execute("UPDATE ledger.head SET size = %s, root = %s, frontier = %s, edge_1 = %s",
                           (size, tree.root(), tree.frontier(), tree.edge(1)))
    assert watched.difference("--once", state=False) == f"the tail is truncated to size {size}: a head of size {SIZE} is signed"


@pytest.fixture
def restored(watched, tmp_path):
    """Yesterday's dump of the log, put back today under the same name; gives what is to be done in between."""
    dump = tmp_path / "yesterday.sql"

    def restore(between=lambda: None):
        with dump.open("wb") as out:
            subprocess.run(["pg_dump", watched.name], env=watched.database.environment, stdout=out, check=True, timeout=WAIT_S)
        between()
        postgres = Database(watched.stack, "postgres")
        postgres.sql(f"DROP DATABASE {watched.name} WITH (FORCE)")
        postgres.sql(f"CREATE DATABASE {watched.name} TEMPLATE template0")
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", dump], env=watched.database.environment, check=True, timeout=WAIT_S,
                       stdout=subprocess.DEVNULL)

    return restore


@pytest.mark.parametrize("how", ["--once", "--new-only"])
def test_yesterdays_dump_is_named(watched, restored, how):
    def today():
        watched.grow(50).notary.checkpoint()
        watched.good("--once")

    restored(today)
    assert watched.difference(how).startswith(
        f"an earlier state was restored, such as a backup: the log has size {SIZE}, and had {SIZE + 50} on 20")


def test_yesterdays_dump_that_has_grown_past_today_is_a_fork(watched, restored):
    def today():
        watched.grow(50).notary.checkpoint()
        watched.good("--once")

    restored(today)
    watched.grow(200).notary.checkpoint()
    assert watched.difference("--once").startswith(f"forked: the log has another root at size {SIZE + 50} than was seen before")
    watched.good("--once", state=False)  # whoever sees it for the first time cannot know


@pytest.mark.parametrize("how", ["--once", "--new-only"])
def test_a_fork_of_a_tree_of_whole_tiles_is_a_fork(watched, restored, how):
    def today():
        watched.grow(WHOLE - watched.size()).notary.checkpoint()
        watched.good("--once")

    restored(today)
    watched.grow(600).notary.checkpoint()
    assert watched.difference(how).startswith(f"forked: the log has another root at size {WHOLE}")


# ---- what is stored about the records


@pytest.mark.parametrize("statement, name", [
    ("UPDATE ledger.tile SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE (level, tile_index) = (0, 1)",
     "record 257 is altered, together with its leaf hash, or tile/0/001 is: they differ"),
    ("DELETE FROM ledger.tile WHERE (level, tile_index) = (0, 1)", "tile/0/001 is missing"),
    ("UPDATE ledger.head SET root = sha256(root)", f"the head of size {SIZE} is altered: its root is not that of the records"),
    ("UPDATE ledger.head SET edge_1 = sha256(edge_1) || substr(edge_1, 33)",
     f"the head of size {SIZE} is altered: its edge_1 is not that of the records"),
    ("UPDATE ledger.head SET edge_2 = sha256('')", f"the head of size {SIZE} is altered: its edge_2 is not that of the records"),
    ("UPDATE ledger.head SET frontier = sha256('') || substr(frontier, 33)",
     "one of the records 0 to 1023 is altered, together with its leaf hash, or the head is: its frontier differs"),
    ("DELETE FROM ledger.head", "the head is missing"),
    (f"UPDATE ledger.checkpoint SET root = sha256(root) WHERE size = {SIZE}",
     f"the signed head of size {SIZE} is altered: its note says another size or root"),
    (f"UPDATE ledger.checkpoint SET note = replace(note, E'\\n{SIZE}\\n', E'\\n{SIZE + 1}\\n') WHERE size = {SIZE}",
     f"the signed head of size {SIZE} is not good: checkpoint: the log's signature does not verify"),
    (f"UPDATE ledger.checkpoint SET size = 3000 WHERE size = {SIZE}", f"the tail is truncated to size {SIZE}: a head of size 3000 is signed"),
])
def test_what_was_altered_beside_the_records_is_named(watched, statement, name):
    watched.sql(statement)
    assert watched.difference("--once", state=False) == name


def test_of_what_is_new_alone_an_altered_edge_is_named_as_well(watched):
    watched.good("--once")
    watched.sql("UPDATE ledger.head SET edge_1 = sha256(edge_1) || substr(edge_1, 33)")
    watched.grow(1)
    difference = watched.difference("--new-only")
    assert "edge_1" in difference or "tile" in difference


def test_a_signed_head_that_was_seen_and_is_gone_is_named(watched):
    watched.good("--once")
    watched.sql(f"DELETE FROM ledger.checkpoint WHERE size = {SIZE}")
    assert watched.difference("--once") == f"the signed head of size {SIZE}, seen before, is missing"


def test_a_head_signed_by_a_stranger_is_named(watched):
    watched.good("--once")
    watched.grow(5).notary.checkpoint(key=NoteKey(ORIGIN, seed="a stranger"))
    assert watched.difference("--once") == (f"the signed head of size {SIZE + 5} is not good: checkpoint: not signed by this log; hint: is it this"
                                            " log's verifier key?")


# ---- the monitor's own memory


def test_after_a_difference_the_state_stays_what_was_good(watched):
    watched.good("--once")
    before = watched.state.read_text()
    index = watched.size()
    watched.grow(10)
    watched.sql(f"UPDATE ledger.record SET record = 'x' WHERE log_index = {index}")
    for _ in range(2):
        assert watched.difference("--once").startswith(f"record {index} is altered")
    assert watched.state.read_text() == before


def test_a_state_that_was_damaged_or_is_in_use_is_said(watched):
    watched.good("--once")
    watched.state.write_text(watched.state.read_text().replace(f"size {SIZE}", f"size {SIZE + 1}"))
    done = watched.monitor("--once")
    assert done.returncode == CONFIG and "hint: " in done.stderr


def test_wrong_use_and_no_database_are_told_apart(watched):
    environment = {**os.environ, "PGHOST": "/nonexistent"}

    def code(*arguments):
        return subprocess.run([CUSTODYCTL, "monitor", *arguments], env=environment, capture_output=True).returncode

    assert code() == USAGE
    assert code("--once", "--interval", "5", "--policy", watched.policy) == USAGE
    assert code("--interval", "0", "--policy", watched.policy) == USAGE
    assert code("--policy", "/nonexistent") == CONFIG
    assert code("--policy", watched.policy) == TEMPORARY
