"""From a signed envelope to a record, typed rows and a note that a stranger can verify."""

import math

import pytest
from cryptography.exceptions import InvalidSignature

from support import contract, ledger
from support.contract import fix, now_us, telemetry_pb
from support.hold import one_batch


def record_of(world, sealed):
    (row,) = world.sql("SELECT log_index, type, (extract(epoch FROM received_at) * 1000000)::bigint, salt, leaf_hash, s.name"
                       " FROM ledger.record r JOIN registry.source s USING (source_id) WHERE record = %s", sealed.bytes)
    return row


def gcj02(lon, lat):
    """The published obfuscation of WGS-84, forward."""
    a, ee = 6378245.0, 0.00669342162296594323
    x, y = lon - 105.0, lat - 35.0
    wave = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    d_lat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave
    d_lat += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    d_lat += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    d_lon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave
    d_lon += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    d_lon += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    radians = lat / 180 * math.pi
    magic = 1 - ee * math.sin(radians) ** 2
    d_lat = d_lat * 180 / (a * (1 - ee) / (magic * math.sqrt(magic)) * math.pi)
    d_lon = d_lon * 180 / (a / math.sqrt(magic) * math.cos(radians) * math.pi)
    return lon + d_lon, lat + d_lat


def bd09(lon, lat):
    x, y = gcj02(lon, lat)
    z = math.hypot(x, y) + 0.00002 * math.sin(y * math.pi * 3000 / 180)
    theta = math.atan2(y, x) + 0.000003 * math.cos(x * math.pi * 3000 / 180)
    return z * math.cos(theta) + 0.0065, z * math.sin(theta) + 0.006


def test_a_signed_envelope_is_kept_byte_for_byte_and_its_leaf_can_be_computed_from_it(world, device):
    before_us = now_us()
    sealed = device.say(fixes=[fix()])
    device.await_ack(sealed)
    index, leaf_type, received_us, salt, leaf_hash, source = record_of(world, sealed)
    assert (leaf_type, source) == (1, device.name)
    assert before_us - 1_000_000 < received_us < now_us() + 1_000_000
    assert len(salt) == 32 and salt != bytes(32)
    assert ledger.leaf_hash(1, received_us, salt, sealed.bytes) == leaf_hash


def test_the_note_names_chain_index_size_and_root_and_the_root_is_that_of_all_leaves(world, device):
    for _ in range(3):
        sealed = device.say(fixes=[fix()])
        statement = device.statement(device.await_ack(sealed))
        assert statement.seq == sealed.seq
        assert statement.chain == sealed.hash
        assert statement.index == record_of(world, sealed)[0] < statement.size
        leaves = [leaf for (leaf,) in world.sql("SELECT leaf_hash FROM ledger.record WHERE log_index < %s ORDER BY log_index", statement.size)]
        assert len(leaves) == statement.size
        assert statement.root == ledger.root_of(leaves)


def test_sources_that_are_answered_together_share_one_signature_and_each_note_stands_alone(world):
    """Past the notes that fit under one signature, so that there are at least two of them."""
    devices = [world.device() for _ in range(70)]
    busy = world.device()
    with one_batch(world, busy):
        sent = [device.say(fixes=[fix()]) for device in devices]
    notes = [device.await_ack(sealed).note for device, sealed in zip(devices, sent)]
    name = f"{world.origin}/ack"
    texts = [ledger.open_ack_note(note, name, world.ack_public_key) for note in notes]
    assert all(f"\nsource {device.name}\n" in text for device, text in zip(devices, texts))
    # How many share a signature is what it says; the broker may deliver so many in more than one batch.
    shared = {}
    for note in notes:
        if ledger.split_note(note, name)[1] == ledger.key_id(name, ledger.ACK_BATCH, world.ack_public_key):
            size = ledger.open_batch_note(note, name, world.ack_public_key)[1]
            shared.setdefault((ledger.split_note(note, name)[2][4:68], size), []).append(note)
    assert len(shared) >= 2 and all(len(together) == size <= 64 for (_, size), together in shared.items()), [key[1] for key in shared]
    (first, second, *_), *_ = shared.values()
    # Nobody else's text stands under it.
    mixed = first.split("\n\n")[0] + "\n\n" + second.split("\n\n")[1]
    with pytest.raises(InvalidSignature):
        ledger.open_batch_note(mixed, name, world.ack_public_key)
    alone = devices[0].await_ack(devices[0].say())
    ledger.open_note(alone.note, name, world.ack_public_key)


def test_the_head_in_the_database_is_the_tree_over_every_record(world, device):
    for _ in range(5):
        device.await_ack(device.say(fixes=[fix()]))
    world.check_log()


