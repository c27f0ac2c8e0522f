"""Who is measured: the floor, the peers and custodyd, behind one interface: prime, drain, live."""
import shutil
import signal
import subprocess
import time

from . import stack as stack_module
from .stack import ROOT, memory_kb, run

ORIGIN = "bench.example/log"
PEERS = ROOT / "tests/bench/peers"
LIVE_MARGIN_S = 2  # a consumer runs so much longer than its load


def percentile(values, p):
    ordered = sorted(values)
    return ordered[int((len(ordered) - 1) * p)]


class Contestant:
    """A consumer that keeps a persistent session, so that the broker queues for it while it is away."""

    name = client_id = None
    skip_reason = None

    def __init__(self, bench):
        self.bench, self.stack = bench, bench.stack
        self.database = f"run_{self.name}"

    def fill(self, messages):
        """A fresh database, and a queue in the broker for nobody but this contestant."""
        self.make_database()
        self.prime()
        self.bench.load("queue", "--in", messages.path)

    def done(self):
        self.bench.load("forget", "--client-id", self.client_id)
        self.stack.drop_database(self.database)

    def make_database(self):
        self.stack.create_database(self.database)
        with self.stack.connect(self.database) as connection:
            connection.execute("CREATE TABLE peer (topic text NOT NULL, payload bytea NOT NULL)")

    def environment(self):
        return self.stack.database_env(self.database)

    def command(self, *arguments):
        raise NotImplementedError

    def prime(self):
        run(self.command(count=0), env=self.environment())

    def drain(self, messages):
        """Messages a second, from the first commit to the last."""
        self.fill(messages)
        measures = run(self.command(count=messages.count), env=self.environment())
        self.check(messages.count)
        self.done()
        return measures["messages_per_s"]

    def check(self, count):
        with self.stack.connect(self.database) as connection:
            stored = connection.execute(f"SELECT count(*) FROM {self.table}").fetchone()[0]
        if stored < count:
            raise SystemExit(f"bench: {self.name} stored {stored} of {count} messages")

    table = "peer"

    def live(self, rate, seconds):
        """(p50, p99) milliseconds from publish to row."""
        self.make_database()
        self.prime()
        with subprocess.Popen(list(map(str, self.command(seconds=seconds + LIVE_MARGIN_S))), env=self.environment(),
                              stdout=subprocess.PIPE, text=True) as consumer:
            time.sleep(LIVE_MARGIN_S / 2)
            began_us = time.time_ns() // 1000
            self.bench.load("live", "--rate", rate, "--seconds", seconds)
            output = consumer.communicate(timeout=60)[0]
        result = self.live_latency(output, began_us + 1_000_000)
        self.done()
        return result

    def live_latency(self, _output, since_us):
        """By the commit time of each row's transaction against the publish time in its payload."""
        with self.stack.connect(self.database) as connection:
            rows = connection.execute(
                "SELECT payload, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint FROM peer").fetchall()
        latencies = [committed - published for committed, published in
                     ((committed, device_time_us(payload)) for payload, committed in rows) if published >= since_us]
        if not latencies:
            return None
        return percentile(latencies, 0.5) / 1000, percentile(latencies, 0.99) / 1000


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def device_time_us(envelope):
    """Report.device_time_us (field 5) of Envelope.body (field 1)."""
    _, at = varint(envelope, 1)
    while envelope[at] != 0x28:
        tag, at = varint(envelope, at)
        value, at = varint(envelope, at)
        at += value if tag & 7 == 2 else 0
    return varint(envelope, at + 1)[0]


class Floor(Contestant):
    name = client_id = table = "floor"

    def make_database(self):
        self.stack.create_database(self.database)

    def command(self, count=None, seconds=600):
        words = [self.bench.program("floor"), "--broker", self.stack.broker, "--database", "", "--seconds", seconds]
        return words + (["--count", count] if count is not None else [])

    def live_latency(self, output, _since_us):
        measures = stack_module.parse_measures(output)
        return measures["row_p50_ms"], measures["row_p99_ms"]


class SubCopy(Contestant):
    name, client_id = "sub_copy", "sub-copy"

    def command(self, count=None, seconds=600):
        what = "live" if count is None else "prime" if count == 0 else count
        return [PEERS / "sub_copy.sh", self.stack.broker, what, seconds]


class Paho(Contestant):
    name, client_id = "paho_psycopg", "paho"

    def command(self, count=None, seconds=600):
        words = ["/usr/bin/python3", PEERS / "paho_psycopg.py", "--broker", self.stack.broker, "--seconds", seconds]
        return words + (["--count", count] if count is not None else [])


