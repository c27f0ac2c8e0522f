"""Leaves, trees and notes computed from the published definitions: RFC 6962 section 2.1, C2SP signed-note, the leaf of this log."""

import base64
import dataclasses
import hashlib
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(leaf_type, received_us, salt, record):
    commitment = sha256(b"custody-commit/v1\n" + salt + record)
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


def open_note(note, name, public_key):
    """The signed text; raises when the signature of this name does not hold."""
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    lines = signatures.splitlines()
    assert signatures.endswith("\n") and len(lines) == 1, note
    dash, signer, blob = lines[0].split(" ")
    blob = base64.b64decode(blob, validate=True)
    assert (dash, signer) == ("\u2014", name)
    assert blob[:4] == sha256(name.encode() + b"\n\x01" + public_key)[:4]
    Ed25519PublicKey.from_public_bytes(public_key).verify(blob[4:], text.encode())
    return text


def read_ack_note(note, origin, public_key):
    lines = open_note(note, f"{origin}/ack", public_key).split("\n")
    assert lines[0] == "custody-ack/v1" and lines[1] == origin and lines[9:] == [""], lines
    words = [line.split(" ") for line in lines[2:9]]
    assert [word[0] for word in words] == ["source", "epoch", "seq", "chain", "index", "size", "root"]
    source, epoch, seq, chain, index, size, root = (word[1] for word in words)
    return AckStatement(origin, source, int(epoch), int(seq), base64.b64decode(chain, validate=True), int(index), int(size),
                        base64.b64decode(root, validate=True))
