"""A stranger's verifier of evidence bundles, written from the specifications: RFC 9162, C2SP tlog-proof, tlog-checkpoint,
tlog-cosignature, signed-note, and the leaf of this log. It reads the directory by itself and knows protobuf's wire format."""

import base64
import hashlib
import json
import os
import re
import stat

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ENVELOPE, KEY_EVENT, ERASURE, EQUIVOCATION = 1, 4, 5, 6


class Bad(Exception):
    """What is wrong with a bundle."""


def need(condition, what):
    if not condition:
        raise Bad(what)


def sha256(data):
    return hashlib.sha256(data).digest()


def unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Bad(f"no base64: {text!r}") from None
    need(base64.b64encode(data) == (text.encode() if isinstance(text, str) else text), f"two spellings of one value: {text!r}")
    return data


def check_ed25519(public, signature, message, what):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise Bad(f"{what}: the signature does not verify") from None


class VerifierKey:
    def __init__(self, text):
        parts = text.split("+", 2)
        need(len(parts) == 3, f"no verifier key: {text!r}")
        self.name, material = parts[0], unbase64(parts[2])
        need(len(material) == 33, "a key of another length")
        self.algorithm, self.public = material[0], material[1:]
        self.id = sha256(self.name.encode() + b"\n" + material)[:4]
        need(self.id.hex() == parts[1], f"key id {parts[1]} is not that of the key")


class Trust:
    """Whom the verifier trusts: one log's key, witnesses, and how many of them must have signed."""

    def __init__(self, log, witnesses=(), needed=0):
        self.log, self.witnesses, self.needed = VerifierKey(log), [VerifierKey(key) for key in witnesses], needed


# ---- files


def read_files(directory):
    """Every file below the directory; nothing but plain files and folders may be there."""
    files = {}
    for folder, folders, names in os.walk(directory, followlinks=False):
        for name in folders + names:
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            need(stat.S_ISDIR(mode) or stat.S_ISREG(mode), f"{path}: a link or a special file")
            if stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    files[os.path.relpath(path, directory)] = file.read()
    return files


def check_manifest(files):
    manifest = files.pop("SHA256SUMS", b"")
    need(manifest.endswith(b"\n"), "no manifest")
    listed = {}
    for line in manifest[:-1].split(b"\n"):
        match = re.fullmatch(rb"([0-9a-f]{64})  ([A-Za-z0-9_./-]+)", line)
        need(match and b".." not in match[2], f"manifest line {line!r}")
        listed[match[2].decode()] = match[1].decode()
    need(sorted(listed) == sorted(files), f"manifest and files differ: {set(listed) ^ set(files)}")
    for path, digest in listed.items():
        need(hashlib.sha256(files[path]).hexdigest() == digest, f"{path}: differs from the manifest")


# ---- the checkpoint


def signatures_of(block):
    for line in block.split(b"\n")[:-1]:
        match = re.fullmatch("— ([^ +]+) ([^ ]+)".encode(), line)
        need(match, f"no signature line: {line!r}")
        blob = unbase64(match[2])
        need(len(blob) > 4, "a signature line without signature")
        yield match[1].decode(), blob[:4], blob[4:]


def check_checkpoint(note, trust):
    """(size, root) that the log signed and enough witnesses cosigned."""
    text, separator, block = note.rpartition(b"\n\n")
    need(separator and block.endswith(b"\n"), "no signed note")
    text += b"\n"
    lines = text.split(b"\n")
    need(len(lines) == 4 and lines[3] == b"" and re.fullmatch(rb"0|[1-9][0-9]*", lines[1]), "no checkpoint")
    need(lines[0].decode(errors="replace") == trust.log.name, "a checkpoint of another log")
    root = unbase64(lines[2])
    need(len(root) == 32, "a root of another length")
    by_log, cosigned = False, set()
    for name, key_id, signature in signatures_of(block):
        if (name, key_id) == (trust.log.name, trust.log.id):
            check_ed25519(trust.log.public, signature, text, "checkpoint")
            by_log = True
        for witness in trust.witnesses:
            if (name, key_id) == (witness.name, witness.id):
                need(len(signature) == 72, "a cosignature of another length")
                at_s = int.from_bytes(signature[:8], "big")
                check_ed25519(witness.public, signature[8:], b"cosignature/v1\ntime %d\n" % at_s + text, f"cosignature of {name}")
                cosigned.add(name)
    need(by_log, "the log did not sign the checkpoint")
    need(len(cosigned) >= trust.needed, f"{len(cosigned)} of {trust.needed} witnesses")
    return int(lines[1]), root


# ---- proofs


def root_from(index, size, leaf_hash, path):
    """RFC 9162 section 2.1.3.2."""
    need(index < size, "index beyond the tree")
    at, last, reached = index, size - 1, leaf_hash
    for hash_ in path:
        need(last != 0, "a proof that is too long")
        if at & 1 or at == last:
            reached = sha256(b"\x01" + hash_ + reached)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            reached = sha256(b"\x01" + reached + hash_)
        at, last = at >> 1, last >> 1
    need(last == 0, "a proof that is too short")
    return reached


