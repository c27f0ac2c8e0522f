"""Trucks through broker and database: fences and road rights by custodyctl, fixes by MQTT, trips and flags R01 to R08 in the database."""

import itertools
import json

import pytest

from support import contract
from support.chain import event, mass, new_vin, vehicle
from support.contract import now_us, telemetry_pb
from support.waiting import wait_for

S_US, MIN_US, HOUR_US = 1_000_000, 60 * 1_000_000, 3600 * 1_000_000
YARD, ROADSIDE, MARKET, NEXT_COUNTY = (118.6220, 24.9950), (118.6430, 24.9720), (118.6440, 24.9640), (118.7600, 25.0000)
PLATES = (f"闽C7{n:04}" for n in itertools.count(1))


def square(lon, lat, half=0.001):
    return f"{lon - half},{lat - half} {lon + half},{lat - half} {lon + half},{lat + half} {lon - half},{lat + half}"


def registry_is_loaded(world, since):
    """The daemon has loaded as many trucks and fences as there are."""
    if not world.daemon.is_running():
        return
    wanted = tuple(str(world.value(f"SELECT count(*) FROM {table}")) for table in ("registry.vehicle", "route.map_fence"))
    wait_for(lambda: f"{wanted} vehicles and fences loaded\n{world.log_tail()}",
             lambda: any((line["vehicles"], line["fences"]) == wanted for line in world.daemon.events("registry_loaded", since)))


def register(world, *documents):
    """As an operator does; the daemon learns of it by itself."""
    since = len(world.daemon.lines)
    path = world.directory / "documents.jsonl"
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    done = world.database.ctl("register", "--file", str(path))
    assert done.returncode == 0, done.stderr
    registry_is_loaded(world, since)


def fence(code, kind, geometry, **fields):
    return {"fence": {"code": code, "kind": kind, "name": code, "geometry": geometry, "source": "test", "valid_from": "2020-01-01",
                      "valid_until": "2099-12-31", **fields}}


class Truck:
    """A truck with a tracker and a driver's handheld on it."""

    def __init__(self, world, truck_class=None):
        self.world, self.plate = world, next(PLATES)
        self.tracker, self.handheld = world.device("truck"), world.device("truck")
        since = len(world.daemon.lines)
        # In one transaction, so that whoever knows the truck knows who rides on it.
        world.sql("WITH v AS (INSERT INTO registry.vehicle (party_id, plate, class) SELECT party_id, %s, %s FROM registry.party"
                  " WHERE code = 'recycler-1' RETURNING vehicle_id) UPDATE registry.source SET vehicle_id = v.vehicle_id,"
                  " kind = CASE name WHEN %s THEN 'truck' ELSE 'handheld' END FROM v WHERE name IN (%s, %s)", self.plate, truck_class,
                  self.tracker.name, self.tracker.name, self.handheld.name)
        registry_is_loaded(world, since)
        self.vehicle_id = world.value("SELECT vehicle_id FROM registry.vehicle WHERE plate = %s", self.plate)

    # ---- what it says; everything is acknowledged before the next

    def say(self, who=None, **fields):
        device = who or self.tracker
        sealed = device.say(**fields)
        device.await_ack(sealed)
        assert self.world.indexes_of(sealed, 1), device.acks[-1]
        return sealed

    def load(self, at_us, grams):
        return self.say(readings=[telemetry_pb.Reading(at_us=at_us, load_cell=telemetry_pb.LoadCell(load_g=grams))])

    def door(self, at_us):
        return self.say(readings=[telemetry_pb.Reading(at_us=at_us, door=telemetry_pb.Door(open=True, name="tailgate"))])

    def stand(self, from_us, until_us, place, every_us=30 * S_US):
        fixes = stand(from_us, until_us, place, every_us)
        return [self.say(fixes=fixes[at:at + 10]) for at in range(0, len(fixes), 10)]

    def drive(self, from_us, until_us, start, end):
        fixes = drive(from_us, until_us, start, end)
        return [self.say(fixes=fixes[at:at + 10]) for at in range(0, len(fixes), 10)]

    # ---- what became of it

    def flags(self, state="new"):
        return [rule for (rule,) in self.world.sql("SELECT rule FROM flag.flag WHERE subject = %s AND state = %s ORDER BY event_at, rule",
                                                   f"vehicle:{self.plate}", state)]

    def flag(self, rule, state="new"):
        """(detail, severity, vehicle_id, evidence) once it is there."""
        def look():
            return self.world.sql("SELECT detail, severity, vehicle_id, (SELECT array_agg(log_index ORDER BY log_index) FROM flag.evidence e"
                                  " WHERE e.flag_id = f.flag_id) FROM flag.flag f WHERE subject = %s AND rule = %s AND state = %s",
                                  f"vehicle:{self.plate}", rule, state)

        rows = wait_for(lambda: f"{rule} {state}; there are {self.flags()}, withdrawn {self.flags('withdrawn')}\n{self.world.log_tail()}", look)
        assert len(rows) == 1, rows
        return rows[0]

    def trips(self):
        return self.world.sql("SELECT started_at, ended_at, a.code, b.code, distance_m, fix_count, most_load_g FROM route.trip t"
                              " LEFT JOIN registry.site a ON a.site_id = from_site_id LEFT JOIN registry.site b ON b.site_id = to_site_id"
                              " WHERE vehicle_id = %s AND NOT void ORDER BY number", self.vehicle_id)