class Node(Contestant):
    name, client_id = "node_pg", "node"
    packages = ["mqtt@5", "pg@8", "pg-copy-streams@6"]

    def __init__(self, bench):
        super().__init__(bench)
        self.modules = bench.build.parent / "bench"
        self.skip_reason = self.install()

    def install(self):
        """Why it cannot run here, or None."""
        if not shutil.which("npm") or not shutil.which("node"):
            return "no node and npm"
        if all((self.modules / "node_modules" / name.partition("@")[0]).exists() for name in self.packages):
            return None
        self.modules.mkdir(parents=True, exist_ok=True)
        options = ["--no-audit", "--no-fund", "--no-save", "--silent", "--prefix", self.modules]
        done = subprocess.run(["npm", "install", *options, *self.packages], check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        return "npm could not install " + ", ".join(self.packages) if done.returncode else None

    def environment(self):
        return dict(super().environment(), NODE_PATH=str(self.modules / "node_modules"))

    def command(self, count=None, seconds=0):
        what = "live" if count is None else "prime" if count == 0 else count
        return ["node", PEERS / "node_pg.js", self.stack.broker, what, seconds]


class Custodyd(Contestant):
    """Everything on. `lanes` is its setting: "+" one lane, "350504;350503" two. `signs`: with keys, so that notes and heads are signed."""

    name = "custodyd"
    ready_timeout_s = 30

    def __init__(self, bench, lanes="+"):
        super().__init__(bench)
        self.lanes = lanes
        self.signs = True
        self.template = None
        self.process = self.log_path = None
        if not (bench.build / "custodyd").exists():
            self.skip_reason = f"{bench.build / 'custodyd'} is not built"

    def make_database(self):
        self.stack.create_database(self.database, self.template)
        (self.stack.scratch / "head").unlink(missing_ok=True)  # of the log before

    def make_template(self, name, sources, is_signed):
        """A migrated database with the sources registered, to be copied for every run."""
        self.stack.create_database(name)
        subprocess.run([self.bench.build / "custodyctl", "migrate"], env=self.stack.database_env(name), check=True,
                       stdout=subprocess.DEVNULL)
        script = self.stack.scratch / "register.sql"
        with script.open("w") as out:
            subprocess.run([self.bench.program("generate"), "--register", "--sources", str(sources)] +
                           (["--signed"] if is_signed else []), check=True, stdout=out)
        self.stack.psql(name, script)
        self.template = name
        return name

    def write_config(self):
        path = self.stack.scratch / "custodyd.conf"
        keys = (f'ack_key_file = "{self.key(ORIGIN + "/ack")}";\ncheckpoint_key_file = "{self.key(ORIGIN)}";\n'
                f'head_file = "{self.stack.scratch / "head"}";\n') if self.signs else ""
        path.write_text(f'database = "{self.stack.conninfo(self.database, "custody_ingest")}";\n'
                        f'broker = "unix:{self.stack.broker}";\nbroker_username = "custodyd";\n'
                        f'origin = "{ORIGIN}";\nlanes = "{self.lanes}";\n' + keys + self.bench.extra_config)
        return path

    def key(self, name):
        """A secret key of that name; beside it, in a file .pub, what keygen says of the public one."""
        path = self.stack.scratch / (name.replace("/", "-") + ".key")
        if not path.exists():
            with path.with_suffix(".pub").open("w") as public:
                subprocess.run([self.bench.build / "custodyctl", "keygen", name, path], check=True, stdout=public)
        return path

    def start(self):
        """Seconds until it is ready."""
        self.log_path = self.stack.scratch / "custodyd.log"
        began = time.monotonic()
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen([self.bench.build / "custodyd", "--config", self.write_config()],
                                            env=self.stack.database_env(self.database), stderr=log, stdout=log)
        while "event=ready" not in self.log():
            if self.process.poll() is not None or time.monotonic() - began > self.ready_timeout_s:
                raise SystemExit("bench: custodyd does not get ready; its last words:\n" + self.log()[-2000:])
            time.sleep(0.005)
        return time.monotonic() - began

    def abandon(self):
        """Ends our own daemon, if one still runs, when the benchmark fails half-way."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise SystemExit("bench: custodyd does not drain; its last words:\n" + self.log()[-2000:]) from None

    def prime(self):
        self.start()
        self.stop()

    def done(self):
        for lane in range(len(self.lanes.split(";"))):
            self.bench.load("forget", "--client-id", f"custodyd-{lane + 1}")
        self.stack.drop_database(self.database)

    def drain(self, messages):
        return self.drain_measured(messages)["envelopes_per_s"]

    def drain_measured(self, messages, keep=False):
        """Rate from the first commit to the last, CPU and bytes an envelope, memory."""
        self.fill(messages)
        with self.stack.connect(self.database) as connection:
            before = self.usage(connection)
            before["daemon"] = 0
            begin = self.log_size(connection)
            self.start()
            progress = self.watch_head(connection, begin, messages.count)
            after = self.usage(connection)
            after["daemon"] = stack_module.cpu_ticks(self.process.pid)[0] * 1e6 / stack_module.TICKS_PER_S
            self.check_outcome(connection, begin, messages)
            result = self.summarise(messages, progress, before, after)
            result["fix_bytes"] = self.fix_bytes(connection) / max(1, messages.count * messages.fixes)
            result["tile_bytes"] = self.tile_bytes(connection) / self.log_size(connection)
        self.stop()
        if not keep:
            self.done()
        return result

    def usage(self, connection):
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]
        return {"postgres": self.stack.postgres_cpu_us(), "broker": self.stack.broker_cpu_us(), "size": size}

    def fix_bytes(self, connection):
        return connection.execute("SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits "
                                  "WHERE inhparent = 'telemetry.fix'::regclass").fetchone()[0]

    def tile_bytes(self, connection):
        return connection.execute("SELECT pg_total_relation_size('ledger.tile')").fetchone()[0]

    def log_size(self, connection):
        return connection.execute("SELECT size FROM ledger.head").fetchone()[0]

    def watch_head(self, connection, begin, count):
        """(time, new leaves, resident kB) at every change of the head, until `count` envelopes are there behind leaf `begin`."""
        progress, deadline, others = [], time.monotonic() + self.bench.drain_timeout_s, 0
        while True:
            leaves = self.log_size(connection) - begin
            if leaves and (not progress or leaves != progress[-1][1]):
                progress.append((time.monotonic(), leaves, memory_kb(self.process.pid, "VmRSS")))
            if leaves >= count + others:  # the daemon adds leaves of its own
                known, others = others, self.count_records(connection, begin, "type NOT IN (1, 3)")
                if known == others:
                    return progress
                continue
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise SystemExit(f"bench: custodyd stored {leaves} of {count} envelopes in {self.bench.drain_timeout_s} s "
                                 "or ended; its last words:\n" + self.log()[-2000:])
            time.sleep(0.01)

    def count_records(self, connection, begin, condition):
        return connection.execute(f"SELECT count(*) FROM ledger.record WHERE log_index >= {begin} AND {condition}").fetchone()[0]

    def check_outcome(self, connection, begin, messages):
        stored, dead = (self.count_records(connection, begin, f"type = {kind}") for kind in (1, 3))
        flags = connection.execute("SELECT rule, count(*) FROM flag.flag GROUP BY rule ORDER BY rule").fetchall()
        if stored != messages.count or dead:
            raise SystemExit(f"bench: custodyd stored {stored} of {messages.count} envelopes, {dead} dead letters")
        if flags:
            self.bench.note(f"{messages.name}: flags raised: {flags}")

    def summarise(self, messages, progress, before, after):
        (begun, first, _), (ended, last, rss_kb) = progress[0], progress[-1]
        a_third = next(kb for at, _, kb in progress if at >= begun + (ended - begun) / 3)
        result = {"envelopes_per_s": (last - first) / max(ended - begun, 1e-6),
                  "rss_kb": memory_kb(self.process.pid, "VmHWM"), "rss_growth_kb": rss_kb - a_third,
                  "bytes": (after["size"] - before["size"]) / messages.count}
        for who in ("daemon", "postgres", "broker"):
            result[f"cpu_{who}_us"] = (after[who] - before[who]) / messages.count
        return result

    def live(self, rate, seconds):
        """(p50, p99) milliseconds from publish to acknowledgement note."""
        self.make_database()
        self.prime()
        self.start()
        measures = self.bench.load("live", "--rate", rate, "--seconds", seconds, "--acks")
        self.stop()
        self.done()
        if measures["answered"] < measures["published"]:
            answered, published = int(measures["answered"]), int(measures["published"])
            raise SystemExit(f"bench: custodyd answered {answered} of {published} envelopes")
        return measures["ack_p50_ms"], measures["ack_p99_ms"]
