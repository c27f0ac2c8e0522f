"""Guards of the lifecycle through broker and database: licences, identity, assemblies, links, corrections by both sides."""

import pytest

from support.chain import DAY_US, PICKUP, S_US, Chain, assemblies, event, mass, new_vin, scrapping, vehicle
from support.contract import event_pb, now_us

HOUR_US = 3600 * S_US


@pytest.fixture(scope="module")
def chain(world):
    return Chain(world)


@pytest.fixture
def vin():
    return new_vin()


def long_ago():
    return now_us() - 10 * DAY_US


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
    dismantled.composition.CopyFrom(assemblies(("ENGINE", "STEERING", "GEARBOX", "FRONT_AXLE", "REAR_AXLE", "FRAME")))
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
