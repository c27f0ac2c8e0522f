"""What the log, its notes and its records must be, written apart from the daemon: hashes, tree, tiles, notes, protobuf fields."""
import base64
import hashlib
import re
import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ENVELOPE, DEAD_LETTER, EQUIVOCATION = 1, 3, 6
OF_NO_SOURCE = (2, 4, 5, 7)  # operator action, key event, erasure, software or schema change
# Reasons that an honest envelope may hear: 1 malformed, of a broken copy in its name; 12 too far ahead, to be sent again.
NOT_ITS_FAULT = (1, 12)
# Fields of custody.v1.Report whose elements become rows of their own.
ELEMENTS = {10: "fix", 11: "reading", 12: "event", 13: "sighting"}


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(kind, received_us, salt, record):
    commitment = sha256(b"custody-commit/v1\n", salt, record)
    return sha256(b"\0custody-leaf/v1\n", struct.pack(">BQ", kind, received_us), commitment)


class Tree:
    """An RFC 9162 tree that keeps the roots of all its perfect subtrees, so that the root at any earlier size is at hand."""

    def __init__(self):
        self.levels = [[]]

    @property
    def size(self):
        return len(self.levels[0])

    def append(self, leaf):
        level, node = 0, leaf
        while True:
            self.levels[level].append(node)
            if len(self.levels[level]) % 2:
                return
            node = sha256(b"\1", *self.levels[level][-2:])
            level += 1
            if level == len(self.levels):
                self.levels.append([])

    def frontier(self, size):
        """Roots of the perfect subtrees that `size` splits into, largest first."""
        nodes, done = [], 0
        for level in range(size.bit_length() - 1, -1, -1):
            if size >> level & 1:
                nodes.append(self.levels[level][done >> level])
                done += 1 << level
        return nodes

    def root(self, size):
        nodes = self.frontier(size)
        if not nodes:
            return sha256()
        root = nodes.pop()
        while nodes:
            root = sha256(b"\1", nodes.pop(), root)
        return root

    # ---- tiles: 256 hashes each; their levels are every eighth of ours

    def _tile_level(self, level):
        return self.levels[8 * level] if 8 * level < len(self.levels) else []

    def tile(self, level, index):
        """The full tile, or None."""
        hashes = self._tile_level(level)[256 * index:256 * (index + 1)]
        return b"".join(hashes) if len(hashes) == 256 else None

    def full_tiles(self, level):
        return len(self._tile_level(level)) // 256

    def edge(self, level):
        hashes = self._tile_level(level)
        return b"".join(hashes[len(hashes) // 256 * 256:])


# ---- protobuf, as far as it is needed

def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def fields(data):
    """(number, value) of every field; bytes for what has a length, an integer for the rest."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = read_varint(data, at)
        elif kind == 2:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
        else:
            length = {1: 8, 5: 4}[kind]
            value, at = int.from_bytes(data[at:at + length], "little"), at + length
        yield tag >> 3, value


@dataclass
class Report:
    source: str
    epoch: int
    seq: int
    counts: dict  # word of ELEMENTS -> how many

    @property
    def key(self):
        return self.source, self.epoch, self.seq


def read_report(record):
    """The report in an envelope's bytes."""
    source, epoch, seq = "", 0, 0
    counts = dict.fromkeys(ELEMENTS, 0)
    body = next(value for number, value in fields(record) if number == 1)
    for number, value in fields(body):
        if number == 1:
            source = value.decode()
        elif number == 2:
            epoch = value
        elif number == 3:
            seq = value
        elif number in counts:
            counts[number] += 1
    return Report(source, epoch, seq, {ELEMENTS[number]: count for number, count in counts.items()})


def read_ack(payload):
    """The note in an acknowledgement (empty while seq 0 is missing), and {(source, epoch, seq): reason} of what it refuses."""
    note, source, refusals = "", "", {}
    for number, value in fields(payload):
        if number == 1:
            source = value.decode()
        elif number == 4:
            refusal = dict(fields(value))
            refusals[source, refusal.get(1, 0), refusal.get(2, 0)] = refusal.get(3, 0)
        elif number == 6:
            note = value.decode()
    return note, refusals


# ---- notes

NOTE = re.compile(
    r"custody-ack/v1\n(?P<origin>[^\n]+)\nsource (?P<source>[a-z0-9-]{1,64})\nepoch (?P<epoch>\d+)\nseq (?P<seq>\d+)\n"
    r"chain (?P<chain>[A-Za-z0-9+/=]+)\nindex (?P<index>\d+)\nsize (?P<size>\d+)\nroot (?P<root>[A-Za-z0-9+/=]+)\n")


CHECKPOINT = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9]\d*)\n(?P<root>[A-Za-z0-9+/]{43}=)\n")