def test_consecutive_seqs_are_found_by_their_runs(world, device):
    sent = [device.say(fixes=[fix()]) for _ in range(20)]
    device.await_ack(sent[-1])
    runs = world.sql("SELECT first_seq, last_seq, first_index FROM ledger.ingest_key WHERE source_id = %s AND epoch = 1 ORDER BY first_seq",
                     world.source_id(device.name))
    found = [first_index + seq - first_seq for first_seq, last_seq, first_index in runs for seq in range(first_seq, last_seq + 1)]
    assert found == [record_of(world, sealed)[0] for sealed in sent]
    world.check_keys()


def test_the_stream_row_says_how_far_a_source_has_come(world, device):
    for _ in range(4):
        device.await_ack(device.say())
    assert world.value("SELECT next_seq FROM ledger.stream WHERE source_id = %s AND epoch = 1", world.source_id(device.name)) == 4


def test_an_unsigned_source_is_accepted_without_a_signature_and_gets_the_same_note(world):
    device = world.device("gateway")
    sealed = device.say(fixes=[fix()])
    assert device.statement(device.await_ack(sealed)).chain == sealed.hash
    assert record_of(world, sealed)[5] == device.name


def test_what_an_unsigned_source_says_wrong_is_a_dead_letter_with_its_topic(world):
    device = world.device("gateway")
    sealed = device.say(fixes=[fix(lat=91)])
    device.await_ack(sealed)
    _, detail, topic, source, _ = world.dead_letter(sealed.bytes)
    assert (topic, source) == (device.topic(), device.name) and "910000000" in detail


def test_a_fix_arrives_with_every_measure_it_has_and_null_for_what_was_not_measured(world, device):
    at_us = now_us() - 5_000_000
    device.await_ack(device.say(fixes=[fix(118.6612345, 24.9423456, at_us=at_us, speed_cm_s=1234, course_cdeg=35999, accuracy_cm=250),
                                       fix(-0.0000001, -89.9999999, at_us=at_us + 1, speed_cm_s=0, course_cdeg=0),
                                       fix(118.7, 24.9, at_us=at_us + 2)]))
    rows = world.sql("SELECT (extract(epoch FROM at) * 1000000)::bigint - %s, seq, epoch, lon_e7, lat_e7, speed_cm_s, course_cdeg, accuracy_cm,"
                     " datum FROM telemetry.fix WHERE source_id = %s ORDER BY at", at_us, world.source_id(device.name))
    assert rows == [(0, 0, 1, 1186612345, 249423456, 1234, 35999, 250, 1), (1, 0, 1, -1, -899999999, 0, 0, None, 1),
                    (2, 0, 1, 1187000000, 249000000, None, None, None, 1)]


@pytest.mark.parametrize("datum, forward", [
    (telemetry_pb.DATUM_GCJ02, gcj02), (telemetry_pb.DATUM_BD09, bd09), (telemetry_pb.DATUM_CGCS2000, lambda lon, lat: (lon, lat))])
def test_a_position_in_a_chinese_datum_is_kept_in_wgs84_and_says_what_it_was(world, datum, forward):
    device = world.device()
    lon, lat = 118.6612345, 24.9423456
    device.await_ack(device.say(fixes=[fix(*forward(lon, lat), datum=datum)]))
    ((lon_e7, lat_e7, kept),) = world.sql("SELECT lon_e7, lat_e7, datum FROM telemetry.fix WHERE source_id = %s", world.source_id(device.name))
    assert kept == datum
    assert abs(lon_e7 - lon * 1e7) <= 5 and abs(lat_e7 - lat * 1e7) <= 5


def test_every_kind_of_reading_arrives_in_its_own_columns(world, device):
    t = now_us() - 10_000_000
    device.await_ack(device.say(readings=[
        telemetry_pb.Reading(at_us=t, load_cell=telemetry_pb.LoadCell(load_g=1_500_000)),
        telemetry_pb.Reading(at_us=t + 1, door=telemetry_pb.Door(open=True, name="后门")),
        telemetry_pb.Reading(at_us=t + 2, tilt=telemetry_pb.Tilt(angle_cdeg=-150)),
        telemetry_pb.Reading(at_us=t + 3, weighbridge=telemetry_pb.Weighbridge(
            gross_g=15_000_000, tare_g=9_000_000, net_g=6_000_000, estimated=True, scale_class="III", ticket="T-1", plate="闽C12345")),
        telemetry_pb.Reading(at_us=t + 4, sorting_mass=telemetry_pb.SortingMass(material="SW17 900-001-S17", mass_g=700, lot="lot-7"))]))
    rows = world.sql("SELECT kind, mass_g, gross_g, tare_g, tilt_cdeg, door_open, estimated, scale_class, label, plate, lot"
                     " FROM telemetry.reading WHERE source_id = %s ORDER BY at", world.source_id(device.name))
    n = None
    assert rows == [(2, 1_500_000, n, n, n, n, n, n, n, n, n), (3, n, n, n, n, True, n, n, "后门", n, n), (4, n, n, n, -150, n, n, n, n, n, n),
                    (5, 6_000_000, 15_000_000, 9_000_000, n, n, True, "III", "T-1", "闽C12345", n),
                    (6, 700, n, n, n, n, n, n, "SW17 900-001-S17", n, "lot-7")]


