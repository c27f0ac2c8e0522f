"""Who may speak: learnt while the daemon runs, learnt again after a failure; and settings read again on SIGHUP."""

import contextlib
import signal
import time

import pytest

from support.contract import fix
from support.world import add_source

SOON_S = 1
SHORT_STATEMENT_MS = 300


@contextlib.contextmanager
def locked_sources(world):
    """Nobody can read registry.source meanwhile."""
    with world.database.connect(autocommit=False) as connection:
        connection.execute("LOCK TABLE registry.source IN ACCESS EXCLUSIVE MODE")
        yield


def register(world, name):
    with world.database.connect(autocommit=False) as connection:
        (party_id,) = connection.execute("SELECT party_id FROM registry.party WHERE code = 'recycler-1'").fetchone()
        add_source(connection, name, "truck", party_id, world.area)


def revoke(world, device):
    world.sql("UPDATE registry.source_key SET revoked_at = now() WHERE source_id = %s", world.source_id(device.name))


def assert_new_source_is_accepted_soon(world, name):
    device = world.device_named(name)
    unknown = device.say(fixes=[fix()])
    world.dead_letter(unknown.bytes)
    since = len(world.daemon.lines)
    register(world, name)
    world.daemon.wait_log("registry_loaded", since, SOON_S)
    device.next_seq, device.head = 0, bytes(32)
    known = device.say(fixes=[fix()])
    device.await_ack(known)
    assert world.indexes_of(known, 1)


def test_a_source_registered_while_the_daemon_runs_is_accepted_within_a_second(world):
    assert_new_source_is_accepted_soon(world, "newcomer-1")


def test_a_revoked_key_is_refused_within_a_second(world, device):
    device.await_ack(device.say(fixes=[fix()]))
    revoke(world, device)
    time.sleep(SOON_S)
    refused = device.say(fixes=[fix()])
    world.dead_letter(refused.bytes)
    assert not world.indexes_of(refused, 1) and world.indexes_of(refused, 3)


def test_a_disabled_source_is_refused_within_a_second(world, device):
    device.await_ack(device.say(fixes=[fix()]))
    world.sql("UPDATE registry.source SET enabled = false WHERE name = %s", device.name)
    time.sleep(SOON_S)
    refused = device.say(fixes=[fix()])
    world.dead_letter(refused.bytes)


def test_the_registry_is_loaded_although_the_first_attempt_fails_and_its_changes_are_heard(new_world):
    world = new_world(statement_timeout_ms=SHORT_STATEMENT_MS)
    with locked_sources(world):
        world.daemon.start(ready=False)
        failed = world.daemon.wait_log("registry_load_failed")
        assert "timeout" in failed["error"]
        time.sleep(SOON_S)
        assert not world.daemon.events("registry_loaded") and not world.daemon.events("ready")
    world.daemon.wait_log("ready")
    device = world.device()
    device.await_ack(device.say(fixes=[fix()]))
    # A statement that fails takes a LISTEN before it in its pipeline with it: that was not this one.
    assert_new_source_is_accepted_soon(world, "newcomer-2")


def test_a_revocation_is_learnt_although_the_load_that_it_caused_fails(new_world):
    world = new_world(statement_timeout_ms=SHORT_STATEMENT_MS).start()
    device = world.device()
    device.await_ack(device.say(fixes=[fix()]))
    source_id = world.source_id(device.name)
    since = len(world.daemon.lines)
    with locked_sources(world):
        world.sql("UPDATE registry.source_key SET revoked_at = now() WHERE source_id = %s", source_id)
        world.daemon.wait_log("registry_load_failed", since)
    world.daemon.wait_log("registry_loaded", since, 2 * SOON_S)
    refused = device.say(fixes=[fix()])
    world.dead_letter(refused.bytes)
    assert not world.indexes_of(refused, 1)


def test_a_directory_that_does_not_fit_is_no_empty_directory(new_world):
    world = new_world().start()
    since = len(world.daemon.lines)
    world.sql("INSERT INTO registry.party (code, kind, name) SELECT 'p' || n, 1, 'p' FROM generate_series(1, 400000) AS n")
    assert "memory" in world.daemon.wait_log("registry_load_failed", since)["error"]
    device = world.device("handheld")
    device.await_ack(device.say(fixes=[fix()]))
    assert not world.daemon.events("registry_loaded", since)
    with world.database.connect() as connection:
        connection.execute("DELETE FROM registry.party WHERE code LIKE 'p_%%' AND name = 'p'")
    world.daemon.wait_log("registry_loaded", since)


def test_what_changed_while_the_connection_was_lost_is_learnt(new_world):
    world = new_world().start()
    device = world.device()
    device.await_ack(device.say(fixes=[fix()]))
    since = len(world.daemon.lines)
    with world.database.connect(autocommit=False) as connection:
        connection.execute("UPDATE registry.source_key SET revoked_at = now() WHERE source_id = %s", [world.source_id(device.name)])
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'custodyd control'"
                           " AND datname = current_database()")
    world.daemon.wait_log("database_unreachable", since, connection="control")
    world.daemon.wait_log("registry_loaded", since)
    refused = device.say(fixes=[fix()])
    world.dead_letter(refused.bytes)
    assert_new_source_is_accepted_soon(world, "newcomer-3")


@pytest.fixture
def settings(world):
    before = world.daemon.settings
    yield before
    world.daemon.write_settings(before)


def hang_up(world, **settings):
    since = len(world.daemon.lines)
    world.daemon.write_settings({**world.daemon.settings, **settings})
    world.daemon.signal(signal.SIGHUP)
    return since


@pytest.mark.parametrize("name, value", [("statement_timeout_ms", 1000), ("batch_max_envelopes", 60000), ("partition_days_ahead", 9),
                                         ("lanes", "350504"), ("client_id", "another")])
def test_a_setting_that_needs_a_restart_is_refused_on_sighup_and_nothing_changes(world, settings, device, name, value):
    since = hang_up(world, log_level="debug", **{name: value})
    refused = world.daemon.wait_log("reload_refused", since)
    assert f"{name}: changes only with a restart" in refused["error"]
    assert not world.daemon.events("reloaded", since)
    device.await_ack(device.say(fixes=[fix()]))


def test_sighup_takes_what_may_change_and_loads_the_registry(world, settings, device):
    since = hang_up(world, linger_ms=300)
    world.daemon.wait_log("reloaded", since)
    world.daemon.wait_log("registry_loaded", since, SOON_S)
    sent_at = time.monotonic()
    device.await_ack(device.say(fixes=[fix()]))
    assert time.monotonic() - sent_at >= 0.3
    since = hang_up(world, **{**settings, "linger_ms": 0})
    world.daemon.wait_log("reloaded", since)
