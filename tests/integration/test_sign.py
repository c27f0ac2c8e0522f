"""Signed heads: they follow what is committed, verify with other tools, and are refused over a database that is not the one signed."""

import hashlib
import json
import pathlib
import time

import pytest

from support import ledger
from support.contract import fix
from support.stack import CUSTODYD, Database
from support.waiting import wait_for
from support.world import ORIGIN

EXIT_CONFIG = 78


def signed_world(new_world, **settings):
    return new_world(checkpoints=True, **settings)


def leaf_hashes(world):
    return [hash for (hash,) in world.sql("SELECT leaf_hash FROM ledger.record ORDER BY log_index")]


def head_size(world):
    return world.value("SELECT size FROM ledger.head")


def checkpoint_notes(world):
    return dict(world.sql("SELECT size, note FROM ledger.checkpoint ORDER BY size"))


def await_checkpoint(world, size=None, key=None):
    """The signed head of the log as it is now, verified and recomputed from the records."""
    size = size or head_size(world)
    note = wait_for(lambda: f"a checkpoint of {size}:\n{world.log_tail()}", lambda: checkpoint_notes(world).get(size))
    checkpoint = ledger.read_checkpoint(note, ORIGIN, key or world.checkpoint_public_key)
    assert checkpoint == ledger.Checkpoint(ORIGIN, size, ledger.root_of(leaf_hashes(world)[:size]))
    return checkpoint


def check_all_checkpoints(world, *keys):
    hashes = leaf_hashes(world)
    for size, root, note in world.sql("SELECT size, root, note FROM ledger.checkpoint"):
        texts = [key for key in keys or [world.checkpoint_public_key] if verifies(note, key)]
        assert len(texts) == 1, note
        assert ledger.read_checkpoint(note, ORIGIN, texts[0]) == ledger.Checkpoint(ORIGIN, size, root)
        assert root == ledger.root_of(hashes[:size])


def verifies(note, key):
    try:
        ledger.read_checkpoint(note, ORIGIN, key)
        return True
    except Exception:  # whatever an independent verifier raises
        return False


def read_head_file(path, key):
    magic, verifier, note = path.read_text().split("\n", 2)
    assert (magic, verifier) == ("custody-head/v1", ledger.verifier_key(ORIGIN, key))
    return ledger.read_checkpoint(note, ORIGIN, key)


def say(device, count=1):
    """So many envelopes stored and acknowledged."""
    sent = [device.say(fixes=[fix()]) for _ in range(count)]
    device.await_ack(sent[-1])
    return sent


def refused(world, event, daemon=None, **pairs):
    """The daemon says so, its lanes stop, and it leaves."""
    daemon = daemon or world.daemon
    (line, *_) = [daemon.wait_log(event, **pairs)]
    assert line["hint"] and line["origin"] == ORIGIN and line["head_file"], line.text
    daemon.wait_log("lane_down")
    assert daemon.wait() == 1
    return line


def alter(world, *statements):
    """As a superuser who put the triggers out of action."""
    with world.database.connect(autocommit=False) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement, *params in statements:
            connection.execute(statement, params or None)


# ---- signing


def test_a_checkpoint_follows_what_is_committed_and_verifies(new_world):
    world = signed_world(new_world).start()
    device = world.device()
    say(device, 5)
    checkpoint = await_checkpoint(world)
    assert read_head_file(world.head_file, world.checkpoint_public_key) == checkpoint
    assert world.head_file.stat().st_mode & 0o777 == 0o600
    say(device)
    assert await_checkpoint(world).size == checkpoint.size + 1
    check_all_checkpoints(world)


def test_nothing_new_is_not_signed_again_and_what_is_new_at_most_once_an_interval(new_world):
    world = signed_world(new_world, checkpoint_interval_ms=300).start()
    device = world.device()
    await_checkpoint(world)
    before = checkpoint_notes(world)
    written_at = world.head_file.stat().st_mtime_ns
    time.sleep(3 * 0.3)
    assert checkpoint_notes(world) == before and world.head_file.stat().st_mtime_ns == written_at
    until = time.monotonic() + 3
    while time.monotonic() < until:
        say(device)
    await_checkpoint(world)
    times = [at for (at,) in world.sql("SELECT signed_at FROM ledger.checkpoint ORDER BY size")]
    assert len(times) > 4
    assert min((b - a).total_seconds() for a, b in zip(times, times[1:])) > 0.29


