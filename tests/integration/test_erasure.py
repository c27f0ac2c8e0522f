"""The bytes of a record are removed by two people: the log verifies as before, and what was judged stays judged."""

import json
import subprocess

import pytest

from support import chain, contract, ledger, tree
from support.chain import Chain, new_vin, scrapping
from support.stack import CUSTODYCTL
from support.waiting import WAIT_S

OK, NEGATIVE, USAGE, CONFIG = 0, 1, 2, 78
PEOPLE = {"erase_wang": "custody_police", "erase_li": "custody_approver", "erase_zhao": "custody_commerce"}
PHOTO = contract.sha256(bytes([1]))  # of chain.photos


@pytest.fixture
def scene(new_world):
    world = new_world().start()
    for name, role in PEOPLE.items():
        world.sql(f"DO $$ BEGIN CREATE ROLE {name} LOGIN IN ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    return Chain(world)


def erase(world, who, *arguments):
    return subprocess.run([CUSTODYCTL, "erase", *arguments], env={**world.database.environment, "PGUSER": who}, capture_output=True, text=True,
                          timeout=WAIT_S)


def request(world, index, reason="个人信息保护法 art 47"):
    done = erase(world, "erase_wang", "request", str(index), "--reason", reason, "--before-term", "--json")
    assert done.returncode == OK, done.stderr
    return json.loads(done.stdout)["request_id"]


def erased(world, index):
    done = erase(world, "erase_li", "approve", str(request(world, index)), "--json")
    assert done.returncode == OK, done.stderr
    return json.loads(done.stdout)["erasure_index"]


def certified(scene, until="CERT_ISSUED"):
    """A car on its way; the log index of each step."""
    vin, indexes = new_vin(), {}
    steps = scrapping(vin, contract.now_us() - chain.DAY_US)  # so late that no deadline has run out
    for word, (who, event) in steps.items():
        indexes[word] = scene.world.indexes_of(scene.say(who, event))[0]
        if word == until:
            break
    return vin, steps, indexes


def check(world):
    done = world.database.ctl("rebuild", "--check")
    assert done.returncode == OK, done.stdout + done.stderr
    return done.stdout


def test_an_erased_record_is_gone_and_every_proof_of_it_still_verifies(scene):
    world = scene.world
    _, _, indexes = certified(scene, "PICKED_UP")
    index = indexes["PICKED_UP"]
    (leaf_type, received_us, salt, record, leaf), = world.sql(
        "SELECT type, (extract(epoch FROM received_at) * 1000000)::bigint, salt, record, leaf_hash FROM ledger.record WHERE log_index = %s", index)
    at = erased(world, index)
    assert world.sql("SELECT salt, record, leaf_hash FROM ledger.record WHERE log_index = %s", index) == [(None, None, leaf)]
    commitment = world.value("SELECT commitment FROM ledger.erasure WHERE log_index = %s", index)
    assert commitment == ledger.commitment(salt, record)
    grown = tree.check(world.database)
    path = tree.Tiles(world.database).inclusion_path(index, grown.size)
    assert ledger.root_of_path(index, grown.size, ledger.leaf_hash_of(leaf_type, received_us, commitment), path) == grown.root()
    said = json.loads(bytes(world.value("SELECT record FROM ledger.record WHERE log_index = %s AND type = 5", at)))
    assert (said["action"], said["actor"], said["data"]["log_index"]) == ("record erased", "erase_li", index)
    assert said["data"]["commitment"] == commitment.hex() and said["data"]["requested_by"] == "erase_wang"


def test_the_state_of_an_item_stays_and_what_comes_later_is_stored_and_no_longer_judged(scene):
    world = scene.world
    vin, steps, indexes = certified(scene)
    before = scene.state(vin)
    flags = scene.flags(vin)
    erased(world, indexes["PICKED_UP"])
    assert scene.state(vin) == before and "1 items cannot be folded again" in check(world)
    for word in ("DEPOLLUTED", "DESTROYED"):
        scene.say("truck", steps[word][1])
    assert scene.state(vin) == before == ("at_yard", "certified", "for good", "recycler-1")
    assert scene.flags(vin) == flags
    assert world.value("SELECT event_count FROM custody.item WHERE item_id = %s", scene.item_id(vin)) == 6
    assert not world.daemon.events("lane_stopped") and world.daemon.events("item_not_folded")
    check(world)
    # Another item goes on as ever, in one batch with this one too.
    other = chain.vehicle(new_vin())
    scene.say("truck", chain.event("WEIGHED", chain.vehicle(vin), contract.now_us(), mass=chain.mass(1000)),
              chain.event("PICKED_UP", other, contract.now_us(), pickup=chain.PICKUP))
    assert scene.state(other.identifiers[0].value)[0] == "in_transit" and scene.state(vin) == before


def test_what_is_banned_stays_banned_and_its_sightings_are_still_found(scene):
    vin, _, indexes = certified(scene)
    for index in indexes.values():
        erased(scene.world, index)
    assert scene.verdict(vin) == "banned"
    scene.see(chain.sighting(VIN=vin))
    assert scene.rules(vin) == {"E01"}
    check(scene.world)


def test_without_its_records_nothing_is_allowed(scene):
    imei, start = chain.new_imei(), contract.now_us() - 5 * chain.DAY_US
    phone = chain.item("DATA_DEVICE", IMEI=imei)
    words = (("PICKED_UP", {}), ("INTAKE", {"site": "yard-1", "mass": chain.mass(200)}), ("DATA_WIPED", {"wipe": chain.PASSED}),
             ("WIPE_VERIFIED", {"wipe": chain.PASSED}))
    sealed = [scene.say("truck", chain.event(word, phone, start + n * chain.S_US, **fields)) for n, (word, fields) in enumerate(words)]
    erased(scene.world, scene.world.indexes_of(sealed[0])[0])
    document, code = scene.world.json("verdict", imei)
    assert code == NEGATIVE and document["verdict"] != "allowed"
    assert "erased" in document["items"][0]["warnings"][0]


def test_the_trace_says_who_erased_what_and_why(scene):
    vin, _, indexes = certified(scene)
    at = erased(scene.world, indexes["INTAKE"])
    shown = scene.world.database.ctl("trace", vin)
    assert shown.returncode == OK
    (line,) = [line for line in shown.stdout.splitlines() if "记录已删除" in line]
    for word in ("erased", "erase_wang", "erase_li", "个人信息保护法 art 47", f"log {at}", "INTAKE".lower()):
        assert word in line, (word, line)
    document, _ = scene.world.json("trace", vin)
    standing = {event["log_index"]: event["standing"] for event in document["items"][0]["events"]}
    assert standing[indexes["INTAKE"]] == "erased" and standing[indexes["PICKED_UP"]] == "stands"
    listed = json.loads(erase(scene.world, "erase_li", "list", "--json").stdout)
    assert [entry["approved_by"] for entry in listed] == ["erase_li"]
    assert "no erasures" in erase(scene.world, "erase_li", "list", "--open").stdout


def test_a_device_that_sends_an_erased_envelope_again_hears_that_it_is_stored(scene):
    world, device = scene.world, scene.people["truck"]
    sealed = scene.say("truck", chain.event("PICKED_UP", chain.vehicle(new_vin()), contract.now_us() - chain.DAY_US, pickup=chain.PICKUP))
    erased(world, world.indexes_of(sealed)[0])
    device.send(sealed)
    device.await_ack(sealed)
    assert not world.flags(device.name) and world.value("SELECT count(*) FROM ledger.record WHERE type IN (1, 6)") == 1


@pytest.mark.parametrize("who, arguments, code, words", [
    ("erase_wang", ["request", "0"], USAGE, "--reason"),
    ("erase_wang", ["request", "x", "--reason", "r"], USAGE, "log index"),
    ("erase_wang", ["request", "999999", "--reason", "r"], NEGATIVE, "record 999999: there is none"),
    ("erase_wang", ["request", "0", "--reason", "r"], NEGATIVE, "leaves of type 7 stay"),
    ("erase_zhao", ["request", "0", "--reason", "r"], CONFIG, "permission denied"),
    ("erase_wang", ["approve", "1"], CONFIG, "permission denied"),
    ("erase_li", ["approve", "999"], NEGATIVE, "request 999: there is none"),
    ("erase_li", ["approve", "one"], USAGE, "a number"),
    ("erase_li", ["forget", "1"], USAGE, "request, approve or list"),
    ("erase_li", [], USAGE, "request, approve or list"),
])
def test_what_is_refused_is_refused_clearly(scene, who, arguments, code, words):
    done = erase(scene.world, who, *arguments)
    assert done.returncode == code and words in done.stderr and "hint:" in done.stderr, done.stderr


def test_before_its_retention_is_over_a_record_is_erased_only_by_who_says_so(scene):
    world = scene.world
    vin = new_vin()
    who, event = scrapping(vin, contract.now_us() - chain.DAY_US)["PICKED_UP"]
    for kind in ("PHOTO_BEFORE", "VIDEO"):
        event.evidence.add(kind="EVIDENCE_KIND_" + kind, sha256=contract.sha256(kind.encode()))
    index, = world.indexes_of(scene.say(who, event))
    event, = world.json("trace", vin)[0]["items"][0]["events"]
    day = world.value("SELECT (event_at AT TIME ZONE 'Asia/Shanghai')::date + interval '10 years' FROM custody.event WHERE log_index = %s", index)
    assert event["retained_until"] == f"{day:%Y-%m-%d}" and "video_retained_until" not in event
    photo, video = event["evidence"]
    assert "retained_until" not in photo and video["retained_until"] == f"{day.replace(year=day.year - 9):%Y-%m-%d}"
    assert f"kept until   {day:%Y-%m-%d}; videos 视频 {video['retained_until']}\n" in world.database.ctl("trace", vin).stdout
    refused = erase(world, "erase_wang", "request", str(index), "--reason", "个人信息保护法 art 47")
    assert refused.returncode == NEGATIVE and f"保存期限 until {day:%Y-%m-%d}" in refused.stderr and "--before-term" in refused.stderr
    number = request(world, index)
    said = json.loads(bytes(world.value("SELECT record FROM ledger.record JOIN ledger.erasure_request q ON q.request_index = record.log_index "
                                        "WHERE q.log_index = %s", index)))
    assert said["data"]["retained_until"] == f"{day:%Y-%m-%d}"
    assert erase(world, "erase_li", "approve", str(number)).returncode == OK
    event, = world.json("trace", vin)[0]["items"][0]["events"]
    assert event["standing"] == "erased" and "video_retained_until" not in event
    assert "kept until" not in world.database.ctl("trace", vin).stdout, "what is gone is not kept"


def test_who_asked_cannot_approve_and_nothing_is_erased_twice(scene):
    world = scene.world
    _, _, indexes = certified(scene, "PICKED_UP")
    number = request(world, indexes["PICKED_UP"])
    world.sql("GRANT custody_approver TO erase_wang")
    try:
        own = erase(world, "erase_wang", "approve", str(number))
    finally:
        world.sql("REVOKE custody_approver FROM erase_wang")
    assert own.returncode == NEGATIVE and "erase_wang asked for it and cannot approve it" in own.stderr
    assert world.value("SELECT record IS NOT NULL FROM ledger.record WHERE log_index = %s", indexes["PICKED_UP"])
    assert erase(world, "erase_li", "approve", str(number)).returncode == OK
    again = erase(world, "erase_li", "approve", str(number))
    assert again.returncode == NEGATIVE and "erased before" in again.stderr
