"""The daemon's life beside its work: how it starts, is flooded, reloads, drains, and outlives broker and database."""

import contextlib
import signal
import socket
import threading
import time

import pytest

from support import contract
from support.contract import Refusal, fix
from support.hold import HeldCommit
from support.stack import Database
from support.waiting import wait_for

PROMPT_S = 1.5  # a source that did nothing wrong is answered so soon, whatever others do
LOG_S = 5
EXIT_CONFIG = 78


def assert_stored_once(world, sent):
    assert world.value("SELECT count(*) FROM ledger.record WHERE type = 1") == len(sent)
    assert [sealed.seq for sealed in sent if len(world.indexes_of(sealed, 1)) != 1] == []


def throttled(world):
    return world.daemon.counters()["throttled"] if world.daemon.events("stats") else 0


# ---- starting


BAD_CONFIGURATIONS = {
    "a line that is no setting": ('origin = "a.example/log";\nthis is no setting\n', 2, ("hint:",)),
    "a text that never ends": ('# of\n# lanes\norigin = "a.example', 3, ("hint:",)),
    "a setting that does not exist": ('origin = "a.example/log";\ncolour = "red";\n', 2, ("colour", "hint:")),
    "a number outside its bounds": ('\nsource_burst = 0;\n', 2, ("source_burst", "0", "1..10000000", "hint:")),
    "a text where a number belongs": ('\n\nlinger_ms = "soon";\n', 3, ("linger_ms", "hint:")),
    "a lane that is no area": ('lanes = "Luojiang";\n', 1, ("lanes", "Luojiang", "hint:")),
    "a log level that does not exist": ('log_level = "loud";\n', 1, ("log_level", "loud", "hint:")),
}


@pytest.fixture
def daemon(new_world):
    """Of a world whose daemon does not run in the end."""
    return new_world().daemon


@pytest.mark.parametrize("what", BAD_CONFIGURATIONS)
def test_it_refuses_to_start_with_78_and_names_file_and_line_of(daemon, what):
    text, line, words = BAD_CONFIGURATIONS[what]
    daemon.path.write_text(text)
    daemon.start(ready=False)
    assert daemon.wait() == EXIT_CONFIG
    (told,) = daemon.events("start_refused")
    assert f"{daemon.path}:{line}:" in told.text and all(word in told.text for word in words), told.text


@pytest.mark.parametrize("what", ["nothing", "a directory", "bytes that are no text"])
def test_it_refuses_to_start_with_78_where_its_configuration_should_be(daemon, what):
    daemon.path.unlink()
    if what == "a directory":
        daemon.path.mkdir()
    elif what == "bytes that are no text":
        daemon.path.write_bytes(b"origin = \"\xff\xfe\0\";\n")
    daemon.start(ready=False)
    assert daemon.wait() == EXIT_CONFIG
    (told,) = daemon.events("start_refused")
    assert str(daemon.path) in told.text and "hint:" in told.text, told.text


def test_it_refuses_to_start_with_a_key_of_another_name_or_one_that_others_may_read(daemon):
    daemon.write_settings({**daemon.settings, "origin": "other.example/log"})
    daemon.start(ready=False)
    assert daemon.wait() == EXIT_CONFIG
    told = daemon.events("start_refused")[-1].text
    assert "ack_key_file" in told and "other.example/log/ack" in told and "hint:" in told


def assert_works(world):
    device = world.device()
    sealed = device.say(fixes=[fix()])
    device.await_ack(sealed)
    assert_stored_once(world, [sealed])


def later_socket(world, name, target):
    """A unix socket that is not there yet, and what makes it appear."""
    path = world.directory / name
    path.parent.mkdir(exist_ok=True)
    return path, lambda: path.symlink_to(target)


