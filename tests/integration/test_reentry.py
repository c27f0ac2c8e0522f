"""Near matches, hidden characters, devices, batteries and clones through broker and database, whichever came first."""

import hashlib
import itertools

import pytest

from support.chain import Chain, DAY_US, PASSED, S_US, event, item, new_imei, new_vin, scrapping, sighting, vehicle
from support.contract import event_pb, now_us, position, sighting_pb
from support.waiting import wait_for

WORLD = {"reentry_flags_per_day": 1000}
HOUR_US = 3600 * S_US  # an intake is not due yet
EBIKE = sighting_pb.SIGHTED_USE_EBIKE
_codes = itertools.count(1)


@pytest.fixture(scope="module")
def chain(world):
    return Chain(world)


def far_vin():
    """Not one edit from what other tests write: serial numbers apart."""
    return [new_vin() for _ in range(37)][-1]


@pytest.fixture
def vin():
    return far_vin()


def ban(chain, vin, plate=None, **known):
    pickup = event_pb.Pickup(reason=event_pb.SCRAP_REASON_VOLUNTARY, vehicle_class=event_pb.VEHICLE_CLASS_SMALL_PASSENGER, **known)
    car = vehicle(vin, PLATE=plate) if plate else vehicle(vin)
    chain.say("truck", event("PICKED_UP", car, now_us() - HOUR_US, pickup=pickup))


def followed(world):
    """Everything stored so far was matched."""
    wait_for(lambda: f"the follower:\n{world.log_tail()}",
             lambda: world.value("SELECT followed >= (SELECT size FROM ledger.head) AND NOT EXISTS (SELECT FROM reentry.ban_change)"
                                 " FROM reentry.progress"))


def found(chain, value, rule):
    followed(chain.world)
    return [(key, state, severity) for _, key, state, severity in chain.flags(value, rule)]


def mistyped(vin):
    """The last digit is another, so the check digit fails; not that of a neighbour."""
    return vin[:-1] + str((int(vin[-1]) + 5) % 10)


@pytest.mark.parametrize("ban_first", [True, False], ids=["ban first", "sighting first"])
class TestBothWays:
    def both(self, chain, ban_first, make_ban, make_sighting):
        steps = [make_ban, make_sighting] if ban_first else [make_sighting, make_ban]
        results = [step() for step in steps]
        return results[1] if ban_first else results[0]

    def test_e02_one_character_is_another(self, chain, vin, ban_first):
        wrong = mistyped(vin)
        sealed = self.both(chain, ban_first, lambda: ban(chain, vin), lambda: chain.see(sighting(text=f"车架号 {wrong}")))
        assert found(chain, vin, "E02") == [(f"vin {wrong}", "new", 3)]
        assert chain.evidence(vin, "E02") == set(chain.world.indexes_of(sealed))

    def test_e02_confused_characters_in_a_field(self, chain, vin, ban_first):
        wrong = vin.replace("0", "O")
        self.both(chain, ban_first, lambda: ban(chain, vin), lambda: chain.see(sighting(kind="INSPECTION", VIN=wrong)))
        assert found(chain, vin, "E02") == [(f"vin {wrong}", "new", 3)]

    def test_e02_a_character_is_missing(self, chain, vin, ban_first):
        self.both(chain, ban_first, lambda: ban(chain, vin), lambda: chain.see(sighting(text=f"大架号：{vin[:13]}{vin[14:]}")))
        assert [severity for _, _, severity in found(chain, vin, "E02")] == [3]

    def test_e03_four_hidden_in_the_city_of_the_plate_and_the_colour(self, chain, vin, ban_first):
        plate = f"闽C{vin[-5:]}"

        def see():
            listing = sighting(text=f"车架号 {vin[:13]}****")
            listing.place, listing.colour = "泉州", "白色"
            return chain.see(listing)

        self.both(chain, ban_first, lambda: ban(chain, vin, plate, colour="白色"), see)
        assert found(chain, vin, "E03") == [(f"vin {vin[:13]}????", "new", 3)]

    def test_e06_a_device_before_its_wipe(self, chain, ban_first):
        imei = new_imei()
        device = item("DATA_DEVICE", IMEI=imei)
        self.both(chain, ban_first, lambda: chain.say("truck", event("PICKED_UP", device, now_us() - HOUR_US)),
                  lambda: chain.see(sighting(item_kind="DATA_DEVICE", kind="NETWORK_ACTIVITY", IMEI=imei)))
        assert [severity for _, _, severity in found(chain, imei[:14], "E06")] == [3]

    def test_e07_a_battery_in_an_ebike(self, chain, ban_first):
        code = f"001PE01ABCDEFGD8G{next(_codes):07}"

        def see():
            seen = sighting(item_kind="TRACTION_BATTERY", kind="INSPECTION", BATTERY_CODE=code)
            seen.use = EBIKE
            return chain.see(seen)

        self.both(chain, ban_first, lambda: chain.say("truck", event("PICKED_UP", item("TRACTION_BATTERY", BATTERY_CODE=code), now_us() - HOUR_US)),
                  see)
        assert found(chain, code, "E07") == [(f"battery_code {code} ebike", "new", 4)]

    def test_e08_two_places_at_once(self, chain, vin, ban_first):
        def see():
            for lon, lat in ((118.66, 24.94), (116.40, 39.90)):
                seen = sighting(kind="ROADSIDE_CAMERA", VIN=vin)
                seen.position.CopyFrom(position(lon, lat))
                chain.see(seen)

        self.both(chain, ban_first, lambda: ban(chain, vin), see)
        assert found(chain, vin, "E08") == [(f"vin {vin}", "new", 3)]
        assert len(chain.evidence(vin, "E08")) == 2


