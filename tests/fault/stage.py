"""Everything a fault run starts and kills: the private servers, the daemon, two fleets, and a listener for acknowledgements."""
import collections
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import paho.mqtt.client as mqtt
import psycopg

ROOT = pathlib.Path(__file__).resolve().parents[2]
ORIGIN = "fault.example/custody"
AREAS = ("350504", "350505")  # a lane each, so that two transactions meet at the head of the log
DEADLINE_S = 60

# The listener reads what every device is told; it may not write.
LISTENER_ACL = "\nuser listener\ntopic read custody/v1/+/down/+\n"


class Broken(Exception):
    """Something ended or hung that nobody killed."""


def wait_for(what, condition, deadline_s=DEADLINE_S):
    """Polls until the condition holds; its value."""
    deadline = time.monotonic() + deadline_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise Broken(f"{what}: not within {deadline_s} s")
        time.sleep(0.005)
    return value


class Stack:
    """PostgreSQL and the broker, as deploy/private-stack runs, kills and starts them."""

    def __init__(self, scratch, options):
        self.directory = scratch / "stack"
        self.tool = scratch / "deploy/private-stack"
        acl = scratch / "acl"
        acl.write_text((scratch / "deploy/mosquitto/acl").read_text() + LISTENER_ACL)
        acl.chmod(0o644)
        self.tell("start", "--watch", os.getpid(), "--broker-config", f"acl_file {acl}", *options)
        variables = re.findall(r"(\w+)='?([^'\s]+)'?", (self.directory / "env").read_text())
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | dict(variables)
        self.broker_socket = str(self.directory / "broker.sock")

    def tell(self, command, *options):
        done = subprocess.run([self.tool, command, self.directory, *map(str, options)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise Broken(f"private-stack {command}: {done.stdout.strip()}")

    def connect(self, **options):
        return psycopg.connect(host=self.env["PGHOST"], port=5432, user="postgres", dbname="custody", **options)


class Process:
    """A child of ours that cannot outlive us, with its words in a file."""

    def __init__(self, words, log, env):
        self.log = log
        with log.open("ab") as out:
            self.child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, words)], stdin=subprocess.DEVNULL,
                                          stdout=out, stderr=subprocess.STDOUT, env=env)

    def need_alive(self):
        if self.child.poll() is not None:
            raise Broken(f"{self.log.name}: ended by itself with {self.child.returncode}: {self.last_words()}")

    def last_words(self, lines=6):
        return " | ".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def end(self, number, deadline_s=DEADLINE_S):
        """Sends the signal and waits; the exit code (negative: a signal)."""
        self.child.send_signal(number)
        try:
            return self.child.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise Broken(f"{self.log.name}: still there {deadline_s} s after signal {number}: {self.last_words()}") from None


class Listener:
    """Hears every acknowledgement that a device could hear, and comes back as soon as the broker does."""

    def __init__(self, path):
        self.heard = collections.deque()  # (monotonic time, area, payload)
        self.client = mqtt.Client(client_id="listener", protocol=mqtt.MQTTv311)
        self.client.username_pw_set("listener")
        self.client._create_socket_connection = lambda: self._connect(path)  # paho 1 knows no unix sockets
        self.client.on_connect = lambda client, *_: client.subscribe("custody/v1/+/down/+", qos=0)
        self.client.on_message = self._on_message
        self.connections = 0
        self.stopping = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @staticmethod
    def _connect(path):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(5)
        connection.connect(path)
        return connection

    def _on_message(self, _client, _context, message):
        self.heard.append((time.monotonic(), message.topic.split("/")[2], message.payload))

    def _run(self):
        while not self.stopping:
            try:
                self.client.connect("broker.sock", 1883, keepalive=60)
                self.connections += 1
                while not self.stopping and self.client.loop(timeout=0.1) == mqtt.MQTT_ERR_SUCCESS:
                    pass
            except OSError:
                pass
            time.sleep(0.01)

    def take(self):
        """What was heard since the last call."""
        return [self.heard.popleft() for _ in range(len(self.heard))]

    def stop(self):
        self.stopping = True
        self.thread.join(5)


