"""The log's signer and its witnesses as the tests play them: keys, checkpoints of the head as it is, cosignatures, a trust policy."""

import base64
import struct
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from support import contract
from support.ledger import sha256

LOG, WITNESS = b"\x01", b"\x04"


class NoteKey:
    """A key of notes by C2SP signed-note; of a witness by C2SP tlog-cosignature."""

    def __init__(self, name, algorithm=LOG, seed=None):
        self.name, self.algorithm = name, algorithm
        self.secret = Ed25519PrivateKey.from_private_bytes(sha256((seed or f"note key {name}").encode()))
        self.public = contract.raw(self.secret.public_key())
        self.id = sha256(name.encode() + b"\n" + algorithm + self.public)[:4]

    @property
    def verifier(self):
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.algorithm + self.public).decode()}"

    def line(self, signature):
        return f"— {self.name} {base64.b64encode(self.id + signature).decode()}\n"

    def sign(self, text):
        return self.line(self.secret.sign(text.encode()))

    def cosign(self, text, at_s=None):
        at_s = at_s or int(time.time())
        return self.line(struct.pack(">Q", at_s) + self.secret.sign(f"cosignature/v1\ntime {at_s}\n{text}".encode()))


class Notary:
    """Signs the head of a database, as the daemon does, and has witnesses cosign it."""

    def __init__(self, database, origin, witnesses=("witness.one", "witness.two", "witness.three")):
        self.database, self.origin = database, origin
        self.key = NoteKey(origin)
        self.witnesses = [NoteKey(name, WITNESS) for name in witnesses]

    def announce(self, key=None, by=None):
        """The leaf of a key that signs checkpoints: a note, signed by the key that it replaces, the first one by itself."""
        key = key or self.key
        text = f"custody-key/v1\n{self.origin}\n{key.verifier}\n"
        index = self.database.value("SELECT ledger.append(4, convert_to(%s, 'UTF8'))", f"{text}\n{(by or key).sign(text)}")
        self.database.sql("INSERT INTO ledger.signing_key (verifier_key, log_index) VALUES (%s, %s)", key.verifier, index)
        return self

    def text(self, size, root):
        return f"{self.origin}\n{size}\n{base64.b64encode(root).decode()}\n"

    def checkpoint(self, cosigned_by=(), key=None):
        """Of the head as it is; its size."""
        ((size, root),) = self.database.sql("SELECT size, root FROM ledger.head")
        text = self.text(size, root)
        self.database.sql("INSERT INTO ledger.checkpoint (size, root, note) VALUES (%s, %s, %s)", size, root,
                          f"{text}\n{(key or self.key).sign(text)}")
        for witness in cosigned_by:
            self.database.sql("INSERT INTO ledger.cosignature (size, witness, key_hash, line) VALUES (%s, %s, %s, %s)", size,
                              witness.name, witness.id, witness.cosign(text).rstrip("\n"))
        return size

    def policy(self, quorum="none"):
        """A C2SP tlog-policy: quorum "none", or how many of the witnesses."""
        lines = [f"log {self.key.verifier}"]
        if quorum != "none":
            names = [f"w{n}" for n in range(len(self.witnesses))]
            lines += [f"witness {name} {witness.verifier}" for name, witness in zip(names, self.witnesses)]
            lines += [f"group all {quorum} {' '.join(names)}"]
            quorum = "all"
        return "\n".join([*lines, f"quorum {quorum}", ""])
