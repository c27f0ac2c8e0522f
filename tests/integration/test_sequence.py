"""What a source's sequence, chain, epochs and clock say: duplicates, holes, equivocation, clones."""

import time

from support import contract
from support.contract import Refusal, Warning, fix, now_us

WORLD = {"gap_grace_s": 1, "clock_skew_max_s": 60}
RANGES_MAX = 32  # holes that a source may leave at one time
DAY_US = 86400 * 1_000_000


def test_a_duplicate_is_acknowledged_again_with_a_valid_note_and_stored_once(world, device):
    sealed = device.say(fixes=[fix()])
    device.await_ack(sealed)
    for _ in range(3):
        device.send(sealed)
        statement = device.statement(device.await_ack(sealed))
        assert (statement.chain, statement.index) == (sealed.hash, world.indexes_of(sealed)[0])
    assert len(world.indexes_of(sealed)) == 1
    assert world.flags(device.name) == []


def test_an_old_duplicate_is_answered_with_how_far_the_source_has_come(world, device):
    first = device.say()
    for _ in range(4):
        last = device.say()
    device.await_ack(last)
    device.send(first)
    statement = device.statement(device.await_ack(first))
    assert (statement.seq, statement.chain, statement.index) == (last.seq, last.hash, world.indexes_of(last)[0])


def test_the_same_envelope_many_times_in_one_burst_is_stored_once(world, device):
    sealed = device.make(fixes=[fix()])
    for _ in range(20):
        device.send(sealed)
    device.await_ack(sealed)
    device.await_ack(device.say())
    assert len(world.indexes_of(sealed)) == 1
    assert world.value("SELECT count(*) FROM telemetry.fix WHERE source_id = %s", world.source_id(device.name)) == 1


def test_a_duplicate_after_a_restart_of_the_daemon_is_a_duplicate(new_world):
    world = new_world().start()
    device = world.device()
    sent = [device.say() for _ in range(3)]
    device.await_ack(sent[-1])
    world.daemon.stop()
    world.daemon.start()
    device.send(sent[1])
    statement = device.statement(device.await_ack(sent[1]))
    assert (statement.seq, statement.chain) == (2, sent[-1].hash)
    assert len(world.indexes_of(sent[1])) == 1


def equivocate(device, sealed):
    """Other bytes under the same seq."""
    report = device.report(epoch=sealed.epoch, seq=sealed.seq, previous=contract.ZERO_HASH, fixes=[fix(118.5)])
    return contract.Sealed(sealed.epoch, sealed.seq, contract.seal_body(report.SerializeToString(), device.name, device.key))


def test_a_seq_used_twice_is_kept_twice_flagged_and_the_first_one_counts(world, device):
    first = device.say(fixes=[fix(118.4)])
    device.await_ack(first)
    second = device.send(equivocate(device, first))
    statement = device.statement(device.await_ack(second))
    assert statement.chain == first.hash
    assert Warning.WARNING_CODE_EQUIVOCATION in device.warnings(second)
    assert (len(world.indexes_of(first, 1)), len(world.indexes_of(second, 6))) == (1, 1)
    _, key, detail, severity = world.flag("S02", device.name)
    assert severity == 4 and "1/0" in key and "seq 0" in detail
    assert world.value("SELECT count(*) FROM telemetry.fix WHERE source_id = %s", world.source_id(device.name)) == 1
    evidence = world.sql("SELECT log_index FROM flag.evidence JOIN flag.flag USING (flag_id) WHERE source_id = %s", world.source_id(device.name))
    assert evidence == [(world.indexes_of(second)[0],)]


def test_an_equivocation_that_comes_again_is_not_stored_twice(world, device):
    first = device.say()
    device.await_ack(first)
    second = equivocate(device, first)
    for _ in range(3):
        device.send(second)
        device.await_ack(second)
    assert len(world.indexes_of(second)) == 1
    world.flag("S02", device.name)


def test_an_equivocation_in_the_same_burst_as_the_first_is_found_too_and_stored_once(world, device):
    first = device.make()
    second = equivocate(device, first)
    for sealed in (first, second, second, first, second):
        device.send(sealed)
    device.await_ack(second)
    device.await_ack(device.say())
    assert (len(world.indexes_of(first)), len(world.indexes_of(second))) == (1, 1)
    assert len(world.indexes_of(first, 1) + world.indexes_of(second, 1)) == 1
    world.flag("S02", device.name)


