"""The log over HTTP, followed by a client that shares no code with it (support/tlog): a role of its own, without a broker, read-only."""

import struct
import time

import pytest

from support import tlog
from support.ledger import root_of, sha256
from support.waiting import wait_for
from support.world import ORIGIN

log_key = tlog.Key(ORIGIN, tlog.LOG, "log of the tiles")
witnesses = [tlog.Key(f"witness.example/w{n}", tlog.WITNESS, f"witness {n}") for n in range(3)]


class Log:
    """A database whose log is filled by SQL and signed here, and a daemon that only serves it."""

    def __init__(self, world, **settings):
        self.world = world
        self.address = f"unix:{world.directory}/http.sock"
        settings = {"broker": "unix:/nonexistent", "database": "user=custody_ingest", "serve_database": "user=custody_monitor",
                    "http_listen": self.address, **settings}
        self.daemon = world.add_daemon("serve", roles="serve", **settings)

    def start(self):
        self.daemon.start()
        self.daemon.wait_log("serve_connected")
        return self

    def grow(self, size):
        """To this many leaves at least; what was registered in this database may have left some."""
        self.world.sql("SELECT count(ledger.append(2, convert_to('record ' || n, 'UTF8'))) FROM generate_series(1, %s - (SELECT size FROM"
                       " ledger.head)) AS n", size)

    def leaf_hashes(self):
        return [leaf for (leaf,) in self.world.sql("SELECT leaf_hash FROM ledger.record ORDER BY log_index")]

    def sign(self, size, *cosigners):
        """The log's first `size` leaves."""
        tree = self.leaf_hashes()[:size]
        text = tlog.checkpoint_text(ORIGIN, tree)
        self.world.sql("INSERT INTO ledger.checkpoint (size, root, note) VALUES (%s, %s, %s)", len(tree), root_of(tree),
                       text + "\n" + log_key.sign(text))
        for cosigner in cosigners:
            self.cosign(len(tree), text, cosigner)
        return tlog.Checkpoint(text + "\n" + log_key.sign(text))

    def cosign(self, size, text, witness):
        self.world.sql("INSERT INTO ledger.cosignature (size, witness, key_hash, line) VALUES (%s, %s, %s, %s)", size, witness.name,
                       witness.key_id, witness.cosign(text, int(time.time())).rstrip("\n"))

    def client(self):
        return tlog.LogClient(self.address, ORIGIN, log_key.vkey)

    def get(self, path):
        return tlog.ask(self.address, "GET", path)

    def status(self, path):
        return self.get(path).status


@pytest.fixture
def log(new_world):
    return Log(new_world()).start()


def test_a_client_follows_the_log_from_checkpoint_to_checkpoint_by_tiles_alone(log):
    client, before = log.client(), None
    for size in (1, 2, 255, 256, 257, 700):
        log.grow(size)
        log.sign(size)
        checkpoint = client.checkpoint()
        assert checkpoint.size == size and client.root(size) == checkpoint.root
        if before:
            proof = client.consistency_proof(before.size, size)
            assert tlog.consistency_holds(before.size, size, before.root, checkpoint.root, proof)
            assert not tlog.consistency_holds(before.size, size, sha256(b"fork"), checkpoint.root, proof)
        before = checkpoint
    assert client.tile(0, 0, 700) == log.leaf_hashes()[:256] and len(client.tile(1, 0, 700)) == 2


def test_entries_are_the_leaves_and_hash_to_their_tiles(log):
    log.grow(300)
    log.sign(300)
    client = log.client()
    entries = client.entries(300)
    hashes = [hash_ for index in range(2) for hash_ in client.tile(0, index, 300)]
    assert [sha256(b"\x00" + entry) for entry in entries] == hashes
    rows = log.world.sql("SELECT type, (extract(epoch FROM received_at) * 1000000)::bigint, salt, record FROM ledger.record"
                         " ORDER BY log_index LIMIT 300")
    for entry, (leaf_type, received_us, salt, record) in zip(entries, rows, strict=True):
        assert entry == b"custody-leaf/v1\n" + struct.pack(">BQ", leaf_type, received_us) + sha256(b"custody-commit/v1\n" + salt + record)
        assert len(entry) == 57 and record not in entry


