"""The wire contract as a stranger reads it: protoc's Python from proto/, and an envelope signed by cryptography's Ed25519."""

import dataclasses
import hashlib
import importlib
import subprocess
import sys
import tempfile
import time
import uuid

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from support.stack import ROOT

_generated = tempfile.TemporaryDirectory(prefix="custody-proto.")
subprocess.run(["protoc", f"--proto_path={ROOT / 'proto'}", f"--python_out={_generated.name}",
                *sorted(str(path) for path in (ROOT / "proto" / "custody" / "v1").glob("*.proto"))], check=True)
sys.path.insert(0, _generated.name)
ack_pb, envelope_pb, event_pb, item_pb, sighting_pb, telemetry_pb = (
    importlib.import_module(f"custody.v1.{name}_pb2") for name in ("ack", "envelope", "event", "item", "sighting", "telemetry"))

Refusal = ack_pb.RefusalReason
Warning = ack_pb.WarningCode
ZERO_HASH = bytes(32)
ENVELOPE_MAX_BYTES = 60 * 1024


def sha256(data):
    return hashlib.sha256(data).digest()


def now_us():
    return time.time_ns() // 1000


def new_id():
    return uuid.uuid4().bytes


def raw(public_key):
    return public_key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class SourceKey:
    def __init__(self, seed):
        self.secret = Ed25519PrivateKey.from_private_bytes(sha256(seed.encode()))
        self.public = raw(self.secret.public_key())

    def key_id(self, source):
        return sha256(b"custody-source/v1\n" + source.encode() + b"\n\x01" + self.public)[:4]

    def sign(self, source, body):
        return self.secret.sign(b"custody-envelope/v1\n" + source.encode() + b"\n" + body)


@dataclasses.dataclass
class Sealed:
    """One envelope as it goes out."""
    epoch: int
    seq: int
    bytes: bytes
    mark: int = 0  # acknowledgements its device had when it was sent

    @property
    def hash(self):
        return sha256(self.bytes)


def seal_body(body, source, key):
    """An envelope around any bytes; key None: unsigned."""
    envelope = envelope_pb.Envelope(body=body)
    if key:
        envelope.signature = key.sign(source, body)
        envelope.key_id = key.key_id(source)
    return envelope.SerializeToString()


def position(lon, lat, datum=telemetry_pb.DATUM_WGS84):
    return telemetry_pb.Position(lon_e7=round(lon * 1e7), lat_e7=round(lat * 1e7), datum=datum)


def fix(lon=118.66, lat=24.94, datum=telemetry_pb.DATUM_WGS84, at_us=None, **optional):
    return telemetry_pb.Fix(at_us=at_us or now_us(), lon_e7=round(lon * 1e7), lat_e7=round(lat * 1e7), datum=datum, **optional)
