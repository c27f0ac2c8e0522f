"""The daemon asks real witness processes, and hostile ones, to cosign its checkpoints; a client sees the quorum over HTTP."""

import contextlib
import http.server
import threading
import time

import pytest

from support import tlog
from support.contract import fix
from support.waiting import wait_for
from support.world import ORIGIN
from test_witness import Witness, expect_conflict

keys = [tlog.Key(f"witness.example/w{n}", tlog.WITNESS, f"cosigning witness {n}") for n in range(3)]
CHECKPOINT_KEY = tlog.Key(ORIGIN, tlog.LOG, "checkpoint key of the tests")  # which World writes
ACK_S = 1.0  # far below any deadline of a witness


@pytest.fixture
def witnesses():
    made = [Witness(key=key, logs=[CHECKPOINT_KEY]) for key in keys]
    yield made
    for witness in made:
        witness.close()


def write_policy(world, urls, quorum="quorum w0\n"):
    path = world.directory / "policy"
    path.write_text(f"log {CHECKPOINT_KEY.vkey}\n" + "".join(f"witness w{n} {keys[n].vkey} {url}\n" for n, url in enumerate(urls)) + quorum)
    return str(path)


def make_world(new_world, urls, quorum="quorum w0\n", **settings):
    world = new_world(checkpoints=True, **settings)
    world.address = f"unix:{world.directory}/http.sock"
    world.daemon.write_settings({**world.daemon.settings, "http_listen": world.address, "policy_file": write_policy(world, urls, quorum)})
    return world


def say(world, device):
    """The size of a checkpoint over a new report, and how long its acknowledgement took."""
    started = time.monotonic()
    device.await_ack(device.say(fixes=[fix()]))
    took_s = time.monotonic() - started
    size = world.value("SELECT size FROM ledger.head")
    wait_for("a checkpoint", lambda: world.sql("SELECT size FROM ledger.checkpoint WHERE size >= %s", size))
    return size, took_s


def cosigned(world, n):
    """Newest size cosigned by witness n; every line verified."""
    rows = world.sql("SELECT c.note, s.line, s.size FROM ledger.cosignature s JOIN ledger.checkpoint c USING (size) WHERE s.witness = %s"
                     " AND s.key_hash = %s ORDER BY size", keys[n].name, keys[n].key_id)
    for note, line, size in rows:
        checkpoint = tlog.Checkpoint(note + line + "\n")
        assert checkpoint.size == size and checkpoint.signed_by(keys[n]) and checkpoint.signed_by(CHECKPOINT_KEY)
    return rows[-1][2] if rows else 0


def await_cosigned(world, n, size):
    wait_for(lambda: f"witness {n} to cosign {size}, it has {cosigned(world, n)}\n{world.daemon.tail()}", lambda: cosigned(world, n) >= size)


def client_of(world):
    return tlog.LogClient(world.address, ORIGIN, CHECKPOINT_KEY.vkey)


def test_every_witness_cosigns_and_a_client_sees_the_quorum(new_world, witnesses):
    for witness in witnesses:
        witness.daemon.start()
    world = make_world(new_world, [witness.address for witness in witnesses], "group all-three all w0 w1 w2\nquorum all-three\n").start()
    device, before = world.device(), None
    for _ in range(4):
        size, _ = say(world, device)
        for n in range(3):
            await_cosigned(world, n, size)
        checkpoint = client_of(world).checkpoint()
        assert all(checkpoint.signed_by(key) for key in keys)
        client = client_of(world)
        assert client.root(checkpoint.size) == checkpoint.root
        if before and before.size < checkpoint.size:
            proof = client.consistency_proof(before.size, checkpoint.size)
            assert tlog.consistency_holds(before.size, checkpoint.size, before.root, checkpoint.root, proof)
        before = checkpoint
    assert {witness.size(ORIGIN) for witness in witnesses} == {world.value("SELECT max(size) FROM ledger.checkpoint")}
    assert not world.daemon.events("cosign_failed"), world.daemon.tail()


def test_proofs_reach_over_many_tiles(new_world, witnesses):
    witnesses[0].daemon.start()
    world = make_world(new_world, [witnesses[0].address]).start()
    device = world.device()
    size, _ = say(world, device)
    await_cosigned(world, 0, size)
    witnesses[0].daemon.stop()
    world.sql("SELECT count(ledger.append(2, 'x')) FROM generate_series(1, 1500)")
    size, _ = say(world, device)
    assert size > 1500
    witnesses[0].daemon.start()
    await_cosigned(world, 0, size)
    assert not [line for line in world.daemon.events("cosign_failed") if "status" in line["error"]], world.daemon.tail()