def test_the_leaf_of_an_erased_record_stays(log):
    log.grow(5)
    log.sign(5)
    before, hashes = log.client().entries(5), log.leaf_hashes()[:5]
    with log.world.database.connect(autocommit=False) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("INSERT INTO ledger.erasure (log_index, commitment, erasure_index, request_id, reason, requested_by, approved_by)"
                           " SELECT 3, sha256(convert_to(E'custody-commit/v1\\n', 'UTF8') || salt || record), 4, 1, 'a', 'b', 'c' FROM ledger.record"
                           " WHERE log_index = 3")
        connection.execute("UPDATE ledger.record SET salt = NULL, record = NULL WHERE log_index = 3")
    after = log.client().entries(5)
    assert after == before and [sha256(b"\x00" + entry) for entry in after] == hashes
    log.world.check = lambda: None  # nobody asked for it, and no leaf says so


def test_levels_above_come_from_the_head_and_from_full_tiles_alike(log):
    """65,793 leaves: a full tile of level 1, a partial one of levels 1 and 2. Written at once, as a migration would find them."""
    size = 65536 + 257
    tree = [sha256(struct.pack(">Q", n)) for n in range(size)]
    with log.world.database.connect(autocommit=False) as connection:
        connection.execute("SET session_replication_role = replica")  # nothing refuses that another log takes the place of this one
        connection.execute("DELETE FROM ledger.record")
        connection.execute("DELETE FROM ledger.tile")
        with connection.cursor().copy("COPY ledger.record (log_index, type, received_at, salt, leaf_hash, record) FROM STDIN") as copy:
            for n, leaf in enumerate(tree):
                copy.write_row((n, 2, "2026-01-01 00:00:00+00", bytes(32), leaf, b"x"))
        level = tree
        edges = {}
        for number in range(3):
            full, rest = divmod(len(level), 256)
            for index in range(full):
                connection.execute("INSERT INTO ledger.tile VALUES (%s, %s, %s)", (number, index, b"".join(level[256 * index:256 * index + 256])))
            edges[number] = b"".join(level[256 * full:])
            level = [root_of(level[256 * index:256 * index + 256]) for index in range(full)]
        connection.execute("UPDATE ledger.head SET size = %s, edge_1 = %s, edge_2 = %s", (size, edges[1], edges[2]))
    text = f"{ORIGIN}\n{size}\n{tlog.b64(root_of(tree))}\n"
    log.world.sql("INSERT INTO ledger.checkpoint VALUES (%s, %s, %s)", size, root_of(tree), text + "\n" + log_key.sign(text))
    client = log.client()
    checkpoint = client.checkpoint()
    assert client.root(size) == checkpoint.root
    assert sorted(key for key in client.tiles) == [(0, 257, 1), (1, 1, 1), (2, 0, 1)]
    for old_size in (1, 255, 65535, 65536, 65537):
        proof = client.consistency_proof(old_size, size)
        assert tlog.consistency_holds(old_size, size, root_of(tree[:old_size]), checkpoint.root, proof)
    assert log.status("/tile/1/000") == 200 and log.status("/tile/1/000.p/17") == 200
    log.world.check = lambda: None  # its leaves are of no records


# ---- what there is, and what not

def test_nothing_beyond_the_newest_signed_checkpoint_is_there(log):
    assert log.status("/checkpoint") == 404
    log.grow(300)
    assert log.status("/tile/0/000") == 404
    log.sign(270)
    assert log.status("/tile/0/000") == 200
    for width in (1, 7, 14):
        assert log.status(f"/tile/0/001.p/{width}") == 200 and log.status(f"/tile/entries/001.p/{width}") == 200
    for path in ("/tile/0/001.p/15", "/tile/0/001", "/tile/entries/001.p/15", "/tile/entries/001", "/tile/0/002.p/1", "/tile/1/000.p/2",
                 "/tile/1/000", "/tile/2/000.p/1", "/tile/63/000.p/1"):
        answer = log.get(path)
        assert answer.status == 404 and answer.headers["Cache-Control"] == "no-store", path


