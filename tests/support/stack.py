"""A throw-away PostgreSQL and broker, and databases in it."""

import os
import pathlib
import subprocess
import tempfile

import psycopg

from support.waiting import WAIT_S

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CUSTODY_BUILD", ROOT / "build" / "debug"))
CUSTODYD = BUILD / "custodyd"
CUSTODYCTL = BUILD / "custodyctl"


class Stack:
    """deploy/private-stack in a directory of its own."""

    PROGRAM = ROOT / "deploy" / "private-stack"

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="custody-it."))
        self.tell("start", "--no-fsync", "--watch", str(os.getpid()))
        dump = subprocess.run(["sh", "-c", '. "$0/env" && env -0', self.directory], check=True, capture_output=True, text=True)
        self.environment = dict(entry.split("=", 1) for entry in dump.stdout.split("\0") if entry)
        self.broker_socket = self.directory / "broker.sock"

    def tell(self, command, *arguments):
        subprocess.run([self.PROGRAM, command, self.directory, *arguments], check=True, timeout=2 * WAIT_S)

    def stop(self):
        self.tell("stop")


class Database:
    def __init__(self, stack, name):
        self.stack = stack
        self.name = name
        self.environment = {**stack.environment, "PGDATABASE": name}

    def connect(self, **options):
        return psycopg.connect(host=self.environment["PGHOST"], port=self.environment["PGPORT"], dbname=self.name,
                               user=self.environment["PGUSER"], **{"autocommit": True, **options})

    def sql(self, statement, *params):
        with self.connect() as connection:
            cursor = connection.execute(statement, params or None)
            return cursor.fetchall() if cursor.description else None

    def value(self, statement, *params):
        rows = self.sql(statement, *params)
        assert len(rows) == 1 and len(rows[0]) == 1, rows
        return rows[0][0]

    def ctl(self, *arguments):
        """custodyctl on this database; the caller looks at returncode, stdout and stderr."""
        return subprocess.run([CUSTODYCTL, *arguments], env=self.environment, capture_output=True, text=True, timeout=2 * WAIT_S)
