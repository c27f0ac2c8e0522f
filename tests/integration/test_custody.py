"""From reports to states, bans, flags and verdicts: the lifecycle of things, and what happens when one comes back for sale."""

import pytest

from support import contract
from support.chain import (DAY_US, PASSED, PICKUP, S_US, TRUCK_PICKUP, Chain, event, item, mass, new_imei, new_tag, new_vin, photos, scrapping,
                           sighting, vehicle)
from support.contract import event_pb, now_us
from support.waiting import wait_for

HOUR_US = 3600 * S_US


@pytest.fixture(scope="module")
def chain(world):
    return Chain(world)


@pytest.fixture
def vin():
    return new_vin()


def long_ago():
    return now_us() - 16 * HOUR_US  # within every deadline


def found(chain, value):
    return [(rule, key, state) for rule, key, state, _ in chain.flags(value)]


def scrap(chain, vin, until="DESTROYED", start_us=None, **options):
    """Reports a car's way step by step up to this one."""
    steps = scrapping(vin, start_us or long_ago(), **options)
    for word, (who, said) in steps.items():
        chain.say(who, said)
        if word == until:
            return steps
    raise KeyError(until)


# ---- states


def test_a_car_goes_from_pickup_to_destroyed_through_every_state_without_a_finding(chain, vin):
    expected = {
        "PICKED_UP": ("in_transit", "none", "banned", "recycler-1"),
        "INTAKE": ("at_yard", "none", "banned", "recycler-1"),
        "INSPECTED": ("at_yard", "verified", "banned", "recycler-1"),
        "CERT_ISSUED": ("at_yard", "certified", "for good", "recycler-1"),
        "DEPOLLUTED": ("depolluted", "certified", "for good", "recycler-1"),
        "DISMANTLED": ("dismantled", "certified", "for good", "recycler-1"),
        "DEREG_FILED": ("dismantled", "dereg_pending", "for good", "recycler-1"),
        "DEREGISTERED": ("dismantled", "deregistered", "for good", "recycler-1"),
        "DESTROYED": ("destroyed", "deregistered", "for good", None),  # nobody holds what is no more
    }
    steps = scrapping(vin, long_ago())
    for word, (who, said) in steps.items():
        chain.say(who, said)
        if word not in expected:  # of a part
            continue
        assert (word, chain.state(vin)) == (word, expected[word])
        assert chain.flags(vin) == []
        assert chain.site(vin) == (None if word in ("PICKED_UP", "DESTROYED") else "yard-1")
    car = chain.item_id(vin)
    assert chain.world.sql("SELECT terminal, (extract(epoch FROM banned_at) * 1000000)::bigint, mass_g, event_count FROM custody.item"
                           " WHERE item_id = %s", car) == [(True, steps["PICKED_UP"][1].at_us, 1_234_500, len(expected))]
    children = chain.world.sql("SELECT kind, physical, ban FROM custody.item WHERE parent_item_id = %s ORDER BY kind", car)
    assert children == [(kind, 21, 2) for kind in range(2, 8)]  # smelted, banned for good


def test_all_of_a_cars_way_in_one_report_gives_what_single_reports_give(chain, vin):
    steps = scrapping(vin, long_ago())
    chain.say("truck", *(said for who, said in steps.values() if who == "truck"))
    chain.say("office", *(said for who, said in steps.values() if who == "office"))
    assert chain.state(vin) == ("destroyed", "deregistered", "for good", None)
    assert chain.rules(vin) == set()


@pytest.mark.parametrize("seed", range(3))
def test_in_whatever_order_the_events_arrive_the_state_is_the_same_and_no_finding_stands(chain, vin, seed):
    steps = list(scrapping(vin, long_ago()).values())
    shuffled = sorted(steps, key=lambda step: contract.sha256(bytes([seed]) + step[1].event_id))
    for who, said in shuffled[::-1] if shuffled == steps else shuffled:
        chain.say(who, said)
    assert chain.state(vin) == ("destroyed", "deregistered", "for good", None)
    wait_for("what its parts came to to be seen", lambda: chain.rules(vin) == set())


