"""How the daemon ends, and what it says while a part of it has failed."""

import contextlib
import signal
import socket
import time

import pytest

from support.contract import fix
from support.waiting import wait_for

CONFIGURATION = 78


@contextlib.contextmanager
def silent_broker():
    """A port whose queue of callers is full: connecting to it takes minutes."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        while True:
            caller = stack.enter_context(socket.socket())
            caller.settimeout(0.3)
            try:
                caller.connect(listener.getsockname())
            except TimeoutError:
                break
        yield "127.0.0.1:%d" % listener.getsockname()[1]


def refuse_fixes(world):
    """What an operator has to mend: no batch with positions can be stored."""
    world.sql("REVOKE INSERT ON telemetry.fix FROM custody_ingest")


def test_sigterm_ends_a_daemon_that_waits_for_a_broker_that_does_not_answer(new_world):
    world = new_world()
    with silent_broker() as address:
        world.daemon.write_settings({**world.daemon.settings, "broker": address})
        world.daemon.start(ready=False)
        world.daemon.wait_log("registry_loaded")
        time.sleep(0.5)
        started = time.monotonic()
        world.daemon.signal(signal.SIGTERM)
        assert world.daemon.wait() == 0
        assert time.monotonic() - started < 3
        assert world.daemon.events("drained") and not world.daemon.events("drain_timeout")


def test_a_daemon_that_has_drained_leaves_by_itself(new_world):
    world = new_world().start()
    device = world.device()
    device.await_ack(device.say(fixes=[fix()]))
    world.daemon.stop()
    assert not world.daemon.events("left") and not world.daemon.events("drain_timeout")


def test_sigterm_while_the_database_goes_in_the_middle_of_a_batch_ends_in_order(new_world):
    world = new_world().start()
    device = world.device()
    device.await_ack(device.say(fixes=[fix()]))
    with world.database.connect(autocommit=False) as connection:
        connection.execute("SELECT FROM ledger.head FOR UPDATE")
        device.say(fixes=[fix()])
        waiting = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'custodyd lane%%' AND wait_event_type = 'Lock'" \
                  " AND datname = current_database()"
        wait_for("the batch to wait for the head", lambda: world.sql(waiting))
        world.daemon.signal(signal.SIGTERM)
        world.daemon.wait_log("draining")
        world.sql(f"SELECT pg_terminate_backend(pid) FROM ({waiting}) AS w")
        assert world.daemon.wait() == 0
    assert world.daemon.events("drained") and not world.daemon.events("left")


def test_a_lane_that_failed_among_healthy_ones_is_named_with_its_areas_and_the_others_go_on(new_world):
    world = new_world()
    world.daemon.write_settings({**world.daemon.settings, "lanes": f"{world.area};{world.other_area}"})
    world.sql("UPDATE registry.source SET area = %s WHERE name = 'truck-2'", world.other_area)
    refuse_fixes(world)
    world.start()
    first, second = world.device(), world.device()
    first.say(fixes=[fix()])
    down = world.daemon.wait_log("lane_down")
    assert down["lane"] == "custodyd lane 1" and down["areas"] == world.area and "permission denied" in down["error"]
    sealed = second.make()
    second.send(sealed, topic=second.topic(area=world.other_area))
    wait_for("the other lane to store", lambda: world.indexes_of(sealed, 1))
    world.daemon.signal(signal.SIGTERM)
    assert world.daemon.wait() == 1
    assert world.daemon.events("drained")


def test_the_daemon_fails_when_every_lane_has(new_world):
    world = new_world()
    refuse_fixes(world)
    world.start()
    world.device().say(fixes=[fix()])
    assert world.daemon.wait() == 1
    assert world.daemon.events("lane_down") and world.daemon.events("drained")


@pytest.mark.parametrize("lanes, words", [("+;+", '"+;+" has + beside other areas'), ("+;350504", "beside other areas"),
                                          ("350504;350505,350504", "area 350504 is named twice"), ("35050", '"35050" is no area')])
def test_lanes_that_would_share_a_source_are_refused_at_start(new_world, lanes, words):
    world = new_world(lanes=lanes)
    world.daemon.start(ready=False)
    assert world.daemon.wait() == CONFIGURATION
    (refused,) = world.daemon.events("start_refused")
    assert words in refused["error"].replace('\\"', '"') and "hint:" in refused["error"]
