"""The tree that grows in the ingest transaction: tiles, edges and notes, from several lanes and daemons and from SQL at once."""

import contextlib
import threading
import time

import pytest

from support import contract, ledger, tree
from support.contract import fix
from support.hold import HeldCommit, one_batch

THIRD_AREA = "499999"


def append(connection, record, leaf_type=2):
    return connection.execute("SELECT ledger.append(%s, %s)", (leaf_type, record)).fetchone()[0]


def begin_at(world, size):
    """A log of so many made-up leaves, as it would stand if they had come one by one; the daemon does not run yet."""
    rows = []
    for index in range(size):
        salt, record = ledger.sha256(b"salt %d" % index), b"made up %d" % index
        rows.append((index, 2, salt, ledger.leaf_hash(2, 0, salt, record), record))
    begun = ledger.Tree([row[3] for row in rows])
    edges = [begun.edge(level) for level in range(1, 8)]
    with world.database.connect(autocommit=False) as connection, connection.cursor() as cursor:
        # In place of the leaves that the migration and the registry left; the triggers that would keep those stay quiet.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("TRUNCATE ledger.record, ledger.tile")
        with cursor.copy("COPY ledger.record (log_index, type, salt, leaf_hash, record, received_at) FROM STDIN") as copy:
            for row in rows:
                copy.write_row((*row, "1970-01-01 00:00:00+00"))
        for (level, index), hashes in begun.full_tiles().items():
            cursor.execute("INSERT INTO ledger.tile VALUES (%s, %s, %s)", (level, index, hashes))
        cursor.execute("UPDATE ledger.head SET size = %s, root = %s, frontier = %s, "
                       + ", ".join(f"edge_{level} = %s" for level in range(1, 8)), (size, begun.root(), begun.frontier(), *edges))


def tile_count(world, level=0):
    return world.value("SELECT count(*) FROM ledger.tile WHERE level = %s", level)


# ---- one daemon


@pytest.mark.parametrize("begun, count, full", [(0, 255, 0), (0, 256, 1), (0, 257, 1), (254, 2, 1), (255, 257, 2), (256, 255, 1), (300, 2000, 8)])
def test_a_batch_writes_the_tiles_that_it_completes(new_world, begun, count, full):
    world = new_world()
    begin_at(world, begun)
    device = world.device()
    world.start()
    with one_batch(world, device):
        sent = [device.say(fixes=[fix()]) for _ in range(count - 1)]
    device.deliver(sent)
    assert world.value("SELECT size FROM ledger.head") == begun + count
    assert tile_count(world) == full


def test_single_leaves_complete_tiles_as_batches_do(new_world):
    world = new_world()
    begin_at(world, 510)
    world.start()
    device = world.device()
    for expected in (1, 1, 2):
        assert tile_count(world) == expected
        device.await_ack(device.say())
        tree.check(world.database, world.devices)


def test_on_the_way_to_level_2_a_full_edge_becomes_a_tile_and_begins_again(new_world):
    world = new_world()
    begin_at(world, 65536 - 300)
    world.start()
    device = world.device()
    device.deliver([device.say(fixes=[fix()]) for _ in range(800)])
    assert tile_count(world, level=1) == 1
    assert world.sql("SELECT length(edge_1), length(edge_2) FROM ledger.head") == [(32, 32)]


def test_a_batch_that_completes_no_tile_leaves_the_edges_where_they_are(new_world):
    world = new_world()
    begin_at(world, 65536 + 128 * 256)
    world.start()
    device = world.device()
    places = "SELECT chunk_id FROM %s GROUP BY 1 ORDER BY 1" % world.value(
        "SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = 'ledger.head'::regclass")
    before = world.sql(places)
    assert len(before) == 1  # edge_1, 4 kB
    for _ in range(3):
        device.await_ack(device.say(fixes=[fix()]))
    assert world.sql(places) == before
    device.deliver([device.say() for _ in range(300)])
    assert world.sql(places) != before


# ---- several writers


@contextlib.contextmanager
def appending(world):
    """Somebody else appends from SQL: alone, many in one transaction, and now and then without committing."""
    done, indexes, failures = threading.Event(), [], []

    def run():
        try:
            with world.database.connect(autocommit=False) as connection:
                for turn in range(10000):
                    mine = [append(connection, b"%d of %d" % (n, turn), (2, 4, 5, 7)[n % 4]) for n in range((1, 3, 40)[turn % 3])]
                    if turn % 5 == 4:
                        connection.rollback()
                    else:
                        connection.commit()
                        indexes.extend(mine)
                    if done.wait(0.002):
                        return
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield indexes
    finally:
        done.set()
        thread.join()
    assert not failures, failures[0]