def test_partial_tiles_stay_when_the_full_one_is_there(log):
    log.grow(600)
    log.sign(100)
    log.sign(600)
    assert len(log.get("/tile/0/000.p/100").body) == 3200 and len(log.get("/tile/entries/000.p/255").body) == 255 * 59
    assert log.get("/tile/0/000").body[:3200] == log.get("/tile/0/000.p/100").body


@pytest.mark.parametrize("path", [
    "/tile/", "/tile/0", "/tile/0/", "/tile/0/0", "/tile/0/00", "/tile/0/0000", "/tile/00/000", "/tile/64/000", "/tile/-1/000", "/tile/0/000/",
    "/tile/0/x000/000", "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/000.p/01", "/tile/0/000.p/", "/tile/0/000.p", "/tile/0/001x",
    "/tile/entries", "/tile/entries/", "/tile/Entries/000", "/tile/0/x999/x999/x999/x999/x999/x999/999",
    "/tile/0/x018/x446/x744/x073/x709/x551/615", "/tile/entries/x072/x057/x594/x037/x927/935", "/tile//0/000", "/tile/0//000", "/tile/data/000",
    "/tile/0/000%20", "/checkpoint/", "/checkpointx"])
def test_other_names_than_those_specified_are_not_found(shared_log, path):
    assert shared_log.status(path) == 404


@pytest.fixture(scope="module")
def shared_log(world):
    log = Log(world)
    log.grow(300)
    log.sign(300)
    return log.start()


def test_an_index_is_written_in_groups_of_three_digits(shared_log):
    assert shared_log.status("/tile/0/000") == 200 and shared_log.status("/tile/0/001.p/44") == 200
    assert tlog.tile_path(0, 1234067, 256) == "/tile/0/x001/x234/067"


def test_only_reading_is_allowed(shared_log):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        assert tlog.ask(shared_log.address, method, "/checkpoint").status == 405
        assert tlog.ask(shared_log.address, method, "/tile/0/000").status == 405
    head = tlog.ask(shared_log.address, "HEAD", "/tile/0/000")
    assert head.status == 200 and head.headers["Content-Length"] == "8192" and head.body == b""
    assert tlog.ask(shared_log.address, "POST", "/add-checkpoint", b"old 0\n\n").status == 404, "it is no witness"


def test_the_role_of_the_log_can_neither_write_nor_read_anything_else(shared_log):
    shown = shared_log.world.sql("SELECT usename FROM pg_stat_activity WHERE application_name = 'custodyd serve' AND datname = current_database()")
    assert shown == [("custody_monitor",)]


# ---- witnesses

def policy(world, quorum, name="policy"):
    path = world.directory / name
    path.write_text(f"log {log_key.vkey}\n" + "".join(f"witness w{n} {key.vkey}\n" for n, key in enumerate(witnesses)) + quorum)
    return str(path)


def cosigners(checkpoint):
    return [n for n, key in enumerate(witnesses) if checkpoint.signed_by(key)]


def test_the_newest_checkpoint_with_a_quorum_is_served_with_its_cosignatures(new_world):
    world = new_world()
    log = Log(world, policy_file=policy(world, "group two 2 w0 w1 w2\nquorum two\n")).start()
    log.grow(20)
    client = log.client()
    log.sign(5)
    assert (client.checkpoint().size, cosigners(client.checkpoint())) == (5, [])
    log.sign(6, witnesses[0])
    assert (client.checkpoint().size, cosigners(client.checkpoint())) == (6, [0])
    log.sign(7, *witnesses)
    assert (client.checkpoint().size, cosigners(client.checkpoint())) == (7, [0, 1, 2])
    log.sign(8, witnesses[1])
    text = log.sign(9).text
    assert (client.checkpoint().size, cosigners(client.checkpoint())) == (7, [0, 1, 2])
    log.cosign(9, text, witnesses[2])
    log.cosign(9, text, witnesses[0])
    assert (client.checkpoint().size, cosigners(client.checkpoint())) == (9, [0, 2])


def test_witnesses_that_stay_away_do_not_stop_the_log(new_world):
    world = new_world()
    log = Log(world, policy_file=policy(world, "quorum w0\n")).start()
    log.grow(30)
    log.sign(1, witnesses[0])
    for size in range(2, 17):
        log.sign(size, witnesses[1])
    assert log.client().checkpoint().size == 1
    log.sign(17, witnesses[1])
    assert (log.client().checkpoint().size, cosigners(log.client().checkpoint())) == (17, [1])