def test_a_fix_of_a_day_without_a_partition_is_kept_all_the_same(world, device):
    at_us = now_us() - 400 * 86400 * 1_000_000
    device.await_ack(device.say(fixes=[fix(at_us=at_us)]))
    assert world.value("SELECT count(*) FROM telemetry.fix_default WHERE source_id = %s", world.source_id(device.name)) == 1


def test_a_report_with_nothing_but_a_birth_is_a_record(world, device):
    sealed = device.say(birth=contract.envelope_pb.Birth(model="试验", firmware="1.0", public_key=device.key.public, boot_id=contract.new_id()))
    device.await_ack(sealed)
    assert len(world.indexes_of(sealed, 1)) == 1


def test_an_event_arrives_with_place_party_and_mass(world, device):
    t = now_us() - 60_000_000
    event = contract.event_pb.Event(
        event_id=contract.new_id(), type=contract.event_pb.EVENT_TYPE_PICKED_UP, at_us=t, site="yard-1", counterparty="recycler-2",
        position=contract.position(118.6, 24.9), mass=telemetry_pb.Mass(mass_g=1_400_000, estimated=True),
        item=contract.item_pb.ItemRef(kind=contract.item_pb.ITEM_KIND_VEHICLE, identifiers=[
            contract.item_pb.Identifier(scheme=contract.item_pb.IDENTIFIER_SCHEME_VIN, value="lsvaa49j132047371")]),
        pickup=contract.event_pb.Pickup(reason=2, vehicle_class=1))
    sealed = device.say(events=[event])
    device.await_ack(sealed)
    rows = world.sql("SELECT (extract(epoch FROM e.event_at) * 1000000)::bigint, e.log_index, e.ordinal, e.event_id::text, e.type, e.part, p.code,"
                     " s.name, t.code, c.code, e.lon_e7, e.lat_e7, e.mass_g, e.mass_estimated, i.value FROM custody.event e"
                     " JOIN registry.party p ON p.party_id = e.party_id JOIN registry.source s ON s.source_id = e.source_id"
                     " JOIN registry.site t ON t.site_id = e.site_id JOIN registry.party c ON c.party_id = e.counterparty_id"
                     " JOIN custody.identifier i ON i.item_id = e.item_id WHERE s.name = %s", device.name)
    assert rows == [(t, world.indexes_of(sealed)[0], 0, str(contract.uuid.UUID(bytes=event.event_id)), 2, None, "recycler-1", device.name,
                     "yard-1", "recycler-2", 1186000000, 249000000, 1_400_000, True, "LSVAA49J132047371")]


def test_a_sighting_arrives_with_its_identifiers_normalised_and_those_of_its_text(world):
    device = world.device("market")
    t = now_us() - 60_000_000
    sighting = contract.sighting_pb.Sighting(
        sighting_id=contract.new_id(), kind=contract.sighting_pb.SIGHTING_KIND_LISTING, at_us=t, item_kind=1, use=3,
        identifiers=[contract.item_pb.Identifier(scheme=contract.item_pb.IDENTIFIER_SCHEME_PLATE, value="闽c·12345")],
        position=contract.position(118.6, 24.9),
        listing=contract.sighting_pb.Listing(platform="闲置", listing_id="L-1", title="出售二手车", text="车架号 LSVAA49J132047371 手续齐全"))
    sealed = device.say(sightings=[sighting])
    device.await_ack(sealed)
    (index,) = world.indexes_of(sealed)
    assert world.sql("SELECT sighting_id::text, ordinal, source_id, kind, (extract(epoch FROM seen_at) * 1000000)::bigint, item_kind, use, lon_e7,"
                     " lat_e7, platform, listing_id FROM reentry.sighting WHERE log_index = %s", index) == [
        (str(contract.uuid.UUID(bytes=sighting.sighting_id)), 0, world.source_id(device.name), 1, t, 1, 3, 1186000000, 249000000, "闲置", "L-1")]
    assert world.sql("SELECT scheme, value, from_text FROM reentry.sighted_identifier WHERE log_index = %s ORDER BY 1", index) == [
        (1, "LSVAA49J132047371", True), (4, "闽C12345", False)]