def test_a_right_vin_is_no_near_match_of_its_neighbour(chain, vin):
    ban(chain, vin)
    chain.see(sighting(text=f"车架号 {new_vin()}"), sighting(text=f"车架号 {vin}"))
    followed(chain.world)
    assert chain.rules(vin) == {"E01"}


def test_the_last_six_hidden_say_nothing_alone(chain, vin):
    ban(chain, vin)
    chain.see(sighting(text=f"车架号 {vin[:11]}******"))
    followed(chain.world)
    assert chain.rules(vin) == set()


def test_another_make_keeps_a_near_match_quiet(chain, vin):
    ban(chain, vin, make="大众")
    listing = sighting(text=f"车架号 {mistyped(vin)}")
    listing.make = "丰田"
    chain.see(listing)
    followed(chain.world)
    assert chain.rules(vin) == set()


def test_the_owners_telephone_carries_what_is_hidden(chain, vin):
    phone = hashlib.sha256(b"whoever").digest()
    ban(chain, vin, phone_hash=phone)
    listing = sighting(text=f"车架号 {vin[:11]}******")
    listing.listing.phone_hash = phone
    chain.see(listing)
    assert len(found(chain, vin, "E03")) == 1


def test_a_near_match_is_withdrawn_with_the_ban(chain, vin):
    pickup = event("PICKED_UP", vehicle(vin), now_us() - HOUR_US,
                   pickup=event_pb.Pickup(reason=event_pb.SCRAP_REASON_VOLUNTARY, vehicle_class=event_pb.VEHICLE_CLASS_SMALL_PASSENGER))
    chain.say("truck", pickup)
    chain.see(sighting(text=f"车架号 {mistyped(vin)}"))
    assert [state for _, state, _ in found(chain, vin, "E02")] == ["new"]
    chain.say("truck", event("CORRECTED", vehicle(vin), now_us() - S_US,
                             correction=event_pb.Correction(event_id=pickup.event_id, reason=event_pb.CORRECTION_REASON_DID_NOT_OCCUR, text="?")))
    assert [state for _, state, _ in found(chain, vin, "E02")] == ["withdrawn"]
    assert chain.actions(vin, "E02") == [(None, "new", "custodyd"), ("new", "withdrawn", "custodyd")]


def test_a_ban_that_changes_without_an_event_is_followed(chain, vin):
    ban(chain, vin)
    chain.see(sighting(text=f"车架号 {mistyped(vin)}"))
    assert [state for _, state, _ in found(chain, vin, "E02")] == ["new"]
    # As a fold after a change of the registry would have it.
    chain.world.sql("UPDATE custody.item SET ban = 0, banned_at = NULL WHERE item_id = %s", chain.item_id(vin))
    assert [state for _, state, _ in found(chain, vin, "E02")] == ["withdrawn"]
    assert chain.world.database.ctl("rebuild").returncode == 0
    assert [state for _, state, _ in found(chain, vin, "E02")] == ["new"]


def test_folding_an_item_again_leaves_its_near_matches(chain, vin):
    steps = scrapping(vin, now_us() - 2 * HOUR_US)
    chain.say(*steps["PICKED_UP"])
    chain.see(sighting(text=f"车架号 {mistyped(vin)}"))
    assert len(found(chain, vin, "E02")) == 1
    chain.say(*steps["INTAKE"])
    assert [state for _, state, _ in found(chain, vin, "E02")] == ["new"]