def test_a_late_event_folds_again_and_the_finding_that_no_longer_holds_is_withdrawn_with_a_trace(chain, vin):
    steps = scrapping(vin, long_ago())
    for word in ("PICKED_UP", "INTAKE", "DEPOLLUTED"):
        sealed = chain.say(*steps[word])
    assert chain.state(vin) == ("depolluted", "none", "banned", "recycler-1")
    ((rule, key, state, _),) = chain.flags(vin)
    assert (rule, state) == ("C03", "new")
    assert chain.evidence(vin, "C03") == set(chain.world.indexes_of(sealed))
    for word in ("INSPECTED", "CERT_ISSUED"):
        chain.say(*steps[word])
    assert chain.state(vin) == ("depolluted", "certified", "for good", "recycler-1")
    assert found(chain, vin) == [("C03", key, "withdrawn")]
    assert chain.actions(vin, "C03") == [(None, "new", "custodyd"), ("new", "withdrawn", "custodyd")]


def test_an_event_before_all_others_moves_the_beginning_of_the_ban(chain, vin):
    steps = scrapping(vin, long_ago())
    chain.say(*steps["INTAKE"])
    chain.say(*steps["PICKED_UP"])
    assert chain.world.value("SELECT (extract(epoch FROM banned_at) * 1000000)::bigint FROM custody.item WHERE item_id = %s",
                             chain.item_id(vin)) == steps["PICKED_UP"][1].at_us


def test_a_pickup_that_did_not_occur_is_taken_back_and_both_stay_visible(chain, vin):
    (_, pickup), *_ = scrapping(vin, long_ago()).values()
    chain.say("truck", pickup)
    chain.see(sighting(VIN=vin))
    assert chain.rules(vin) == {"E01"}
    chain.say("truck", event("CORRECTED", vehicle(vin), pickup.at_us + HOUR_US, correction=event_pb.Correction(
        event_id=pickup.event_id, reason=event_pb.CORRECTION_REASON_DID_NOT_OCCUR, text="wrong car")))
    assert chain.state(vin)[2] is None
    assert [(rule, state) for rule, _, state, _ in chain.flags(vin)] == [("E01", "withdrawn")]
    assert chain.actions(vin, "E01")[-1] == ("new", "withdrawn", "custodyd")
    assert chain.world.value("SELECT count(*) FROM custody.event WHERE item_id = %s", chain.item_id(vin)) == 2
    assert chain.verdict(vin) == "unknown"


# ---- hand-over


def hand_over(vin, at_us):
    offer = event("TRANSFER_OFFERED", vehicle(vin), at_us, counterparty="recycler-2")
    accept = event("TRANSFER_ACCEPTED", vehicle(vin), at_us + HOUR_US, counterparty="recycler-1")
    return ("truck", offer), ("handheld", accept)


def holder_and_offer(chain, vin):
    return chain.world.sql("SELECT h.code, o.code FROM custody.item LEFT JOIN registry.party h ON h.party_id = holder_party_id"
                           " LEFT JOIN registry.party o ON o.party_id = offered_party_id WHERE item_id = %s", chain.item_id(vin))[0]


def test_an_offer_that_is_accepted_changes_the_holder(chain, vin):
    scrap(chain, vin, until="PICKED_UP")
    offer, accept = hand_over(vin, long_ago() + HOUR_US)
    chain.say(*offer)
    assert holder_and_offer(chain, vin) == ("recycler-1", "recycler-2")
    chain.say(*accept)
    assert holder_and_offer(chain, vin) == ("recycler-2", None)
    assert chain.flags(vin) == []


