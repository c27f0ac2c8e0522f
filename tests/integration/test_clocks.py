"""Deadlines through broker and database: raised when they come, without anybody reporting; warned of before; withdrawn by a late event."""

import pytest

from support.chain import DAY_US, PICKUP, S_US, Chain, event, mass, new_vin, scrapping, vehicle
from support.contract import now_us
from support.waiting import wait_for

HOUR_US = 3600 * S_US
INTAKE, OFFER, DEREGISTRATION, RECEIPT_REPORT = 2, 1, 4, 11


@pytest.fixture(scope="module")
def chain(world):
    return Chain(world)


@pytest.fixture
def vin():
    return new_vin()


def flags(chain, vin):
    return [(rule, key.split(":")[1], state) for rule, key, state, _ in chain.flags(vin)]


def clock(chain, vin, kind):
    """(opened, due, stopped) in microseconds."""
    us = "(extract(epoch FROM {}) * 1000000)::bigint"
    rows = chain.world.sql(f"SELECT {us.format('opened_at')}, {us.format('due_at')}, {us.format('stopped_at')} FROM custody.clock"
                           " WHERE item_id = %s AND kind = %s", chain.item_id(vin), kind)
    return rows[0] if rows else None


def test_a_clock_is_opened_by_an_event_and_stopped_by_another(chain, vin):
    pickup = event("PICKED_UP", vehicle(vin), now_us() - 3 * HOUR_US, pickup=PICKUP)
    chain.say("truck", pickup)
    assert clock(chain, vin, INTAKE) == (pickup.at_us, pickup.at_us + DAY_US, None)
    intake = event("INTAKE", vehicle(vin), now_us() - HOUR_US, site="yard-1", mass=mass(1_200_000))
    chain.say("truck", intake)
    assert clock(chain, vin, INTAKE) == (pickup.at_us, pickup.at_us + DAY_US, intake.at_us)
    assert flags(chain, vin) == []


def test_a_trace_says_what_is_due(chain, vin):
    chain.say("truck", event("PICKED_UP", vehicle(vin), now_us() - 30 * HOUR_US, pickup=PICKUP))
    done = chain.world.database.ctl("trace", vin)
    assert "收取至入场 (policy, late 逾期)" in done.stdout, done.stdout
    (document,) = chain.world.json("trace", vin)[0]["items"]
    assert [(clock["clock"], clock["late"], clock["stopped_at"]) for clock in document["clocks"]] == [("intake", True, None)]
    assert chain.world.sql("SELECT clock, late, holder_code FROM report.open_clock WHERE item_id = %s", chain.item_id(vin)) == [
        ("intake", True, "recycler-1")]


def test_what_was_due_yesterday_is_found_at_once_and_withdrawn_by_the_late_event_that_met_it(chain, vin):
    start_us = now_us() - 30 * HOUR_US
    chain.say("truck", event("PICKED_UP", vehicle(vin), start_us, pickup=PICKUP))
    assert flags(chain, vin) == [("C05", "intake", "new")]
    chain.say("truck", event("INTAKE", vehicle(vin), start_us + 10 * HOUR_US, site="yard-1", mass=mass(1_200_000)))
    assert flags(chain, vin) == [("C05", "intake", "withdrawn")]
    assert chain.actions(vin, "C05") == [(None, "new", "custodyd"), ("new", "withdrawn", "custodyd")]


def test_an_event_that_met_it_too_late_leaves_the_flag(chain, vin):
    start_us = now_us() - 30 * HOUR_US
    chain.say("truck", event("PICKED_UP", vehicle(vin), start_us, pickup=PICKUP),
              event("INTAKE", vehicle(vin), start_us + 27 * HOUR_US, site="yard-1", mass=mass(1_200_000)))
    assert flags(chain, vin) == [("C05", "intake", "new")]


def test_a_deadline_that_comes_is_found_though_nobody_reports(chain, vin):
    """24 hours and 2 of grace are over in three seconds; until then it is a warning."""
    chain.say("truck", event("PICKED_UP", vehicle(vin), now_us() - 26 * HOUR_US + 3 * S_US, pickup=PICKUP))
    assert flags(chain, vin) == [("C05", "intake_soon", "new")]
    wait_for("the deadline", lambda: sorted(flags(chain, vin)) == [("C05", "intake", "new"), ("C05", "intake_soon", "withdrawn")])
    severities = {key.split(":")[1]: severity for _, key, _, severity in chain.flags(vin)}
    assert severities["intake_soon"] < severities["intake"]
    assert chain.world.value("SELECT alarm_at FROM custody.clock WHERE item_id = %s AND kind = %s", chain.item_id(vin), INTAKE) is None


