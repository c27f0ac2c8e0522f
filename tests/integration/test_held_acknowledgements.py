"""PUBACK after COMMIT: no byte leaves the daemon's MQTT socket between reading a batch and its COMMIT, seen on the wire."""

import time

import pytest

from support.contract import fix
from support.hold import HeldCommit
from support.proxy import PUBACK, PUBLISH, TO_BROKER, Proxy, packet_types
from support.waiting import wait_for

HELD_S = 2.5  # more than a turn of every timer of the session


@pytest.fixture
def held(new_world):
    """A world whose daemon speaks to the broker through a proxy."""
    world = new_world()
    world.proxy = Proxy(world.directory / "proxy.sock", world.stack.broker_socket)
    world.daemon.write_settings({**world.settings, "broker": f"unix:{world.proxy.path}"})
    world.start()
    yield world
    world.proxy.close()


def test_no_byte_leaves_the_socket_between_read_and_commit_and_the_pubacks_follow_it(held):
    device = held.device()
    device.await_ack(device.say())
    with HeldCommit(held) as commit:
        since = held.proxy.mark()
        sent = [device.say(fixes=[fix()]) for _ in range(50)]
        held.proxy.wait_delivered(sent[0].bytes, since)
        commit.wait_for_waiter()
        time.sleep(HELD_S)
        assert held.proxy.bytes(TO_BROKER, since) == b"", "written before COMMIT"
        assert held.value("SELECT count(*) FROM ledger.record WHERE record = %s", sent[0].bytes) == 0
        commit.release()
    device.await_ack(sent[-1])
    wait_for("PUBACKs", lambda: packet_types(held.proxy.bytes(TO_BROKER, since)).count(PUBACK) == len(sent))
    assert all(len(held.indexes_of(sealed)) == 1 for sealed in sent)


def test_when_the_pubacks_leave_the_record_is_committed(held):
    device = held.device()
    device.await_ack(device.say())
    committed_at_puback = []

    def look(data):
        if PUBACK in packet_types(data):
            committed_at_puback.append(held.value("SELECT count(*) FROM ledger.record"))

    before = held.value("SELECT count(*) FROM ledger.record")
    for n in range(1, 21):
        since = held.proxy.mark()
        sealed = device.say(fixes=[fix()])
        wait_for("a PUBACK", lambda: held.proxy.bytes(TO_BROKER, since))
        look(held.proxy.bytes(TO_BROKER, since))
        assert committed_at_puback[-1] >= before + n, "PUBACK before COMMIT"
        device.await_ack(sealed)


ALONE = 20  # batches after which a lane sends COMMIT along with all else, and signs its notes meanwhile


@pytest.mark.parametrize("batches_before", [0, ALONE])
def test_acknowledgement_notes_leave_with_the_pubacks_and_not_before(held, batches_before):
    device = held.device()
    for _ in range(batches_before):
        device.await_ack(device.say())
    with HeldCommit(held) as commit:
        since, acks = held.proxy.mark(), len(device.acks)
        sealed = device.say()
        commit.wait_for_waiter()
        time.sleep(0.5)  # signing takes microseconds
        assert len(device.acks) == acks
        commit.release()
    device.await_ack(sealed)
    types = packet_types(held.proxy.bytes(TO_BROKER, since))
    assert types.count(PUBLISH) == 1 and types.count(PUBACK) == 1


def test_a_note_made_for_a_transaction_that_did_not_commit_is_never_sent(held):
    device = held.device()
    for _ in range(ALONE):
        device.await_ack(device.say())
    with HeldCommit(held) as commit:
        acks = len(device.acks)
        sealed = device.say()
        commit.wait_for_waiter()
        held.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                 " AND application_name LIKE 'custodyd lane%%' AND wait_event_type = 'Lock'")
        held.daemon.wait_log("batch_repeated")
        commit.release()
    device.await_ack(sealed)
    time.sleep(0.5)
    assert [ack.seq for ack in device.acks[acks:]] == [sealed.seq]


def test_while_a_batch_commits_nothing_more_is_read(held):
    device, other = held.device(), held.device()
    device.await_ack(device.say())
    with HeldCommit(held) as commit:
        first = device.say()
        commit.wait_for_waiter()
        late = other.say()
        time.sleep(0.5)
        commit.release()
    device.await_ack(first)
    other.await_ack(late)
    (first_index,), (late_index,) = held.indexes_of(first), held.indexes_of(late)
    received = dict(held.sql("SELECT log_index, received_at FROM ledger.record"))
    assert (received[late_index] - received[first_index]).total_seconds() > 0.4


def test_killed_while_held_the_broker_sends_again_and_all_is_stored_once(held):
    device = held.device()
    device.await_ack(device.say())
    with HeldCommit(held) as commit:
        since = held.proxy.mark()
        sent = [device.say(fixes=[fix()]) for _ in range(30)]
        held.proxy.wait_delivered(sent[-1].bytes, since)
        commit.wait_for_waiter()
        held.daemon.kill()
        assert held.proxy.bytes(TO_BROKER, since) == b""
        commit.release()
    assert all(held.indexes_of(sealed) == [] for sealed in sent)
    held.daemon.start()
    device.await_ack(sent[-1])
    assert all(len(held.indexes_of(sealed)) == 1 for sealed in sent)
    assert held.daemon.wait_log("broker_connected", session="resumed")