def stand(from_us, until_us, place, every_us=30 * S_US):
    return [contract.fix(*place, at_us=at_us) for at_us in range(from_us, until_us + 1, every_us)]


def drive(from_us, until_us, start, end, every_us=10 * S_US):
    def at(at_us):
        part = (at_us - from_us) / (until_us - from_us)
        return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part

    return [contract.fix(*at(at_us), at_us=at_us) for at_us in range(from_us, until_us + 1, every_us)]


def begin_day(hours_ago=3):
    return (now_us() // MIN_US) * MIN_US - hours_ago * HOUR_US


@pytest.fixture(scope="module", autouse=True)
def places(world):
    world.sql("UPDATE registry.site SET lon_e7 = %s, lat_e7 = %s WHERE code = 'yard-1'", round(YARD[0] * 1e7), round(YARD[1] * 1e7))
    world.sql("UPDATE registry.site SET lon_e7 = %s, lat_e7 = %s WHERE code = 'yard-2'", 1188500000, 250000000)
    register(world, fence("market-1", "watched", square(*MARKET)), fence("yard-1-fence", "site", square(*YARD), site="yard-1"))


@pytest.fixture
def truck(world):
    return Truck(world)


def test_a_laden_truck_that_stops_off_site_is_flagged_with_its_records_and_what_is_on_board(truck):
    t = begin_day()
    vin = new_vin()
    truck.say(truck.handheld, events=[event("LOADED", vehicle(vin), t - MIN_US)])
    truck.stand(t, t + 5 * MIN_US, YARD)
    truck.load(t + 5 * MIN_US, 1_480_000)
    truck.drive(t + 6 * MIN_US, t + 16 * MIN_US, YARD, ROADSIDE)
    stood = truck.stand(t + 16 * MIN_US, t + 40 * MIN_US, ROADSIDE)
    detail, severity, vehicle_id, evidence = truck.flag("R01")
    item = truck.world.value("SELECT item_id FROM custody.identifier WHERE value = %s", vin)
    assert (severity, vehicle_id) == (3, truck.vehicle_id)
    assert f"truck {truck.plate} has stood 20 min off-site" in detail and f"1 item (item {item}), load cell 1480 kg" in detail
    indexes = [index for sealed in stood for index in truck.world.indexes_of(sealed)]
    assert len(evidence) == 2 and evidence[1] in indexes
    assert truck.flags() == ["R01"]


def test_a_pickup_that_is_reported_late_withdraws_the_flag_with_a_trace(truck):
    t = begin_day()
    truck.load(t, 1_480_000)
    truck.drive(t, t + 10 * MIN_US, YARD, ROADSIDE)
    truck.stand(t + 10 * MIN_US, t + 40 * MIN_US, ROADSIDE)
    truck.flag("R01")
    truck.say(truck.handheld, events=[event("PICKED_UP", vehicle(new_vin()), t + 20 * MIN_US, conveyance=truck.plate, mass=mass(1_000_000))])
    truck.flag("R01", "withdrawn")
    assert truck.flags() == []
    moves = truck.world.sql("SELECT a.to_state, a.reason FROM flag.action a JOIN flag.flag f USING (flag_id) WHERE f.vehicle_id = %s"
                            " ORDER BY action_id", truck.vehicle_id)
    assert moves == [("new", ""), ("withdrawn", "what came late no longer supports it")]


def test_trips_are_the_same_whatever_the_order_in_which_they_are_told(world):
    t = begin_day()
    ordered, late = Truck(world), Truck(world)
    way = (stand(t, t + 5 * MIN_US, YARD) + drive(t + 6 * MIN_US, t + 20 * MIN_US, YARD, ROADSIDE)
           + drive(t + 21 * MIN_US, t + 35 * MIN_US, ROADSIDE, YARD) + stand(t + 36 * MIN_US, t + 45 * MIN_US, YARD))
    reports = [way[at:at + 10] for at in range(0, len(way), 10)]
    for fixes in reports:
        ordered.say(fixes=fixes)
    for fixes in sorted(reports, key=lambda fixes: contract.sha256(str(fixes[0].at_us).encode())):
        late.say(fixes=fixes)
    end = telemetry_pb.Fix(at_us=t + 50 * MIN_US, lon_e7=round(YARD[0] * 1e7), lat_e7=round(YARD[1] * 1e7), datum=1)
    for truck in (ordered, late):
        truck.say(fixes=[end])
    wait_for(lambda: f"{late.trips()} as {ordered.trips()}\n{world.log_tail()}", lambda: ordered.trips() and late.trips() == ordered.trips()
             and not world.value("SELECT stale_from FROM route.truck_state WHERE vehicle_id = %s", late.vehicle_id))
    ((started_at, ended_at, left, came, distance_m, fix_count, _),) = ordered.trips()
    assert (left, came) == ("yard-1", "yard-1") and 6400 < distance_m < 6700 and fix_count > 100 and ended_at > started_at
    assert world.daemon.counters()["trucks_folded_again"] > 0


def test_a_watched_market_counts_from_the_moment_it_is_registered(world, truck):
    t = begin_day()
    place = (118.6100, 25.0500)
    truck.load(t, 1_480_000)
    truck.stand(t, t + 10 * MIN_US, place)
    assert truck.flags() == []
    register(world, fence(f"market-{truck.plate[-4:]}", "watched", square(*place)))
    truck.stand(t + 10 * MIN_US, t + 16 * MIN_US, place)
    detail, severity, _, _ = truck.flag("R02")
    assert severity == 4 and f"market-{truck.plate[-4:]}" in detail


def test_a_light_truck_outside_its_area_is_flagged_and_one_without_a_class_is_not(world):
    register(world, fence("area-1", "area", square(*YARD, half=0.01)),
             {"road_right": {"number": "right-1", "fence": "area-1", "class": "three_wheeler", "weekdays": "1234567", "from": "00:00",
                             "until": "24:00", "source": "test", "valid_from": "2020-01-01", "valid_until": "2099-12-31"}})
    t = begin_day()
    for truck, expected in ((Truck(world, "three_wheeler"), ["R03"]), (Truck(world), [])):
        truck.load(t, 1_480_000)
        truck.stand(t + MIN_US, t + 6 * MIN_US, ROADSIDE)
        truck.stand(t + 8 * MIN_US, t + 9 * MIN_US, YARD)
        assert truck.flags() == expected


def test_leaving_the_district_needs_a_booking_to_a_site_outside(world):
    t = begin_day()
    for site, expected in ((None, ["R08"]), ("yard-1", ["R08"]), ("yard-2", [])):
        truck = Truck(world)
        truck.say(truck.handheld, events=[event("LOADED", vehicle(new_vin()), t)])
        if site:
            truck.say(truck.handheld, events=[event("DEPARTED", vehicle(new_vin()), t + S_US, site=site)])
        truck.stand(t + MIN_US, t + 8 * MIN_US, NEXT_COUNTY)
        assert truck.flags() == expected, site


def test_a_door_and_a_load_off_site(truck):
    t = begin_day()
    truck.load(t, 3_000_000)
    truck.stand(t + MIN_US, t + 3 * MIN_US, ROADSIDE)
    opened = truck.door(t + 3 * MIN_US)
    truck.load(t + 4 * MIN_US, 1_500_000)
    truck.stand(t + 5 * MIN_US, t + 15 * MIN_US, ROADSIDE)
    _, _, _, evidence = truck.flag("R06")
    assert evidence == truck.world.indexes_of(opened)
    assert "lost 1500 of 3000 kg" in truck.flag("R07")[0]


def test_a_jump_across_the_district(truck):
    t = begin_day()
    truck.load(t, 3_000_000)
    truck.say(fixes=[contract.fix(*ROADSIDE, at_us=t + S_US), contract.fix(118.6320, 25.1750, at_us=t + 11 * S_US)])
    truck.stand(t + 2 * MIN_US, t + 4 * MIN_US, (118.6320, 25.1750))
    assert "moved 22.5 km in 10.0 s" in truck.flag("R05")[0]


def test_a_source_that_rides_on_no_truck_leaves_no_trace_of_one(world):
    device = world.device()
    before = world.value("SELECT count(*) FROM route.report")
    sealed = device.say(fixes=[contract.fix()])
    device.await_ack(sealed)
    assert world.value("SELECT count(*) FROM route.report") == before


def test_a_restart_goes_on_where_the_truck_was(new_world):
    world = new_world()
    world.start()
    truck = Truck(world)
    t = begin_day()
    truck.load(t, 1_480_000)
    truck.stand(t, t + 15 * MIN_US, ROADSIDE)
    world.daemon.stop()
    world.daemon.start()
    truck.stand(t + 15 * MIN_US, t + 25 * MIN_US, ROADSIDE)
    truck.flag("R01")
    assert truck.flags() == ["R01"]


def test_a_truck_that_falls_silent_is_flagged_by_the_clock_and_its_backlog_takes_that_back(new_world):
    world = new_world()
    world.sql("UPDATE registry.figure SET value = CASE name WHEN 'route_silence_s' THEN 4 ELSE 1 END"
              " WHERE name IN ('route_silence_s', 'route_reorder_window_s')")
    world.start()
    truck = Truck(world)
    t = now_us()
    truck.load(t, 1_480_000)
    truck.say(fixes=[contract.fix(*ROADSIDE, at_us=t + S_US)])
    detail, _, _, _ = truck.flag("R04")
    assert "has given no position" in detail
    backlog = stand(t + 2 * S_US, now_us(), ROADSIDE, S_US)
    for at in range(0, len(backlog), 4):
        truck.say(fixes=backlog[at:at + 4])
    truck.flag("R04", "withdrawn")
    truck.load(now_us(), 0)  # empty: nothing more to watch
    wait_for(lambda: world.log_tail(), lambda: not world.value("SELECT count(*) FROM route.truck_state WHERE stale_from IS NOT NULL"))


def test_rebuild_folds_trucks_again_names_what_differs_and_has_the_daemon_repair_it(new_world):
    world = new_world()
    world.start()
    truck = Truck(world)
    t = begin_day()
    truck.stand(t, t + 3 * MIN_US, YARD)
    truck.load(t + 3 * MIN_US, 1_480_000)
    truck.drive(t + 4 * MIN_US, t + 14 * MIN_US, YARD, ROADSIDE)
    truck.stand(t + 14 * MIN_US, t + 40 * MIN_US, ROADSIDE)
    truck.flag("R01")
    document, code = world.json("rebuild", "--check")
    assert (code, document["trucks"], document["differences"]) == (0, 1, [])
    good = world.value("SELECT state FROM route.truck_state WHERE vehicle_id = %s", truck.vehicle_id)
    world.sql("UPDATE route.truck_state SET state = set_byte(state, 30, 255 - get_byte(state, 30)), due_at = NULL WHERE vehicle_id = %s",
              truck.vehicle_id)
    world.sql("UPDATE route.trip SET from_site_id = NULL, started_at = started_at + interval '1 s' WHERE vehicle_id = %s", truck.vehicle_id)
    world.sql("UPDATE flag.flag SET state = 'withdrawn' WHERE vehicle_id = %s", truck.vehicle_id)
    document, code = world.json("rebuild", "--check")
    assert code == 1 and {difference["truck"] for difference in document["differences"]} == {truck.plate}
    assert [difference["what"].split()[:2] for difference in document["differences"]][0] == ["state"]
    assert {difference["what"].split()[0] for difference in document["differences"]} == {"state", "trip", "flag"}
    assert world.json("rebuild")[1] == 0
    truck.flag("R01")
    wait_for(lambda: world.log_tail(), lambda: world.json("rebuild", "--check")[1] == 0)
    assert len(world.value("SELECT state FROM route.truck_state WHERE vehicle_id = %s", truck.vehicle_id)) <= len(good)