def test_checkpoints_go_on_across_the_seams_of_tiles(new_world):
    world = signed_world(new_world).start()
    for count in (200, 55, 1, 1, 254, 1, 300):
        world.sql("SELECT ledger.append(2, int4send(i)) FROM generate_series(1, %s) AS i", count)
        await_checkpoint(world)
    check_all_checkpoints(world)


def test_acknowledgements_do_not_wait_for_a_checkpoint_that_cannot_be_stored(new_world):
    world = signed_world(new_world).start()
    device = world.device()
    await_checkpoint(world)
    with world.database.connect(autocommit=False) as connection:
        connection.execute("LOCK TABLE ledger.checkpoint IN SHARE MODE")
        say(device)
        size = head_size(world)
        wait_for("the head file", lambda: read_head_file(world.head_file, world.checkpoint_public_key).size == size)
        say(device, 20)
        assert size not in checkpoint_notes(world)
    await_checkpoint(world)


def test_a_head_file_that_cannot_be_written_delays_signing_alone(new_world):
    world = signed_world(new_world).start()
    device = world.device()
    signed = await_checkpoint(world)
    in_the_way = pathlib.Path(f"{world.head_file}.new")
    in_the_way.mkdir()
    say(device)
    line = world.daemon.wait_log("head_file_failed")
    assert str(world.head_file) in line["error"]
    assert max(checkpoint_notes(world)) == signed.size
    assert read_head_file(world.head_file, world.checkpoint_public_key) == signed
    in_the_way.rmdir()
    await_checkpoint(world)


# ---- what is announced


def test_keys_and_program_are_leaves_before_the_first_checkpoint(new_world):
    world = signed_world(new_world).start()
    await_checkpoint(world)
    checkpoint_key = ledger.verifier_key(ORIGIN, world.checkpoint_public_key)
    ack_key = ledger.verifier_key(f"{ORIGIN}/ack", world.ack_public_key)
    rows = world.sql("SELECT k.verifier_key, r.type, convert_from(r.record, 'UTF8') FROM ledger.signing_key AS k"
                     " JOIN ledger.record AS r USING (log_index) ORDER BY log_index")
    assert [row[:2] for row in rows] == [(checkpoint_key, 4), (ack_key, 4)]
    for key, _, note in rows:
        assert ledger.open_note(note, ORIGIN, world.checkpoint_public_key) == f"custody-key/v1\n{ORIGIN}\n{key}\n"
    started = json.loads(world.value("SELECT convert_from(record, 'UTF8') FROM ledger.record WHERE type = 7"
                                     " ORDER BY log_index DESC LIMIT 1"))
    assert (started["format"], started["action"]) == ("custody-operator/v1", "software started")
    assert started["actor"] == "custody_ingest"
    assert started["data"]["sha256"] == hashlib.sha256(CUSTODYD.read_bytes()).hexdigest()
    assert started["data"]["version"]
    assert min(checkpoint_notes(world)) == head_size(world)


def test_a_restart_announces_nothing_again(new_world):
    world = signed_world(new_world).start()
    await_checkpoint(world)
    leaves = leaf_hashes(world)
    world.daemon.stop()
    world.daemon.start()
    say(world.device())
    assert leaf_hashes(world)[:-1] == leaves
    await_checkpoint(world)


# ---- another daemon