def test_it_keeps_trying_a_database_that_is_not_there_and_works_when_it_comes(new_world):
    world = new_world()
    environment = world.database.environment
    name = f".s.PGSQL.{environment['PGPORT']}"
    path, come = later_socket(world, f"pg/{name}", f"{environment['PGHOST']}/{name}")
    world.daemon.write_settings({**world.settings, "database": f"host={path.parent} user=custody_ingest"})
    world.daemon.start(ready=False)
    told = world.daemon.wait_log("database_unreachable", timeout_s=LOG_S)
    assert str(path) in told.text and told["hint"]
    wait_for("a second attempt", lambda: len(world.daemon.events("database_unreachable", connection="control")) >= 2)
    assert world.daemon.is_running() and not world.daemon.events("ready")
    come()
    world.daemon.wait_log("ready")
    assert_works(world)


def test_it_keeps_trying_a_broker_that_is_not_there_and_works_when_it_comes(new_world):
    world = new_world()
    path, come = later_socket(world, "broker/later.sock", world.stack.broker_socket)
    world.daemon.write_settings({**world.settings, "broker": f"unix:{path}"})
    world.daemon.start(ready=False)
    told = world.daemon.wait_log("broker_unreachable", timeout_s=LOG_S)
    assert told["hint"] and told["reason"]
    wait_for("a second attempt", lambda: len(world.daemon.events("broker_unreachable")) >= 2)
    assert world.daemon.is_running() and not world.daemon.events("ready")
    come()
    world.daemon.wait_log("ready")
    assert_works(world)


def closed_port(world):
    return "127.0.0.1", "1"


def no_socket(world):
    return str(world.directory), world.database.environment["PGPORT"]


def silent_port(world):
    """Takes connections and says nothing."""
    world.listener = socket.create_server(("127.0.0.1", 0))
    return "127.0.0.1", str(world.listener.getsockname()[1])


@pytest.mark.parametrize("first", [closed_port, no_socket, silent_port], ids=["refuses", "has no socket", "takes connections and is silent"])
def test_of_two_database_hosts_it_takes_the_second_when_the_first(new_world, first):
    world = new_world()
    host, port = first(world)
    environment = world.database.environment
    world.daemon.write_settings({**world.settings, "database": (
        f"host={host},{environment['PGHOST']} port={port},{environment['PGPORT']} user=custody_ingest connect_timeout=2")})
    world.start()
    assert_works(world)


def test_told_to_stop_while_nothing_is_there_it_leaves_at_once_with_0(daemon):
    daemon.write_settings({**daemon.settings, "database": f"host={daemon.path.parent}", "broker": f"unix:{daemon.path.parent}/none.sock"})
    daemon.start(ready=False)
    daemon.wait_log("database_unreachable", timeout_s=LOG_S)
    daemon.stop()


# ---- a database of another schema


def empty_database(world):
    name = f"{world.name}_empty"
    Database(world.stack, "postgres").sql(f"CREATE DATABASE {name} TEMPLATE template0")
    return Database(world.stack, name)


def assert_schema_told(daemon, *words):
    told = wait_for(lambda: f"an error about the schema with {words}:\n" + daemon.tail(), lambda: [
        line for line in daemon.lines if line.get("level") == "error" and all(word in line.text for word in words)], timeout_s=LOG_S)
    assert "hint" in told[0].text, told[0].text
    assert not daemon.events("ready")


def test_on_a_database_without_our_schema_it_says_so_and_works_once_it_is_migrated(new_world):
    world = new_world()
    database = empty_database(world)
    daemon = world.daemon
    daemon.write_settings({**world.settings, "database": f"dbname={database.name} user=custody_ingest"})
    daemon.start(ready=False)
    assert_schema_told(daemon, "custodyctl migrate")
    if daemon.is_running():
        assert database.ctl("migrate").returncode == 0
        daemon.wait_log("ready")
    else:
        assert daemon.wait() == EXIT_CONFIG


def set_history(world, statement):
    with world.database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement)


def test_on_an_older_schema_it_says_which_migration_is_missing_and_does_not_start_work(new_world):
    world = new_world()
    missing = world.value("SELECT max(name) FROM migration.applied WHERE name LIKE 'migrations/%%'")
    set_history(world, f"DELETE FROM migration.applied WHERE name = '{missing}'")
    assert world.database.ctl("migrate", "--check").returncode == EXIT_CONFIG
    world.daemon.start(ready=False)
    assert_schema_told(world.daemon, missing.rpartition("/")[2].removesuffix(".sql"), "custodyctl migrate")


