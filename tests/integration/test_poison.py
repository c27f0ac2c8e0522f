"""A batch that the database, or memory, cannot take whole: the one record that it refuses becomes a dead letter, the rest is stored."""

import pytest

from support.contract import Refusal, fix
from support.hold import one_batch

POISON_CM_S = 66666


@pytest.fixture
def poisoned(new_world):
    """The database refuses one speed."""
    world = new_world().start()
    world.sql(f"ALTER TABLE telemetry.fix ADD CONSTRAINT poison CHECK (speed_cm_s <> {POISON_CM_S}) NOT VALID")
    return world


def poison(device):
    return device.say(fixes=[fix(), fix(speed_cm_s=POISON_CM_S)])


def assert_poison_kept(world, device, sealed):
    refusal = device.await_refusal(sealed)
    assert refusal.reason == Refusal.REFUSAL_REASON_NOT_STORABLE and "poison" in refusal.text
    number, detail, topic, source, time_is_right = world.dead_letter(sealed.bytes)
    assert (number, topic, source, time_is_right) == (Refusal.REFUSAL_REASON_NOT_STORABLE, device.topic(), device.name, True)
    assert "poison" in detail
    line = world.daemon.wait_log("not_storable", source=device.name, seq=str(sealed.seq))
    assert "poison" in line.text
    assert len(world.indexes_of(sealed)) == 1


def test_one_record_that_the_database_refuses_is_a_dead_letter_and_the_rest_of_its_batch_is_stored(poisoned):
    devices = [poisoned.device() for _ in range(6)]
    with one_batch(poisoned, poisoned.device()):
        good = [(device, device.say(fixes=[fix()])) for device in devices for _ in range(3)]
        bad = poison(devices[2])
        good += [(device, device.say(fixes=[fix()])) for device in devices for _ in range(3)]
    for device, sealed in good:
        device.await_ack(sealed)
        assert len(poisoned.indexes_of(sealed, 1)) == 1
    assert_poison_kept(poisoned, devices[2], bad)
    statement = devices[2].statement(devices[2].await_ack(good[-1][1] if good[-1][0] is devices[2] else bad))
    assert statement.seq >= bad.seq
    assert poisoned.value("SELECT count(*) FROM telemetry.fix") == len(good)
    assert poisoned.flags() == []


def test_several_poison_records_in_one_batch_are_each_found(poisoned):
    device, other = poisoned.device(), poisoned.device()
    with one_batch(poisoned, poisoned.device()):
        sent = [(poison(device) if n in (0, 3, 4, 9) else device.say(fixes=[fix()])) for n in range(10)]
        theirs = [(poison(other) if n % 2 else other.say(fixes=[fix()])) for n in range(6)]
    device.await_ack(sent[-1])
    other.await_ack(theirs[-1])
    assert [len(poisoned.indexes_of(sealed, 3)) for sealed in sent] == [n in (0, 3, 4, 9) for n in range(10)]
    assert [len(poisoned.indexes_of(sealed, 1)) for sealed in sent] == [n not in (0, 3, 4, 9) for n in range(10)]
    assert [len(poisoned.indexes_of(sealed, 3)) for sealed in theirs] == [False, True] * 3
    assert {r.seq for ack in device.acks for r in ack.refusals} == {0, 3, 4, 9}


def test_poison_that_came_early_is_dealt_with_too(poisoned):
    device = poisoned.device()
    first = device.make()
    bad = poison(device)
    assert_refused = device.await_refusal(bad)
    assert assert_refused.reason == Refusal.REFUSAL_REASON_NOT_STORABLE
    device.await_ack(device.send(first))
    last = device.say()
    assert device.statement(device.await_ack(last)).chain == last.hash


@pytest.mark.parametrize("arena_max_bytes", [1 << 20, 4 << 20, 16 << 20])
def test_a_batch_that_needs_more_memory_than_there_is_is_stored_in_parts_and_nothing_of_it_is_lost(new_world, arena_max_bytes):
    world = new_world(arena_max_bytes=arena_max_bytes).start()
    devices = [world.device() for _ in range(4)]
    with one_batch(world, world.device()):
        sent = [(device, device.say(fixes=[fix(speed_cm_s=n) for n in range(600)])) for _ in range(20) for device in devices]
    for device, sealed in sent:
        device.await_ack(sealed)
    assert world.value("SELECT count(*) FROM ledger.dead_letter") == 0
    assert world.value("SELECT count(*) FROM telemetry.fix") == 600 * len(sent)
    assert not world.daemon.events("broker_unreachable"), "more was read than there was room for"


def test_poison_in_a_batch_larger_than_the_sockets_buffers_is_found_and_the_rest_is_stored(poisoned):
    devices = [poisoned.device() for _ in range(10)]
    with one_batch(poisoned, poisoned.device()):
        bad = poison(devices[0])  # first, so that the refusal comes while rows are still being fed
        good = [(device, device.say(fixes=[fix(speed_cm_s=n) for n in range(600)])) for _ in range(5) for device in devices]
    for device, sealed in good:
        device.await_ack(sealed)
    assert_poison_kept(poisoned, devices[0], bad)
    assert poisoned.value("SELECT count(*) FROM telemetry.fix") == 600 * len(good)