def test_an_offer_that_nobody_answers_is_a_gap_in_custody(chain, vin):
    start_us = now_us() - 9 * DAY_US
    chain.say("truck", event("PICKED_UP", vehicle(vin), start_us, pickup=PICKUP),
              event("INTAKE", vehicle(vin), start_us + HOUR_US, site="yard-1", mass=mass(1_200_000)),
              event("TRANSFER_OFFERED", vehicle(vin), start_us + 2 * HOUR_US, counterparty="recycler-2"))
    assert ("C04", "offer", "new") in flags(chain, vin)
    chain.say("handheld", event("TRANSFER_ACCEPTED", vehicle(vin), start_us + 3 * HOUR_US, counterparty="recycler-1"))
    assert ("C04", "offer", "withdrawn") in flags(chain, vin)


def test_a_deregistration_filed_after_seven_days_is_late(chain, vin):
    steps = scrapping(vin, now_us() - 20 * DAY_US)
    for word in ("PICKED_UP", "INTAKE", "INSPECTED", "CERT_ISSUED"):
        chain.say(*steps[word])
    assert ("C05", "deregistration", "new") in flags(chain, vin)
    _, filed = steps["DEREG_FILED"]
    filed.at_us += 15 * DAY_US
    chain.say("truck", filed)
    assert ("C05", "deregistration", "new") in flags(chain, vin)
    opened, due, stopped = clock(chain, vin, DEREGISTRATION)
    assert opened == steps["CERT_ISSUED"][1].at_us and stopped == filed.at_us and due < stopped


def test_a_receipt_that_is_reported_after_two_working_days_is_late_and_a_rebuild_agrees(chain, vin):
    start_us = now_us() - 20 * DAY_US  # longer than any row of holidays
    intake = event("INTAKE", vehicle(vin), start_us + HOUR_US, site="yard-1", mass=mass(1_200_000))
    chain.say("truck", event("PICKED_UP", vehicle(vin), start_us, pickup=PICKUP))
    sent = chain.say("truck", intake)
    assert ("C05", "receipt_report", "new") in flags(chain, vin)
    opened, due, stopped = clock(chain, vin, RECEIPT_REPORT)
    received = chain.world.value("SELECT (extract(epoch FROM received_at) * 1000000)::bigint FROM ledger.record WHERE log_index = %s",
                                 chain.world.indexes_of(sent)[0])
    assert opened == intake.at_us and due - opened >= DAY_US and stopped == received
    done = chain.world.database.ctl("rebuild", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_two_daemons_share_the_work_and_raise_a_deadline_once(new_world):
    world = new_world()
    other = world.add_daemon("second", client_id="second", lanes=world.other_area)
    world.settings["lanes"] = world.area
    world.daemon.settings["lanes"] = world.area
    world.start()
    other.start()
    chain = Chain(world)
    vins = [new_vin() for _ in range(20)]
    at_us = now_us() - 26 * HOUR_US + 4 * S_US
    chain.say("truck", *(event("PICKED_UP", vehicle(vin), at_us, pickup=PICKUP) for vin in vins))
    wait_for("all deadlines", lambda: all(("C05", "intake", "new") in flags(chain, vin) for vin in vins))
    for vin in vins:
        assert [(old, new) for old, new, _ in chain.actions(vin, "C05")].count((None, "new")) == 2  # the warning and the flag


def test_a_rebuild_finds_and_mends_a_clock_that_is_not_what_the_events_say(chain, vin):
    pickup = event("PICKED_UP", vehicle(vin), now_us() - 3 * HOUR_US, pickup=PICKUP)
    chain.say("truck", pickup)
    chain.world.sql("UPDATE custody.clock SET due_at = due_at + interval '1 day' WHERE item_id = %s", chain.item_id(vin))
    chain.world.sql("INSERT INTO custody.clock VALUES (%s, 7, now(), now(), NULL, NULL)", chain.item_id(vin))
    done = chain.world.database.ctl("rebuild", "--check")
    assert done.returncode == 1 and "clock intake" in done.stdout and "clock assembly" in done.stdout
    assert chain.world.database.ctl("rebuild").returncode == 0
    assert clock(chain, vin, INTAKE) == (pickup.at_us, pickup.at_us + DAY_US, None)
    assert chain.world.database.ctl("rebuild", "--check").returncode == 0


def test_the_doctor_says_when_nobody_looks_at_what_is_due_and_when_no_holidays_are_known(chain):
    def deadlines():
        answer, _ = chain.world.json("doctor")
        (check,) = [check for check in answer["checks"] if check["check"] == "deadlines"]
        return check["status"]

    chain.world.sql("CREATE TABLE public.kept AS SELECT * FROM registry.calendar_day")
    chain.world.sql("INSERT INTO registry.calendar_day SELECT day + 365, working, name FROM registry.calendar_day ON CONFLICT DO NOTHING")
    assert deadlines() == "ok"
    chain.world.sql("DELETE FROM registry.calendar_day")
    assert deadlines() == "warn"
    chain.world.sql("INSERT INTO registry.calendar_day SELECT * FROM public.kept")
    chain.world.sql("DROP TABLE public.kept")
    chain.world.sql("INSERT INTO custody.refold (item_id, reason, wanted_at) VALUES (0, 'child', now() - interval '1 hour')")
    assert deadlines() == "warn"
    chain.world.sql("DELETE FROM custody.refold WHERE item_id = 0")