def two_daemons(world):
    """The first with two lanes, the second with a third area."""
    world.sql("INSERT INTO registry.area VALUES (%s, '试验', 'test')", THIRD_AREA)
    devices = [world.device(area=area) for area in (world.area, world.other_area, THIRD_AREA) for _ in range(2)]
    world.daemon.write_settings({**world.settings, "lanes": f"{world.area};{world.other_area}"})
    world.add_daemon("second", client_id=f"second-{world.area}", lanes=THIRD_AREA).start()
    world.start()
    return devices


def kinds_in_order(world, devices):
    """Who wrote each leaf: 0 SQL, 1 to 3 the lanes."""
    lane = {world.source_id(device.name): 1 + at // 2 for at, device in enumerate(devices)}
    return [lane.get(source_id, 0) for (source_id,) in world.sql("SELECT source_id FROM ledger.record ORDER BY log_index")]


def test_two_lanes_another_daemon_and_appends_from_sql_grow_one_tree(new_world):
    world = new_world()
    devices = two_daemons(world)
    sent = {device: [] for device in devices}
    with appending(world) as indexes:
        for _ in range(40):
            for device in devices:
                sent[device] += [device.say(fixes=[fix()]) for _ in range(8)]
            time.sleep(0.01)
        for device in devices:
            device.deliver(sent[device])
    assert world.value("SELECT count(*) FROM ledger.record WHERE type = 1") == sum(map(len, sent.values()))
    assert world.value("SELECT count(*) FROM ledger.record WHERE log_index = ANY (%s)", indexes) == len(indexes) > 100
    writers = kinds_in_order(world, devices)
    for writer in range(4):
        assert sum(a == writer != b for a, b in zip(writers, writers[1:])) > 5, f"writer {writer} wrote all at once"
    assert not [line.text for daemon in world.daemons for line in daemon.lines if line.get("level") == "error"]
    checked = tree.check(world.database, world.devices)
    assert checked.size > 2000 and sum(ack.note != "" for device in devices for ack in device.acks) > 30


def test_what_was_appended_while_the_head_was_waited_for_is_in_the_tile(new_world):
    world = new_world()
    begin_at(world, 200)
    world.start()
    device = world.device()
    with HeldCommit(world) as commit:
        sent = [device.say()]
        commit.wait_for_waiter()
        for n in range(55):
            append(commit.connection, b"%d" % n)
        commit.connection.commit()
    device.deliver(sent)
    assert tile_count(world) == 1
    assert world.indexes_of(sent[0]) == [255]


def test_a_writer_that_lost_the_head_starts_over_and_stores_once(new_world):
    world = new_world()
    begin_at(world, 250)
    device = world.device()
    # What a lock is there to prevent: the head has moved on when it is to be swapped. Sequences do not roll back.
    world.sql("CREATE SEQUENCE public.swaps")
    world.sql("CREATE FUNCTION public.lose() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
              " $$ BEGIN RETURN CASE WHEN nextval('public.swaps') > 2 THEN new END; END $$")
    world.sql("CREATE TRIGGER lose BEFORE UPDATE ON ledger.head FOR EACH ROW EXECUTE FUNCTION public.lose()")
    world.start()
    with one_batch(world, device):
        sent = [device.say(fixes=[fix()]) for _ in range(300)]
    device.deliver(sent)
    told = world.daemon.events("batch_repeated")
    assert len(told) == 2 and "head" in told[0].text, told
    assert [len(world.indexes_of(sealed)) for sealed in sent] == [1] * len(sent)
    assert tile_count(world) == 2


def alone(device):
    """Enough batches one after the other for the lane to leave out the lock of the head."""
    return [device.await_ack(device.say()) for _ in range(40)]


def test_a_lane_alone_with_the_head_finds_somebody_elses_leaf_by_the_swap_and_stores_once(new_world):
    world = new_world()
    begin_at(world, 100)
    world.start()
    device = world.device()
    alone(device)
    with HeldCommit(world) as commit:
        sealed = device.say(fixes=[fix()])
        commit.wait_for_waiter()  # at the swap: nothing else of that transaction waits
        append(commit.connection, b"somebody else's")
        commit.connection.commit()
    device.await_ack(sealed)
    told = world.daemon.events("batch_repeated")
    assert len(told) == 1 and "head: 0 of 1" in told[0].text, told
    assert world.indexes_of(sealed) == [141]


def test_a_lane_alone_with_the_head_finds_that_a_stream_moved_on_and_stores_once(new_world):
    world = new_world()
    begin_at(world, 100)
    world.start()
    device = world.device()
    alone(device)
    size = world.value("SELECT size FROM ledger.head")
    world.sql("UPDATE ledger.stream SET version = version + 1")
    sealed = device.say(fixes=[fix()])
    device.await_ack(sealed)
    told = world.daemon.events("batch_repeated")
    assert len(told) == 1 and "streams: 0 of 1" in told[0].text, told
    assert world.indexes_of(sealed) == [size]
    assert world.value("SELECT count(*) FROM telemetry.fix") == 1


def test_a_lane_alone_with_the_head_keeps_the_edges_through_tiles(new_world):
    world = new_world()
    begin_at(world, 65536 - 600)
    world.start()
    device = world.device()
    alone(device)
    device.deliver([device.say(fixes=[fix()]) for _ in range(700)])
    alone(device)
    assert not world.daemon.events("batch_repeated")
    assert tile_count(world, level=1) == 1


# ---- what is acknowledged is in the tree


def proof_holds(world, statement):
    path = tree.Tiles(world.database).inclusion_path(statement.index, statement.size)
    (leaf_type, received_us, salt, record), = world.sql(
        "SELECT type, (extract(epoch FROM received_at) * 1000000)::bigint, salt, record FROM ledger.record WHERE log_index = %s",
        statement.index)
    assert ledger.sha256(record) == statement.chain
    return ledger.root_of_path(statement.index, statement.size, ledger.leaf_hash(leaf_type, received_us, salt, record), path) == statement.root


def test_every_note_is_proved_by_the_tiles_at_once_and_later(new_world):
    world = new_world()
    begin_at(world, 65536 - 700)
    world.start()
    device = world.device()
    statements = []
    for count in (1, 2, 1, 300, 1, 260, 1, 700, 1):
        sent = [device.say(fixes=[fix()]) for _ in range(count)]
        device.deliver(sent)
        statements.append(device.statement(device.acks[-1]))
        assert proof_holds(world, statements[-1])
    for statement in statements:
        assert proof_holds(world, statement)
        assert not proof_holds(world, contract.dataclasses.replace(statement, root=bytes(32)))


# ---- a tree that was altered


@pytest.mark.parametrize("what", [
    "UPDATE ledger.head SET edge_1 = set_byte(edge_1, 5, get_byte(edge_1, 5) # 1)",
    "UPDATE ledger.head SET edge_1 = ''",
    "UPDATE ledger.head SET edge_2 = sha256('')",
    "UPDATE ledger.record SET leaf_hash = sha256(leaf_hash) WHERE log_index = 599",
    "DELETE FROM ledger.record WHERE log_index = 599",
])
def test_over_an_altered_edge_no_tile_is_written_and_the_lane_says_so(new_world, what):
    world = new_world()
    begin_at(world, 600)
    with world.database.connect() as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("CREATE TABLE public.was AS SELECT * FROM ledger.record WHERE log_index = 599")
        connection.execute("CREATE TABLE public.was_head AS SELECT * FROM ledger.head")
        connection.execute(what)
    device = world.device()
    world.daemon.start()
    with one_batch(world, device):
        sent = [device.say() for _ in range(300)]
    told = world.daemon.wait_log("lane_stopped")
    assert "altered" in told.text
    assert tile_count(world) == 2
    assert world.value("SELECT size FROM ledger.head") < 768
    with world.database.connect() as connection:  # put back, it goes on
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM ledger.record WHERE log_index = 599")
        connection.execute("INSERT INTO ledger.record SELECT * FROM public.was")
        connection.execute("UPDATE ledger.head SET edge_1 = was_head.edge_1, edge_2 = was_head.edge_2 FROM public.was_head")
    world.daemon.kill()
    world.daemon.start()
    device.deliver(sent)
    assert tile_count(world) == 3