def test_a_verified_wipe_before_the_sighting_keeps_e06_quiet(chain):
    imei = new_imei()
    device, start = item("DATA_DEVICE", IMEI=imei), now_us() - HOUR_US
    for n, (word, fields) in enumerate((("PICKED_UP", {}), ("INTAKE", {"site": "yard-1"}), ("DATA_WIPED", {"wipe": PASSED}),
                                        ("WIPE_VERIFIED", {"wipe": PASSED}))):
        chain.say("truck", event(word, device, start + n * 600 * S_US, **fields))
    chain.see(sighting(item_kind="DATA_DEVICE", IMEI=imei))
    followed(chain.world)
    assert "E06" not in chain.rules(imei[:14])


def test_e04_an_over_age_taxi_is_offered(chain, vin):
    offer, young = sighting(VIN=vin, text="出租车转让"), sighting(VIN=far_vin(), text="出租车转让")
    for listing, years in ((offer, 9), (young, 2)):
        listing.scrap_category = "taxi_small"
        listing.first_registered_at_us = now_us() - years * 365 * DAY_US
    sealed = chain.see(offer, young)
    followed(chain.world)
    source = chain.people["market"].name
    _, key, detail, severity = chain.world.flag("E04", source=source)
    assert (key, severity) == (f"vin {vin}", 4) and "taxi_small" in detail
    assert chain.world.value("SELECT log_index FROM flag.evidence JOIN flag.flag USING (flag_id) WHERE rule = 'E04'") in chain.world.indexes_of(sealed)


def test_what_was_stored_while_nobody_followed_is_matched_later(new_world):
    world = new_world().start()
    chain, vin = Chain(world), new_vin()
    ban(chain, vin)
    followed(world)
    # The follower's lease is elsewhere: the daemon stores, and near matching waits.
    with world.database.connect(autocommit=True) as connection:
        world.daemon.stop()
        connection.execute("SELECT pg_advisory_lock(4072, 0)")
        world.daemon.start()
        chain.see(sighting(text=f"车架号 {mistyped(vin)}"))
        assert chain.rules(vin) == set()
        connection.execute("SELECT pg_advisory_unlock(4072, 0)")
    assert len(found(chain, vin, "E02")) == 1


def test_doctor_sees_when_nobody_follows(new_world):
    world = new_world().start()
    chain = Chain(world)

    def check():
        return next(check for check in world.json("doctor")[0]["checks"] if check["check"] == "follower")

    ban(chain, far_vin())
    chain.see(sighting(text=f"车架号 {far_vin()}"))
    followed(world)
    assert (check()["status"], check()["found"]) == ("ok", "0 records behind the head")
    world.daemon.stop()
    world.sql("UPDATE reentry.progress SET followed = 0")
    assert check()["status"] == "warn"
    world.daemon.start()
    followed(world)


def test_two_daemons_match_once_and_each_may_go(new_world):
    world = new_world().start()
    second = world.add_daemon("second", lanes=world.other_area, client_id="second")
    second.start()
    chain, vin, other = Chain(world), far_vin(), far_vin()
    ban(chain, vin)
    chain.see(sighting(text=f"车架号 {mistyped(vin)}"))
    assert len(found(chain, vin, "E02")) == 1
    world.daemon.stop()
    world.daemon.start()
    ban(chain, other)
    chain.see(sighting(text=f"车架号 {mistyped(other)}"))
    assert len(found(chain, other, "E02")) == 1


def test_a_flood_of_one_source_stands_behind_one_flag(new_world):
    world = new_world(reentry_flags_per_day=3).start()
    chain = Chain(world)
    vins = [far_vin() for _ in range(8)]
    for vin in vins:
        ban(chain, vin)
    chain.see(*(sighting(VIN=vin) for vin in vins[:7]))
    chain.see(sighting(VIN=vins[7]), who="police")
    flood = wait_for(lambda: f"a flood: {world.flags()}", lambda: world.sql(
        "SELECT flag_id, (SELECT count(*) FROM flag.flag g WHERE g.folded_into = f.flag_id) FROM flag.flag f WHERE rule = 'S06'"))
    assert [count for _, count in flood] == [4]
    assert all(chain.rules(vin) == {"E01"} and len(chain.evidence(vin, "E01")) == 1 for vin in vins)
    queue = world.sql("SELECT rule, source FROM report.flag_queue ORDER BY rule, source")
    assert sorted(rule for rule, _ in queue) == ["E01"] * 4 + ["S06"]
    assert [source for rule, source in queue if rule == "S06"] == [chain.people["market"].name]
