"""A device: seals reports into a chain, publishes them over MQTT 5 and collects what it is answered."""

import itertools
import socket
import threading
import time

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from support import contract, ledger
from support.waiting import WAIT_S, wait_for

_numbers = itertools.count(1)


class UnixClient(paho.Client):
    """paho 1.6 knows no unix sockets."""

    def __init__(self, path, **arguments):
        super().__init__(**arguments)
        self._path = str(path)

    def _create_socket_connection(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(WAIT_S)
        connection.connect(self._path)
        return connection


class Connection:
    """A connected client with a thread of its own; comes back by itself when the broker does."""

    def __init__(self, broker_socket, username, topics, on_message):
        self.ready = threading.Event()
        self.client = UnixClient(broker_socket, client_id=f"{username}-{next(_numbers)}", protocol=paho.MQTTv5)
        self.client.username_pw_set(username)
        self.client.reconnect_delay_set(1, 1)
        self.client.max_inflight_messages_set(1000)
        self.client.on_message = lambda client, userdata, message: on_message(message)
        self.client.on_connect = lambda client, *_: client.subscribe([(topic, paho.SubscribeOptions(qos=1)) for topic in topics])
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_disconnect = lambda *_: self.ready.clear()
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        self.client.connect("localhost", keepalive=60, clean_start=True, properties=properties)
        self.client.loop_start()
        assert self.ready.wait(WAIT_S), f"{username} cannot subscribe"

    def publish(self, topic, payload):
        return self.client.publish(topic, payload, qos=1)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class Device:
    def __init__(self, world, name, signed=True, area=None):
        self.world = world
        self.name = name
        self.area = area or world.area
        self.key = contract.SourceKey(name) if signed else None
        self.epoch, self.next_seq, self.head = 1, 0, contract.ZERO_HASH
        self.acks = []
        self.connection = Connection(world.stack.broker_socket, name, [self.topic("down")], self._on_message)

    def _on_message(self, message):
        self.acks.append(contract.ack_pb.Ack.FromString(message.payload))

    def topic(self, direction="up", area=None):
        return f"custody/v1/{area or self.area}/{direction}/{self.name}"

    def close(self):
        self.connection.close()

    # ---- speaking

    def report(self, **fields):
        """The next report; nothing moves on until it is sealed."""
        return contract.envelope_pb.Report(**{
            "source": self.name, "epoch": self.epoch, "seq": self.next_seq, "previous": self.head,
            "device_time_us": contract.now_us(), "clock_quality": contract.envelope_pb.CLOCK_QUALITY_GNSS, **fields})

    def seal_bytes(self, body):
        """The next envelope around these bytes, whatever they are; the chain goes on behind it."""
        sealed = contract.Sealed(self.epoch, self.next_seq, contract.seal_body(body, self.name, self.key))
        self.next_seq += 1
        self.head = sealed.hash
        return sealed

    def make(self, **fields):
        report = self.report(**fields)
        sealed = self.seal_bytes(report.SerializeToString())
        sealed.epoch, sealed.seq = report.epoch, report.seq
        return sealed

    def send(self, sealed, topic=None):
        sealed.mark = len(self.acks)
        self.connection.publish(topic or self.topic(), sealed.bytes)
        return sealed

    def say(self, **fields):
        return self.send(self.make(**fields))

    def new_epoch(self):
        self.epoch, self.next_seq, self.head = self.epoch + 1, 0, contract.ZERO_HASH

    # ---- being answered

    def _since(self, sealed):
        return self.acks[sealed.mark:]

    def _await(self, sealed, what, look, timeout_s):
        return wait_for(lambda: f"{what} of {self.name} {sealed.epoch}/{sealed.seq}; came: {self._since(sealed)}\n"
                        f"{self.world.log_tail()}", lambda: next(filter(None, map(look, self._since(sealed))), None), timeout_s)

    def await_ack(self, sealed, timeout_s=WAIT_S):
        """The first acknowledgement after it was sent that covers it, its note verified."""
        def covers(ack):
            return ack if ack.epoch == sealed.epoch and ack.WhichOneof("highest") and ack.seq >= sealed.seq else None

        ack = self._await(sealed, "acknowledgement", covers, timeout_s)
        self.statement(ack)
        return ack

    def deliver(self, sent, timeout_s=4 * WAIT_S, again_s=1):
        """As devices do: what is not acknowledged is sent again, until all is."""
        deadline = time.monotonic() + timeout_s
        while missing := [sealed for sealed in sent if not self.has_note_of(sealed)]:
            assert time.monotonic() < deadline, f"{self.name}: {len(missing)} of {len(sent)} never acknowledged\n{self.world.log_tail()}"
            for sealed in missing:
                self.connection.publish(self.topic(), sealed.bytes)
            patience = min(deadline, time.monotonic() + again_s)
            while time.monotonic() < patience and not self.has_note_of(missing[-1]):
                time.sleep(0.01)

    def has_note_of(self, sealed):
        return any(ack.epoch == sealed.epoch and ack.note and ack.WhichOneof("highest") and ack.seq >= sealed.seq for ack in self.acks)

    def await_early(self, sealed):
        def holds(ack):
            return ack if ack.epoch == sealed.epoch and any(r.first_seq <= sealed.seq <= r.last_seq for r in ack.stored_early) else None

        return self._await(sealed, "range stored early", holds, WAIT_S)

    def await_refusal(self, sealed):
        def refused(ack):
            return next((r for r in ack.refusals if (r.epoch, r.seq) == (sealed.epoch, sealed.seq)), None)

        return self._await(sealed, "refusal", refused, WAIT_S)

    def warnings(self, sealed):
        """Codes of what was said about it so far."""
        return {w.code for ack in self._since(sealed) for w in ack.warnings if (w.epoch, w.seq) == (sealed.epoch, sealed.seq)}

    def statement(self, ack):
        """What the note says; raises when it was not signed by the daemon's key or says something else than the acknowledgement."""
        statement = ledger.read_ack_note(ack.note, self.world.origin, self.world.ack_public_key)
        assert (statement.source, statement.epoch, statement.seq) == (ack.source, ack.epoch, ack.seq)
        assert ack.source == self.name
        return statement
