"""A client of transparency logs and witnesses, written from the specifications alone: RFC 6962 and 9162, C2SP signed-note, tlog-checkpoint,
tlog-tiles, tlog-cosignature, tlog-witness. Shares no code with the daemon."""

import base64
import http.client
import re
import socket
import struct
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from support.ledger import root_of, sha256

LOG, WITNESS = 1, 4  # signature types of a log's note and of a cosignature


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


# ---- keys and notes

class Verifier:
    def __init__(self, vkey):
        self.name, key_id, key = vkey.split("+", 2)
        raw = unb64(key)
        self.type, self.public = raw[0], raw[1:]
        self.key_id = sha256(self.name.encode() + b"\n" + raw)[:4]
        assert self.key_id.hex() == key_id and len(self.public) == 32, vkey

    def holds(self, signature, message):
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
            return True
        except InvalidSignature:
            return False


class Key(Verifier):
    """A key pair out of a seed."""

    def __init__(self, name, kind, seed):
        self.seed = sha256(seed.encode())
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        public = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        raw = bytes([kind]) + public
        self.vkey = f"{name}+{sha256(name.encode() + bytes([10]) + raw)[:4].hex()}+{b64(raw)}"
        super().__init__(self.vkey)

    def line(self, blob):
        return f"\u2014 {self.name} {b64(self.key_id + blob)}\n"

    def sign(self, text):
        return self.line(self.private.sign(text.encode()))

    def cosign(self, text, at_s):
        return self.line(struct.pack(">Q", at_s) + self.private.sign(f"cosignature/v1\ntime {at_s}\n{text}".encode()))

    def write(self, path):
        path.touch(0o600)
        path.write_text(f"custody-secret-key/v1 {self.name} {b64(self.seed)}\n")
        return path


def split_note(note):
    text, lines = note.rsplit("\n\n", 1)
    assert lines.endswith("\n"), note
    signatures = []
    for line in lines.splitlines():
        dash, name, blob = line.split(" ")
        assert dash == "\u2014", line
        signatures.append((name, unb64(blob)))
    return text + "\n", signatures


class Checkpoint:
    def __init__(self, note):
        self.note = note
        self.text, self.signatures = split_note(note)
        self.origin, size, root, *extensions = self.text.splitlines()
        assert not extensions and re.fullmatch("0|[1-9][0-9]*", size), note
        self.size, self.root = int(size), unb64(root)

    def signed_by(self, verifier):
        """When: for a log True, for a witness the time of its cosignature, None: not at all."""
        for name, blob in self.signatures:
            if name == verifier.name and blob[:4] == verifier.key_id:
                if verifier.type == LOG:
                    return verifier.holds(blob[4:], self.text.encode())
                at_s = struct.unpack(">Q", blob[4:12])[0]
                assert verifier.holds(blob[12:], f"cosignature/v1\ntime {at_s}\n{self.text}".encode()), self.note
                assert abs(at_s - time.time()) < 120, at_s
                return at_s
        return None


# ---- trees of leaf hashes

def checkpoint_text(origin, leaves):
    return f"{origin}\n{len(leaves)}\n{b64(root_of(leaves))}\n"


def consistency_proof(old_size, leaves):
    """PROOF(m, D) of RFC 6962 section 2.1.2."""

    def subproof(m, d, whole):
        n = len(d)
        if m == n:
            return [] if whole else [root_of(d)]
        k = 1 << (n - 1).bit_length() - 1
        if m <= k:
            return subproof(m, d[:k], whole) + [root_of(d[k:])]
        return subproof(m - k, d[k:], False) + [root_of(d[:k])]

    return subproof(old_size, leaves, True) if old_size else []


def consistency_holds(old_size, size, old_root, root, proof):
    """RFC 9162 section 2.1.4.2."""
    if old_size == size:
        return not proof and old_root == root
    if not 0 < old_size < size or not proof:
        return False
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = sha256(b"\x01" + c + fr), sha256(b"\x01" + c + sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha256(b"\x01" + sr + c)
        fn, sn = fn >> 1, sn >> 1
    return fr == old_root and sr == root and sn == 0


# ---- HTTP

class Connection(http.client.HTTPConnection):
    """To "host:port" or "unix:/path"."""

    def __init__(self, address, timeout=20):
        super().__init__("localhost", timeout=timeout)
        self.address = address

    def connect(self):
        self.sock = open_socket(self.address, self.timeout)


def open_socket(address, timeout=20):
    if address.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        sock.connect(address[5:])
        return sock
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout)


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def text(self):
        return self.body.decode()


