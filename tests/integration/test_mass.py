"""Masses through broker and database: lost on the way, more out than in, hazardous parts that a vehicle must have yielded."""

import pytest

from support.chain import S_US, Chain, event, item, mass, new_vin, scrapping, vehicle
from support.contract import event_pb, now_us, telemetry_pb

HOUR_US = 3600 * S_US


@pytest.fixture(scope="module")
def chain(world):
    return Chain(world)


@pytest.fixture
def vin():
    return new_vin()


def pickup(curb_g=0):
    return event_pb.Pickup(reason=event_pb.SCRAP_REASON_VOLUNTARY, vehicle_class=event_pb.VEHICLE_CLASS_SMALL_PASSENGER, curb_mass_g=curb_g)


@pytest.mark.parametrize("picked_up_g, estimated, curb_g, fires", [
    (1_400_000, False, 0, True), (1_300_000, False, 0, False), (1_400_000, True, 0, False), (0, False, 1_500_000, True),
    (0, False, 1_350_000, False)])
def test_c06_a_car_that_is_lighter_at_the_yard(chain, vin, picked_up_g, estimated, curb_g, fires):
    start_us = now_us() - 10 * HOUR_US
    picked = event("PICKED_UP", vehicle(vin), start_us, pickup=pickup(curb_g))
    if picked_up_g:
        picked.mass.CopyFrom(telemetry_pb.Mass(mass_g=picked_up_g, estimated=estimated))
    chain.say("truck", picked, event("INTAKE", vehicle(vin), start_us + HOUR_US, site="yard-1", mass=mass(1_260_000)))
    assert chain.rules(vin) == ({"C06"} if fires else set())


@pytest.mark.parametrize("sold_g, fires", [(17_900_000, False), (21_000_000, True)])
def test_c13_a_lot_is_sold_for_more_than_went_into_it(chain, sold_g, fires):
    name = f"91350504MA0000T1XH/FE-{sold_g}"
    lot, start_us = item("LOT", LOT=name), now_us() - 10 * HOUR_US
    chain.say("truck", event("LOT_CREATED", lot, start_us, mass=mass(18_000_000)),
              event("LOT_SOLD", lot, start_us + HOUR_US, mass=mass(sold_g), counterparty="mill-1",
                    release=event_pb.Release(buyer_class=event_pb.BUYER_CLASS_STEEL_MILL)))
    value = chain.world.value("SELECT value FROM custody.identifier WHERE scheme = 10 AND value LIKE %s", f"%{sold_g}")
    assert chain.rules(value) == ({"C13"} if fires else set())


def test_c15_a_car_that_comes_apart_without_a_starter_battery(chain, vin):
    steps = scrapping(vin, now_us() - 16 * HOUR_US)
    for word in ("PICKED_UP", "INTAKE", "INSPECTED", "CERT_ISSUED", "DEPOLLUTED"):
        chain.say(*steps[word])
    _, dismantled = steps["DISMANTLED"]
    del dismantled.composition.declared_missing[1]
    chain.say("truck", dismantled)
    assert chain.rules(vin) == {"C15"}