class Journal:
    """What a fleet wrote down: every envelope it sent, every acknowledgement it took."""

    def __init__(self, path):
        self.path, self.offset, self.rest = path, 0, b""

    def take(self):
        """(word, (source, epoch, seq), hash or None) of every whole line since the last call."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read()
        self.offset += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            word, source, epoch, seq, *rest = line.decode().split()
            yield word, (source, int(epoch), int(seq)), bytes.fromhex(rest[0]) if rest else None


class Stage:
    """The whole scene of a run. What belongs to it is in one temporary directory, removed at the end unless it failed."""

    def __init__(self, build, seed, rate, stack_options):
        self.private = pathlib.Path(tempfile.mkdtemp(prefix="custody-fault."))
        self.private.chmod(0o711)
        self.keep_logs = False
        self.stack = self.daemon = self.listener = None
        self.fleets, self.journals, self.dead_daemons = [], [], 0
        # Copies: work that goes on beside the run must not change what it tests, or with what.
        for name in ("custodyd", "custodyctl"):
            shutil.copy2(build / name, self.private / name)
        shutil.copytree(ROOT / "deploy", self.private / "deploy")
        self.seed, self.rate, self.stack_options = seed, rate, stack_options

    def ctl(self, *words, stdin=None):
        done = subprocess.run([self.private / "custodyctl", *map(str, words)], input=stdin, capture_output=True, text=True,
                              check=False, env=self.stack.env)
        if done.returncode != 0:
            raise Broken(f"custodyctl {words[0]}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[-2000:]}")
        return done.stdout

    # ---- setting it

    def __enter__(self):
        try:
            self.stack = Stack(self.private, self.stack_options)
            self.verifier_keys = self._prepare()
            self.start_daemon()
            wait_for("custodyd: event=ready", self.daemon_is_ready)
            self.listener = Listener(self.stack.broker_socket)
            wait_for("listener: connected", lambda: self.listener.connections)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, kind, error, _):
        for process in (*self.fleets, self.daemon):
            if process and process.child.poll() is None:
                process.child.kill()
                process.child.wait()
        if self.listener:
            self.listener.stop()
        self.keep_logs = self.keep_logs or kind is not None
        if self.stack:
            if self.keep_logs:
                for name in ("keeper.log", "postgres.log", "broker.log"):
                    shutil.copy(self.stack.directory / name, self.private)
            self.stack.tell("stop")
        if self.keep_logs:
            print(f"logs and journals are kept in {self.private}", flush=True)
        else:
            shutil.rmtree(self.private)

    def _prepare(self):
        self.ctl("migrate")
        with self.stack.connect() as database:
            database.execute("INSERT INTO registry.area VALUES (%s, '测试区', 'Test District')", (AREAS[1],))
        self.ctl("register", "--file", "-", stdin="\n".join(self._roster()))
        (self.private / "custodyd.conf").write_text(
            f'database = "user=custody_ingest";\nbroker = "{self.stack.env["CUSTODY_BROKER"]}";\nbroker_username = "custodyd";\n'
            f'origin = "{ORIGIN}";\nack_key_file = "{self.private}/ack.key";\nlanes = "{";".join(AREAS)}";\n'
            f'checkpoint_key_file = "{self.private}/checkpoint.key";\nhead_file = "{self.head_file}";\ncheckpoint_interval_ms = 200;\n'
            # Nothing may be turned away for its rate here: every envelope and every forgery must be accounted for.
            "source_rate_per_s = 1000000;\nsource_burst = 10000000;\nunknown_rate_per_s = 1000000;\n")
        acks = self.ctl("keygen", f"{ORIGIN}/ack", self.private / "ack.key")
        (self.private / "ack.pub").write_text(acks)
        heads = self.ctl("keygen", ORIGIN, self.private / "checkpoint.key")
        return {key: next(word for word in words.split() if word.startswith(f"{ORIGIN}{suffix}+"))
                for key, words, suffix in (("ack", acks, "/ack"), ("checkpoint", heads, ""))}

    @property
    def head_file(self):
        return self.private / "head"

    def _fleet_words(self, area):
        common = ("simulate", "--area", area, "--seed", self.seed % 1000 + 1, "--vehicles", 6)
        return common + (("--load", "--sources", 12) if area == AREAS[0] else ())

    def _roster(self):
        """Sources named load-* speak in the first area, all others in the second."""
        for area in AREAS:
            for line in self.ctl(*self._fleet_words(area), "--register").splitlines():
                source = json.loads(line).get("source")
                if source is None and area == AREAS[0] or source and source["name"].startswith("load-") == (area == AREAS[0]):
                    yield line

    def start_fleets(self):
        faults = ("--duplicates", 5, "--reorder", 5, "--corrupt", 1, "--forge", 1)
        ways = {AREAS[0]: ("--events", "--fixes", 3, "--rate", self.rate, "--window", 100), AREAS[1]: ("--speed", 60)}
        for area, way in ways.items():
            journal = self.private / f"journal-{area}"
            self.journals.append(Journal(journal))
            self.fleets.append(Process(
                (self.private / "custodyctl", *self._fleet_words(area), *way, *faults, "--broker", self.stack.env["CUSTODY_BROKER"],
                 "--ack-key", self.private / "ack.pub", "--ack-timeout", 1000, "--journal", journal, "--until-acknowledged",
                 "--drain", DEADLINE_S), self.private / f"fleet-{area}.log", self.stack.env))

    # ---- the daemon

    def start_daemon(self):
        self.daemon = Process((self.private / "custodyd", "--config", self.private / "custodyd.conf"),
                              self.private / f"custodyd.{self.dead_daemons:04}.log", self.stack.env)

    def daemon_is_ready(self):
        self.daemon.need_alive()
        return "event=ready" in self.daemon.log.read_text(errors="replace")

    # ---- what is killed and started; a victim's name is the word of private-stack

    def kill(self, victim):
        if victim != "daemon":
            self.stack.tell(f"kill-{victim}")
            return
        self.daemon.need_alive()
        self.daemon.end(signal.SIGKILL)
        self.dead_daemons += 1

    def start(self, victim):
        if victim == "daemon":
            self.start_daemon()
        else:
            self.stack.tell(f"start-{victim}")

    def need_alive(self):
        for process in (self.daemon, *self.fleets):
            process.need_alive()
