"""One database, one daemon and its devices, apart from all others by an area of its own; and what must hold of them at the end."""

import base64
import itertools
import json
import tempfile
import pathlib
import shutil
import contextlib

from support import contract, ledger, tree
from support.daemon import Daemon
from support.device import Device
from support.stack import Database
from support.waiting import wait_for

ORIGIN = "test.example/custody"
KIND = {"recycler": 1, "steel_mill": 5, "marketplace": 11, "police": 12, "vehicle_office": 13, "commerce_bureau": 15}
# Party code, kind, its sources: name, kind, how many.
PARTIES = [("recycler-1", "recycler", ("truck", "truck", 120)),
           ("recycler-2", "recycler", ("handheld", "handheld", 6)),
           ("police-1", "police", ("police", "account", 4)),
           ("office-1", "vehicle_office", ("office", "account", 4)),
           ("commerce-1", "commerce_bureau", ("commerce", "account", 4)),
           ("mill-1", "steel_mill", ("mill", "account", 4)),
           ("market-1", "marketplace", ("market", "marketplace", 12))]
SITES = [("yard-1", "recycler-1"), ("yard-2", "recycler-2")]
PERMITS = [("vehicle_dismantling", "recycler-1"), ("vehicle_dismantling", "recycler-2")]
_areas = itertools.count(410001)


def make_template(stack, name="world_template"):
    """A migrated database with the registry that every world begins with. Unsigned sources: gateway-1 to gateway-6."""
    Database(stack, "postgres").sql(f"CREATE DATABASE {name} TEMPLATE template0")
    template = Database(stack, name)
    done = template.ctl("migrate")
    assert done.returncode == 0, done.stderr
    with template.connect(autocommit=False) as connection:
        for code, kind, (prefix, source_kind, count) in PARTIES:
            (party_id,) = connection.execute("INSERT INTO registry.party (code, kind, name) VALUES (%s, %s, %s) RETURNING party_id",
                                             (code, KIND[kind], code)).fetchone()
            for n in range(1, count + 1):
                add_source(connection, f"{prefix}-{n}", source_kind, party_id, "350504")
            if kind == "recycler":
                for n in range(1, 7) if code == "recycler-1" else ():
                    add_source(connection, f"gateway-{n}", "gateway", party_id, "350504", signed=False)
        for code, party in SITES:
            connection.execute("INSERT INTO registry.site (party_id, code, name, area, lon_e7, lat_e7) SELECT party_id, %s, %s, '350504',"
                               " 1186600000, 249400000 FROM registry.party WHERE code = %s", (code, code, party))
        for permit, party in PERMITS:
            connection.execute("INSERT INTO registry.permit (party_id, kind, number, valid_from, valid_until) SELECT party_id, %s, %s,"
                               " '2020-01-01', '2099-12-31' FROM registry.party WHERE code = %s", (permit, f"test-{party}", party))
    return template


def add_source(connection, name, kind, party_id, area, signed=True, enabled=True):
    (source_id,) = connection.execute(
        "INSERT INTO registry.source (name, kind, area, party_id, signed, enabled) VALUES (%s, %s, %s, %s, %s, %s) RETURNING source_id",
        (name, kind, area, party_id, signed, enabled)).fetchone()
    if signed:
        key = contract.SourceKey(name)
        connection.execute("INSERT INTO registry.source_key (source_id, key_id, public_key) VALUES (%s, %s, %s)",
                           (source_id, key.key_id(name), key.public))
    return source_id