def test_an_acceptance_that_arrives_before_its_offer_counts_once_the_offer_is_there(chain, vin):
    scrap(chain, vin, until="PICKED_UP")
    offer, accept = hand_over(vin, long_ago() + HOUR_US)
    chain.say(*accept)
    assert holder_and_offer(chain, vin) == ("recycler-1", None)
    assert found(chain, vin) == [("C03", accept[1].event_id.hex() + ":offer", "new")]
    chain.say(*offer)
    assert holder_and_offer(chain, vin) == ("recycler-2", None)
    assert found(chain, vin) == [("C03", accept[1].event_id.hex() + ":offer", "withdrawn")]
    assert chain.actions(vin, "C03")[-1] == ("new", "withdrawn", "custodyd")


def test_an_offer_that_is_rejected_leaves_the_holder(chain, vin):
    scrap(chain, vin, until="PICKED_UP")
    offer, _ = hand_over(vin, long_ago() + HOUR_US)
    chain.say(*offer)
    chain.say("handheld", event("TRANSFER_REJECTED", vehicle(vin), long_ago() + 2 * HOUR_US, counterparty="recycler-1"))
    assert holder_and_offer(chain, vin) == ("recycler-1", None)
    assert chain.flags(vin) == []


def test_an_offer_by_somebody_who_does_not_hold_it_is_found(chain, vin):
    scrap(chain, vin, until="PICKED_UP")
    offer = event("TRANSFER_OFFERED", vehicle(vin), long_ago() + HOUR_US, counterparty="recycler-1")
    chain.say("handheld", offer)
    assert found(chain, vin) == [("C03", offer.event_id.hex() + ":giver", "new")]
    assert chain.state(vin)[3] == "recycler-1"


# ---- rules of custody, each once and its opposite once


def test_c01_an_event_after_the_end(chain, vin):
    steps = scrap(chain, vin)
    assert "C01" not in chain.rules(vin)
    chain.say("truck", event("DEPARTED", vehicle(vin), steps["DESTROYED"][1].at_us + HOUR_US))
    assert "C01" in chain.rules(vin)
    assert chain.state(vin)[0] == "destroyed"


def test_c02_one_vin_taken_in_twice_by_two_firms(chain, vin):
    steps = scrap(chain, vin, until="INTAKE")
    assert "C02" not in chain.rules(vin)
    chain.say("handheld", event("PICKED_UP", vehicle(vin), steps["INTAKE"][1].at_us + DAY_US, pickup=PICKUP))
    assert "C02" in chain.rules(vin)


def test_c03_a_vehicle_that_leaves_out_its_inspection(chain, vin):
    steps = scrap(chain, vin, until="INTAKE")
    chain.say(*steps["CERT_ISSUED"])
    assert chain.rules(vin) == {"C03"}


@pytest.mark.parametrize("buyer, fires", [(event_pb.BUYER_CLASS_REMANUFACTURER, False), (event_pb.BUYER_CLASS_CONSUMER, True)])
def test_c08_an_engine_goes_to_a_remanufacturer_and_to_nobody_else(chain, buyer, fires):
    tag = new_tag()
    engine, start_us = item("ENGINE", TAG=tag), long_ago()
    chain.say("truck", event("PICKED_UP", engine, start_us), event("INTAKE", engine, start_us + 1, site="yard-1", mass=mass(90_000)),
              event("GRADED", engine, start_us + 2, site="yard-1"),
              event("REMAN_RELEASED", engine, start_us + 3, release=event_pb.Release(buyer_class=buyer)))
    assert chain.state(tag)[0] == "reman_released"
    assert ("C08" in chain.rules(tag)) == fires


@pytest.mark.parametrize("attested", [False, True])
def test_c09_a_truck_is_dismantled_under_the_eyes_of_the_police_or_a_flag_is_raised(chain, vin, attested):
    steps = scrapping(vin, long_ago(), pickup=TRUCK_PICKUP)
    for word in ("PICKED_UP", "INTAKE", "INSPECTED"):
        chain.say(*steps[word])
    if attested:
        chain.say("police", event("SUPERVISION_ATTESTED", vehicle(vin), steps["DISMANTLED"][1].at_us - HOUR_US, site="yard-1"))
        assert chain.state(vin)[1] == "supervised"
    chain.say(*steps["DISMANTLED"])
    assert ("C09" in chain.rules(vin)) == (not attested)
    assert (chain.rules(vin) == set()) == attested