def test_a_witness_that_is_away_delays_nobody_and_catches_up(new_world, witnesses):
    witnesses[0].daemon.start()
    world = make_world(new_world, [witness.address for witness in witnesses[:2]]).start()
    device = world.device()
    for _ in range(3):
        size, took_s = say(world, device)
        assert took_s < ACK_S
        await_cosigned(world, 0, size)
    failed = world.daemon.wait_log("cosign_failed")
    assert failed["witness"] == keys[1].name and failed["hint"]
    assert cosigned(world, 1) == 0
    witnesses[1].daemon.start()
    await_cosigned(world, 1, size)
    world.daemon.wait_log("cosign_again")


def test_what_a_witness_knows_is_learnt_from_its_conflict(new_world, witnesses):
    witness = witnesses[0]
    witness.daemon.start()
    world = make_world(new_world, [witness.address]).start()
    device = world.device()
    size, _ = say(world, device)
    await_cosigned(world, 0, size)
    world.daemon.stop()
    with world.database.connect() as connection:
        connection.execute("ALTER TABLE ledger.cosignature DISABLE TRIGGER append_only")
        connection.execute("DELETE FROM ledger.cosignature")
        connection.execute("ALTER TABLE ledger.cosignature ENABLE TRIGGER append_only")
    since = len(world.daemon.lines)
    world.daemon.start()
    size, _ = say(world, device)
    await_cosigned(world, 0, size)
    assert not world.daemon.events("cosign_failed", since), world.daemon.tail()


def test_a_restarted_daemon_goes_on_with_the_newest_checkpoint(new_world, witnesses):
    world = make_world(new_world, [witnesses[0].address]).start()
    size, _ = say(world, world.device())
    world.daemon.stop()
    assert cosigned(world, 0) == 0
    witnesses[0].daemon.start()
    world.daemon.start()
    await_cosigned(world, 0, size)


def test_a_log_that_forks_is_refused_by_the_witness_and_told(new_world, witnesses):
    witness = witnesses[0]
    witness.daemon.start()
    one = make_world(new_world, [witness.address]).start()
    size, _ = say(one, one.device())
    await_cosigned(one, 0, size)
    one.daemon.stop()
    known = witness.size(ORIGIN)
    two = make_world(new_world, [witness.address]).start()  # the same origin and key over another database
    device = two.device()
    while say(two, device)[0] <= known:
        pass
    wait_for("a refusal", lambda: [line for line in two.daemon.events("cosign_failed") if "422" in line["error"]])
    assert cosigned(two, 0) == 0 and witness.size(ORIGIN) == known
    assert witness.daemon.wait_log("witness_inconsistent")["origin"] == ORIGIN
    expect_conflict(tlog.add_checkpoint(witness.address, 0, [], one.sql("SELECT note FROM ledger.checkpoint WHERE size = %s", known)[0][0]), known)


# ---- hostile witnesses

class Hostile(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, behave):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.server.bodies.append(body)
                with contextlib.suppress(OSError):
                    behave(self, body)

            def log_message(self, *_):
                pass

        self.bodies = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return "http://127.0.0.1:%d/" % self.server_port


def respond(status, content, **headers):
    def behave(handler, body):
        data = content(body) if callable(content) else content
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(data)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return behave


def text_in(body):
    return tlog.split_note(body.split("\n\n", 1)[1])[0]


def endless(handler, body):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"\xe2\x80\x94 witness.example/w1 AAAA\n" * 1000)


def silent(handler, body):
    time.sleep(30)


def cut(handler, body):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    handler.connection.close()


stranger = tlog.Key(keys[1].name, tlog.WITNESS, "of the witness's name")


def now_s():
    return int(time.time())


def old_size_in(body):
    return body.split("\n")[0].split()[1]


