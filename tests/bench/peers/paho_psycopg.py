#!/usr/bin/python3
"""A careful consumer in Python (paho, psycopg): batches, COPY, and PUBACK only after COMMIT.

paho_psycopg.py --broker SOCKET [--count N] [--seconds S]      --count 0: opens the persistent session and leaves.
Stores topic and payload as they are, decodes nothing. paho 1.6 has no manual acknowledgement, so its method that sends
a PUBACK is replaced by one that remembers it.
"""
import argparse
import select
import socket
import time

import paho.mqtt.client as mqtt
import psycopg
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

BATCH_MAX = 10000


class CarefulClient(mqtt.Client):
    """Speaks over a unix socket and holds every PUBACK until release()."""

    def __init__(self, path, **arguments):
        super().__init__(**arguments)
        self._path = path
        self.held = []

    def _create_socket_connection(self):
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(self._path)
        return connection

    def _send_puback(self, mid):
        self.held.append(mid)
        return mqtt.MQTT_ERR_SUCCESS

    def release(self):
        for mid in self.held:
            super()._send_puback(mid)
        self.held.clear()
        while self.want_write():
            self.loop_write()


class Consumer:
    def __init__(self, broker):
        self.rows = []
        self.total = self.first_batch = 0
        self.first_commit = self.last_commit = 0.0
        self.subscribed = False
        self.client = CarefulClient(broker, client_id="paho", protocol=mqtt.MQTTv5)
        self.client.username_pw_set("custodyd")
        self.client.on_message = self.on_message
        self.client.on_connect = lambda client, *_: client.subscribe("custody/v1/+/up/+", qos=1)
        self.client.on_subscribe = self.on_subscribe
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 86400
        properties.ReceiveMaximum = 65535
        self.client.connect("localhost", keepalive=600, clean_start=False, properties=properties)

    def on_message(self, _client, _userdata, message):
        self.rows.append(b"%s\t\\\\x%s\n" % (message._topic, message.payload.hex().encode()))

    def on_subscribe(self, *_):
        self.subscribed = True

    def read_batch(self, want):
        connection = self.client.socket()
        if not select.select([connection], [], [], 0.1)[0]:
            return
        while len(self.rows) < min(BATCH_MAX, want):
            before = len(self.rows)
            if self.client.loop_read() != mqtt.MQTT_ERR_SUCCESS:
                raise SystemExit("paho_psycopg: connection lost")
            if len(self.rows) == before and not select.select([connection], [], [], 0)[0]:
                return

    def store(self, database):
        with database.cursor() as cursor, cursor.copy("COPY peer (topic, payload) FROM STDIN") as copy:
            copy.write(b"".join(self.rows))
        database.commit()
        self.last_commit = time.monotonic()
        if not self.total:
            self.first_commit, self.first_batch = self.last_commit, len(self.rows)
        self.total += len(self.rows)
        self.rows.clear()
        self.client.release()

    def run(self, count, seconds):
        until = time.monotonic() + seconds
        with psycopg.connect() as database:
            while self.total < count and time.monotonic() < until:
                self.read_batch(count - self.total)
                if self.rows:
                    self.store(database)
                elif self.client.want_write():
                    self.client.loop_write()
                self.client.loop_misc()

    def print_results(self):
        elapsed = self.last_commit - self.first_commit
        print(f"messages {self.total}")
        print(f"messages_per_s {(self.total - self.first_batch) / elapsed if elapsed > 0 else 0:.0f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", required=True)
    parser.add_argument("--count", type=int, default=2**62)
    parser.add_argument("--seconds", type=float, default=600)
    arguments = parser.parse_args()
    consumer = Consumer(arguments.broker)
    if arguments.count == 0:
        while not consumer.subscribed:
            consumer.client.loop()
        return
    consumer.run(arguments.count, arguments.seconds)
    consumer.print_results()


main()