def test_three_histories_under_one_seq_are_all_kept(world, device):
    first = device.say()
    device.await_ack(first)
    others = [equivocate(device, first) for _ in range(2)]
    for sealed in others:
        device.await_ack(device.send(sealed))
    assert all(len(world.indexes_of(sealed, 6)) == 1 for sealed in others)
    assert len(world.sql("SELECT 1 FROM flag.evidence JOIN flag.flag USING (flag_id) WHERE rule = 'S02' AND source_id = %s",
                         world.source_id(device.name))) == 2


def test_what_comes_early_is_kept_and_told_and_covered_by_the_note_once_the_hole_is_filled(world, device):
    sent = [device.make(fixes=[fix()]) for _ in range(6)]
    device.await_ack(device.send(sent[0]))
    device.send(sent[3])
    device.send(sent[5])
    ack = device.await_early(sent[5])
    assert [(r.first_seq, r.last_seq) for r in ack.stored_early] in ([(5, 5)], [(3, 3), (5, 5)])
    assert (ack.seq, device.statement(ack).chain) == (0, sent[0].hash)
    assert Warning.WARNING_CODE_SEQUENCE_GAP in device.warnings(sent[5])
    device.send(sent[1])
    device.send(sent[4])
    device.send(sent[2])
    ack = device.await_ack(sent[5])
    assert device.statement(ack).index == world.indexes_of(sent[5])[0]
    assert list(ack.stored_early) == []
    assert all(len(world.indexes_of(sealed)) == 1 for sealed in sent)
    assert world.flags(device.name) == []


def test_while_seq_0_is_missing_there_is_no_note_but_what_came_is_told(world, device):
    first, second = device.make(), device.make()
    device.send(second)
    ack = device.await_early(second)
    assert ack.WhichOneof("highest") is None and ack.note == ""
    device.await_ack(device.send(first))


def test_an_early_one_that_comes_again_is_a_duplicate(world, device):
    sent = [device.make() for _ in range(3)]
    for _ in range(2):
        device.send(sent[2])
        device.await_early(sent[2])
    for sealed in sent[:2]:
        device.send(sealed)
    device.await_ack(sent[2])
    assert len(world.indexes_of(sent[2])) == 1


def test_a_hole_older_than_the_grace_raises_s01_which_is_withdrawn_with_a_trace_when_it_is_filled(world, device):
    sent = [device.make() for _ in range(5)]
    device.await_ack(device.send(sent[0]))
    device.send(sent[2])
    device.await_early(sent[2])
    assert world.flags(device.name) == []
    time.sleep(1.2)
    device.send(sent[3])
    flag_id, key, detail, _ = world.flag("S01", device.name)
    assert key == "epoch 1" and "seq 1 " in detail
    device.send(sent[1])
    device.await_ack(sent[3])
    assert world.flag("S01", device.name, state="withdrawn")[0] == flag_id
    assert world.sql("SELECT from_state, to_state, actor FROM flag.action WHERE flag_id = %s ORDER BY action_id DESC LIMIT 1", flag_id) == [
        ("new", "withdrawn", "custodyd")]


def test_a_second_overdue_hole_opens_the_flag_again(world, device):
    for _ in range(2):
        before, missing, early, later = (device.make() for _ in range(4))
        device.await_ack(device.send(before))
        device.send(early)
        device.await_early(early)
        time.sleep(1.2)
        device.send(later)
        flag_id = world.flag("S01", device.name)[0]
        device.send(missing)
        device.await_ack(later)
        world.flag("S01", device.name, state="withdrawn")
    moves = world.sql("SELECT to_state FROM flag.action WHERE flag_id = %s ORDER BY action_id", flag_id)
    assert [state for (state,) in moves][-3:] == ["withdrawn", "new", "withdrawn"]


def test_with_too_many_holes_it_is_refused_not_dealt_with_and_taken_once_the_holes_are_filled(world, device):
    sent = [device.make() for _ in range(2 * RANGES_MAX + 3)]
    device.await_ack(device.send(sent[0]))
    for sealed in sent[2:2 * RANGES_MAX + 1:2]:
        device.send(sealed)
    device.await_early(sent[2 * RANGES_MAX])
    too_far = device.send(sent[2 * RANGES_MAX + 2])
    refusal = device.await_refusal(too_far)
    assert refusal.reason == Refusal.REFUSAL_REASON_TOO_FAR_AHEAD
    assert "hint:" in refusal.text and "seq 1 " in refusal.text
    assert world.indexes_of(too_far) == []
    for sealed in sent:
        device.send(sealed)
    device.await_ack(sent[-1])
    assert all(world.indexes_of(sealed, 1) and len(world.indexes_of(sealed)) == 1 for sealed in sent)


