"""People at work on flags by custodyctl: moved, assigned, commented, explained, counted against the firm; also two at once, and beside the daemon."""

import concurrent.futures
import json
import subprocess

import pytest

from support import chain, contract
from support.chain import Chain, new_vin, scrapping
from support.stack import CUSTODYCTL
from support.waiting import WAIT_S

OK, NEGATIVE, USAGE, CONFIG = 0, 1, 2, 78
PEOPLE = {"flag_wang": "custody_police", "flag_li": "custody_commerce", "flag_zhao": "custody_ecology"}
FIRM = "custody_firm_recycler-1"


@pytest.fixture(scope="module")
def scene(world):
    for name, role in PEOPLE.items():
        world.sql(f"DO $$ BEGIN CREATE ROLE {name} LOGIN IN ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    world.sql("SELECT registry.create_firm_role('recycler-1')")
    world.sql(f'ALTER ROLE "{FIRM}" LOGIN')
    return Chain(world)


def ctl(world, who, *arguments):
    return subprocess.run([CUSTODYCTL, *arguments], env={**world.database.environment, "PGUSER": who}, capture_output=True, text=True,
                          timeout=WAIT_S)


def document(world, who, *arguments):
    done = ctl(world, who, *arguments, "--json")
    assert done.returncode == OK, done.stderr
    return json.loads(done.stdout)


def sighted_car(scene):
    """A certified car that is offered for sale; the number of its E01."""
    vin = new_vin()
    steps = scrapping(vin, contract.now_us() - 10 * chain.DAY_US)
    for word in ("PICKED_UP", "INTAKE", "INSPECTED", "CERT_ISSUED"):
        scene.say(steps[word][0], steps[word][1])
    scene.see(chain.sighting(VIN=vin))
    return vin, scene.world.value("SELECT flag_id FROM flag.flag WHERE rule = 'E01' AND item_id = %s", scene.item_id(vin))


def move(world, who, flag, state, reason="核实"):
    return ctl(world, who, "flags", "move", str(flag), state, "--reason", reason)


def test_a_flag_is_worked_from_new_to_closed_and_counts_against_its_firm(scene):
    world = scene.world
    before = document(world, "flag_wang", "credit", "recycler-1")["points"]
    _, flag = sighted_car(scene)
    assert ctl(world, "flag_li", "flags", "assign", str(flag), "flag_wang", "--reason", "请核实").returncode == OK
    assert flag in [each["flag_id"] for each in document(world, "flag_wang", "flags", "--mine")["flags"]]
    assert flag not in [each["flag_id"] for each in document(world, "flag_li", "flags", "--mine")["flags"]]
    for state in ("under_review", "confirmed"):
        assert move(world, "flag_wang", flag, state).returncode == OK
    assert ctl(world, "flag_wang", "flags", "comment", str(flag), "现场查获").returncode == OK
    shown = ctl(world, "flag_wang", "flags", "show", str(flag))
    for words in ("under_review -> confirmed", "turn of flag_wang", "comment", "现场查获", "12 in the credit record", "recycler-1"):
        assert words in shown.stdout, shown.stdout
    record = document(world, "flag_li", "credit", "recycler-1")
    assert record["points"] == before + 12 and record["entries"][0]["flag_id"] == flag
    assert record["entries"][0]["basis"] == "policy" and record["entries"][0]["source"]
    assert move(world, "flag_li", flag, "closed").returncode == OK
    for state in ("under_review", "false_alarm"):
        assert move(world, "flag_li", flag, state, "鉴定为同款部件").returncode == OK
    assert document(world, "flag_li", "credit", "recycler-1")["points"] == before
    assert "-12" in ctl(world, "flag_wang", "credit", "recycler-1").stdout
    leaves = [json.loads(bytes(record)) for (record,) in world.sql(
        "SELECT record FROM ledger.record JOIN flag.action USING (log_index) WHERE flag_id = %s ORDER BY log_index", flag)]
    assert [leaf["action"].split()[1] for leaf in leaves] == ["assigned", "moved", "moved", "commented", "moved", "moved", "moved"]
    assert [leaf["actor"] for leaf in leaves] == ["flag_li"] + 3 * ["flag_wang"] + 3 * ["flag_li"]


def test_a_flag_is_explained(scene):
    world = scene.world
    vin, flag = sighted_car(scene)
    said = ctl(world, "flag_wang", "flags", "explain", str(flag)).stdout
    index = scene.evidence(vin, "E01").pop()
    for words in ("rule E01, version", "Decree 715 art 15", "goes away", "a sighting is not taken back", f"flags move {flag} under_review", str(index)):
        assert words in said, said
    assert ctl(world, "flag_wang", "flags", "explain", "999999").returncode == NEGATIVE


@pytest.mark.parametrize("who, arguments, code, words", [
    ("flag_zhao", ["move", "{}", "under_review", "--reason", "r"], CONFIG, "permission denied"),
    (FIRM, ["move", "{}", "under_review", "--reason", "r"], CONFIG, "permission denied"),
    (FIRM, ["comment", "{}", "it was not us"], CONFIG, "permission denied"),
    ("flag_wang", ["move", "{}", "closed", "--reason", "r"], NEGATIVE, "from new it does not go to closed"),
    ("flag_wang", ["move", "{}", "solved", "--reason", "r"], NEGATIVE, "it goes to under_review"),
    ("flag_wang", ["move", "{}", "under_review"], USAGE, "--reason"),
    ("flag_wang", ["move", "{}", "under_review", "--reason", " "], NEGATIVE, "no reason"),
    ("flag_wang", ["move", "x", "under_review", "--reason", "r"], USAGE, "a number"),
    ("flag_wang", ["move", "999999", "under_review", "--reason", "r"], NEGATIVE, "there is none"),
    ("flag_wang", ["assign", "{}", "flag_zhao", "--reason", "r"], NEGATIVE, "flag_zhao cannot work on it"),
    ("flag_wang", ["comment", "{}", ""], NEGATIVE, "no comment"),
    ("flag_wang", ["burn", "{}"], USAGE, "list, show, explain, move, assign or comment"),
])
def test_what_is_refused_is_refused_clearly(scene, who, arguments, code, words):
    _, flag = sighted_car(scene)
    done = ctl(scene.world, who, "flags", *[argument.format(flag) for argument in arguments])
    assert done.returncode == code and words in done.stderr and "hint:" in done.stderr, done.stderr
    assert scene.world.value("SELECT state FROM flag.flag WHERE flag_id = %s", flag) == "new"


def test_a_firm_sees_the_state_of_its_flag_and_not_who_works_on_it(scene):
    world = scene.world
    item = chain.vehicle(new_vin())
    scene.say("truck", chain.event("PICKED_UP", item, contract.now_us() - chain.DAY_US, pickup=chain.PICKUP))
    scene.say("truck", chain.event("DISMANTLED", item, contract.now_us(), site="yard-1", composition=chain.assemblies(), evidence=chain.photos()))
    flag = world.value("SELECT min(flag_id) FROM flag.flag WHERE rule = 'C03' AND item_id = %s", scene.item_id(item.identifiers[0].value))
    assert ctl(world, "flag_wang", "flags", "assign", str(flag), "flag_wang", "--reason", "mine").returncode == OK
    assert move(world, "flag_wang", flag, "under_review", "secret words").returncode == OK
    for arguments in (["flags", "show", str(flag)], ["flags", "explain", str(flag)], ["flags", "list"], ["credit", "recycler-1"]):
        done = ctl(world, FIRM, *arguments)
        assert done.returncode == OK, done.stderr
        assert "flag_wang" not in done.stdout and "secret words" not in done.stdout, done.stdout
    assert document(world, FIRM, "flags", "show", str(flag))["state"] == "under_review"
    assert ctl(world, FIRM, "credit", "recycler-2").returncode == NEGATIVE


def test_of_many_who_move_a_flag_at_once_one_does_and_the_others_are_told_who(scene):
    world = scene.world
    _, flag = sighted_car(scene)
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        done = list(threads.map(lambda n: move(world, ("flag_wang", "flag_li")[n % 2], flag, "under_review"), range(8)))
    assert sorted(each.returncode for each in done) == [OK] + 7 * [NEGATIVE]
    winner = world.value("SELECT actor FROM flag.action WHERE flag_id = %s AND to_state = 'under_review'", flag)
    assert all(f"{winner} moved it there at" in each.stderr for each in done if each.returncode)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        confirmed = threads.submit(move, world, "flag_wang", flag, "confirmed")
        rejected = threads.submit(move, world, "flag_li", flag, "false_alarm")
        assert sorted([confirmed.result().returncode, rejected.result().returncode]) == [OK, NEGATIVE]
    points = world.value("SELECT coalesce(sum(points), 0) FROM flag.credit WHERE flag_id = %s", flag)
    assert points == (12 if confirmed.result().returncode == OK else 0)


def test_moving_flags_and_folding_their_items_do_not_stop_each_other(scene):
    """Both take the head before the flag: nobody waits for the other twice."""
    world = scene.world
    cars = [sighted_car(scene) for _ in range(3)]

    def work(flag):
        for _ in range(6):
            for state in ("under_review", "confirmed", "closed"):
                world.sql("SELECT flag.move(%s, %s, 'why')", flag, state)
        return True

    with concurrent.futures.ThreadPoolExecutor() as threads:
        working = [threads.submit(work, flag) for _, flag in cars]
        for n in range(12):
            for vin, _ in cars:
                scene.say("truck", chain.event("WEIGHED", chain.vehicle(vin), contract.now_us() + n, mass=chain.mass(1_200_000)))
        assert all(each.result() for each in working)
    assert not world.daemon.events("lane_stopped")


def test_what_the_system_withdraws_keeps_its_history(scene):
    world = scene.world
    item = chain.vehicle(new_vin())
    value = item.identifiers[0].value
    scene.say("truck", chain.event("PICKED_UP", item, contract.now_us() - 3 * chain.DAY_US, pickup=chain.PICKUP))
    scene.say("truck", chain.event("CERT_ISSUED", item, contract.now_us() - chain.DAY_US, certificate=chain.event_pb.Certificate(number=f"W-{value[-5:]}")))
    flag = world.value("SELECT min(flag_id) FROM flag.flag WHERE rule = 'C03' AND item_id = %s", scene.item_id(value))
    assert move(world, "flag_wang", flag, "under_review", "awaiting the inspection").returncode == OK
    scene.say("truck", chain.event("INTAKE", item, contract.now_us() - 2 * chain.DAY_US, site="yard-1", mass=chain.mass(1_234_500)))
    scene.say("truck", chain.event("INSPECTED", item, contract.now_us() - 2 * chain.DAY_US + chain.S_US, site="yard-1", inspection=chain.CLEAN))
    shown = document(world, "flag_wang", "flags", "show", str(flag))
    assert shown["state"] == "withdrawn"
    assert [(each["to"], each["actor"], each["log_index"] is None) for each in shown["actions"]] == [
        ("new", "custodyd", True), ("under_review", "flag_wang", False), ("withdrawn", "custodyd", True)]
    assert shown["next_states"] == ["under_review"]
