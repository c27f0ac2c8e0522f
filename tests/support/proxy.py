"""A relay between the daemon and the broker that remembers when which bytes went which way."""

import contextlib
import dataclasses
import os
import socket
import threading
import time

from support.waiting import wait_for

TO_BROKER, TO_DAEMON = "to broker", "to daemon"
PUBACK, PUBLISH = 4, 3


@dataclasses.dataclass
class Piece:
    at: float
    direction: str
    data: bytes


def packet_types(data):
    """MQTT control packet types in a stream of whole packets."""
    types, at = [], 0
    while at < len(data):
        types.append(data[at] >> 4)
        length, shift, at = 0, 0, at + 1
        while True:
            length |= (data[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if not data[at - 1] & 0x80:
                break
        at += length
    assert at == len(data), "a packet is cut"
    return types


class Proxy:
    def __init__(self, path, broker_socket):
        self.path, self.broker_socket = str(path), str(broker_socket)
        self.pieces = []
        self.connections = []
        self.cut_at = None  # bytes to the daemon
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(self.path)
        self.listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            far.connect(self.broker_socket)
            self.connections += [near, far]
            for source, sink, direction in ((near, far, TO_BROKER), (far, near, TO_DAEMON)):
                threading.Thread(target=self._relay, args=(source, sink, direction), daemon=True).start()

    def _relay(self, source, sink, direction):
        try:
            while data := source.recv(65536):
                self.pieces.append(Piece(time.monotonic(), direction, data))
                sink.sendall(data)
                if self.cut_at is not None and len(self.bytes(TO_DAEMON)) >= self.cut_at:
                    self.cut_at = None
                    self.cut()
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def bytes(self, direction, since=0):
        return b"".join(piece.data for piece in self.pieces[since:] if piece.direction == direction)

    def mark(self):
        return len(self.pieces)

    def wait_delivered(self, payload, since):
        """Until these bytes went on to the daemon."""
        wait_for("the broker to deliver", lambda: payload in self.bytes(TO_DAEMON, since))

    def cut(self):
        """Every connection of now."""
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def cut_after(self, count):
        """Once, when so many bytes more went to the daemon."""
        self.cut_at = len(self.bytes(TO_DAEMON)) + count

    def close(self):
        self.listener.close()
        for connection in self.connections:
            connection.close()
        os.unlink(self.path)