class World:
    origin = ORIGIN

    rules_found = set()  # in all worlds that were checked

    def __init__(self, stack, template, checkpoints=False, **settings):
        self.stack = stack
        self.area, self.other_area = str(next(_areas)), str(next(_areas))
        self.name = f"world_{self.area}"
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="custody-world."))
        self.database = Database(stack, self.name)
        Database(stack, "postgres").sql(f"CREATE DATABASE {self.name} TEMPLATE {template.name}")
        for area in (self.area, self.other_area):
            self.database.sql("INSERT INTO registry.area VALUES (%s, '试验', 'test')", area)
        self.database.sql("UPDATE registry.source SET area = %s", self.area)
        key_file, self.ack_public_key = self.write_key("ack.key", f"{ORIGIN}/ack", "acknowledgement key of the tests")
        self.settings = {
            "database": "user=custody_ingest", "broker": f"unix:{stack.broker_socket}", "broker_username": "custodyd",
            "client_id": f"custodyd-{self.area}", "origin": ORIGIN, "ack_key_file": str(key_file),
            "lanes": f"{self.area},{self.other_area}", **settings}
        self.head_file = self.directory / "head"
        if checkpoints:
            checkpoint_key, self.checkpoint_public_key = self.write_key("checkpoint.key", ORIGIN, "checkpoint key of the tests")
            self.settings = {"checkpoint_key_file": str(checkpoint_key), "head_file": str(self.head_file),
                             "checkpoint_interval_ms": 200, **self.settings}
        self.daemons, self.devices, self._used = [], [], {}
        self.daemon = self.add_daemon("custodyd")

    def write_key(self, file_name, name, words):
        """A key out of these words, in a file as custodyctl keygen writes it: its path and its public half."""
        seed = contract.sha256(words.encode())
        path = self.directory / file_name
        path.touch(0o600)
        path.write_text(f"custody-secret-key/v1 {name} {base64.b64encode(seed).decode()}\n")
        return path, contract.raw(contract.Ed25519PrivateKey.from_private_bytes(seed).public_key())

    def add_daemon(self, name, roles=None, **settings):
        self.daemons.append(Daemon(self.directory, name, self.database.environment, {**self.settings, **settings}, roles))
        return self.daemons[-1]

    def start(self):
        self.daemon.start()
        return self

    def device(self, prefix="truck", area=None):
        """A source that nobody has used yet in this world; of another area: before the daemon starts."""
        n = self._used[prefix] = self._used.get(prefix, 0) + 1
        if area:
            self.sql("UPDATE registry.source SET area = %s WHERE name = %s", area, f"{prefix}-{n}")
        return self.device_named(f"{prefix}-{n}", prefix != "gateway", area)

    def device_named(self, name, signed=True, area=None):
        self.devices.append(Device(self, name, signed, area))
        return self.devices[-1]

    def register(self, name, area=None, signed=True, enabled=True):
        """A source more while the daemon runs, which learns of it by itself."""
        since = len(self.daemon.lines)
        with self.database.connect(autocommit=False) as connection:
            (party_id,) = connection.execute("SELECT party_id FROM registry.party WHERE code = 'recycler-1'").fetchone()
            source_id = add_source(connection, name, "truck", party_id, area or self.area, signed, enabled)
        self.daemon.wait_log("registry_loaded", since)
        return source_id

    def log_tail(self):
        return "\n".join(daemon.tail() for daemon in self.daemons)

    def sql(self, statement, *params):
        return self.database.sql(statement, *params)

    def value(self, statement, *params):
        return self.database.value(statement, *params)

    def source_id(self, name):
        return self.value("SELECT source_id FROM registry.source WHERE name = %s", name)

    # ---- questions that many tests ask

    def indexes_of(self, sealed, leaf_type=None):
        """Log indexes of the records that are exactly these bytes."""
        return [index for (index,) in self.sql("SELECT log_index FROM ledger.record WHERE record = %s AND type = coalesce(%s, type)"
                                               " ORDER BY log_index", sealed.bytes, leaf_type)]

    def dead_letter(self, payload):
        """(reason, detail, topic, source name or None, received_at) of the dead letter that keeps these bytes, once it is there."""
        statement = ("SELECT d.reason, d.detail, d.topic, s.name, d.received_at = r.received_at AND r.received_at > now() - interval '5 min'"
                     " FROM ledger.dead_letter d JOIN ledger.record r USING (log_index) LEFT JOIN registry.source s"
                     " ON s.source_id = d.source_id WHERE r.record = %s AND r.type = 3")
        rows = wait_for(lambda: f"a dead letter:\n{self.log_tail()}", lambda: self.sql(statement, payload))
        assert len(rows) == 1, rows
        return rows[0]

    def flag(self, rule, source=None, item=None, state="new", key=None):
        """The one flag of this rule about this source or item in this state, once it is there."""
        subject = f"source:{self.source_id(source)}" if source else f"item:{item}"

        def look():
            return self.sql("SELECT flag_id, key, detail, severity FROM flag.flag WHERE rule = %s AND subject = %s AND state = %s"
                            " AND key = coalesce(%s, key)", rule, subject, state, key)

        rows = wait_for(lambda: f"flag {rule} of {subject} in state {state}; there are {self.flags()}", look)
        assert len(rows) == 1, rows
        return rows[0]

    def flags(self, source=None):
        return self.sql("SELECT f.rule, f.subject, f.key, f.state FROM flag.flag f LEFT JOIN registry.source s USING (source_id)"
                        " WHERE s.name = coalesce(%s, s.name) OR (%s::text IS NULL AND s.name IS NULL) ORDER BY 1, 2, 3", source, source)

    # ---- the end

    def close(self):
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, self.directory)
            # Dozens of them would keep the server from stopping in time.
            stack.callback(Database(self.stack, "postgres").sql, f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
            for daemon in self.daemons:
                stack.callback(daemon.kill)
            for device in self.devices:
                stack.callback(device.close)

    def check(self):
        """What holds of every world, whatever happened in it. Stops the daemons first, those last that the others wait for."""
        for daemon in reversed(self.daemons):
            if daemon.is_running():
                daemon.stop()
                if "ingest" in (daemon.roles or "ingest"):
                    self.check_counters(daemon)
            assert not [line.text for line in daemon.lines if "Sanitizer" in line.text or "runtime error" in line.text], daemon.tail(80)
        self.check_log()
        self.check_keys()
        World.rules_found.update(rule for rule, in self.sql("SELECT DISTINCT rule FROM flag.flag"))
        done = self.database.ctl("rebuild", "--check")
        assert done.returncode == 0, done.stdout + done.stderr

    @staticmethod
    def check_counters(daemon):
        counters = daemon.counters()
        told = sum(counters[name] for name in ("stored", "duplicate", "dead_lettered", "throttled", "dropped"))
        assert counters["received"] == told, counters

    def check_log(self):
        """Indexes without a gap, every leaf hash, the tree and the notes computed anew."""
        rows = self.sql("SELECT log_index, type, (extract(epoch FROM received_at) * 1000000)::bigint, salt, leaf_hash, record"
                        " FROM ledger.record ORDER BY log_index")
        erased = dict(self.sql("SELECT log_index, commitment FROM ledger.erasure"))
        assert [row[0] for row in rows] == list(range(len(rows)))
        salts = [row[3] for row in rows if row[0] not in erased]
        assert len(set(salts)) == len(salts), "a salt was used twice"
        for index, leaf_type, received_us, salt, stored, record in rows:
            assert (salt is None and record is None) == (index in erased), f"record {index} was erased, or was not"
            commitment = erased.get(index) or ledger.commitment(salt, record)
            assert ledger.leaf_hash_of(leaf_type, received_us, commitment) == stored, f"leaf hash of {index}"
        tree.check(self.database, self.devices)
        dead = [row[0] for row in rows if row[1] == 3]
        assert [index for (index,) in self.sql("SELECT log_index FROM ledger.dead_letter ORDER BY 1")] == dead

    def check_keys(self):
        """Every seq that was dealt with is in exactly one run, and the run leads to its record."""
        names = dict(self.sql("SELECT source_id, name FROM registry.source"))
        records = {index: (leaf_type, record) for index, leaf_type, record in self.sql("SELECT log_index, type, record FROM ledger.record")}
        covered = set()
        for source_id, epoch, first_seq, last_seq, first_index in self.sql("SELECT * FROM ledger.ingest_key"):
            for seq in range(first_seq, last_seq + 1):
                index = first_index + seq - first_seq
                leaf_type, record = records[index]
                assert leaf_type in (1, 3) and index not in covered
                covered.add(index)
                if leaf_type == 1 and record is not None:
                    report = contract.envelope_pb.Report.FromString(contract.envelope_pb.Envelope.FromString(record).body)
                    assert (report.source, report.epoch, report.seq) == (names[source_id], epoch, seq)
        assert {index for index, (leaf_type, _) in records.items() if leaf_type == 1} <= covered
        assert len(self.sql("SELECT record FROM ledger.record WHERE type = 1 AND record IS NOT NULL GROUP BY record HAVING count(*) > 1")) == 0

    def json(self, *arguments):
        done = self.database.ctl(*arguments, "--json")
        assert done.stdout, done.stderr
        return json.loads(done.stdout), done.returncode
