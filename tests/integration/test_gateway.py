"""Trackers behind Traccar: its JSON on a topic of the broker, custodyd --role gateway, and what the daemon has of it in the end."""

import contextlib
import itertools
import json
import socket
import time

import pytest

from support import contract
from support.contract import now_us
from support.notary import NoteKey
from support.proxy import Proxy
from support.traccar import Traccar, message
from support.waiting import wait_for

MIN_US, HOUR_US = 60 * 1_000_000, 3600 * 1_000_000
YARD, ROADSIDE, ABROAD = (118.6220, 24.9950), (118.6430, 24.9720), (119.9000, 25.9000)
MALFORMED = contract.Refusal.Value("REFUSAL_REASON_MALFORMED")
PHONES = (f"0139{n:08}" for n in itertools.count(12345678))


class Gateway:
    """A world's gateway, its trackers registered with its key, and its Traccar."""

    def __init__(self, world, trackers=2, answer_s=30, datum="wgs84", unregistered=(), key=True, **settings):
        self.world = world
        self.is_signed = key
        self.key_file, self.public_key = world.write_key("gateway.key", "gateway", f"gateway of {world.area}")
        self.phones = [next(PHONES) for _ in range(trackers)]
        self.source_of = {phone: f"jt808-{phone}" for phone in self.phones}
        self.vehicles = {}
        for source in (*self.source_of.values(), "gateway"):
            if source not in [self.source_of[self.phones[n]] for n in unregistered]:
                self.register(source)
        self.trackers_file = world.directory / "trackers"
        self.write_trackers()
        ack_key = NoteKey(f"{world.origin}/ack", seed="acknowledgement key of the tests").verifier
        self.daemon = world.add_daemon(
            "gateway", roles="gateway", client_id=f"gateway-{world.area}", gateway_trackers_file=str(self.trackers_file),
            gateway_area=world.area, gateway_key_file=str(self.key_file) if key else "", gateway_ack_key=ack_key,
            gateway_state_file=str(world.directory / "gateway.state"), gateway_datum=datum, gateway_answer_s=answer_s, **settings)
        self.traccar = Traccar(world.stack)

    def register(self, source):
        """A vehicle and its tracker, with the gateway's key; the gateway itself rides on nothing."""
        key_id = contract.sha256(b"custody-source/v1\n" + source.encode() + b"\n\x01" + self.public_key)[:4]
        plate = None if source == "gateway" else f"闽C{source[-5:]}"
        self.vehicles[source] = plate
        self.world.sql(
            "WITH p AS (SELECT party_id FROM registry.party WHERE code = 'recycler-1'), v AS (INSERT INTO registry.vehicle (party_id, plate)"
            " SELECT party_id, %s FROM p WHERE %s::text IS NOT NULL RETURNING vehicle_id), s AS (INSERT INTO registry.source (name, kind, area,"
            " party_id, vehicle_id, signed) SELECT %s, 'gateway', %s, party_id, (SELECT vehicle_id FROM v), %s FROM p RETURNING source_id)"
            " INSERT INTO registry.source_key (source_id, key_id, public_key) SELECT source_id, %s, %s FROM s",
            plate, plate, source, self.world.area, self.is_signed, key_id, self.public_key)

    def write_trackers(self):
        self.trackers_file.write_text("# uniqueId source\n" + "".join(f"{p}\t{s}  # 车载终端\n" for p, s in self.source_of.items()))

    def send(self, phone, place=YARD, at_us=None, **fields):
        return self.traccar.send(message(phone, *place, at_us or now_us(), **fields))

    def send_many(self, count, first_us=None):
        """(source, time) of so many positions, a second apart, of all trackers in turn, as they went out."""
        first_us = first_us or (now_us() // 1_000_000 - count) * 1_000_000
        sent = [(phone, first_us + n * 1_000_000) for n, phone in zip(range(count), itertools.cycle(self.phones))]
        for phone, at_us in sent:
            self.send(phone, at_us=at_us)
        return [(self.source_of[phone], at_us) for phone, at_us in sent]

    # ---- what the daemon has of it

    def fixes(self, source=None):
        """(source, time, lon, lat, cm/s, cdeg, accuracy)."""
        return self.world.sql(
            "SELECT s.name, (extract(epoch FROM f.at) * 1000000)::bigint, lon_e7, lat_e7, speed_cm_s, course_cdeg, accuracy_cm"
            " FROM telemetry.fix f JOIN registry.source s USING (source_id) WHERE s.name = coalesce(%s, s.name) ORDER BY 2, 1", source)

    def await_fixes(self, wanted, timeout_s=30):
        wanted = set(wanted)
        return wait_for(lambda: f"{len(wanted - self.told())} of {len(wanted)} fixes\n{self.daemon.tail()}\n{self.world.daemon.tail()}",
                        lambda: wanted <= self.told(), timeout_s)

    def told(self):
        return {(row[0], row[1]) for row in self.fixes()}

    def untranslated(self, payload):
        """(reason, detail, source) of the one dead letter that holds these bytes."""
        def look():
            rows = self.world.sql("SELECT d.reason, d.detail, s.name, r.record FROM ledger.dead_letter d JOIN ledger.record r USING (log_index)"
                                  " JOIN registry.source s ON s.source_id = d.source_id WHERE position(%s::bytea IN r.record) > 0", payload)
            return [(reason, detail, name, contract.envelope_pb.Report.FromString(contract.envelope_pb.Envelope.FromString(record).body))
                    for reason, detail, name, record in rows]

        rows = wait_for(lambda: f"a dead letter\n{self.daemon.tail()}\n{self.world.daemon.tail()}", look)
        assert len(rows) == 1, rows
        reason, detail, name, report = rows[0]
        assert report.untranslated.payload == payload
        return reason, detail, name

    def queue_is_empty(self, after):
        """Everything that Traccar sent was let go: a new position passes."""
        at_us = after
        self.send(self.phones[0], at_us=at_us)
        self.await_fixes({(self.source_of[self.phones[0]], at_us)})

    def flags(self):
        return self.world.sql("SELECT rule, subject FROM flag.flag WHERE rule LIKE 'S%%' ORDER BY 1, 2")

    def close(self):
        self.traccar.close()


@pytest.fixture
def new_gateway(new_world):
    gateways = []

    def make(**settings):
        gateways.append(Gateway(new_world(), **settings))
        gateways[-1].world.start()
        gateways[-1].daemon.start()
        return gateways[-1]

    yield make
    for gateway in gateways:
        gateway.close()


def test_a_position_becomes_a_signed_fix_with_our_units_and_its_time(new_gateway):
    gateway = new_gateway()
    phone, at_us = gateway.phones[0], now_us() // 1000 * 1000
    source = gateway.source_of[phone]
    gateway.send(phone, ROADSIDE, at_us, kmh=72.0, course=359.996, accuracy=2.5)
    gateway.await_fixes({(source, at_us)})
    assert gateway.fixes() == [(source, at_us, 1186430000, 249720000, 2000, 0, 250)]
    (record,) = [bytes(row[0]) for row in gateway.world.sql("SELECT r.record FROM ledger.record r WHERE type = 1")]
    envelope = contract.envelope_pb.Envelope.FromString(record)
    report = contract.envelope_pb.Report.FromString(envelope.body)
    assert len(envelope.signature) == 64 and (report.source, report.seq) == (source, 0)
    assert report.birth.model == "gateway of Traccar, trackers report wgs84" and report.birth.public_key == gateway.public_key
    # Milliseconds since 1970, as Jackson writes dates by default, and what is not given.
    gateway.send(phone, at_us=at_us, fixTime=at_us // 1000 + 5000)
    gateway.await_fixes({(source, at_us + 5_000_000)})
    assert gateway.fixes()[1][4:] == (1000, 27000, None)
    assert gateway.flags() == []


def test_trackers_in_gcj02_are_stored_in_wgs84(new_gateway):
    gateway = new_gateway(datum="gcj02")
    at_us = now_us() // 1000 * 1000
    gateway.send(gateway.phones[0], YARD, at_us)
    gateway.await_fixes({(gateway.source_of[gateway.phones[0]], at_us)})
    ((_, _, lon_e7, lat_e7, *_),) = gateway.fixes()
    assert 30000 < 1186220000 - lon_e7 < 70000 and 10000 < 249950000 - lat_e7 + 50000 < 90000


def test_what_cannot_be_translated_is_a_dead_letter_with_its_bytes_and_holds_up_nothing(new_gateway):
    gateway = new_gateway()
    phone, t = gateway.phones[0], now_us() // 1000 * 1000
    good = message(phone, *YARD, t)
    cases = [
        (b"\xff\x00 no JSON", "message: no JSON object"),
        (b"[]", "message: no JSON object"),
        (json.dumps(good).encode()[:-1] + b',"device":{"uniqueId":"2"}}', "message: no JSON object"),
        ({"device": good["device"]}, "position: is no object"),
        ({"position": good["position"]}, "device.uniqueId: is no id"),
        (message(phone, *YARD, t, valid=False), "position.valid: false"),
        (message(phone, *YARD, t, outdated=True), "position.outdated: true"),
        (message(phone, 0.0, 0.0, t), "position: 0, 0"),
        (message(phone, 118.6, 91.0, t), "position.latitude: 91"),
        (message(phone, *YARD, t, latitude="24.9"), "position.latitude: is no number"),
        (message(phone, *YARD, t, speed=-1), "position.speed: -1"),
        (message(phone, *YARD, t, fixTime=t // 1_000_000), "milliseconds, not seconds"),
        (message(phone, *YARD, t, fixTime=t), "milliseconds, not seconds"),
        (message(phone, *YARD, t + 48 * HOUR_US), "from 2000 to a day ahead"),
        (message(phone, *YARD, t, fixTime="1970-01-01T00:00:00.000+00:00"), "from 2000 to a day ahead"),
        (message(phone, *YARD, t, fixTime="2026-11-23 08:00:00"), "position.fixTime: is no time"),
        (message("013999999999", *YARD, t), "device.uniqueId: no source speaks for it"),
    ]
    sent = [(gateway.traccar.send(payload), words) for payload, words in cases]
    for payload, words in sent:
        reason, detail, source = gateway.untranslated(payload)
        assert (reason, source) == (MALFORMED, "gateway") and words in detail and "hint: " in detail, detail
    gateway.queue_is_empty(t + 1000)
    assert len(gateway.fixes()) == 1
    assert gateway.daemon.events("untranslated") and all(phone not in line.text for line in gateway.daemon.lines)


def test_a_payload_that_fits_no_envelope_is_kept_as_far_as_it_goes_with_its_size_and_hash(new_gateway):
    gateway = new_gateway()
    payload = gateway.traccar.send(b"x" * 65000)

    def look():
        return gateway.world.sql("SELECT d.detail, length(r.record) FROM ledger.dead_letter d JOIN ledger.record r USING (log_index)")

    ((detail, length),) = wait_for(lambda: f"a dead letter\n{gateway.daemon.tail()}", look)
    assert f"first of 65000 bytes, SHA-256 {contract.sha256(payload).hex()}" in detail and 57344 < length <= 61440
    gateway.queue_is_empty(now_us() // 1000 * 1000)


def test_a_truck_that_leaves_the_district_with_its_load_is_flagged(new_gateway):
    gateway = new_gateway()
    phone = gateway.phones[0]
    source = gateway.source_of[phone]
    t = (now_us() // MIN_US) * MIN_US - HOUR_US
    gateway.world.sql("UPDATE registry.source SET vehicle_id = (SELECT vehicle_id FROM registry.source WHERE name = %s), kind = 'truck'"
                      " WHERE name = 'truck-1'", source)
    time.sleep(1)
    scale = gateway.world.device()
    scale.await_ack(scale.say(readings=[contract.telemetry_pb.Reading(at_us=t, load_cell=contract.telemetry_pb.LoadCell(load_g=1_480_000))]))
    places = [YARD] * 5 + [ABROAD] * 30
    sent = [(t + n * MIN_US, place) for n, place in enumerate(places)]
    for at_us, place in sent:
        gateway.send(phone, place, at_us)
    gateway.await_fixes({(source, at_us) for at_us, _ in sent})
    plate = gateway.vehicles[source]
    wait_for(lambda: f"R08 of {plate}\n{gateway.world.daemon.tail()}", lambda: gateway.world.sql(
        "SELECT 1 FROM flag.flag WHERE rule = 'R08' AND subject = %s AND state = 'new'", f"vehicle:{plate}"))


def test_a_gateway_that_is_killed_loses_nothing_and_its_doubles_change_nothing(new_gateway):
    gateway = new_gateway(trackers=5)
    wanted = set()
    for round_number in range(4):
        wanted |= set(gateway.send_many(300, now_us() // 1_000_000 * 1_000_000 - (10 + round_number) * 1000 * 1_000_000))
        wait_for(lambda: "something to come through", lambda: len(gateway.told() & wanted) > 300 * round_number + 20)
        gateway.daemon.kill()
        gateway.daemon.start(ready=False)
    gateway.await_fixes(wanted)
    epochs = [row[0] for row in gateway.world.sql("SELECT DISTINCT epoch FROM ledger.ingest_key ORDER BY 1")]
    assert len(epochs) >= 2 and epochs == sorted(set(epochs))
    assert gateway.told() == wanted
    assert not [flag for flag in gateway.flags() if flag[0] in ("S02", "S04", "S05")], gateway.flags()


def read_by(gateway):
    """Messages that it has read while the daemon was away, its first batch."""
    stats = wait_for("the gateway to read", lambda: gateway.daemon.events("gateway_stats"))
    return int(stats[-1]["received"])


def test_what_the_gateway_has_read_is_with_the_broker_until_the_daemon_has_it(new_gateway):
    gateway = new_gateway()
    gateway.world.daemon.kill()
    wanted = gateway.send_many(100)
    assert read_by(gateway) > 0
    gateway.daemon.kill()  # it holds their PUBACKs: the broker has them still
    gateway.daemon.start(ready=False)
    gateway.world.start()
    gateway.await_fixes(wanted)


def test_a_broker_that_is_killed_takes_nothing_with_it_that_the_gateway_has_read(new_gateway):
    gateway = new_gateway()
    gateway.world.daemon.kill()
    sent = gateway.send_many(50)
    read = sent[:read_by(gateway)]
    gateway.world.stack.tell("kill-broker")
    gateway.world.stack.tell("start-broker")
    gateway.world.start()
    gateway.await_fixes(read)
    assert {row[:2] for row in gateway.fixes()} >= set(read) and len(gateway.fixes()) == len(gateway.told())


def test_what_comes_again_after_the_connection_to_traccars_broker_broke_is_known(new_world):
    world = new_world()
    proxy = Proxy(world.directory / "proxy", world.stack.broker_socket)
    gateway = Gateway(world, gateway_broker=f"unix:{proxy.path}")
    try:
        gateway.world.start()
        gateway.daemon.start()
        gateway.world.daemon.kill()
        wanted = gateway.send_many(100)
        read = read_by(gateway)
        for connection in proxy.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        gateway.world.start()
        gateway.daemon.wait_log("gateway_disconnected")  # its PUBACKs cannot be written any more
        gateway.daemon.wait_log("gateway_connected", session_present="yes")
        gateway.await_fixes(wanted)
        assert len(gateway.fixes()) == len(wanted)
        gateway.queue_is_empty(now_us() // 1000 * 1000)
        gateway.daemon.stop()
        assert int(gateway.daemon.events("gateway_stats")[-1]["repeated"]) >= read
    finally:
        gateway.close()
        proxy.close()


def test_a_source_that_nobody_registered_is_set_aside_and_the_others_go_on(new_gateway):
    gateway = new_gateway(answer_s=1, unregistered=(1,))
    known, unknown = gateway.phones
    t = now_us() // 1000 * 1000 - MIN_US
    gateway.send(unknown, at_us=t)
    gateway.daemon.wait_log("source_unanswered", source=gateway.source_of[unknown])
    gateway.send(known, at_us=t)
    gateway.await_fixes({(gateway.source_of[known], t)})
    payload = gateway.send(unknown, at_us=t + 1_000_000)
    reason, detail, source = gateway.untranslated(payload)
    assert (reason, source) == (MALFORMED, "gateway") and "its source gets no answer" in detail
    rows = gateway.world.sql("SELECT detail FROM ledger.dead_letter WHERE detail LIKE '%%an envelope that got no answer%%'")
    assert len(rows) == 1
    # Registered at last: what its ring kept is stored, and it speaks again.
    gateway.register(gateway.source_of[unknown])
    gateway.await_fixes({(gateway.source_of[unknown], t)})
    gateway.daemon.wait_log("source_answered", source=gateway.source_of[unknown])
    gateway.send(unknown, at_us=t + 2_000_000)
    gateway.await_fixes({(gateway.source_of[unknown], t + 2_000_000)})


def test_nobody_is_set_aside_while_the_daemon_is_away(new_gateway):
    gateway = new_gateway(answer_s=1)
    gateway.world.daemon.kill()
    wanted = gateway.send_many(20)
    gateway.daemon.wait_log("gateway_unanswered")
    time.sleep(2)
    gateway.world.start()
    gateway.await_fixes(wanted)
    gateway.queue_is_empty(now_us() // 1000 * 1000)
    assert not gateway.daemon.events("source_unanswered") and not gateway.world.sql("SELECT * FROM ledger.dead_letter")


def test_a_gateway_without_a_key_speaks_for_unsigned_sources(new_gateway):
    gateway = new_gateway(key=False)
    at_us = now_us() // 1000 * 1000
    gateway.send(gateway.phones[0], at_us=at_us)
    gateway.await_fixes({(gateway.source_of[gateway.phones[0]], at_us)})
    payload = gateway.traccar.send(b"no JSON")
    assert gateway.untranslated(payload)[2] == "gateway"


def test_a_message_that_the_broker_repeats_is_said_once(new_gateway):
    gateway = new_gateway()
    phone, t = gateway.phones[0], now_us() // 1000 * 1000
    payload = gateway.send(phone, at_us=t)
    for _ in range(3):
        gateway.traccar.send(payload)
    gateway.queue_is_empty(t + 1000)
    assert [row[1] for row in gateway.fixes()] == [t, t + 1000]


def test_sigterm_waits_until_what_was_read_is_receipted(new_gateway):
    gateway = new_gateway()
    wanted = gateway.send_many(400)
    wait_for("something to come through", lambda: gateway.told() & set(wanted))
    gateway.daemon.stop()
    told = gateway.told()
    gateway.daemon.start()
    gateway.await_fixes(wanted)
    assert len(gateway.fixes()) == len(wanted), "what was read before was receipted: nothing came twice"
    assert told <= gateway.told()


@pytest.mark.parametrize("settings, words", [
    ({"gateway_trackers_file": ""}, "gateway_trackers_file: empty"),
    ({"gateway_ack_key": ""}, "gateway_ack_key: empty"),
    ({"gateway_ack_key": "x"}, "acknowledgement key: x"),
    ({"gateway_datum": "wgs"}, "gateway_datum"),
    ({"gateway_area": "3505"}, "gateway_area"),
    ({"gateway_state_file": ""}, "gateway_state_file: empty")])
def test_a_gateway_that_is_configured_wrongly_does_not_begin(new_world, settings, words):
    gateway = Gateway(new_world())
    try:
        gateway.daemon.write_settings({**gateway.daemon.settings, **settings})
        gateway.daemon.start(ready=False)
        assert gateway.daemon.wait() == 78
        assert words in gateway.daemon.events("start_refused")[0]["error"]
        gateway.world.start()
    finally:
        gateway.close()
