"""The private servers of a benchmark run: one PostgreSQL, one broker, a fresh database for every contestant."""
import os
import pathlib
import re
import subprocess
import tempfile

import psycopg

ROOT = pathlib.Path(__file__).resolve().parents[3]
WAL_SEGMENTS = 32  # of 16 MB: more than a live run writes
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

# The loader speaks for a thousand sources over one connection, so it may write for all of them.
BROKER_ACL = """\
user bench
topic readwrite custody/v1/#
user custodyd
topic read custody/v1/+/up/+
topic write custody/v1/+/down/+
"""


def parse_measures(output):
    """The "name value" lines that every program of the benchmark prints, as a dictionary of numbers."""
    return {name: float(value) for name, value in re.findall(r"^(\w+) (-?[\d.]+)$", output, re.M)}


def run(command, env=None, **options):
    """Runs to the end; what it printed as measures. Its own words end the benchmark when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, env=env, stdout=subprocess.PIPE, text=True, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"bench: {command[0]} failed with exit code {done.returncode}; its words are above")
    return parse_measures(done.stdout)


def cpu_ticks(pid):
    """Ticks a process has used: (its own, of its children that ended)."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


def memory_kb(pid, name):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M)[1])


class Stack:
    def __enter__(self):
        self.private = tempfile.TemporaryDirectory(prefix="bench-")
        self.scratch = pathlib.Path(self.private.name)
        self.scratch.chmod(0o711)  # the broker, as its own user, reads the access list here
        acl = self.scratch / "acl"
        acl.write_text(BROKER_ACL)
        acl.chmod(0o644)
        self.directory = self.scratch / "stack"
        self._tool("start", "--watch", os.getpid(), "--broker-config", f"acl_file {acl}",
                   "--set", "track_commit_timestamp=on", "--set", "min_wal_size=1GB", "--set", "max_wal_size=4GB")
        self.env = dict(os.environ, **dict(re.findall(r"(\w+)='?([^'\s]+)'?", (self.directory / "env").read_text())))
        self.broker = str(self.directory / "broker.sock")
        self.postgres_pid = int((self.directory / "postgres.pid").read_text().split()[0])
        self.broker_pid = int((self.directory / "broker.pid").read_text().split()[0])
        self.fill_wal()
        return self

    def fill_wal(self):
        """As a server that has run for a while: with segments to use again. A new one is filled with zeros first, and every COMMIT waits for it."""
        with self.connect("postgres") as connection:
            for _ in range(WAL_SEGMENTS):
                connection.execute("SELECT pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()")
            connection.execute("CHECKPOINT")

    def __exit__(self, *_):
        self._tool("stop")
        self.private.cleanup()

    def _tool(self, command, *options):
        subprocess.run([ROOT / "deploy/private-stack", command, self.directory, *map(str, options)], check=True)

    # ---- databases

    def conninfo(self, database, user="postgres"):
        return f"host={self.env['PGHOST']} port=5432 user={user} dbname={database}"

    def connect(self, database):
        return psycopg.connect(self.conninfo(database), autocommit=True)

    def database_env(self, database):
        return dict(self.env, PGDATABASE=database, PGOPTIONS="-c client_min_messages=warning")

    def create_database(self, name, template=None):
        with self.connect("postgres") as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{template}"' if template else ""))
            connection.execute("CHECKPOINT")

    def drop_database(self, name):
        with self.connect("postgres") as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def psql(self, database, script):
        subprocess.run(["psql", "-qX", "--set", "ON_ERROR_STOP=1", "-f", str(script)], env=self.database_env(database),
                       check=True, stdout=subprocess.DEVNULL)

    # ---- CPU

    def postgres_cpu_us(self):
        """Of the server and all its backends, those that ended among them."""
        own, ended = cpu_ticks(self.postgres_pid)
        total = own + ended
        for pid in pathlib.Path(f"/proc/{self.postgres_pid}/task/{self.postgres_pid}/children").read_text().split():
            try:
                total += sum(cpu_ticks(pid))
            except (FileNotFoundError, ProcessLookupError):
                pass
        return total * 1e6 / TICKS_PER_S

    def broker_cpu_us(self):
        return cpu_ticks(self.broker_pid)[0] * 1e6 / TICKS_PER_S
