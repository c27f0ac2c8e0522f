"""What somebody can pile up on one item, or on one plate, costs nobody else an acknowledgement."""

from support.contract import event_pb, item_pb, new_id, now_us, sighting_pb
from support.waiting import wait_for

VIN, PLATE = 1, 4
PICKED_UP, POSITION, INTAKE = event_pb.EVENT_TYPE_PICKED_UP, event_pb.EVENT_TYPE_POSITION, event_pb.EVENT_TYPE_INTAKE
MINUTE_US = 60_000_000


def vin(n):
    """A vehicle identification number with its check digit (GB 16735)."""
    values = {**{str(d): d for d in range(10)}, **dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9)))}
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
    text = f"LSVAA49J0320{n:05d}"
    check = sum(values[c] * w for c, w in zip(text, weights)) % 11
    return text[:8] + "0123456789X"[check] + text[9:]


def identifiers(*pairs):
    return [item_pb.Identifier(scheme=scheme, value=value) for scheme, value in pairs]


def event(kind, *pairs, at_us=None):
    detail = {"pickup": event_pb.Pickup(reason=2, vehicle_class=1)} if kind == PICKED_UP else {}
    return event_pb.Event(event_id=new_id(), type=kind, at_us=at_us or now_us() - MINUTE_US,
                          item=item_pb.ItemRef(kind=item_pb.ITEM_KIND_VEHICLE, identifiers=identifiers(*pairs)), **detail)


def sighting(*pairs, at_us=None):
    return sighting_pb.Sighting(sighting_id=new_id(), kind=sighting_pb.SIGHTING_KIND_LISTING, at_us=at_us or now_us() - 1_000_000, item_kind=item_pb.ITEM_KIND_VEHICLE,
                                identifiers=identifiers(*pairs))


def pile(device, name, envelopes, size=200):
    """Envelopes full of events of one vehicle, the first a pick-up; all stored."""
    start_us = now_us() - 60 * MINUTE_US
    for k in range(envelopes):
        device.await_ack(device.say(events=[event(POSITION if k + i else PICKED_UP, (VIN, name), at_us=start_us + k * size + i)
                                            for i in range(size)]))


def item_of(world, name):
    return world.value("SELECT item_id FROM custody.identifier WHERE value = %s AND proof", name)


def e01(world, item):
    return world.sql("SELECT key, severity FROM flag.flag WHERE item_id = %s AND rule = 'E01' AND state = 'new'", item)


def test_an_event_of_a_vehicle_with_six_hundred_others_is_stored_and_folded(world, device):
    pile(device, vin(1), 3)
    other = world.device()
    other.await_ack(other.say(events=[event(INTAKE, (VIN, vin(1)))]))
    assert world.value("SELECT event_count FROM custody.item WHERE item_id = %s", item_of(world, vin(1))) == 601
    assert world.daemon.is_running()


def test_one_event_of_each_of_two_hundred_vehicles_brings_back_their_histories_together(world, device):
    for _ in range(5):
        device.await_ack(device.say(events=[event(POSITION, (VIN, vin(2000 + i))) for i in range(200)]))
    assert world.sql("SELECT DISTINCT t.event_count FROM custody.item t JOIN custody.identifier i USING (item_id)"
                     " WHERE i.value LIKE 'LSVAA49J_320020%%'") == [(5,)]


def test_a_sighting_of_a_banned_vehicle_is_found_without_an_event_of_it_and_withdraws_nothing(world, device):
    device.await_ack(device.say(events=[event(POSITION, (VIN, vin(2)))]))  # of an item that nobody picked up: C03 stands
    device.await_ack(device.say(events=[event(PICKED_UP, (VIN, vin(2)))]))
    item = item_of(world, vin(2))
    before = world.sql("SELECT flag_id, state FROM flag.flag WHERE item_id = %s ORDER BY 1", item)
    market = world.device("market")
    market.await_ack(market.say(sightings=[sighting((VIN, vin(2)), at_us=now_us() - 24 * 60 * MINUTE_US)]))
    market.await_ack(market.say(sightings=[sighting((VIN, vin(2)))]))
    after = world.sql("SELECT flag_id, state FROM flag.flag WHERE item_id = %s ORDER BY 1", item)
    assert before and after[:len(before)] == before
    assert [rule for (rule,) in world.sql("SELECT rule FROM flag.flag WHERE item_id = %s AND rule LIKE 'E%%' ORDER BY 1", item)] == ["E01", "E05"]


def test_a_sighting_of_a_shared_plate_touches_the_newest_holders_and_a_vin_whoever_has_it(world, device):
    plate = (PLATE, "闽C12345")
    for k in range(2):
        device.await_ack(device.say(events=[event(PICKED_UP, (VIN, vin(1000 + k * 150 + i)), plate) for i in range(150)]))
    market = world.device("market")
    market.await_ack(market.say(sightings=[sighting(plate)]))
    holders = [item for (item,) in world.sql("SELECT item_id FROM custody.identifier WHERE value = %s ORDER BY item_id DESC", plate[1])]
    assert len(holders) == 300
    assert [bool(e01(world, item)) for item in holders] == [True] * 32 + [False] * 268
    assert {severity for item in holders[:32] for _, severity in e01(world, item)} == {2}
    world.daemon.wait_log("hint_holders_capped")
    market.await_ack(market.say(sightings=[sighting((VIN, vin(1000)))]))
    assert e01(world, item_of(world, vin(1000))) == [(f"vin {vin(1000)}", 4)]


def test_what_is_too_large_to_fold_is_stored_and_counted_and_its_ban_still_found_and_a_rebuild_folds_it(new_world):
    world = new_world(arena_max_bytes=4 << 20).start()
    device, market = world.device(), world.device("market")
    pile(device, vin(3), 30)
    told = wait_for(lambda: world.daemon.tail(), lambda: world.daemon.events("item_not_folded"))
    item = item_of(world, vin(3))
    assert told[0]["item"] == str(item)
    assert world.sql("SELECT count(*) FROM ledger.dead_letter") == [(0,)]
    assert world.sql("SELECT t.event_count, count(*) FROM custody.item t JOIN custody.event e USING (item_id) WHERE item_id = %s GROUP BY 1",
                     item) == [(6000, 6000)]
    market.await_ack(market.say(sightings=[sighting((VIN, vin(3)))]))
    assert e01(world, item) == [(f"vin {vin(3)}", 4)]
    other = world.device()
    other.await_ack(other.say(events=[event(PICKED_UP, (VIN, vin(4)))]))
    assert world.value("SELECT ban FROM custody.item WHERE item_id = %s", item_of(world, vin(4))) > 0
    before = world.database.ctl("rebuild", "--check")
    assert before.returncode == 1 and "last_event_at" in before.stdout, before
    done = world.database.ctl("rebuild")
    assert done.returncode == 0, done.stdout + done.stderr