def test_a_cosignature_that_does_not_verify_spoils_nothing(new_world):
    world = new_world()
    log = Log(world, policy_file=policy(world, "quorum w0\n")).start()
    log.grow(30)
    text = log.sign(4).text
    forged = witnesses[0].line(struct.pack(">Q", 1) + bytes(64)).rstrip("\n")
    world.sql("INSERT INTO ledger.cosignature (size, witness, key_hash, line) VALUES (4, %s, %s, %s)", witnesses[0].name,
              witnesses[0].key_id, forged)
    checkpoint = log.client().checkpoint()
    assert checkpoint.size == 4 and len(checkpoint.signatures) == 1


@pytest.mark.parametrize("content, words", [
    ("", "no quorum"), ("quorum none\n", "does not name the log"), (f"log {tlog.Key('other.example', tlog.LOG, 'x').vkey}\nquorum none\n", "does not name the log"),
    (None, "policy_file")])
def test_a_policy_that_does_not_fit_is_refused_at_start(new_world, content, words):
    world = new_world()
    path = world.directory / "policy"
    if content is not None:
        path.write_text(content)
    log = Log(world, policy_file=str(path))
    log.daemon.start(ready=False)
    assert log.daemon.wait() == 78
    assert words in log.daemon.events("start_refused")[0]["error"]


# ---- trouble

def test_a_part_of_the_signed_tree_that_is_gone_is_said_and_not_served(log):
    log.grow(300)
    log.sign(300)
    with log.world.database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM ledger.record WHERE log_index IN (5, 290)")
        connection.execute("UPDATE ledger.tile SET tile_index = tile_index + 1000")
    for path in ("/tile/0/001.p/44", "/tile/entries/000", "/tile/entries/001.p/44", "/tile/0/000"):
        assert log.status(path) == 500, path
    missing = log.daemon.wait_log("tile_missing")
    assert "custodyctl monitor" in missing["hint"]
    log.world.check = lambda: None


def test_a_database_that_goes_away_is_told_and_comes_back(log):
    log.grow(3)
    log.sign(3)
    since = len(log.daemon.lines)
    log.world.sql("ALTER ROLE custody_monitor NOLOGIN")
    try:
        log.world.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'custodyd serve'"
                      " AND datname = current_database()")
        log.daemon.wait_log("serve_disconnected", since)
        answer = log.get("/checkpoint")
        assert answer.status == 503 and answer.headers["Cache-Control"] == "no-store"
    finally:
        log.world.sql("ALTER ROLE custody_monitor LOGIN")
    log.daemon.wait_log("serve_connected", since)
    wait_for("the checkpoint", lambda: log.status("/checkpoint") == 200)


def test_a_database_that_does_not_answer_holds_nobody_longer_than_the_timeout(new_world):
    world = new_world()
    log = Log(world, http_timeout_ms=700).start()
    log.grow(3)
    log.sign(3)
    with world.database.connect(autocommit=False) as connection:
        connection.execute("LOCK TABLE ledger.checkpoint IN ACCESS EXCLUSIVE MODE")
        answer = log.get("/checkpoint")
        assert answer.status == 503 and "in time" in answer.text
    wait_for("the checkpoint", lambda: log.status("/checkpoint") == 200)


def test_it_stops_while_requests_wait(new_world):
    world = new_world()
    log = Log(world).start()
    log.grow(3)
    log.sign(3)
    with world.database.connect(autocommit=False) as connection:
        connection.execute("LOCK TABLE ledger.checkpoint IN ACCESS EXCLUSIVE MODE")
        peers = [tlog.Connection(log.address) for _ in range(5)]
        for peer in peers:
            peer.request("GET", "/checkpoint")
        waiting = "SELECT pid FROM pg_stat_activity WHERE application_name = 'custodyd serve' AND wait_event_type = 'Lock' AND datname = current_database()"
        wait_for("a request to wait", lambda: world.sql(waiting))
        log.daemon.stop()
        for peer in peers:
            assert tlog.Answer(peer.getresponse()).status == 503
            peer.close()
    assert not log.daemon.events("left"), log.daemon.tail()