class Proof:
    def __init__(self, data):
        head, separator, self.checkpoint = data.partition(b"\n\n")
        need(separator, "a proof without checkpoint")
        lines = head.split(b"\n")
        need(lines.pop(0) == b"c2sp.org/tlog-proof@v1", "no tlog-proof")
        self.extra = unbase64(lines.pop(0)[6:]) if lines and lines[0].startswith(b"extra ") else None
        match = re.fullmatch(rb"index (0|[1-9][0-9]*)", lines.pop(0) if lines else b"")
        need(match, "a proof without index")
        self.index = int(match[1])
        self.path = [unbase64(line) for line in lines]
        need(all(len(hash_) == 32 for hash_ in self.path), "a hash of another length")


def leaf_of(extra, record):
    need(extra is not None and len(extra) == 41, "extra of another length")
    commitment = sha256(b"custody-commit/v1\n" + extra[9:] + record)
    return b"custody-leaf/v1\n" + extra[:9] + commitment


# ---- devices


def fields_of(message):
    """Field number -> last value of a protobuf message, as the wire has it: bytes or int."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            need(at < len(message) and shift < 64, "no protobuf")
            value |= (message[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if message[at - 1] < 128:
                return value

    while at < len(message):
        tag = varint()
        if tag & 7 == 0:
            fields[tag >> 3] = varint()
            continue
        length = {1: 8, 5: 4}.get(tag & 7) or (varint() if tag & 7 == 2 else None)
        need(length is not None and at + length <= len(message), "no protobuf")
        fields[tag >> 3] = message[at:at + length]
        at += length
    return fields


def key_id_of(source, public):
    return sha256(b"custody-source/v1\n" + source + b"\n\x01" + public)[:4]


def registered_keys(records):
    """(source, key id) -> public key, as proven leaves say."""
    keys = {}
    for leaf_type, record in records.values():
        if leaf_type != KEY_EVENT:
            continue
        try:
            said = json.loads(record)
        except ValueError:
            continue
        if said.get("format") == "custody-operator/v1" and said.get("action") == "key registered":
            data = said["data"]
            source, public = data["source"].encode(), unbase64(data["public_key"])
            need(bytes.fromhex(data["key_id"]) == key_id_of(source, public), "a registration whose key id is not that of its key")
            keys[source, key_id_of(source, public)] = public
    return keys


def check_device(index, record, keys, used):
    envelope = fields_of(record)
    source = fields_of(envelope.get(1, b"")).get(1, b"")
    signature, key_id = envelope.get(2, b""), envelope.get(3, b"")
    if not signature:
        return "unsigned"
    need((source, key_id) in keys, f"record {index}: key {key_id.hex()} of {source} is not registered")
    used.add(f"keys/{source.decode()}.{key_id.hex()}.pem")
    check_ed25519(keys[source, key_id], signature, b"custody-envelope/v1\n" + source + b"\n" + envelope.get(1, b""), f"record {index}")
    return "signed"


def pem(public):
    der = bytes.fromhex("302a300506032b6570032100") + public
    return b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----\n"


# ---- all of it


def verify(directory, trust):
    """{log index: "signed" | "unsigned" | "in the log" | "erased"} of a good bundle; raises Bad with the first thing that is wrong."""
    files = read_files(directory)
    check_manifest(files)
    size, root = check_checkpoint(files.get("checkpoint", b""), trust)
    log_keys = [VerifierKey(line) for line in files.get("keys/log.vkeys", b"").decode(errors="replace").splitlines()]
    need(files["keys/log.vkeys"].endswith(b"\n") and any(key.public == trust.log.public for key in log_keys), "not this log's keys")
    need(all(key.name == trust.log.name for key in log_keys), "keys of another log")
    records, standing = {}, {}
    for path, data in files.items():
        match = re.fullmatch(r"records/(0|[1-9][0-9]*)\.(bin|leaf)", path)
        if not match:
            continue
        index = int(match[1])
        proof = Proof(files.get(f"proofs/{index}.tlog-proof", b""))
        need(proof.index == index and index not in records, f"record {index}: a proof of another")
        need(proof.checkpoint == files["checkpoint"], f"record {index}: another checkpoint")
        need(match[2] == "bin" or proof.extra is None and len(data) == 57, f"record {index}: no leaf")
        leaf = leaf_of(proof.extra, data) if match[2] == "bin" else data
        need(leaf.startswith(b"custody-leaf/v1\n"), f"record {index}: no leaf of this log")
        need(root_from(index, size, sha256(b"\x00" + leaf), proof.path) == root, f"record {index}: not in the tree")
        records[index] = leaf[16], data if match[2] == "bin" else None
    need(records, "no records")
    need(sum(path.startswith("proofs/") for path in files) == len(records), "a proof of nothing")
    keys, used = registered_keys(records), set()
    for index, (leaf_type, record) in records.items():
        if record is None:
            standing[index] = "erased"
            need(any(t == ERASURE and r is not None and json.loads(r)["data"].get("log_index") == index for t, r in records.values()),
                 f"record {index}: erased by nobody")
        elif leaf_type in (ENVELOPE, EQUIVOCATION):
            standing[index] = check_device(index, record, keys, used)
        else:
            standing[index] = "in the log"
    pems = {f"keys/{source.decode()}.{key_id.hex()}.pem": pem(public) for (source, key_id), public in keys.items()}
    for path in files:
        if path.endswith(".pem"):
            need(files[path] == pems.get(path), f"{path}: not the registered key")
    need(used <= set(files), "a device's key is missing")
    return standing
