"""Whatever comes in wrong: refused with what, which value and a hint; kept as a dead letter; and nobody valid suffers for it."""

import re
import time

import pytest

from support import contract
from support.contract import Refusal, Warning, envelope_pb, event_pb, fix, item_pb, now_us, sighting_pb, telemetry_pb
from support.waiting import wait_for

WORLD = {"unknown_rate_per_s": 1000}
DAY_US = 86400 * 1_000_000
PAIRS = re.compile(r'time=\S+ level=\w+ event=\w+(?: \w+=(?:"(?:[^"\\]|\\.)*"|[^\s"]*))*')
CUT_FIX = envelope_pb.Report(fixes=[fix()]).SerializeToString()[:-1]


LINES_A_SECOND = 20  # of one event: what daemon/base/log.c writes
written = {"since": 0}


@pytest.fixture(autouse=True)
def room_in_the_log(world):
    """A line that a test waits for must not be the one too many of its second, on a machine that runs many tests in one."""
    if len(world.daemon.events("refused", written["since"])) > LINES_A_SECOND / 2:
        time.sleep(1.1)
        written["since"] = len(world.daemon.lines)


def assert_goes_on(device, sealed=None):
    """The next good envelope is stored and acknowledged, and so is that of a source that did nothing wrong."""
    good = device.say(fixes=[fix()])
    statement = device.statement(device.await_ack(good))
    assert (statement.seq, statement.chain) == (good.seq, good.hash)
    if sealed:
        assert sealed.seq < good.seq
    bystander = device.world.device_named("truck-120")
    bystander.epoch = 1 + (device.world.value("SELECT coalesce(max(epoch), 0) FROM ledger.stream t JOIN registry.source USING (source_id)"
                                              " WHERE name = 'truck-120'"))
    bystander.await_ack(bystander.say())
    assert device.world.daemon.is_running()


def assert_logged(world, reason, since, words, **pairs):
    """A line of the log with what, which value, and a hint."""
    def look():
        return [line for line in world.daemon.events("refused", since, reason=reason, **pairs) if "hint:" in line["error"]
                and all(word in line.text for word in words)]

    wait_for(lambda: f"a line with reason={reason}, {pairs}, a hint and {words}:\n" + world.daemon.tail(), look, timeout_s=5)


def assert_logged_of(device, sealed, reason, since, text, words=()):
    """The same of a source that is known: whose it was, which one, and in the words of the answer."""
    assert_logged(device.world, reason, since, words, source=device.name, epoch=str(sealed.epoch), seq=str(sealed.seq), error=text)


def assert_refused(device, sealed, reason, *words, log=True, since=0):
    """Answered, and kept as a dead letter with reason, raw bytes, topic and time; counted as dealt with."""
    world = device.world
    refusal = device.await_refusal(sealed)
    assert Refusal.Name(refusal.reason) == f"REFUSAL_REASON_{reason}", refusal
    assert "hint:" in refusal.text and all(word in refusal.text for word in words), refusal.text
    statement = device.statement(device.await_ack(sealed))
    assert (statement.seq, statement.chain) == (sealed.seq, sealed.hash)
    number, detail, topic, source, time_is_right = world.dead_letter(sealed.bytes)
    assert Refusal.Name(number) == f"REFUSAL_REASON_{reason}"
    assert (detail, topic, source) == (refusal.text, device.topic(), device.name)
    assert time_is_right
    if log:
        assert_logged_of(device, sealed, reason.lower(), since, refusal.text, words)


def assert_dead_letter_only(world, payload, reason, topic, source, *words, since=0):
    """Nobody can be held to it: kept, logged, and not answered."""
    number, detail, kept_topic, kept_source, time_is_right = world.dead_letter(payload)
    assert Refusal.Name(number) == f"REFUSAL_REASON_{reason}", detail
    assert (kept_topic, kept_source) == (topic, source) and time_is_right
    assert "hint:" in detail and all(word in detail for word in words), detail
    assert_logged(world, reason.lower(), since, [topic, *words])


# ---- what is wrong inside a report of a source that is known


