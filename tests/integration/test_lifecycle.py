"""Guards of the lifecycle through broker and database: licences, identity, assemblies, links, corrections by both sides."""

import pytest

from support.chain import PASSED, PICKUP, S_US, Chain, event, item, mass, new_imei, new_vin, scrapping, vehicle
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


def scrap(chain, vin, until):
    steps = scrapping(vin, long_ago())
    for word, (who, said) in steps.items():
        chain.say(who, said)
        if word == until:
            return steps
    raise KeyError(until)


def rules(chain, vin, state="new"):
    return {rule for rule, _, at, _ in chain.flags(vin) if at == state}


def test_c07_a_car_that_comes_apart_without_its_catalyst(chain, vin):
    steps = scrap(chain, vin, "DEPOLLUTED")
    _, dismantled = steps["DISMANTLED"]
    del dismantled.composition.declared_missing[0]
    chain.say("truck", dismantled)
    assert rules(chain, vin) == {"C07"}


def test_c11_a_yard_without_a_licence_takes_a_car_in(chain, vin):
    since = len(chain.world.daemon.lines)
    chain.world.sql("INSERT INTO registry.party (code, kind, name) VALUES ('recycler-9', 1, 'unlicensed')")
    chain.world.daemon.wait_log("registry_loaded", since)
    chain.say("truck", event("PICKED_UP", vehicle(vin), long_ago(), pickup=PICKUP),
              event("TRANSFER_OFFERED", vehicle(vin), long_ago() + HOUR_US, counterparty="recycler-9"))
    assert rules(chain, vin) == {"C11"}


def test_c12_an_altered_vin(chain, vin):
    steps = scrap(chain, vin, "INTAKE")
    chain.say("truck", event("INSPECTED", vehicle(vin), steps["INSPECTED"][1].at_us, site="yard-1",
                             inspection=event_pb.Inspection(vin=event_pb.INSPECTION_RESULT_ALTERED, engine_number=1, plate=1)),
              event("POLICE_NOTIFIED", vehicle(vin), steps["INSPECTED"][1].at_us + S_US))
    assert rules(chain, vin) == {"C12"}
    assert chain.state(vin)[1] == "quarantined"


def test_c14_a_certificate_issued_again_after_it_was_voided(chain, vin):
    steps = scrap(chain, vin, "CERT_ISSUED")
    issued = steps["CERT_ISSUED"][1]
    chain.say("commerce", event("CERT_VOIDED", vehicle(vin), issued.at_us + S_US, certificate=issued.certificate))
    assert rules(chain, vin) == set()
    chain.say("truck", event("CERT_ISSUED", vehicle(vin), issued.at_us + 2 * S_US, certificate=event_pb.Certificate(number="350504-other-1")))
    assert rules(chain, vin) == {"C14"}


def test_a_hand_over_is_taken_back_when_both_sides_say_so_and_not_before(chain, vin):
    offer = event("TRANSFER_OFFERED", vehicle(vin), long_ago() + HOUR_US, counterparty="recycler-2")
    accept = event("TRANSFER_ACCEPTED", vehicle(vin), long_ago() + 2 * HOUR_US, counterparty="recycler-1")
    chain.say("truck", event("PICKED_UP", vehicle(vin), long_ago(), pickup=PICKUP), offer)
    chain.say("handheld", accept)
    assert chain.state(vin)[3] == "recycler-2"
    chain.say("truck", event("CORRECTED", vehicle(vin), long_ago() + 3 * HOUR_US, correction=event_pb.Correction(
        event_id=offer.event_id, reason=event_pb.CORRECTION_REASON_DID_NOT_OCCUR)))
    assert chain.state(vin)[3] == "recycler-2" and rules(chain, vin) == {"C03"}
    chain.say("handheld", event("CORRECTED", vehicle(vin), long_ago() + 3 * HOUR_US, correction=event_pb.Correction(
        event_id=accept.event_id, reason=event_pb.CORRECTION_REASON_DID_NOT_OCCUR)))
    assert chain.state(vin)[3] == "recycler-1" and rules(chain, vin) == set()
    assert rules(chain, vin, "withdrawn") == {"C03"}


