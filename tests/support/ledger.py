"""Leaves, trees, tiles and notes computed from the published definitions: RFC 6962 section 2.1, C2SP tlog-tiles and signed-note, the leaf
of this log."""

import base64
import dataclasses
import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(data):
    return hashlib.sha256(data).digest()


def commitment(salt, record):
    return sha256(b"custody-commit/v1\n" + salt + record)


def leaf_hash(leaf_type, received_us, salt, record):
    return leaf_hash_of(leaf_type, received_us, commitment(salt, record))


def leaf_hash_of(leaf_type, received_us, commitment):
    leaf = b"custody-leaf/v1\n" + struct.pack(">BQ", leaf_type, received_us) + commitment
    assert len(leaf) == 57
    return sha256(b"\x00" + leaf)


def root_of(leaf_hashes):
    """MTH of RFC 6962, by its recursive definition."""
    n = len(leaf_hashes)
    if n == 0:
        return sha256(b"")
    if n == 1:
        return leaf_hashes[0]
    k = 1 << (n - 1).bit_length() - 1
    return sha256(b"\x01" + root_of(leaf_hashes[:k]) + root_of(leaf_hashes[k:]))


def split(n):
    """The largest power of two below n."""
    return 1 << (n - 1).bit_length() - 1


class Tree:
    """The same definition for many questions about one log: whole subtrees are hashed once."""

    TILE = 256

    def __init__(self, leaf_hashes):
        self.leaves = leaf_hashes
        self.known = {}

    @property
    def size(self):
        return len(self.leaves)

    def root(self, size=None):
        return self.hash(0, self.size if size is None else size)

    def hash(self, begin, end):
        """MTH(D[begin:end])"""
        n = end - begin
        if n == 0:
            return sha256(b"")
        if n == 1:
            return self.leaves[begin]
        if (begin, end) in self.known:
            return self.known[begin, end]
        k = begin + split(n)
        joined = sha256(b"\x01" + self.hash(begin, k) + self.hash(k, end))
        if n & (n - 1) == 0:
            self.known[begin, end] = joined
        return joined

    def frontier(self):
        """The perfect subtrees that the log is made of, largest first."""
        nodes, begin = [], 0
        for bit in reversed(range(self.size.bit_length())):
            if self.size >> bit & 1:
                nodes.append(self.hash(begin, begin + (1 << bit)))
                begin += 1 << bit
        return b"".join(nodes)

    def tile(self, level, index):
        """The hashes of a tile, as many as there are."""
        span = self.TILE ** level
        ends = range(index * self.TILE, min((index + 1) * self.TILE, self.size // span))
        return b"".join(self.hash(i * span, (i + 1) * span) for i in ends)

    def full_tiles(self):
        return {(level, index): self.tile(level, index) for level in range(8) for index in range(self.size // self.TILE ** (level + 1))}

    def edge(self, level):
        return self.tile(level, self.size // self.TILE ** (level + 1))


def inclusion_path(index, begin, end, node):
    """PATH(index, D[begin:end]) of RFC 6962 section 2.1.1; node(begin, end) gives the hash of a subtree."""
    if end - begin == 1:
        return []
    k = begin + split(end - begin)
    if index < k:
        return inclusion_path(index, begin, k, node) + [node(k, end)]
    return inclusion_path(index, k, end, node) + [node(begin, k)]


def root_of_path(index, size, leaf_hash, path):
    """RFC 9162 section 2.1.3.2; raises when the path has another length than the tree's."""
    fn, sn, r = index, size - 1, leaf_hash
    for p in path:
        assert sn != 0, "too many hashes"
        if fn & 1 or fn == sn:
            r = sha256(b"\x01" + p + r)
            while fn & 1 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\x01" + r + p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0, "too few hashes"
    return r


@dataclasses.dataclass
class AckStatement:
    origin: str
    source: str
    epoch: int
    seq: int
    chain: bytes
    index: int
    size: int
    root: bytes


ED25519, ACK_BATCH = b"\x01", b"\xffcustody-ack-batch/v1"


def split_note(note, name):
    """The text and the bytes of its one signature, by this name: (text, key id, signature)."""
    text, signatures = note.rsplit("\n\n", 1)
    lines = signatures.splitlines()
    assert signatures.endswith("\n") and len(lines) == 1, note
    dash, signer, blob = lines[0].split(" ")
    blob = base64.b64decode(blob, validate=True)
    assert (dash, signer) == ("\u2014", name)
    return text + "\n", blob[:4], blob[4:]


def key_id(name, algorithm, public_key):
    return sha256(name.encode() + b"\n" + algorithm + public_key)[:4]


def open_note(note, name, public_key):
    """The signed text; raises when the signature of this name does not hold."""
    text, by, signature = split_note(note, name)
    assert by == key_id(name, ED25519, public_key)
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text.encode())
    return text


def open_batch_note(note, name, public_key):
    """(text, notes in the batch) of a note that was signed together with others; raises when it was not."""
    text, by, blob = split_note(note, name)
    assert by == key_id(name, ACK_BATCH, public_key)
    size, index = struct.unpack(">HH", blob[:4])
    signature, path = blob[4:68], [blob[at:at + 32] for at in range(68, len(blob), 32)]
    root = root_of_path(index, size, sha256(b"\x00" + text.encode()), path)
    signed = f"custody-ack-batch/v1\n{name}\n{size}\n{base64.b64encode(root).decode()}\n"
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, signed.encode())
    return text, size


def open_ack_note(note, name, public_key):
    """The text of a note that was signed alone or with others."""
    if split_note(note, name)[1] == key_id(name, ED25519, public_key):
        return open_note(note, name, public_key)
    return open_batch_note(note, name, public_key)[0]


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes


def read_checkpoint(note, origin, public_key):
    """A C2SP tlog-checkpoint without extensions, signed by its log."""
    lines = open_note(note, origin, public_key).split("\n")
    assert lines[0] == origin and lines[3:] == [""], lines
    assert str(int(lines[1])) == lines[1]
    return Checkpoint(origin, int(lines[1]), base64.b64decode(lines[2], validate=True))


def verifier_key(name, public_key):
    """C2SP signed-note, verifier keys."""
    return f"{name}+{key_id(name, ED25519, public_key).hex()}+{base64.b64encode(ED25519 + public_key).decode()}"


def read_ack_note(note, origin, public_key):
    lines = open_ack_note(note, f"{origin}/ack", public_key).split("\n")
    assert lines[0] == "custody-ack/v1" and lines[1] == origin and lines[9:] == [""], lines
    words = [line.split(" ") for line in lines[2:9]]
    assert [word[0] for word in words] == ["source", "epoch", "seq", "chain", "index", "size", "root"]
    source, epoch, seq, chain, index, size, root = (word[1] for word in words)
    return AckStatement(origin, source, int(epoch), int(seq), base64.b64decode(chain, validate=True), int(index), int(size),
                        base64.b64decode(root, validate=True))