def test_on_a_newer_schema_it_says_so_and_does_not_start_work(new_world):
    world = new_world()
    set_history(world, "INSERT INTO migration.applied (name, sha256) VALUES ('migrations/9999_of_tomorrow.sql', sha256(''))")
    assert world.database.ctl("migrate", "--check").returncode == EXIT_CONFIG
    world.daemon.start(ready=False)
    assert_schema_told(world.daemon, "9999_of_tomorrow", "newer")


# ---- floods


@contextlib.contextmanager
def flood(device, envelopes, topic=None):
    """Sends them in the background, again and again, while the test looks at others."""
    over = threading.Event()

    def run():
        for sealed in envelopes:
            if over.is_set():
                return
            device.connection.publish(topic or device.topic(), sealed.bytes)
            time.sleep(0.001)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def assert_prompt(device, count=8):
    sent = []
    for _ in range(count):
        sent.append(device.say(fixes=[fix()]))
        device.await_ack(sent[-1], timeout_s=PROMPT_S)
        time.sleep(0.05)
    return sent


def test_a_source_above_its_rate_is_throttled_and_holds_nobody_else_up(new_world):
    world = new_world(source_rate_per_s=10, source_burst=20).start()
    loud, quiet = world.device(), world.device()
    heavy = [loud.make(fixes=[fix(speed_cm_s=n) for n in range(600)]) for _ in range(500)]
    with flood(loud, heavy):
        wait_for("throttling", lambda: throttled(world) > 0)
        sent = assert_prompt(quiet)
    told = world.daemon.wait_log("throttled", source=loud.name, timeout_s=LOG_S)
    assert "source_rate_per_s" in told["hint"]
    assert all(len(world.indexes_of(sealed, 1)) == 1 for sealed in sent)
    stored = world.value("SELECT count(*) FROM ledger.record WHERE source_id = %s", world.source_id(loud.name))
    assert 20 <= stored <= 20 + 10 * 10
    assert world.value("SELECT count(*) FROM ledger.dead_letter") == 0


def test_what_was_throttled_is_stored_when_its_device_sends_it_again(new_world):
    world = new_world(source_rate_per_s=50, source_burst=10).start()
    device = world.device()
    sent = [device.say() for _ in range(60)]
    device.deliver(sent, again_s=0.5)
    assert_stored_once(world, sent)
    world.daemon.stop()
    assert throttled(world) > 0


def test_forged_signatures_become_dead_letters_within_the_rate_for_unknowns_and_hold_nobody_up(new_world):
    world = new_world(unknown_rate_per_s=5, source_rate_per_s=100000, source_burst=100000).start()
    thief, honest = world.device(), world.device()
    honest.await_ack(honest.say())
    thief.key = contract.SourceKey("stolen")
    began = time.monotonic()
    forged = [thief.make(fixes=[fix()]) for _ in range(400)]
    with flood(thief, forged):
        assert_prompt(honest)
    wait_for("the end of the flood", lambda: not thief.connection.client._out_messages)
    honest.await_ack(honest.say())
    seconds = time.monotonic() - began
    world.daemon.stop()
    kept = world.value("SELECT count(*) FROM ledger.dead_letter WHERE reason = %s", Refusal.REFUSAL_REASON_UNKNOWN_KEY)
    assert 5 <= kept <= 5 + 5 * (seconds + 1)
    counters = world.daemon.counters()
    assert counters["dropped"] > 0 and counters["dropped"] + kept <= 400
    assert world.flag("S04", thief.name)[1] == "unknown_key"


def test_signatures_forged_in_anothers_name_do_not_spend_that_ones_rate(new_world):
    world = new_world(unknown_rate_per_s=5, source_rate_per_s=20, source_burst=20).start()
    thief, victim = world.device(), world.device()
    victim.await_ack(victim.say())
    false = contract.SourceKey("stolen")
    bodies = [victim.report(fixes=[fix(speed_cm_s=n)]).SerializeToString() for n in range(200)]
    forged = [contract.Sealed(1, 1, contract.seal_body(body, victim.name, false)) for body in bodies]
    with flood(thief, forged):
        assert_prompt(victim)
    assert world.daemon.wait_log("throttled", timeout_s=LOG_S)["source"] == thief.name
    assert not world.daemon.events("throttled", source=victim.name)