def test_two_daemons_sign_one_log_and_no_size_twice(new_world):
    world = signed_world(new_world).start()
    first, second = world.device(), world.device()
    other_area = "419998"
    world.sql("INSERT INTO registry.area VALUES (%s, '试验', 'test')", other_area)
    world.sql("UPDATE registry.source SET area = %s WHERE name = %s", other_area, second.name)
    second.area = other_area
    second.connection.close()
    second.connection = type(second.connection)(world.stack.broker_socket, second.name, [second.topic("down")], second._on_message)
    await_checkpoint(world)
    other = world.add_daemon("other", client_id=f"other-{world.area}", lanes=other_area, head_file=str(world.directory / "other-head"))
    done = world.database.ctl("trust-head", "--config", str(other.path))
    assert done.returncode == 0, done.stderr
    other.start()
    until = time.monotonic() + 3
    while time.monotonic() < until:
        say(first)
        say(second)
    newest = await_checkpoint(world)
    for path in (world.head_file, world.directory / "other-head"):
        wait_for(f"{path} at {newest.size}", lambda: read_head_file(path, world.checkpoint_public_key) == newest)
    check_all_checkpoints(world)
    assert not world.daemon.events("ledger_inconsistent") and not other.events("ledger_inconsistent")


def test_a_head_file_serves_one_daemon(new_world):
    world = signed_world(new_world).start()
    other = world.add_daemon("other", client_id=f"other-{world.area}")
    other.start(ready=False)
    assert other.wait() == EXIT_CONFIG
    assert "another process" in other.events("start_refused")[0]["error"]
    done = world.database.ctl("trust-head", "--config", str(other.path))
    assert done.returncode == 75 and "another process" in done.stderr


# ---- a database that is not the one that was signed


def restore(world, backup):
    Database(world.stack, "postgres").sql(f"DROP DATABASE {world.name} WITH (FORCE)")
    Database(world.stack, "postgres").sql(f"ALTER DATABASE {backup} RENAME TO {world.name}")


def test_a_restored_backup_is_refused_at_the_start(new_world):
    world = signed_world(new_world).start()
    device = world.device()
    say(device, 3)
    await_checkpoint(world)
    world.daemon.stop()
    backup = f"{world.name}_backup"
    Database(world.stack, "postgres").sql(f"CREATE DATABASE {backup} TEMPLATE {world.name}")
    old_size = head_size(world)
    world.daemon.start()
    say(device, 3)
    signed = await_checkpoint(world)
    world.daemon.stop()
    restore(world, backup)
    sent = device.say(fixes=[fix()])
    world.daemon.lines.clear()
    world.daemon.start(ready=False)
    line = refused(world, "ledger_behind")
    assert (int(line["signed_size"]), int(line["database_size"])) == (signed.size, old_size)
    assert "backup" in line["hint"] and "new origin" in line["hint"]
    assert not world.daemon.events("ready")
    assert head_size(world) == old_size and not world.indexes_of(sent)
    assert not device.acks[sent.mark:]
    assert read_head_file(world.head_file, world.checkpoint_public_key) == signed
    world.check = lambda: None  # devices have notes of what the backup does not have


def test_a_tail_that_is_cut_off_stops_the_daemon_while_it_runs(new_world):
    world = signed_world(new_world, checkpoint_interval_ms=200).start()
    device = world.device()
    say(device)
    await_checkpoint(world)
    old = world.sql("SELECT size, frontier, root FROM ledger.head")[0]
    say(device, 3)
    signed = await_checkpoint(world)
    alter(world, ("DELETE FROM ledger.record WHERE log_index >= %s", old[0]),
          ("UPDATE ledger.head SET size = %s, frontier = %s, root = %s", *old))
    line = refused(world, "ledger_behind")
    assert (int(line["signed_size"]), int(line["database_size"])) == (signed.size, old[0])
    assert head_size(world) == old[0] and max(checkpoint_notes(world)) == signed.size
    world.check = lambda: None  # what the superuser left is no log any more


def test_a_lane_does_not_build_on_a_head_that_is_smaller_than_what_was_signed(new_world):
    world = signed_world(new_world, checkpoint_interval_ms=60000)  # the signer looks again in a minute
    empty = world.sql("SELECT size, frontier, root FROM ledger.head")[0]
    world.start()
    signed = await_checkpoint(world)
    alter(world, ("DELETE FROM ledger.record WHERE log_index >= %s", empty[0]),
          ("UPDATE ledger.head SET size = %s, frontier = %s, root = %s", *empty))
    sent = world.device().say(fixes=[fix()])
    line = world.daemon.wait_log("lane_down")
    assert f"{empty[0]} leaves, and {signed.size} were signed" in line["error"]
    assert world.daemon.wait() == 1
    assert not world.indexes_of(sent) and head_size(world) == empty[0]
    world.check = lambda: None