PHONE_STEPS = {"PICKED_UP": {}, "INTAKE": {"site": "yard-1", "mass": mass(200)}, "DATA_WIPED": {"wipe": PASSED}, "WIPE_VERIFIED": {"wipe": PASSED},
               "WIPED_RESOLD": {"release": event_pb.Release(buyer_class=event_pb.BUYER_CLASS_CONSUMER)}}


def phone_events(imei, *words):
    start_us = long_ago()
    return [event(word, item("DATA_DEVICE", IMEI=imei), start_us + n * HOUR_US, **PHONE_STEPS[word]) for n, word in enumerate(words)]


def test_c10_a_phone_is_sold_with_its_data_on_it(chain):
    imei = new_imei()
    chain.say("truck", *phone_events(imei, "PICKED_UP", "INTAKE", "DATA_WIPED", "WIPED_RESOLD"))
    assert "C10" in chain.rules(imei[:14])
    assert chain.state(imei[:14])[2] == "banned"
    assert chain.verdict(imei) == "banned"


def test_c10_a_phone_that_was_wiped_and_verified_is_sold_without_a_finding(chain):
    imei = new_imei()
    chain.say("truck", *phone_events(imei, *PHONE_STEPS))
    assert chain.flags(imei[:14]) == []
    assert chain.state(imei[:14])[2] is None


# ---- coming back for sale


def test_e01_a_banned_vin_in_a_field_of_a_listing(chain, vin):
    scrap(chain, vin, until="PICKED_UP")
    sealed = chain.see(sighting(VIN=vin))
    assert chain.flags(vin) == [("E01", f"vin {vin}", "new", 4)]
    assert chain.evidence(vin, "E01") == set(chain.world.indexes_of(sealed))
    assert chain.actions(vin, "E01") == [(None, "new", "custodyd")]


def full_width(text):
    return "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)