def ask(address, method, path, body=None, headers=None):
    connection = Connection(address)
    try:
        connection.request(method, path, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def exchange(address, data, timeout=20):
    """What comes back for these bytes until the peer closes or is silent for a moment."""
    with open_socket(address, timeout) as sock:
        sock.sendall(data)
        got = b""
        try:
            while True:
                piece = sock.recv(65536)
                if not piece:
                    return got
                got += piece
                sock.settimeout(0.5)
        except TimeoutError:
            return got


# ---- the log, read by tiles

def tile_path(level, index, width):
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return f"/tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < 256 else "")


class LogClient:
    def __init__(self, address, origin, vkey):
        self.address, self.origin, self.verifier = address, origin, Verifier(vkey)
        self.tiles = {}

    def checkpoint(self):
        answer = ask(self.address, "GET", "/checkpoint")
        assert answer.status == 200, answer.text
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8" and answer.headers["Cache-Control"] == "no-cache"
        checkpoint = Checkpoint(answer.text)
        assert checkpoint.origin == self.origin and checkpoint.signed_by(self.verifier)
        return checkpoint

    def fetch(self, path):
        answer = ask(self.address, "GET", path)
        assert answer.status == 200, (path, answer.status, answer.text)
        assert answer.headers["Content-Type"] == "application/octet-stream" and "immutable" in answer.headers["Cache-Control"]
        return answer.body

    def tile(self, level, index, size):
        """The hashes of a tile as wide as a tree of this size has it."""
        width = min(256, (size >> 8 * level) - 256 * index)
        key = level, index, width
        if key not in self.tiles:
            data = self.fetch(tile_path(*key))
            assert len(data) == 32 * width
            self.tiles[key] = [data[at:at + 32] for at in range(0, len(data), 32)]
        return self.tiles[key]

    def node(self, level, index, size):
        """Hash of the 2^level leaves from index * 2^level on."""
        inside = level % 8
        tile = self.tile(level // 8, index << inside >> 8, size)
        begin = (index << inside) % 256
        return root_of(tile[begin:begin + (1 << inside)])

    def range_hash(self, begin, end, size):
        """MTH of leaves [begin, end), a subtree of the tree of `size`."""
        n = end - begin
        if n & (n - 1) == 0:
            return self.node(n.bit_length() - 1, begin >> n.bit_length() - 1, size)
        k = 1 << (n - 1).bit_length() - 1
        return sha256(b"\x01" + self.range_hash(begin, begin + k, size) + self.range_hash(begin + k, end, size))

    def root(self, size):
        return self.range_hash(0, size, size) if size else sha256(b"")

    def consistency_proof(self, old_size, size):
        def subproof(m, begin, end, whole):
            if m == end - begin:
                return [] if whole else [self.range_hash(begin, end, size)]
            k = 1 << (end - begin - 1).bit_length() - 1
            if m <= k:
                return subproof(m, begin, begin + k, whole) + [self.range_hash(begin + k, end, size)]
            return subproof(m - k, begin + k, end, False) + [self.range_hash(begin, begin + k, size)]

        return subproof(old_size, 0, size, True) if old_size else []

    def entries(self, size):
        """All leaves, out of the bundles."""
        leaves = []
        for index in range((size + 255) // 256):
            width = min(256, size - 256 * index)
            data = self.fetch(tile_path("entries", index, width))
            at = 0
            for _ in range(width):
                (length,) = struct.unpack_from(">H", data, at)
                leaves.append(data[at + 2:at + 2 + length])
                at += 2 + length
            assert at == len(data)
        return leaves


# ---- asking a witness

def add_checkpoint_body(old_size, proof, note):
    return f"old {old_size}\n" + "".join(f"{b64(node)}\n" for node in proof) + "\n" + note


def add_checkpoint(address, old_size, proof, note):
    return ask(address, "POST", "/add-checkpoint", add_checkpoint_body(old_size, proof, note).encode())