@dataclass
class Note:
    source: str
    epoch: int
    seq: int
    chain: bytes
    index: int
    size: int
    root: bytes


class Verifier:
    """C2SP signed-note with one Ed25519 key: <name>+<key id>+<base64 of 01 and the key>."""

    def __init__(self, words):
        self.name, key_id, key = words.split("+", 2)
        typed = base64.b64decode(key)
        self.key_id = sha256(self.name.encode(), b"\n", typed)[:4]
        if typed[0] != 1 or self.key_id.hex() != key_id:
            raise ValueError(f"not a verifier key: {words}")
        self.batch_id = sha256(self.name.encode(), b"\n\xffcustody-ack-batch/v1", typed[1:])[:4]
        self.key = Ed25519PublicKey.from_public_bytes(typed[1:])

    def open(self, note):
        """The text that was signed; ValueError says what does not hold."""
        text, _, signatures = note.partition("\n\n")
        text += "\n"
        name, _, signature = signatures.removeprefix("\N{EM DASH} ").rstrip("\n").partition(" ")
        signed = base64.b64decode(signature, validate=True)
        if name != self.name or signed[:4] not in (self.key_id, self.batch_id):
            raise ValueError(f"signed by {name!r}, not {self.name!r}")
        signature, message = signed[4:], text
        if signed[:4] == self.batch_id:
            signature, message = self.open_batch(signed[4:], text)
        try:
            self.key.verify(signature, message.encode())
        except InvalidSignature:
            raise ValueError("the signature does not verify") from None
        return text

    def open_batch(self, place, text):
        """(signature, what it is over) of a note that was signed together with others: their tree's root by this note's path."""
        size, index = struct.unpack(">HH", place[:4])
        if not index < size:
            raise ValueError(f"note {index} of {size}")
        node, first, last = sha256(b"\0", text.encode()), index, size - 1
        for at in range(68, len(place), 32):
            if first % 2 or first == last:
                node = sha256(b"\1", place[at:at + 32], node)
                while first % 2 == 0 and first:
                    first, last = first // 2, last // 2
            else:
                node = sha256(b"\1", node, place[at:at + 32])
            first, last = first // 2, last // 2
        if last != 0:
            raise ValueError("its path ends below the root")
        return place[4:68], f"custody-ack-batch/v1\n{self.name}\n{size}\n{base64.b64encode(node).decode()}\n"

    def read(self, note):
        """What an acknowledgement's note states."""
        text = self.open(note)
        match = NOTE.fullmatch(text)
        if not match or match["origin"] + "/ack" != self.name:
            raise ValueError(f"not an acknowledgement: {text!r}")
        return Note(match["source"], int(match["epoch"]), int(match["seq"]), base64.b64decode(match["chain"]),
                    int(match["index"]), int(match["size"]), base64.b64decode(match["root"]))

    def read_checkpoint(self, note):
        """(size, root) of a C2SP tlog-checkpoint without extensions."""
        text = self.open(note)
        match = CHECKPOINT.fullmatch(text)
        if not match or match["origin"] != self.name:
            raise ValueError(f"not a checkpoint: {text!r}")
        return int(match["size"]), base64.b64decode(match["root"])
