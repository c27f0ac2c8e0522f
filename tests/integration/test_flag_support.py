"""What supports a flag, however much else is said of its item: no flood hides one, no stranger withdraws one."""

import pytest

from support.chain import DAY_US, PICKUP, S_US, Chain, event, new_vin, scrapping, sighting, vehicle
from support.contract import now_us

FINDINGS_MAX = 512  # of one item; judge.c
PER_REPORT = 180


@pytest.fixture(scope="module")
def chain(world):
    return Chain(world)


@pytest.fixture
def vin():
    return new_vin()


def pick_up(chain, vin, at_us=None):
    said = event("PICKED_UP", vehicle(vin), at_us or now_us() - 16 * 3600 * S_US, pickup=PICKUP)
    chain.say("truck", said)
    return said


def found(chain, vin):
    return [(rule, state) for rule, _, state, _ in chain.flags(vin)]


def move(chain, vin, rule, state):
    chain.world.sql("UPDATE flag.flag SET state = %s WHERE subject = %s AND rule = %s", state, f"item:{chain.item_id(vin)}", rule)


def test_a_flood_of_old_sightings_neither_hides_the_one_that_counts_nor_is_lost(chain, vin):
    pick_up(chain, vin)
    old = now_us() - 30 * DAY_US
    for _ in range(FINDINGS_MAX // PER_REPORT + 1):
        chain.see(*(sighting(at_us=old, VIN=vin) for _ in range(PER_REPORT)))
    chain.see(sighting(VIN=vin), who="police")
    assert found(chain, vin) == [("E01", "new"), ("E05", "new")]
    assert chain.world.value("SELECT count(*) FROM flag.evidence JOIN flag.flag USING (flag_id) WHERE subject = %s AND rule = 'E05'",
                             f"item:{chain.item_id(vin)}") == (FINDINGS_MAX // PER_REPORT + 1) * PER_REPORT
    assert not [line for line in chain.world.daemon.events("findings_dropped") if f"item={chain.item_id(vin)} " in line.text]


def test_of_an_item_with_more_findings_than_there_is_room_for_nothing_is_withdrawn(chain, vin):
    steps = scrapping(vin, now_us() - 16 * 3600 * S_US)
    for who, said in steps.values():
        chain.say(who, said)
    end_us = steps["DESTROYED"][1].at_us
    chain.say("truck", event("DEPARTED", vehicle(vin), end_us + DAY_US))  # last of all in the order of folding
    ((_, key, _, _),) = chain.flags(vin, "C01")
    for first in range(0, FINDINGS_MAX + 1, 30):
        chain.say("truck", *(event("DEPARTED", vehicle(vin), end_us + (first + n) * S_US) for n in range(1, 31)))
    assert [line for line in chain.world.daemon.events("findings_dropped") if f"item={chain.item_id(vin)} " in line.text]
    assert {state for _, _, state, _ in chain.flags(vin)} == {"new"}
    assert key in {key for _, key, _, _ in chain.flags(vin, "C01")}


def test_a_strangers_event_that_moves_the_beginning_of_the_ban_leaves_e01(chain, vin):
    pickup = pick_up(chain, vin)
    chain.see(sighting(VIN=vin))
    chain.say("handheld", event("TRANSFER_OFFERED", vehicle(vin), pickup.at_us - DAY_US, counterparty="recycler-1"))
    assert chain.world.value("SELECT (extract(epoch FROM banned_at) * 1000000)::bigint FROM custody.item WHERE item_id = %s",
                             chain.item_id(vin)) == pickup.at_us - DAY_US
    assert ("E01", "new") in found(chain, vin)
    assert chain.actions(vin, "E01") == [(None, "new", "custodyd")]


def test_a_confirmed_flag_stays_when_its_events_are_gone_and_says_so_once(chain, vin):
    steps = scrapping(vin, now_us() - 16 * 3600 * S_US)
    for word in ("PICKED_UP", "INTAKE", "DEPOLLUTED"):
        chain.say(*steps[word])
    assert found(chain, vin) == [("C03", "new")]
    move(chain, vin, "C03", "confirmed")
    for word in ("INSPECTED", "CERT_ISSUED", "DISMANTLED"):
        chain.say(*steps[word])
    assert found(chain, vin) == [("C03", "confirmed")]
    assert chain.actions(vin, "C03") == [(None, "new", "custodyd"), ("confirmed", "confirmed", "custodyd")]