def event(type=event_pb.EVENT_TYPE_WEIGHED, vin="LSVAA49J132047371", **fields):
    return event_pb.Event(**{"event_id": contract.new_id(), "type": type, "at_us": now_us() - 1_000_000, "item": item_pb.ItemRef(
        kind=item_pb.ITEM_KIND_VEHICLE, identifiers=[item_pb.Identifier(scheme=item_pb.IDENTIFIER_SCHEME_VIN, value=vin)]), **fields})


def sighting(**fields):
    return sighting_pb.Sighting(**{
        "sighting_id": contract.new_id(), "kind": sighting_pb.SIGHTING_KIND_LISTING, "at_us": now_us(), "identifiers": [
            item_pb.Identifier(scheme=item_pb.IDENTIFIER_SCHEME_VIN, value="LSVAA49J132047371")], **fields})


BAD_REPORTS = {
    "a latitude beyond the pole": ("IMPOSSIBLE_POSITION", {"fixes": [fix(118, 91)]}, ("fixes", "910000000")),
    "a longitude beyond the date line": ("IMPOSSIBLE_POSITION", {"fixes": [fix(), fix(-180.1, 24)]}, ("fixes", "-1801000000")),
    "a fix without a datum": ("IMPOSSIBLE_POSITION", {"fixes": [fix(datum=0)]}, ("datum",)),
    "a fix in a datum that does not exist": ("INVALID_FIELD", {"fixes": [fix(datum=77)]}, ("datum", "77")),
    "an event's position without a datum": ("IMPOSSIBLE_POSITION", {"events": [event(position=contract.position(118, 24, 0))]}, ("datum",)),
    "a fix before 2000": ("IMPOSSIBLE_TIME", {"fixes": [fix(at_us=946_684_799_999_999)]}, ("946684799999999",)),
    "a fix of the day after tomorrow": ("IMPOSSIBLE_TIME", {"fixes": [fix(at_us=now_us() + 2 * DAY_US)]}, ("fixes",)),
    "an event before 2000": ("IMPOSSIBLE_TIME", {"events": [event(at_us=1)]}, ("events",)),
    "a time in milliseconds": ("IMPOSSIBLE_TIME", {"readings": [telemetry_pb.Reading(
        at_us=now_us() // 1000, load_cell=telemetry_pb.LoadCell(load_g=1))]}, ("readings",)),
    "a device time of 0": ("IMPOSSIBLE_TIME", {"device_time_us": 0}, ("device_time_us",)),
    "the least device time there is": ("IMPOSSIBLE_TIME", {"device_time_us": -(1 << 63)}, ("device_time_us",)),
    "the most device time there is": ("IMPOSSIBLE_TIME", {"device_time_us": (1 << 63) - 1}, ("device_time_us",)),
    "a reading without a value": ("INVALID_FIELD", {"readings": [telemetry_pb.Reading(at_us=now_us())]}, ("readings",)),
    "a course of 360 degrees": ("INVALID_FIELD", {"fixes": [fix(course_cdeg=36000)]}, ("course", "36000")),
    "an event without a type": ("INVALID_FIELD", {"events": [event(type=0)]}, ("type",)),
    "an event of a type that does not exist": ("INVALID_FIELD", {"events": [event(type=99)]}, ("type", "99")),
    "an event id of 15 bytes": ("INVALID_FIELD", {"events": [event(event_id=bytes(15))]}, ("event_id",)),
    "a negative mass": ("INVALID_FIELD", {"events": [event(mass=telemetry_pb.Mass(mass_g=-1))]}, ("mass", "-1")),
    "a previous of 31 bytes": ("INVALID_FIELD", {"previous": bytes(31)}, ("previous",)),
    "601 fixes": ("OVERSIZE", {"fixes": [fix()] * 601}, ("fixes", "600")),
    "201 events": ("OVERSIZE", {"events": [event()] * 201}, ("events", "200")),
    "NUL in a text": ("INVALID_TEXT", {"events": [event(note="a\0b")]}, ("note",)),
    "an event without an identifier": ("INVALID_IDENTIFIER", {"events": [event(item=item_pb.ItemRef(kind=1))]}, ("identifier",)),
    "an identifier that is nothing but dashes": ("INVALID_IDENTIFIER", {"events": [event(vin="---")]}, ("events", "vin")),
    "a VIN of 16 characters": ("INVALID_IDENTIFIER", {"events": [event(vin="LSVAA49J13204737")]}, ("events", "LSVAA49J13204737")),
    "a sighting without id": ("INVALID_FIELD", {"sightings": [sighting(sighting_id=b"")]}, ("sighting_id",)),
}


@pytest.mark.parametrize("what", BAD_REPORTS)
def test_a_report_with(world, what):
    reason, fields, words = BAD_REPORTS[what]
    device, since = world.device(), len(world.daemon.lines)
    device.await_ack(device.say())
    bad = device.say(**fields)
    assert_refused(device, bad, reason, *words, since=since)
    assert_goes_on(device, bad)


def bad_body(device, tail):
    """A report whose front is in order, with these bytes behind it."""
    return device.report().SerializeToString() + tail


BAD_BODIES = {
    "a message that is cut": ("MALFORMED", CUT_FIX),
    "a wire type that does not exist": ("MALFORMED", b"\x07"),
    "a length beyond its end": ("MALFORMED", b"\x72\xff\xff\xff\x7f"),
    "invalid UTF-8": ("INVALID_TEXT", b"\x72\x04\x0a\x02\xc3\x28"),
    "an overlong UTF-8 form of NUL": ("INVALID_TEXT", b"\x72\x04\x0a\x02\xc0\x80"),
    "a surrogate in UTF-8": ("INVALID_TEXT", b"\x72\x05\x0a\x03\xed\xa0\x80"),
}


@pytest.mark.parametrize("what", BAD_BODIES)
def test_a_body_with(world, what):
    reason, tail = BAD_BODIES[what]
    device, since = world.device(), len(world.daemon.lines)
    device.await_ack(device.say())
    bad = device.send(device.seal_bytes(bad_body(device, tail)))
    assert_refused(device, bad, reason, since=since)
    assert_goes_on(device, bad)


# ---- what is wrong about the envelope, or about who sends it


@pytest.mark.parametrize("payload", [b"\xff\xff\xff", b"", b"hello", bytes(100), b"\x0a\x05ab", b"{}"], ids=repr)
def test_bytes_that_are_no_envelope_are_kept_and_answered_on_the_senders_topic(world, device, payload):
    payload = payload and payload + device.name.encode()  # so that each is found again
    since = len(world.daemon.lines)
    sealed = device.send(contract.Sealed(0, 0, payload))
    assert device.await_refusal(sealed).reason == Refusal.REFUSAL_REASON_MALFORMED
    assert_dead_letter_only(world, payload, "MALFORMED", device.topic(), device.name, since=since)
    assert_goes_on(device)


def test_an_envelope_over_60_kb_is_refused_as_oversize(world, device):
    good = device.make(fixes=[fix()])
    since = len(world.daemon.lines)
    big = device.send(contract.Sealed(0, 0, (good.bytes + bytes(contract.ENVELOPE_MAX_BYTES))[:contract.ENVELOPE_MAX_BYTES + 1]))
    assert device.await_refusal(big).reason == Refusal.REFUSAL_REASON_OVERSIZE
    assert_dead_letter_only(world, big.bytes, "OVERSIZE", device.topic(), device.name, "61440", since=since)
    device.await_ack(device.send(good))
    assert_goes_on(device)


def test_an_envelope_of_nearly_60_kb_is_stored(world, device):
    note = "备" * 600
    report = device.report()
    while report.ByteSize() < contract.ENVELOPE_MAX_BYTES - 2500:
        report.events.append(event(note=note))
    sealed = device.send(device.seal_bytes(report.SerializeToString()))
    assert contract.ENVELOPE_MAX_BYTES - 2500 < len(sealed.bytes) <= contract.ENVELOPE_MAX_BYTES
    device.await_ack(sealed)
    assert len(world.indexes_of(sealed, 1)) == 1
    assert_goes_on(device)


def test_a_wrong_signature_is_kept_flagged_and_not_answered(world, device):
    device.await_ack(device.say())
    good = device.make(fixes=[fix()])
    envelope = envelope_pb.Envelope.FromString(good.bytes)
    envelope.signature = envelope.signature[:-1] + bytes([envelope.signature[-1] ^ 1])
    since = len(world.daemon.lines)
    forged = device.send(contract.Sealed(good.epoch, good.seq, envelope.SerializeToString()))
    assert_dead_letter_only(world, forged.bytes, "BAD_SIGNATURE", device.topic(), device.name, "signature", since=since)
    assert world.flag("S04", device.name)[1] == "bad_signature"
    device.await_ack(device.send(good))
    assert not any(ack.refusals for ack in device.acks)
    assert_goes_on(device)


@pytest.mark.parametrize("change", ["body", "source of another", "no signature", "signature of 63 bytes", "signature of 65 bytes"])
def test_a_signature_that_fits_something_else_is_refused(world, device, change):
    report = device.report(fixes=[fix()])
    envelope = envelope_pb.Envelope(body=report.SerializeToString(), key_id=device.key.key_id(device.name))
    signature = device.key.sign(device.name, envelope.body)
    if change == "body":
        report.fixes[0].lon_e7 += 1
        envelope.body = report.SerializeToString()
    elif change == "source of another":
        signature = device.key.sign("truck-120", envelope.body)
    envelope.signature = {"no signature": b"", "signature of 63 bytes": signature[:63], "signature of 65 bytes": signature + b"\0"}.get(
        change, signature)
    forged = device.send(contract.Sealed(1, 0, envelope.SerializeToString()))
    assert_dead_letter_only(world, forged.bytes, "BAD_SIGNATURE", device.topic(), device.name)
    assert_goes_on(device)
    assert not any(ack.refusals for ack in device.acks)


def test_a_source_that_is_not_registered_is_kept_and_not_answered(world):
    device = world.device_named("nobody-1")
    since = len(world.daemon.lines)
    sealed = device.say(fixes=[fix()])
    assert_dead_letter_only(world, sealed.bytes, "UNKNOWN_SOURCE", device.topic(), None, "nobody-1", "not registered", since=since)
    assert device.acks == []
    assert_goes_on(world.device())


def test_a_source_that_is_registered_while_the_daemon_runs_is_heard_from_then_on(world):
    device = world.device_named("newcomer-1")
    first = device.say()
    assert_dead_letter_only(world, first.bytes, "UNKNOWN_SOURCE", device.topic(), None)
    world.register("newcomer-1")
    device.await_ack(device.send(first))
    assert_goes_on(device)


def test_a_disabled_source_is_not_heard_until_it_is_enabled(world):
    world.register("sleeper-1", enabled=False)
    device = world.device_named("sleeper-1")
    sealed = device.say()
    number, detail, *_ = world.dead_letter(sealed.bytes)
    assert number == Refusal.REFUSAL_REASON_UNKNOWN_SOURCE and "disabled" in detail and device.acks == []
    since = len(world.daemon.lines)
    world.sql("UPDATE registry.source SET enabled = true WHERE name = 'sleeper-1'")
    world.daemon.wait_log("registry_loaded", since)
    device.await_ack(device.send(sealed))
    assert_goes_on(device)


def test_a_key_that_nobody_registered_is_refused_flagged_and_not_answered(world, device):
    right, device.key = device.key, contract.SourceKey("stolen")
    since = len(world.daemon.lines)
    forged = device.say(fixes=[fix()])
    assert_dead_letter_only(world, forged.bytes, "UNKNOWN_KEY", device.topic(), device.name, "key_id", since=since)
    assert world.flag("S04", device.name)[1] == "unknown_key"
    assert device.acks == []
    device.key, device.next_seq, device.head = right, 0, contract.ZERO_HASH
    assert_goes_on(device)


def test_a_revoked_key_is_refused_and_the_new_one_is_heard(world, device):
    device.await_ack(device.say())
    since = len(world.daemon.lines)
    new = contract.SourceKey("new key")
    source_id = world.source_id(device.name)
    world.sql("UPDATE registry.source_key SET revoked_at = now() WHERE source_id = %s", source_id)
    world.sql("INSERT INTO registry.source_key (source_id, key_id, public_key) VALUES (%s, %s, %s)", source_id, new.key_id(device.name), new.public)
    wait_for("the registry", lambda: len(world.daemon.events("registry_loaded", since)) >= 1)
    world.daemon.wait_log("registry_loaded", since)
    old_seq, old_head = device.next_seq, device.head
    revoked = device.say(fixes=[fix()])
    assert world.dead_letter(revoked.bytes)[0] == Refusal.REFUSAL_REASON_UNKNOWN_KEY
    device.key, device.next_seq, device.head = new, old_seq, old_head
    assert_goes_on(device)


def test_a_signed_source_that_sends_unsigned_is_refused(world, device):
    key, device.key = device.key, None
    sealed = device.say(fixes=[fix()])
    assert_dead_letter_only(world, sealed.bytes, "BAD_SIGNATURE", device.topic(), device.name)
    device.key, device.next_seq, device.head = key, 0, contract.ZERO_HASH
    assert_goes_on(device)


def test_the_topic_of_another_area_is_refused_kept_and_not_dealt_with(world, device):
    since = len(world.daemon.lines)
    sealed = device.make(fixes=[fix()])
    elsewhere = device.topic(area=world.other_area)
    device.send(sealed, elsewhere)
    refusal = device.await_refusal(sealed)
    assert refusal.reason == Refusal.REFUSAL_REASON_WRONG_TOPIC
    assert elsewhere in refusal.text and device.topic() in refusal.text and "hint:" in refusal.text
    assert world.indexes_of(sealed, 1) == []
    device.await_ack(device.send(sealed))
    assert len(world.indexes_of(sealed, 1)) == 1
    assert_goes_on(device)
    assert_logged_of(device, sealed, "wrong_topic", since, refusal.text, [elsewhere])
    number, detail, topic, source, time_is_right = world.dead_letter(sealed.bytes)
    assert (number, detail, topic, time_is_right) == (Refusal.REFUSAL_REASON_WRONG_TOPIC, refusal.text, elsewhere, True)
    # A copy that was kept, not a seq that was dealt with: only the one from the right topic has a key.
    (kept,), (stored,) = world.indexes_of(sealed, 3), world.indexes_of(sealed, 1)
    keyed = world.sql("SELECT first_index, last_seq - first_seq FROM ledger.ingest_key WHERE source_id = %s AND epoch = %s",
                      world.source_id(device.name), sealed.epoch)
    assert any(first <= stored <= first + more for first, more in keyed) and not any(first <= kept <= first + more for first, more in keyed)


def test_what_another_publishes_in_a_sources_name_counts_only_from_its_own_topic(world, device):
    thief = world.device()
    sealed = device.make(fixes=[fix()])
    thief.connection.publish(thief.topic(), sealed.bytes)
    assert device.await_refusal(sealed).reason == Refusal.REFUSAL_REASON_WRONG_TOPIC
    assert world.indexes_of(sealed, 1) == [] and thief.acks == []
    device.await_ack(device.send(sealed))
    assert_goes_on(device)


@pytest.mark.parametrize("name", ["x" * 3000, "\u00e4\u8d3c", "a\0b", 'quote" error="none', "line\nlevel=info event=stored", "../up/#", ""],
                         ids=["long", "not ascii", "NUL", "quote", "line break", "path", "empty"])
def test_a_source_name_of_any_bytes_is_kept_and_the_log_stays_readable_pairs(world, device, name):
    body = envelope_pb.Report(source=name, epoch=1, device_time_us=now_us(), previous=bytes(32), fixes=[fix()]).SerializeToString()
    since = len(world.daemon.lines)
    sealed = device.send(contract.Sealed(1, 0, contract.seal_body(body, device.name, device.key)))
    assert world.dead_letter(sealed.bytes)[0] in (Refusal.REFUSAL_REASON_UNKNOWN_SOURCE, Refusal.REFUSAL_REASON_MALFORMED)
    assert_goes_on(device)
    for line in world.daemon.lines[since:]:
        assert PAIRS.fullmatch(line.text), line.text


def test_a_source_name_of_invalid_utf8_is_kept(world, device):
    body = b"\x0a\x04\xff\xfe\xc3\x28" + envelope_pb.Report(epoch=1, device_time_us=now_us(), fixes=[fix()]).SerializeToString()
    sealed = device.send(contract.Sealed(1, 0, contract.seal_body(body, device.name, device.key)))
    world.dead_letter(sealed.bytes)
    assert_goes_on(device)


# ---- numbers at the edge of what the database holds


@pytest.mark.parametrize("field, value", [("seq", 1 << 63), ("seq", (1 << 64) - 1), ("seq", (1 << 63) - 1), ("epoch", 0), ("epoch", 1 << 31),
                                          ("epoch", (1 << 32) - 1)])
def test_a_seq_or_epoch_that_the_database_cannot_hold_is_refused_and_stops_nobody(world, field, value):
    device = world.device()
    device.await_ack(device.say())
    report = device.report(**{field: value})
    bad = contract.Sealed(report.epoch, report.seq, contract.seal_body(report.SerializeToString(), device.name, device.key))
    device.send(bad)
    bystander = world.device()
    bystander.await_ack(bystander.say())
    if (field, value) != ("seq", (1 << 63) - 1):
        assert world.dead_letter(bad.bytes)[0] == Refusal.REFUSAL_REASON_INVALID_FIELD
        refusal = next(r for ack in wait_for("an answer", lambda: device.acks[bad.mark:]) for r in ack.refusals)
        assert refusal.reason == Refusal.REFUSAL_REASON_INVALID_FIELD and "hint:" in refusal.text
    assert_goes_on(device)


def test_device_times_at_both_ends_of_the_scale_one_after_the_other_stop_nobody(world, device):
    for device_time_us in (-(1 << 63), (1 << 63) - 1, -(1 << 63), 0):
        assert_refused(device, device.say(device_time_us=device_time_us), "IMPOSSIBLE_TIME", log=False)
    assert_goes_on(device)


# ---- accepted, but


def test_an_event_for_an_item_that_nobody_picked_up_is_stored_with_a_warning_and_c03(world, device):
    vin = "LFV3A23C0A3000001"
    sealed = device.say(events=[event(vin=vin, type=event_pb.EVENT_TYPE_DEPARTED)])
    device.await_ack(sealed)
    assert Warning.WARNING_CODE_UNKNOWN_ITEM in device.warnings(sealed)
    assert len(world.indexes_of(sealed, 1)) == 1
    item = world.value("SELECT item_id FROM custody.identifier WHERE value = %s", vin)
    world.flag("C03", item=item)
    assert_goes_on(device)


def test_a_sequence_jump_is_stored_and_warned_about(world, device):
    device.await_ack(device.say())
    skipped = [device.make() for _ in range(1000)]
    sealed = device.say(fixes=[fix()])
    device.await_early(sealed)
    assert Warning.WARNING_CODE_SEQUENCE_GAP in device.warnings(sealed)
    assert len(world.indexes_of(sealed, 1)) == 1 and len(skipped) == 1000


def test_a_good_envelope_between_two_bad_ones_of_the_same_burst_is_stored(world, device):
    sent = [device.say(), device.say(fixes=[fix(lat=99)]), device.say(fixes=[fix()]), device.say(device_time_us=1), device.say(fixes=[fix()])]
    device.await_ack(sent[-1])
    assert [len(world.indexes_of(sealed, 1)) for sealed in sent] == [1, 0, 1, 0, 1]
    assert [len(world.indexes_of(sealed, 3)) for sealed in sent] == [0, 1, 0, 1, 0]
    told = {r.seq for ack in device.acks for r in ack.refusals}
    assert told == {1, 3}


def test_a_refused_envelope_that_comes_again_is_a_duplicate_and_is_not_kept_twice(world, device):
    bad = device.say(fixes=[fix(lat=99)])
    device.await_refusal(bad)
    device.send(bad)
    device.await_ack(bad)
    assert len(world.indexes_of(bad)) == 1
    assert_goes_on(device)