# ---- leaving


def test_told_to_stop_it_stores_and_answers_what_it_has_and_leaves_with_0(new_world):
    world = new_world().start()
    device = world.device()
    first = device.say()
    device.await_ack(first)
    with HeldCommit(world) as commit:
        sent = [device.say(fixes=[fix()]) for _ in range(50)]
        commit.wait_for_waiter()
        world.daemon.signal(signal.SIGTERM)
        world.daemon.wait_log("draining", timeout_s=LOG_S)
        time.sleep(0.3)
        assert world.daemon.is_running() and not world.daemon.events("drained")
        commit.release()
    assert world.daemon.wait() == 0
    assert world.daemon.events("drained")
    world.check_counters(world.daemon)
    stored = [sealed for sealed in sent if world.indexes_of(sealed, 1)]
    assert sent[0] in stored
    device.await_ack(stored[-1])
    assert all(world.indexes_of(sealed, 1) for sealed in [first, *sent] if device.has_note_of(sealed))
    world.daemon.start()
    device.deliver(sent)
    assert_stored_once(world, [first, *sent])


def test_stopped_under_load_nothing_is_lost_and_nothing_is_stored_twice(new_world):
    world = new_world().start()
    devices = [world.device() for _ in range(3)]
    with sending(devices, 150) as sent:
        for _ in range(3):
            time.sleep(0.2)
            world.daemon.stop()
            for device in devices:
                noted = [sealed for sealed in list(sent[device]) if device.has_note_of(sealed)]
                assert all(world.indexes_of(sealed, 1) for sealed in noted[-5:])
            world.daemon.start()
    assert_stored_once(world, [sealed for device in devices for sealed in sent[device]])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_leaves_at_once_and_what_was_under_way_comes_again(new_world, number):
    world = new_world().start()
    device = world.device()
    device.await_ack(device.say())
    with HeldCommit(world) as commit:
        sealed = device.say(fixes=[fix()])
        commit.wait_for_waiter()
        world.daemon.signal(number)
        world.daemon.wait_log("draining", timeout_s=LOG_S)
        world.daemon.signal(number)
        assert world.daemon.wait(2) == 128 + number
        commit.release()
    assert world.daemon.events("left_at_once")
    assert not device.has_note_of(sealed) and world.indexes_of(sealed) == []
    world.daemon.start()
    device.await_ack(sealed)
    assert len(world.indexes_of(sealed)) == 1


def test_a_drain_that_takes_too_long_is_given_up_and_what_was_under_way_comes_again(new_world):
    world = new_world(drain_timeout_ms=300).start()
    device = world.device()
    with HeldCommit(world) as commit:
        sealed = device.say(fixes=[fix()])
        commit.wait_for_waiter()
        world.daemon.signal(signal.SIGTERM)
        assert world.daemon.wait(5) == 1
        commit.release()
    assert world.daemon.events("drain_timeout")[-1]["hint"]
    world.daemon.start()
    device.await_ack(sealed)
    assert len(world.indexes_of(sealed)) == 1


def end_connections(world):
    world.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'custodyd lane%%' AND datname = %s", world.name)


def test_told_to_stop_while_the_database_leaves_it_in_the_middle_of_a_batch_it_ends_in_time_and_the_batch_comes_again(new_world):
    world = new_world().start()
    device = world.device()
    with HeldCommit(world) as commit:
        sealed = device.say(fixes=[fix()])
        commit.wait_for_waiter()
        world.daemon.signal(signal.SIGTERM)
        world.daemon.wait_log("draining", timeout_s=LOG_S)
        end_connections(world)
        assert world.daemon.wait(5) == 0
        commit.release()
    world.daemon.start()
    device.await_ack(sealed)
    assert len(world.indexes_of(sealed)) == 1