SPELLINGS = {
    "as it is": lambda vin: f"出售二手车 车架号{vin} 手续齐全",
    "in small letters": lambda vin: f"VIN: {vin.lower()}.",
    "full-width": lambda vin: f"车架号：{full_width(vin)}，价格面议",
    "full-width and small": lambda vin: full_width(f"vin {vin.lower()}"),
    "with spaces": lambda vin: f"车架号 {' '.join(vin[at:at + 4] for at in range(0, 17, 4))} 可过户",
    "with dashes": lambda vin: f"大架号:{vin[:3]}-{vin[3:9]}-{vin[9:]}",
    "with full-width spaces and dashes": lambda vin: f"车架号{full_width(vin[:8])}\u3000－{full_width(vin[8:])}",
    "letter by letter": lambda vin: f"VIN {' '.join(vin)} 有意私聊",
    "between other numbers": lambda vin: f"电话13800138000 {vin} 订单202606010000123456",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_e01_a_banned_vin_in_the_text_of_a_listing_written(chain, vin, spelling):
    scrap(chain, vin, until="PICKED_UP")
    chain.see(sighting(text=SPELLINGS[spelling](vin)))
    assert chain.flags(vin) == [("E01", f"vin {vin}", "new", 4)]


def test_e01_a_banned_vin_in_the_title_of_a_listing(chain, vin):
    scrap(chain, vin, until="PICKED_UP")
    chain.see(sighting(title=f"出售 {vin}", text="手续齐全"))
    assert chain.rules(vin) == {"E01"}


def test_e01_a_banned_phone_by_its_imei(chain):
    imei = new_imei()
    chain.say("truck", *phone_events(imei, "PICKED_UP"))
    chain.see(sighting(item_kind="DATA_DEVICE", text=f"九成新 IMEI {imei[:6]} {imei[6:]}"))
    assert "E01" in chain.rules(imei[:14])
    wait_for("what is judged behind the log: nobody wiped it", lambda: chain.rules(imei[:14]) == {"E01", "E06"})


def test_e01_a_banned_cars_plate_is_a_hint_of_low_severity(chain, vin):
    plate = f"闽C{vin[-5:]}"
    chain.say("truck", event("PICKED_UP", vehicle(vin, PLATE=plate), long_ago(), pickup=PICKUP))
    chain.see(sighting(kind="ROADSIDE_CAMERA", PLATE=plate))
    assert chain.flags(vin) == [("E01", f"plate {plate}", "new", 2)]


def test_repeated_sightings_join_one_flag_as_evidence(chain, vin):
    scrap(chain, vin, until="PICKED_UP")
    seen = [chain.see(sighting(VIN=vin)), chain.see(sighting(text=f"VIN {vin}")), chain.see(sighting(VIN=vin), who="police")]
    assert chain.flags(vin) == [("E01", f"vin {vin}", "new", 4)]
    assert chain.evidence(vin, "E01") == {chain.world.indexes_of(sealed)[0] for sealed in seen}


def test_e05_a_sighting_that_was_stored_before_the_ban_is_found_when_the_ban_comes(chain, vin):
    sealed = chain.see(sighting(text=f"车架号 {vin}"))
    scrap(chain, vin, until="PICKED_UP", start_us=now_us() - S_US // 2)
    assert found(chain, vin) == [("E05", f"vin {vin}", "new")]
    assert chain.evidence(vin, "E05") == set(chain.world.indexes_of(sealed))


def test_e05_a_sighting_made_before_the_ban_and_reported_after_it(chain, vin):
    scrap(chain, vin, until="PICKED_UP", start_us=now_us() - 2 * HOUR_US)
    chain.see(sighting(at_us=now_us() - DAY_US, VIN=vin))
    assert chain.rules(vin) == {"E05"}


def test_a_sighting_of_what_was_never_seen_raises_nothing(chain, vin):
    sealed = chain.see(sighting(VIN=vin, text=f"VIN {new_vin()}"))
    assert chain.world.value("SELECT count(*) FROM reentry.sighted_identifier WHERE log_index = %s", chain.world.indexes_of(sealed)[0]) == 2
    (index,) = chain.world.indexes_of(sealed)
    wait_for("the record to be followed", lambda: chain.world.value("SELECT followed FROM reentry.progress") > index)
    assert chain.world.value("SELECT count(*) FROM flag.evidence WHERE log_index = %s", index) == 0
    assert chain.world.sql("SELECT 1 FROM custody.identifier WHERE value = %s", vin) == []


def test_a_sighting_of_what_is_only_booked_raises_nothing(chain, vin):
    chain.say("truck", event("BOOKED", vehicle(vin), long_ago(), pickup=PICKUP))
    chain.see(sighting(VIN=vin))
    assert chain.state(vin)[2] is None and chain.flags(vin) == []


def test_a_sighting_of_what_was_released_for_sale_raises_nothing(chain):
    imei = new_imei()
    chain.say("truck", *phone_events(imei, *PHONE_STEPS))
    chain.see(sighting(item_kind="DATA_DEVICE", IMEI=imei))
    assert chain.flags(imei[:14]) == []


def test_a_vin_one_character_off_is_no_exact_match(chain, vin):
    scrap(chain, vin, until="PICKED_UP")
    other = new_vin()
    assert sum(a != b for a, b in zip(vin, other)) <= 3
    chain.see(sighting(VIN=other, text=f"VIN {other}"))
    assert chain.flags(vin) == []


def move(chain, vin, rule, state):
    """As a person does at the queue."""
    flag = f"(SELECT flag_id FROM flag.flag WHERE subject = 'item:{chain.item_id(vin)}' AND rule = '{rule}')"
    chain.world.sql(f"INSERT INTO flag.action (flag_id, from_state, to_state, actor, reason) VALUES ({flag}, 'new', '{state}', 'officer', 'seen')")
    chain.world.sql(f"UPDATE flag.flag SET state = '{state}', changed_at = now() WHERE flag_id = {flag}")


@pytest.mark.parametrize("state", ["false_alarm", "closed"])
def test_a_flag_that_people_put_aside_is_opened_again_by_a_new_sighting(chain, vin, state):
    scrap(chain, vin, until="PICKED_UP")
    chain.see(sighting(VIN=vin))
    move(chain, vin, "E01", state)
    chain.see(sighting(VIN=vin))
    assert chain.flags(vin) == [("E01", f"vin {vin}", "new", 4)]
    assert chain.actions(vin, "E01")[-1] == (state, "new", "custodyd")
    assert len(chain.evidence(vin, "E01")) == 2


@pytest.mark.parametrize("state", ["false_alarm", "closed"])
def test_a_flag_that_people_put_aside_stays_so_while_nothing_new_is_seen(chain, vin, state):
    steps = scrap(chain, vin, until="PICKED_UP")
    chain.see(sighting(VIN=vin))
    move(chain, vin, "E01", state)
    chain.say(*steps["INTAKE"])
    assert chain.flags(vin) == [("E01", f"vin {vin}", state, 4)]


def test_a_flag_under_review_stays_there_and_gets_the_new_evidence(chain, vin):
    scrap(chain, vin, until="PICKED_UP")
    chain.see(sighting(VIN=vin))
    move(chain, vin, "E01", "under_review")
    chain.see(sighting(VIN=vin))
    assert chain.flags(vin) == [("E01", f"vin {vin}", "under_review", 4)]
    assert len(chain.evidence(vin, "E01")) == 2


# ---- what is answered


def test_the_verdict_on_what_was_never_seen_is_unknown(chain, vin):
    assert chain.verdict(vin) == "unknown"


def test_the_verdict_on_a_car_is_unknown_before_its_pickup_and_banned_from_then_on(chain, vin):
    start_us = long_ago()
    chain.say("truck", event("BOOKED", vehicle(vin), start_us - HOUR_US, pickup=PICKUP))
    assert chain.verdict(vin) == "unknown"
    for who, said in scrapping(vin, start_us).values():
        chain.say(who, said)
        assert chain.verdict(vin) == "banned", said
    assert chain.verdict(full_width(vin.lower())) == "banned"


def test_the_verdict_on_a_phone_is_allowed_after_its_legal_release_and_not_a_step_before(chain):
    imei = new_imei()
    for said in phone_events(imei, *PHONE_STEPS):
        assert chain.verdict(imei) != "allowed"
        chain.say("truck", said)
    assert chain.verdict(imei) == "allowed"
    chain.say("truck", event("PICKED_UP", item("DATA_DEVICE", IMEI=imei), now_us() - HOUR_US))
    assert chain.verdict(imei) == "banned"


@pytest.mark.parametrize("marked", [True, False])
def test_the_verdict_on_a_part_is_allowed_when_it_is_marked_and_only_then(chain, marked):
    tag, start_us = new_tag(), long_ago()
    part = item("PART", TAG=tag)
    chain.say("truck", event("PICKED_UP", part, start_us), event("INTAKE", part, start_us + 1, site="yard-1", mass=mass(5000)))
    assert chain.verdict(tag) == "banned"
    chain.say("truck", event("REUSE_MARKED", part, start_us + 2, release=event_pb.Release(
        buyer_class=event_pb.BUYER_CLASS_CONSUMER, marked=marked), evidence=photos()))
    assert chain.verdict(tag) == ("allowed" if marked else "banned")


def test_the_verdict_by_a_plate_can_ban_and_never_allow(chain, vin):
    plate = f"闽C{vin[-5:]}"
    assert chain.verdict(plate) == "unknown"
    chain.say("truck", event("PICKED_UP", vehicle(vin, PLATE=plate), long_ago(), pickup=PICKUP))
    assert chain.verdict(plate) == "banned"


def test_everything_folded_again_is_what_is_stored(chain):
    done = chain.world.database.ctl("rebuild", "--check")
    assert done.returncode == 0, done.stdout
    assert ", 0 differences" in done.stdout and not done.stdout.startswith("0 items")