def test_a_broken_chain_is_stored_warned_about_and_flagged(world, device):
    device.await_ack(device.say())
    device.head = contract.sha256(b"another history")
    sealed = device.say(fixes=[fix()])
    device.await_ack(sealed)
    assert device.warnings(sealed) == {Warning.WARNING_CODE_BROKEN_CHAIN}
    assert len(world.indexes_of(sealed, 1)) == 1
    _, key, detail, _ = world.flag("S02", device.name)
    assert key == "chain 1/1" and "hash chain is broken" in detail
    whole = device.say()
    device.await_ack(whole)
    assert device.warnings(whole) == set()


def test_a_first_envelope_with_a_previous_is_a_broken_chain(world, device):
    device.head = contract.sha256(b"before the beginning")
    sealed = device.say()
    device.await_ack(sealed)
    assert device.warnings(sealed) == {Warning.WARNING_CODE_BROKEN_CHAIN}


def test_a_break_at_the_joint_of_a_filled_hole_is_found(world, device):
    sent = [device.make() for _ in range(2)]
    device.head = contract.sha256(b"another history")
    sent.append(device.make())
    device.await_ack(device.send(sent[0]))
    device.send(sent[2])
    device.await_early(sent[2])
    device.await_ack(device.send(sent[1]))
    assert world.flag("S02", device.name)[1].startswith("chain 1/")


def test_a_new_epoch_begins_at_0_and_has_notes_of_its_own(world, device):
    device.await_ack(device.say())
    device.await_ack(device.say())
    device.new_epoch()
    sealed = device.say(birth=contract.envelope_pb.Birth(model="新固件"))
    statement = device.statement(device.await_ack(sealed))
    assert (statement.epoch, statement.seq, statement.chain) == (2, 0, sealed.hash)
    assert device.warnings(sealed) == set() and world.flags(device.name) == []


def test_an_old_epoch_that_speaks_again_is_stored_warned_about_and_flagged_as_a_clone(world, device):
    device.await_ack(device.say())
    old_seq, old_head = device.next_seq, device.head
    device.new_epoch()
    device.await_ack(device.say())
    device.epoch, device.next_seq, device.head = 1, old_seq, old_head
    sealed = device.say(fixes=[fix()])
    statement = device.statement(device.await_ack(sealed))
    assert (statement.epoch, statement.seq, statement.chain) == (1, 1, sealed.hash)
    assert Warning.WARNING_CODE_OLD_EPOCH in device.warnings(sealed)
    assert world.flag("S05", device.name)[1] == "epoch 1"
    assert len(world.indexes_of(sealed, 1)) == 1


def test_both_epochs_of_a_clone_go_on_and_nothing_of_either_is_lost(world, device):
    streams = {1: (0, contract.ZERO_HASH), 2: (0, contract.ZERO_HASH)}
    sent = []
    for epoch in (1, 2, 1, 2, 1, 1, 2, 2):
        device.epoch, (device.next_seq, device.head) = epoch, streams[epoch]
        sent.append(device.say(fixes=[fix()]))
        streams[epoch] = device.next_seq, device.head
    device.await_ack(sent[-1])
    device.await_ack(sent[5])
    assert all(len(world.indexes_of(sealed, 1)) == 1 for sealed in sent)
    world.flag("S05", device.name)


def test_a_duplicate_of_an_old_epoch_is_no_clone(world, device):
    old = device.say()
    device.await_ack(old)
    device.new_epoch()
    device.await_ack(device.say())
    statement = device.statement(device.await_ack(device.send(old)))
    assert (statement.epoch, statement.chain) == (1, old.hash)
    assert world.flags(device.name) == []


def test_a_clock_far_ahead_is_stored_warned_about_and_flagged(world, device):
    sealed = device.say(device_time_us=now_us() + 3600 * 1_000_000)
    device.await_ack(sealed)
    assert device.warnings(sealed) == {Warning.WARNING_CODE_CLOCK}
    assert world.flag("S03", device.name)[1] == "ahead"


def test_a_clock_that_goes_back_is_stored_warned_about_and_flagged(world, device):
    device.await_ack(device.say())
    sealed = device.say(device_time_us=now_us() - DAY_US)
    device.await_ack(sealed)
    assert device.warnings(sealed) == {Warning.WARNING_CODE_CLOCK}
    assert world.flag("S03", device.name)[1] == "backward"


def test_a_clock_within_its_bound_and_a_report_that_waited_long_are_no_jump(world, device):
    for ago_us in (3 * DAY_US, 2 * DAY_US, 59_000_000, 0, 50_000_000, -50_000_000):
        sealed = device.say(device_time_us=now_us() - ago_us)
        device.await_ack(sealed)
        assert device.warnings(sealed) == set()
    assert world.flags(device.name) == []