SIZE = {"Content_Type": "text/x.tlog.size"}
HOSTILE = {  # what a witness with this key answers
    "nothing": lambda key: respond(200, b""),
    "garbage": lambda key: respond(200, b"\x00\xff" * 100),
    "a line of a stranger of its name": lambda key: respond(200, lambda body: tlog.Key(key.name, tlog.WITNESS, "x").cosign(text_in(body), now_s()).encode()),
    "its key over other words": lambda key: respond(200, lambda body: key.cosign("other\n1\n\n", now_s()).encode()),
    "a time far ahead": lambda key: respond(200, lambda body: key.cosign(text_in(body), now_s() + 10 ** 6).encode()),
    "no time": lambda key: respond(200, lambda body: key.cosign(text_in(body), 0).encode()),
    "a line that does not end": lambda key: respond(200, lambda body: key.cosign(text_in(body), now_s()).rstrip("\n").encode()),
    "a signature cut short": lambda key: respond(200, lambda body: (key.cosign(text_in(body), now_s())[:-20] + "\n").encode()),
    "an answer without end": lambda key: endless,
    "silence": lambda key: silent,
    "half an answer": lambda key: cut,
    "a redirect": lambda key: respond(307, b"", Location="http://127.0.0.1:1/add-checkpoint"),
    "the same size again": lambda key: respond(409, lambda body: f"{old_size_in(body)}\n".encode(), **SIZE),
    "a size that is none": lambda key: respond(409, b"many\n", **SIZE),
    "a size of another type": lambda key: respond(409, b"1\n", Content_Type="text/plain"),
    "a size ahead of us": lambda key: respond(409, b"18446744073709551615\n", **SIZE),
    "a size with more behind": lambda key: respond(409, b"1\n2\n", **SIZE),
    "server trouble": lambda key: respond(500, b"x" * 10),
}


def test_hostile_witnesses_delay_nobody_and_nothing_of_theirs_is_stored(new_world, witnesses):
    """All at once, beside an honest one."""
    hostile_keys = {name: tlog.Key(f"hostile.example/{n}", tlog.WITNESS, name) for n, name in enumerate(HOSTILE)}
    servers = {name: Hostile(HOSTILE[name](key)) for name, key in hostile_keys.items()}
    try:
        witnesses[0].daemon.start()
        world = make_world(new_world, [witnesses[0].address])
        with open(world.daemon.settings["policy_file"], "a") as policy:
            for n, (name, key) in enumerate(hostile_keys.items()):
                policy.write(f"witness h{n} {key.vkey} {servers[name].url}\n")
        world.start()
        device = world.device()
        for _ in range(3):
            size, took_s = say(world, device)
            assert took_s < ACK_S
            await_cosigned(world, 0, size)
        for name, server in servers.items():
            wait_for(f"a question to {name}", lambda: server.bodies)
            if name != "silence":
                wait_for(f"a failure of {name}", lambda: world.daemon.events("cosign_failed", witness=hostile_keys[name].name))
        assert world.sql("SELECT DISTINCT witness FROM ledger.cosignature") == [(keys[0].name,)]
        for name, server in servers.items():
            assert len(server.bodies) < 10, f"{name} is asked again without a pause"
        world.daemon.stop()
        assert not world.daemon.events("left"), world.daemon.tail()
    finally:
        for server in servers.values():
            server.shutdown()
            server.server_close()


def test_a_witness_that_jumps_between_sizes_is_left_alone_for_a_while(new_world, witnesses):
    answers = iter(range(10 ** 6))
    hostile = Hostile(respond(409, lambda body: f"{next(answers) % 2 + 1}\n".encode(), Content_Type="text/x.tlog.size"))
    try:
        world = make_world(new_world, [witnesses[0].address, hostile.url]).start()
        device = world.device()
        for _ in range(3):
            say(world, device)
        wait_for("a failure", lambda: world.daemon.events("cosign_failed", witness=keys[1].name))
        time.sleep(1)
        assert len(hostile.bodies) < 40
    finally:
        hostile.shutdown()
        hostile.server_close()


def test_lines_of_others_beside_the_witness_s_own_are_passed_over(new_world, witnesses):
    def behave(body):
        text = text_in(body)
        return (stranger.cosign(text, 1) + tlog.Key(ORIGIN, tlog.LOG, "x").sign(text) + keys[1].cosign(text, int(time.time()))).encode()

    hostile = Hostile(respond(200, behave))
    try:
        world = make_world(new_world, [witnesses[0].address, hostile.url]).start()
        size, _ = say(world, world.device())
        await_cosigned(world, 1, size)
        assert {row for row in world.sql("SELECT DISTINCT witness FROM ledger.cosignature")} == {(keys[1].name,)}
    finally:
        hostile.shutdown()
        hostile.server_close()