def test_an_intake_far_from_the_yard_is_found(chain, vin):
    chain.say("truck", event("PICKED_UP", vehicle(vin), long_ago(), pickup=PICKUP))
    intake = event("INTAKE", vehicle(vin), long_ago() + HOUR_US, site="yard-1", mass=mass(1_200_000))
    intake.position.lon_e7, intake.position.lat_e7, intake.position.datum = 1186600000, 249700000, 1
    chain.say("truck", intake)
    assert [key.split(":")[1] for _, key, _, _ in chain.flags(vin)] == ["near_site"]


# ---- what changes around an item after it was folded


def test_a_car_destroyed_before_its_parts_ended_is_found_until_they_have(chain, vin):
    steps = scrapping(vin, long_ago())
    for word, (who, said) in steps.items():
        if not word.startswith("SMELTED"):
            chain.say(who, said)
    assert rules(chain, vin) == {"C03"}
    for word, (who, said) in steps.items():
        if word.startswith("SMELTED"):
            chain.say(who, said)
    wait_for("the flag to be withdrawn", lambda: rules(chain, vin) == set())
    assert rules(chain, vin, "withdrawn") == {"C03"}


def test_one_certificate_number_on_two_cars_is_found_on_both(chain):
    first, second = new_vin(), new_vin()
    scrap(chain, first, "CERT_ISSUED")
    steps = scrap(chain, second, "INSPECTED")
    issued = steps["CERT_ISSUED"][1]
    issued.certificate.number = f"350504-{first[-5:]}"
    chain.say("truck", issued)
    assert rules(chain, second) == {"C14"}
    wait_for("the other car to be found, too", lambda: rules(chain, first) == {"C14"})


def register(chain, *arguments):
    done = chain.world.database.ctl("register", *arguments)
    assert done.returncode == 0, done.stderr


def test_a_stolen_car_is_found_at_its_pickup_and_let_go_when_the_entry_is_lifted(chain, vin):
    register(chain, "watch", "vin", vin.lower(), "--list", "stolen", "--source", "case 7")
    scrap(chain, vin, "PICKED_UP")
    assert rules(chain, vin) == {"C12"}
    register(chain, "watch", "vin", vin, "--list", "stolen", "--source", "case 7", "--lift")
    wait_for("the flag to be withdrawn", lambda: rules(chain, vin) == set())


def test_a_car_in_store_is_found_when_it_comes_onto_a_watch_list(chain, vin):
    scrap(chain, vin, "INTAKE")
    assert rules(chain, vin) == set()
    register(chain, "watch", "vin", vin, "--list", "seized", "--source", "case 8")
    wait_for("the flag", lambda: rules(chain, vin) == {"C12"})


def test_a_phone_that_was_released_for_sale_no_longer_reads_as_allowed_once_it_is_wanted(chain):
    imei, start_us = new_imei(), long_ago()
    phone = item("DATA_DEVICE", IMEI=imei)
    chain.say("truck", event("PICKED_UP", phone, start_us), event("INTAKE", phone, start_us + S_US, site="yard-1", mass=mass(200)),
              event("DATA_WIPED", phone, start_us + 2 * S_US, wipe=PASSED), event("WIPE_VERIFIED", phone, start_us + 3 * S_US, wipe=PASSED),
              event("WIPED_RESOLD", phone, start_us + 4 * S_US, release=event_pb.Release(buyer_class=event_pb.BUYER_CLASS_CONSUMER)))
    assert chain.verdict(imei) == "allowed"
    register(chain, "watch", "imei", imei, "--list", "wanted", "--source", "case 9")
    assert chain.verdict(imei) == "unknown"