# Of a log that was signed six leaves before its tile {tile} was full, and has leaf {leaf} in the one after it.
ALTERATIONS = {
    "the root of the head": "UPDATE ledger.head SET root = sha256('other')",
    "the hash of a leaf in the partial tile": "UPDATE ledger.record SET leaf_hash = sha256('other') WHERE log_index = {leaf}",
    "a leaf that is gone": "DELETE FROM ledger.record WHERE log_index = {leaf}",
    "a hash in the tile where the signed log ended":
        "UPDATE ledger.tile SET hashes = set_byte(hashes, 8191, 255 - get_byte(hashes, 8191)) WHERE tile_index = {tile}",
    "a tile that is gone": "DELETE FROM ledger.tile WHERE tile_index = {tile}",
    "an edge": "UPDATE ledger.head SET edge_1 = sha256('other')",
    "an edge that is gone": "UPDATE ledger.head SET edge_1 = ''",
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_a_log_that_does_not_hold_together_is_not_signed(new_world, what):
    world = signed_world(new_world).start()
    tile = head_size(world) // 256 + 1
    size = 256 * (tile + 1) - 6
    world.sql("SELECT ledger.append(2, int4send(i)) FROM generate_series(1, %s) AS i", size - head_size(world))
    await_checkpoint(world)
    world.daemon.stop()
    world.sql("SELECT ledger.append(2, int4send(i)) FROM generate_series(1, 100) AS i")
    signed = max(checkpoint_notes(world))
    alter(world, (ALTERATIONS[what].format(tile=tile, leaf=size + 50),))
    world.daemon.start(ready=False)
    refused(world, "ledger_inconsistent")
    assert max(checkpoint_notes(world)) == signed == size
    assert read_head_file(world.head_file, world.checkpoint_public_key).size == signed
    world.check = lambda: None


def test_another_history_of_the_same_size_is_refused(new_world):
    """A backup that went on with other records until it was as large as what was signed."""
    world = signed_world(new_world).start()
    await_checkpoint(world)
    world.daemon.stop()
    backup = f"{world.name}_backup"
    Database(world.stack, "postgres").sql(f"CREATE DATABASE {backup} TEMPLATE {world.name}")
    world.daemon.start()
    say(world.device(), 3)
    signed = await_checkpoint(world)
    world.daemon.stop()
    restore(world, backup)
    world.sql("SELECT ledger.append(2, int4send(i)) FROM generate_series(1, %s - %s) AS i", signed.size, head_size(world))
    for more in range(2):
        world.daemon.start(ready=False)
        refused(world, "ledger_inconsistent")
        world.daemon.lines.clear()
        world.sql("SELECT ledger.append(2, 'more')")
    assert signed.size not in checkpoint_notes(world)
    world.check = lambda: None  # devices have notes of what the backup does not have


def test_another_checkpoint_of_the_same_size_is_refused(new_world):
    world = signed_world(new_world).start()
    size = await_checkpoint(world).size + 1
    with world.database.connect(autocommit=False) as connection:
        connection.execute("INSERT INTO ledger.checkpoint (size, root, note) VALUES (%s, sha256('other'), 'another')", (size,))
        connection.execute("SELECT ledger.append(2, 'one more')")
    refused(world, "ledger_inconsistent")
    assert checkpoint_notes(world)[size] == "another"
    assert read_head_file(world.head_file, world.checkpoint_public_key).size == size - 1


def test_killed_between_head_file_and_database_the_daemon_signs_on(new_world):
    world = signed_world(new_world).start()
    device = world.device()
    await_checkpoint(world)
    with world.database.connect(autocommit=False) as connection:
        connection.execute("LOCK TABLE ledger.checkpoint IN SHARE MODE")
        say(device)
        size = head_size(world)
        (backend,) = wait_for("the signer to wait", lambda: world.sql(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'custodyd signer' AND datname = current_database()"
            " AND wait_event_type = 'Lock'"))
        world.daemon.kill()
        world.sql("SELECT pg_terminate_backend(%s)", *backend)  # it would finish its statement, and it is to be lost
    assert size not in checkpoint_notes(world)
    written = read_head_file(world.head_file, world.checkpoint_public_key)
    assert written.size == size
    world.daemon.start()
    assert await_checkpoint(world, size) == written


# ---- the head file


def test_without_a_head_file_only_a_new_log_is_signed(new_world):
    world = signed_world(new_world).start()
    say(world.device())
    signed = await_checkpoint(world)
    world.daemon.stop()
    world.head_file.unlink()
    world.daemon.start(ready=False)
    line = refused(world, "ledger_untrusted")
    assert "trust-head" in line["hint"] and not world.head_file.exists()
    world.daemon.lines.clear()
    done = world.database.ctl("trust-head", "--config", str(world.daemon.path), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["size"] == signed.size
    assert read_head_file(world.head_file, world.checkpoint_public_key) == signed
    done = world.database.ctl("trust-head", "--config", str(world.daemon.path))
    assert done.returncode == 1 and "already" in done.stderr
    world.daemon.start()
    say(world.device())
    await_checkpoint(world)


UNTRUSTED = {
    "an altered record": "UPDATE ledger.record SET record = 'other' WHERE log_index = 2",
    "an altered leaf hash": "UPDATE ledger.record SET leaf_hash = sha256('other') WHERE log_index = 2",
    "a record that is gone": "DELETE FROM ledger.record WHERE log_index = 2",
    "a last record that is gone": "DELETE FROM ledger.record WHERE log_index = (SELECT size - 1 FROM ledger.head)",
    "an altered root": "UPDATE ledger.head SET root = sha256('other')",
    "an altered checkpoint": "UPDATE ledger.checkpoint SET root = sha256('other')",
    "a head behind its checkpoint": "UPDATE ledger.head SET size = size - 1",
}


@pytest.mark.parametrize("what", UNTRUSTED)
def test_no_operator_trusts_a_log_that_does_not_hold_together(new_world, what):
    world = signed_world(new_world).start()
    say(world.device(), 2)
    await_checkpoint(world)
    world.daemon.stop()
    world.head_file.unlink()
    alter(world, (UNTRUSTED[what],))
    done = world.database.ctl("trust-head", "--config", str(world.daemon.path))
    assert done.returncode == 1 and "hint" in done.stderr, (done.returncode, done.stderr)
    assert not world.head_file.exists()
    world.check = lambda: None


def other_origin(world):
    text = world.head_file.read_text()
    key, public = world.write_key("other.key", "other.example/log", "another log")
    other = world.add_daemon("other", origin="other.example/log", checkpoint_key_file=str(key), ack_key_file="",
                             head_file=str(world.directory / "other-head"))
    done = world.database.ctl("trust-head", "--config", str(other.path))
    assert done.returncode == 0, done.stderr
    world.daemons.remove(other)
    return (world.directory / "other-head").read_text(), "other.example/log"


BAD_FILES = {
    "of another origin": other_origin,
    "with a flipped bit": lambda world: (world.head_file.read_text().replace("\n\n", "\n\u2014\n", 1), "head_file"),
    "cut short": lambda world: (world.head_file.read_text()[:-20], "head_file"),
    "empty": lambda world: ("", "custody-head/v1"),
    "that is something else": lambda world: ("x" * 10000, "4096"),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_head_file_that_cannot_be_used_refuses_the_start(new_world, what):
    world = signed_world(new_world).start()
    await_checkpoint(world)
    world.daemon.stop()
    content, told = BAD_FILES[what](world)
    world.head_file.write_text(content)
    world.daemon.start(ready=False)
    assert world.daemon.wait() == EXIT_CONFIG
    error = world.daemon.events("start_refused")[0]["error"]
    assert told in error and str(world.head_file) in error, error
    assert world.head_file.read_text() == content


# ---- keys


def key_mode(world):
    pathlib.Path(world.settings["checkpoint_key_file"]).chmod(0o640)
    return {}, "0640"


def one_key(world):
    return {"checkpoint_key_file": str(world.write_key("same.key", ORIGIN, "acknowledgement key of the tests")[0])}, "ack_key_file"


BAD_SETTINGS = {
    "a key that others may read": key_mode,
    "one key for both": one_key,
    "a key of another name": lambda world: ({"checkpoint_key_file": world.settings["ack_key_file"]}, f"{ORIGIN}/ack"),
    "a key that is not there": lambda world: ({"checkpoint_key_file": "/nonexistent/key"}, "checkpoint_key_file"),
    "no head file": lambda world: ({"head_file": ""}, "head_file"),
    "a head file in a folder that is not there": lambda world: ({"head_file": "/nonexistent/head"}, "/nonexistent/head"),
}


@pytest.mark.parametrize("what", BAD_SETTINGS)
def test_settings_of_the_signer_that_cannot_work_refuse_the_start(new_world, what):
    world = signed_world(new_world)
    settings, told = BAD_SETTINGS[what](world)
    world.daemon.write_settings({**world.settings, **settings})
    world.daemon.start(ready=False)
    assert world.daemon.wait() == EXIT_CONFIG
    error = world.daemon.events("start_refused")[0]["error"]
    assert told in error and "hint" in error, error


def restart_with(world, key_file):
    if world.daemon.is_running():
        world.daemon.stop()
    world.daemon.lines.clear()
    world.daemon.write_settings({**world.settings, "checkpoint_key_file": str(key_file)})
    return world.daemon


def test_a_rotation_hands_the_log_over_to_the_next_key(new_world):
    world = signed_world(new_world).start()
    old = world.settings["checkpoint_key_file"]
    new, new_public = world.write_key("new.key", ORIGIN, "second checkpoint key")
    newest, newest_public = world.write_key("newest.key", ORIGIN, "third checkpoint key")
    say(world.device())
    await_checkpoint(world)

    assert world.database.ctl("rotate-key", str(new), str(newest)).returncode == 1  # not yet this log's
    done = world.database.ctl("rotate-key", old, str(new), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["verifier_key"] == ledger.verifier_key(ORIGIN, new_public)
    note = world.value("SELECT convert_from(record, 'UTF8') FROM ledger.record WHERE log_index = %s AND type = 4", told["log_index"])
    text = ledger.open_note(note, ORIGIN, world.checkpoint_public_key)
    assert text == f"custody-key/v1\n{ORIGIN}\n{told['verifier_key']}\n"
    assert world.database.ctl("rotate-key", old, str(newest)).returncode == 1  # was replaced

    restart_with(world, new).start()
    say(world.device())
    await_checkpoint(world, key=new_public)
    assert world.database.ctl("rotate-key", str(new), str(newest)).returncode == 0
    restart_with(world, newest).start()
    say(world.device())
    await_checkpoint(world, key=newest_public)
    check_all_checkpoints(world, world.checkpoint_public_key, new_public, newest_public)
    restart_with(world, new).start(ready=False)
    assert "replaced" in refused(world, "checkpoint_key_refused")["error"]
    restart_with(world, newest).start()


def test_a_key_that_no_chain_leads_to_signs_nothing(new_world):
    world = signed_world(new_world).start()
    await_checkpoint(world)
    before = checkpoint_notes(world)
    stranger, public = world.write_key("stranger.key", ORIGIN, "a stranger's key")
    restart_with(world, stranger).start(ready=False)
    assert "rotate-key" in refused(world, "checkpoint_key_refused")["hint"]
    # Neither does it announce itself, whoever may write to the database.
    forged = world.value("SELECT ledger.append(4, %s)", f"custody-key/v1\n{ORIGIN}\n".encode())
    world.sql("INSERT INTO ledger.signing_key (verifier_key, log_index) VALUES (%s, %s)", ledger.verifier_key(ORIGIN, public), forged)
    restart_with(world, stranger).start(ready=False)
    refused(world, "checkpoint_key_refused")
    assert checkpoint_notes(world) == before


def test_a_new_key_of_acknowledgements_is_announced_by_the_checkpoint_key(new_world):
    world = signed_world(new_world).start()
    await_checkpoint(world)
    world.daemon.stop()
    path, public = world.write_key("ack2.key", f"{ORIGIN}/ack", "second key of acknowledgements")
    world.daemon.write_settings({**world.settings, "ack_key_file": str(path)})
    world.daemon.start()
    await_checkpoint(world)
    rows = world.sql("SELECT verifier_key FROM ledger.signing_key ORDER BY log_index")
    assert [key for (key,) in rows] == [ledger.verifier_key(ORIGIN, world.checkpoint_public_key),
                                        ledger.verifier_key(f"{ORIGIN}/ack", world.ack_public_key),
                                        ledger.verifier_key(f"{ORIGIN}/ack", public)]


# ---- what doctor says of it


def diagnosis(world, check, *, failing):
    done = world.database.ctl("doctor", "--config", str(world.daemon.path), "--json")
    found = {line["check"]: line for line in json.loads(done.stdout)["checks"]}[check]
    assert found["status"] == ("fail" if failing else "ok"), found
    return found


def test_doctor_knows_keys_and_head_file_of_a_sound_log(new_world):
    world = signed_world(new_world)
    assert "announces" in diagnosis(world, "checkpoint key", failing=False)["found"]
    assert "none yet" in diagnosis(world, "head file", failing=False)["found"]
    world.start()
    size = await_checkpoint(world).size
    wait_for("the last head to be signed", lambda: read_head_file(world.head_file, world.checkpoint_public_key).size == size)
    assert "announces" not in diagnosis(world, "checkpoint key", failing=False)["found"]
    assert f"{size} of {size}" in diagnosis(world, "head file", failing=False)["found"]
    diagnosis(world, "ack key", failing=False)


def test_doctor_sees_keys_that_cannot_sign(new_world):
    world = signed_world(new_world).start()
    await_checkpoint(world)
    old = world.settings["checkpoint_key_file"]
    stranger, _ = world.write_key("stranger.key", ORIGIN, "a stranger's key")
    restart_with(world, stranger)
    assert "rotate-key" in diagnosis(world, "checkpoint key", failing=True)["hint"]
    assert world.database.ctl("rotate-key", old, str(stranger)).returncode == 0
    diagnosis(world, "checkpoint key", failing=False)
    restart_with(world, old)
    assert "replaced" in diagnosis(world, "checkpoint key", failing=True)["found"]
    restart_with(world, one_key(world)[0]["checkpoint_key_file"])
    assert "ack_key_file" in diagnosis(world, "checkpoint key", failing=True)["found"]
    stranger.chmod(0o644)
    restart_with(world, stranger)
    assert "0644" in diagnosis(world, "checkpoint key", failing=True)["found"]
    stranger.chmod(0o600)


def test_doctor_sees_a_database_that_is_not_the_one_that_was_signed(new_world):
    world = signed_world(new_world).start()
    size = await_checkpoint(world).size
    world.daemon.stop()
    head = world.sql("SELECT size, frontier, root FROM ledger.head")[0]
    alter(world, ("UPDATE ledger.head SET root = sha256('other')",))
    assert "another root" in diagnosis(world, "head file", failing=True)["found"]
    alter(world, ("UPDATE ledger.head SET root = %s, size = size - 1", head[2]))
    assert f"{size - 1} records, and {size}" in diagnosis(world, "head file", failing=True)["found"]
    alter(world, ("UPDATE ledger.head SET size = %s", size))
    world.head_file.write_text("no head")
    assert "custody-head/v1" in diagnosis(world, "head file", failing=True)["found"]
    world.head_file.unlink()
    assert "trust-head" in diagnosis(world, "head file", failing=True)["hint"]