# ---- reading the configuration again


def reload(world, event):
    since = len(world.daemon.lines)
    world.daemon.signal(signal.SIGHUP)
    return world.daemon.wait_log(event, since, timeout_s=LOG_S).text


def forge(device):
    """An envelope that becomes a dead letter, or is dropped where the rate for unknowns says so."""
    device.connection.publish(device.topic(), contract.seal_body(device.report(source="nobody").SerializeToString(), "nobody", None))


def dead_letters(world):
    return world.value("SELECT count(*) FROM ledger.dead_letter")


def test_a_reloadable_setting_is_applied_without_a_restart(new_world):
    world = new_world(unknown_rate_per_s=1000, source_burst=1000).start()
    device = world.device()
    forge(device)
    wait_for("a dead letter", lambda: dead_letters(world) == 1)
    world.daemon.write_settings({**world.settings, "unknown_rate_per_s": 0, "log_level": "debug"})
    reload(world, "reloaded")
    for _ in range(5):
        forge(device)
    device.await_ack(device.say())
    assert dead_letters(world) == 1
    world.daemon.stop()
    assert world.daemon.counters()["dropped"] == 5


@pytest.mark.parametrize("name, value", [("origin", "other.example/log"), ("client_id", "another"), ("lanes", "+"), ("verify_threads", 7)])
def test_a_change_that_needs_a_restart_is_refused_and_everything_before_stays(new_world, name, value):
    world = new_world(unknown_rate_per_s=1000).start()
    device = world.device()
    world.daemon.write_settings({**world.settings, "unknown_rate_per_s": 0, name: value})
    told = reload(world, "reload_refused")
    assert name in told and "restart" in told and str(world.daemon.path) in told
    forge(device)
    wait_for("a dead letter", lambda: dead_letters(world) == 1)
    device.await_ack(device.say())


def test_a_configuration_that_became_unreadable_is_refused_and_the_one_before_stays(new_world):
    world = new_world(unknown_rate_per_s=1000).start()
    device = world.device()
    text = world.daemon.path.read_text()
    for spoilt, place in ((text + "what = ;\n", f":{text.count(chr(10)) + 1}:"), ("unknown_rate_per_s = -1;\n", ":1:"), (None, "")):
        if spoilt is None:
            world.daemon.path.unlink()
        else:
            world.daemon.path.write_text(spoilt)
        told = reload(world, "reload_refused")
        assert f"{world.daemon.path}{place}" in told
    forge(device)
    wait_for("a dead letter", lambda: dead_letters(world) == 1)
    device.await_ack(device.say())
    world.daemon.path.write_text(text)
    reload(world, "reloaded")


# ---- broker and database go and come back


@contextlib.contextmanager
def sending(devices, count):
    """Each sends count envelopes while the test breaks something, and then again what was not acknowledged."""
    sent, failures = {device: [] for device in devices}, []

    def run(device):
        try:
            for _ in range(count):
                sent[device].append(device.say(fixes=[fix()]))
                time.sleep(0.005)
            device.deliver(sent[device])
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(device,)) for device in devices]
    for thread in threads:
        thread.start()
    try:
        yield sent
    finally:
        for thread in threads:
            thread.join()
    assert not failures, failures[0]


@pytest.mark.parametrize("what", [("restart-postgres",), ("kill-postgres", "start-postgres")], ids=["restarted", "killed"])
def test_while_postgresql_is_restarted_nothing_is_lost_and_nothing_is_stored_twice(new_world, what):
    world = new_world().start()
    devices = [world.device() for _ in range(3)]
    with sending(devices, 200) as sent:
        time.sleep(0.3)
        for command in what:
            world.stack.tell(command)
    assert world.daemon.events("database_unreachable")
    assert_stored_once(world, [sealed for device in devices for sealed in sent[device]])