def test_a_licence_that_is_registered_late_withdraws_what_its_absence_raised(chain, vin):
    chain.world.sql("INSERT INTO registry.party (code, kind, name) VALUES ('recycler-8', 1, 'late')")
    chain.world.daemon.wait_log("registry_loaded", 0)
    chain.say("truck", event("PICKED_UP", vehicle(vin), long_ago(), pickup=PICKUP))
    wait_for("recycler-8 to be known", lambda: chain.say("truck", event("TRANSFER_OFFERED", vehicle(vin), long_ago() + HOUR_US,
                                                                        counterparty="recycler-8")) and "C11" in rules(chain, vin))
    chain.world.sql("INSERT INTO registry.permit (party_id, kind, number, valid_from, valid_until) SELECT party_id, 'vehicle_dismantling', 'late',"
                    " '2020-01-01', '2099-12-31' FROM registry.party WHERE code = 'recycler-8'")
    wait_for("the flag to be withdrawn", lambda: "C11" not in rules(chain, vin))


def test_a_link_that_becomes_known_later_is_found_on_what_was_handed_over(chain, vin):
    chain.say("truck", event("PICKED_UP", vehicle(vin), long_ago(), pickup=PICKUP),
              event("TRANSFER_OFFERED", vehicle(vin), long_ago() + HOUR_US, counterparty="recycler-2"))
    assert rules(chain, vin) == set()
    chain.world.sql("INSERT INTO registry.party_link (party_id, linked_party_id, kind, source, valid_from, valid_until)"
                    " SELECT a.party_id, b.party_id, 'person', 'test', '2020-01-01', '2099-12-31' FROM registry.party a, registry.party b"
                    " WHERE a.code = 'recycler-1' AND b.code = 'recycler-2'")
    wait_for("the flag", lambda: rules(chain, vin) == {"C17"})


def test_c17_an_invoice_to_a_linked_party_and_none_to_another_or_once_taken_back(chain, vin):
    invoice = event("INVOICED", vehicle(vin), long_ago() + HOUR_US, counterparty="recycler-2",
                    invoice=event_pb.Invoice(number="I-1", amount_fen=240_000))
    other = event("INVOICED", vehicle(vin), long_ago() + HOUR_US, counterparty="recycler-3",
                  invoice=event_pb.Invoice(number="I-2", amount_fen=240_000))
    since = len(chain.world.daemon.lines)
    chain.world.sql("INSERT INTO registry.party (code, kind, name) VALUES ('recycler-3', 1, 'independent')")
    chain.world.sql("INSERT INTO registry.party_link (party_id, linked_party_id, kind, source, valid_from, valid_until)"
                    " SELECT a.party_id, b.party_id, 'ownership', 'test', '2020-01-01', '2099-12-31' FROM registry.party a, registry.party b"
                    " WHERE a.code = 'recycler-1' AND b.code = 'recycler-2'")
    chain.world.daemon.wait_log("registry_loaded", since)
    chain.say("truck", event("PICKED_UP", vehicle(vin), long_ago(), pickup=PICKUP), other)
    assert rules(chain, vin) == set()
    chain.say("truck", invoice)
    assert rules(chain, vin) == {"C17"}
    chain.say("truck", event("CORRECTED", vehicle(vin), long_ago() + 2 * HOUR_US, correction=event_pb.Correction(
        event_id=invoice.event_id, reason=event_pb.CORRECTION_REASON_DID_NOT_OCCUR)))
    assert (rules(chain, vin), rules(chain, vin, "withdrawn")) == (set(), {"C17"})


def test_c03_a_pickup_by_a_truck_that_nobody_registered_is_flagged_and_banned_all_the_same(chain, vin):
    picked_up = event("PICKED_UP", vehicle(vin), long_ago(), pickup=PICKUP, conveyance="闽C0Z9Z9")
    chain.say("truck", picked_up)
    assert rules(chain, vin) == {"C03"}
    assert chain.state(vin)[0] == "in_transit"
