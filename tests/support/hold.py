"""Keeps every COMMIT of the log waiting, so that a test can look at, or break, what is under way."""

import contextlib

from support.waiting import wait_for


class HeldCommit:
    """Somebody else has the head row."""

    def __init__(self, world):
        self.world = world

    def __enter__(self):
        self.connection = self.world.database.connect(autocommit=False)
        self.connection.execute("SELECT size FROM ledger.head FOR UPDATE")
        return self

    def wait_for_waiter(self):
        statement = ("SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
                     " AND application_name LIKE 'custodyd lane%%'")
        wait_for(lambda: "the daemon's transaction to wait for the head:\n" + self.world.log_tail(), lambda: self.world.value(statement, self.world.name) >= 1)

    def release(self):
        self.connection.rollback()

    def __exit__(self, *_):
        self.connection.close()


@contextlib.contextmanager
def one_batch(world, device):
    """What is sent meanwhile waits at the broker and is read as one batch: the daemon is kept busy with another one."""
    with HeldCommit(world) as commit:
        device.say()
        commit.wait_for_waiter()
        yield
        wait_for("all to be with the broker", lambda: all(not d.connection.client._out_messages for d in world.devices))
        commit.release()