def test_while_the_broker_is_killed_and_comes_back_nothing_is_lost_and_nothing_is_stored_twice(new_world):
    world = new_world().start()
    devices = [world.device() for _ in range(3)]
    with sending(devices, 200) as sent:
        time.sleep(0.3)
        world.stack.tell("kill-broker")
        world.stack.tell("start-broker")
    assert world.daemon.events("broker_unreachable")
    assert_stored_once(world, [sealed for device in devices for sealed in sent[device]])


def test_a_batch_whose_connection_breaks_before_commit_is_repeated_and_stored_once(new_world):
    world = new_world().start()
    device = world.device()
    device.await_ack(first := device.say())
    with HeldCommit(world) as commit:
        sent = [device.say(fixes=[fix()]) for _ in range(20)]
        commit.wait_for_waiter()
        end_connections(world)
        world.daemon.wait_log("batch_repeated", timeout_s=LOG_S)
        commit.release()
    device.await_ack(sent[-1])
    assert_stored_once(world, [first, *sent])


def test_a_database_that_takes_no_writes_for_a_while_is_waited_for(new_world):
    world = new_world().start()
    device = world.device()
    device.await_ack(first := device.say())
    world.sql(f"ALTER DATABASE {world.name} SET default_transaction_read_only = on")
    end_connections(world)
    sealed = device.say(fixes=[fix()])
    time.sleep(1)
    assert world.indexes_of(sealed) == [] and world.daemon.is_running()
    # From beside: a session of this database begins read-only.
    Database(world.stack, "postgres").sql(f"ALTER DATABASE {world.name} RESET default_transaction_read_only")
    end_connections(world)
    device.await_ack(sealed)
    assert_stored_once(world, [first, sealed])


# ---- several lanes, several daemons


def switches(world, of):
    """How often the log changes from one set of sources to the other."""
    sides = [source_id in of for (source_id,) in world.sql("SELECT source_id FROM ledger.record WHERE type = 1 ORDER BY log_index")]
    return sum(a != b for a, b in zip(sides, sides[1:]))


@pytest.mark.parametrize("apart", ["daemons", "lanes"])
def test_two_of_them_with_areas_of_their_own_interleave_in_one_log_without_a_gap(new_world, apart):
    world = new_world()
    ours, theirs = [world.device() for _ in range(3)], [world.device(area=world.other_area) for _ in range(3)]
    if apart == "daemons":
        world.daemon.write_settings({**world.settings, "lanes": world.area})
        world.add_daemon("second", client_id=f"second-{world.area}", lanes=world.other_area).start()
    else:
        world.daemon.write_settings({**world.settings, "lanes": f"{world.area};{world.other_area}"})
    world.start()
    with sending(ours + theirs, 100) as sent:
        pass
    assert_stored_once(world, [sealed for device in ours + theirs for sealed in sent[device]])
    assert switches(world, {world.source_id(device.name) for device in ours}) > 10
    assert not [line.text for daemon in world.daemons for line in daemon.lines if line.get("level") == "error"]


def test_what_is_published_in_another_lanes_area_costs_no_record_of_its_source(new_world):
    world = new_world(source_rate_per_s=100000)
    world.daemon.write_settings({**world.settings, "lanes": f"{world.area};{world.other_area}"})
    world.start()
    device = world.device()
    before = [device.say() for _ in range(3)]
    device.await_ack(before[-1])
    old = device.epoch, device.next_seq, device.head
    device.new_epoch()
    before.append(device.say())
    device.await_ack(before[-1])
    device.epoch, device.next_seq, device.head = old
    good = [device.make(fixes=[fix()]) for _ in range(300)]
    elsewhere = device.topic(area=world.other_area)
    wrong = [contract.Sealed(1, 0, contract.seal_body(device.report(epoch=1, seq=0, fixes=[fix(speed_cm_s=n)]).SerializeToString(),
                                                      device.name, device.key)) for n in range(300)]
    for sealed, stray in zip(good, wrong):
        device.send(stray, elsewhere)
        device.send(sealed)
        device.send(stray, elsewhere)
    device.await_ack(good[-1])
    assert_stored_once(world, before + good)
    assert sum(len(world.indexes_of(stray, 1)) for stray in wrong) == 0
    assert not [line.text for line in world.daemon.lines if line.get("level") == "error"]
