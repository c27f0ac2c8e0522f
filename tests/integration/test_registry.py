"""Who may speak: learnt while the daemon runs, learnt again after a failure; and settings read again on SIGHUP."""

import base64
import concurrent.futures
import contextlib
import json
import signal
import time

import pytest

from support.contract import SourceKey, fix
from support.world import add_source

SOON_S = 1
SHORT_STATEMENT_MS = 300


@contextlib.contextmanager
def locked_parties(world):
    """Nobody can read registry.party meanwhile."""
    with world.database.connect(autocommit=False) as connection:
        connection.execute("LOCK TABLE registry.party IN ACCESS EXCLUSIVE MODE")
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
    with locked_parties(world):
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
    with locked_parties(world):
        world.sql("UPDATE registry.source_key SET revoked_at = now() WHERE source_id = %s", source_id)
        world.daemon.wait_log("registry_load_failed", since)
    world.daemon.wait_log("registry_loaded", since, 2 * SOON_S)
    refused = device.say(fixes=[fix()])
    world.dead_letter(refused.bytes)
    assert not world.indexes_of(refused, 1)


def test_a_directory_that_does_not_fit_is_no_empty_directory(new_world):
    world = new_world().start()
    since = len(world.daemon.lines)
    with world.database.connect() as connection:
        connection.execute("ALTER TABLE registry.party DISABLE TRIGGER recorded")  # a log of so many leaves says nothing more
        connection.execute("INSERT INTO registry.party (code, kind, name) SELECT 'p' || n, 1, 'p' FROM generate_series(1, 400000) AS n")
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


def leaves(world, leaf_type):
    return [json.loads(bytes(record)) for (record,) in world.sql("SELECT record FROM ledger.record WHERE type = %s ORDER BY log_index", leaf_type)]


def test_what_was_registered_is_in_the_log_with_who_did_it(world):
    world.register("newcomer-3")
    (source,) = [leaf for leaf in leaves(world, 2) if leaf["data"].get("name") == "newcomer-3"]
    assert (source["format"], source["action"]) == ("custody-operator/v1", "source registered")
    (key,) = [leaf for leaf in leaves(world, 4) if leaf["data"]["source"] == "newcomer-3"]
    expected = SourceKey("newcomer-3")
    assert key["action"] == "key registered" and key["actor"] == world.stack.environment["PGUSER"]
    assert key["data"] == {"source": "newcomer-3", "key_id": expected.key_id("newcomer-3").hex(),
                           "public_key": base64.b64encode(expected.public).decode()}


def test_registering_many_and_storing_envelopes_do_not_stop_each_other(world, device):
    """Both append to the log: whoever commits last has the higher indexes, and nobody waits for the other twice."""
    def register_many(n):
        with world.database.connect(autocommit=False) as connection:
            connection.execute("INSERT INTO registry.source (name, kind, area, party_id) SELECT 'many-' || %s || '-' || i, 'truck', %s, party_id"
                               " FROM registry.party, generate_series(1, 300) AS i WHERE code = 'recycler-1'", (n, world.area))
    with concurrent.futures.ThreadPoolExecutor() as threads:
        registering = [threads.submit(register_many, n) for n in range(8)]
        for _ in range(60):
            device.await_ack(device.say(fixes=[fix()]))
        for each in registering:
            each.result()
    assert world.value("SELECT count(*) FROM ledger.record WHERE type = 2 AND position('many-' IN encode(record, 'escape')) > 0") == 2400


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