def test_killed_after_commit_and_before_the_pubacks_what_comes_again_is_a_duplicate_and_is_acknowledged(held):
    device = held.device()
    device.await_ack(device.say())
    # The proxy swallows what the daemon writes, so that the broker never learns of these.
    held.proxy.close()
    muted = held.proxy = MutedProxy(held.directory / "proxy2.sock", held.stack.broker_socket)
    held.daemon.kill()
    held.daemon.write_settings({**held.settings, "broker": f"unix:{muted.path}"})
    held.daemon.start()
    muted.muted = True
    sent = [device.say(fixes=[fix()]) for _ in range(10)]
    wait_for("the records", lambda: all(len(held.indexes_of(sealed)) == 1 for sealed in sent))
    held.daemon.kill()
    muted.muted = False
    held.daemon.start()
    device.await_ack(sent[-1])
    assert all(len(held.indexes_of(sealed)) == 1 for sealed in sent)
    held.daemon.stop()
    assert held.daemon.counters()["duplicate"] == len(sent)


# ---- a backlog, which a thread of the pool reads

BACKLOG = 3000
READ_ON_THE_LOOP = 64  # messages, before the pool takes over


def leave_backlog(world):
    """What was sent while the daemon was away: all with the broker, nothing read."""
    device = world.device()
    device.await_ack(device.say())
    world.daemon.stop()
    sent = [device.say(fixes=[fix()]) for _ in range(BACKLOG)]
    wait_for("all to be with the broker", lambda: not device.connection.client._out_messages)
    return device, sent


def all_stored_once(world, device, sent):
    stored = dict(world.sql("SELECT record, count(*) FROM ledger.record WHERE source_id = %s GROUP BY record",
                            world.source_id(device.name)))
    return [stored.get(sealed.bytes) for sealed in sent] == [1] * len(sent)


def test_the_pubacks_of_a_backlog_are_held_and_all_follow(held):
    device, sent = leave_backlog(held)
    with HeldCommit(held) as commit:
        since = held.proxy.mark()
        held.daemon.start()
        commit.wait_for_waiter()
        time.sleep(HELD_S)
        assert PUBACK not in packet_types(held.proxy.bytes(TO_BROKER, since)), "written before COMMIT"
        commit.release()
    device.await_ack(sent[-1])
    of_the_first = held.value("SELECT count(*) FROM ledger.record WHERE xmin = (SELECT xmin FROM ledger.record WHERE record = %s)",
                              sent[0].bytes)
    assert of_the_first > READ_ON_THE_LOOP, "the pool read nothing"
    wait_for("PUBACKs", lambda: packet_types(held.proxy.bytes(TO_BROKER, since)).count(PUBACK) == len(sent))
    assert all_stored_once(held, device, sent)


@pytest.mark.parametrize("after_bytes", [1, 30_000, 200_000])
def test_a_backlog_whose_connection_breaks_while_it_is_read_comes_again_and_is_stored_once(held, after_bytes):
    device, sent = leave_backlog(held)
    held.proxy.cut_after(after_bytes)
    held.daemon.start()
    device.await_ack(sent[-1])
    assert held.daemon.events("broker_unreachable"), "nothing broke"
    assert all_stored_once(held, device, sent)


def test_sigterm_while_a_backlog_is_read_drains_what_was_read_and_leaves_the_rest(held):
    device, sent = leave_backlog(held)
    held.daemon.start()
    held.daemon.stop()
    held.daemon.start()
    device.await_ack(sent[-1])
    assert all_stored_once(held, device, sent)


@pytest.mark.parametrize("count", [1, 300])
def test_a_broker_that_goes_while_a_batch_lingers_is_back_before_the_batch_is_stored(new_world, count):
    """The answer to CONNECT is read although nothing else may be, and needs no room in a batch."""
    world = new_world(linger_ms=1000)
    world.proxy = Proxy(world.directory / "proxy.sock", world.stack.broker_socket)
    world.daemon.write_settings({**world.settings, "broker": f"unix:{world.proxy.path}"})
    world.start()
    device = world.device()
    device.await_ack(device.say())
    with HeldCommit(world) as commit:
        since, line = world.proxy.mark(), len(world.daemon.lines)
        sent = [device.say(fixes=[fix()]) for _ in range(count)]
        world.proxy.wait_delivered(sent[-1].bytes, since)
        world.proxy.cut()
        commit.wait_for_waiter()
        world.daemon.wait_log("broker_connected", line, timeout_s=8)  # sooner than a CONNECT that nobody answers is given up
        commit.release()
    sent.append(device.say(fixes=[fix()]))
    device.await_ack(sent[-1])
    assert all(len(world.indexes_of(each)) == 1 for each in sent)
    world.proxy.close()


def test_live_traffic_behind_a_backlog_is_answered_while_it_comes(held):
    """A message a millisecond must not keep the batch open that waits for more."""
    device, _ = leave_backlog(held)
    held.daemon.start()
    first, deadline = device.say(), time.monotonic() + 4
    while time.monotonic() < deadline and not device.has_note_of(first):
        device.say()
        time.sleep(0.0003)
    assert device.has_note_of(first), "no note while others keep coming"


class MutedProxy(Proxy):
    muted = False

    def _relay(self, source, sink, direction):
        super()._relay(_Mute(self, source) if direction == TO_BROKER else source, sink, direction)


class _Mute:
    """Reads like the socket, but nothing while its proxy is muted."""

    def __init__(self, proxy, source):
        self.proxy, self.source = proxy, source

    def recv(self, size):
        while data := self.source.recv(size):
            if not self.proxy.muted:
                return data
        return b""

    def shutdown(self, how):
        self.source.shutdown(how)
