"""The witness role alone, as a log meets it: every answer of C2SP tlog-witness, forks, races, crashes and damaged memory."""

import concurrent.futures
import hashlib
import http.client
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import pytest

from support import tlog
from support.daemon import Daemon
from support.ledger import sha256
from support.stack import CUSTODYD
from support.waiting import wait_for

ORIGIN = "log.example/one"
OTHER = "log.example/two"
CONFIGURATION = 78
log_key = tlog.Key(ORIGIN, tlog.LOG, "log")
next_log_key = tlog.Key(ORIGIN, tlog.LOG, "the log's next key")
other_key = tlog.Key(OTHER, tlog.LOG, "other log")
stranger = tlog.Key("stranger.example", tlog.LOG, "stranger")
witness_key = tlog.Key("witness.example/w1", tlog.WITNESS, "witness")


def leaves(count, salt=""):
    return [sha256(b"\x00" + f"{salt}{n}".encode()) for n in range(count)]


def signed(tree, key=log_key, origin=ORIGIN):
    text = tlog.checkpoint_text(origin, tree)
    return text + "\n" + key.sign(text)


class Witness:
    def __init__(self, key=witness_key, logs=(log_key, next_log_key, other_key), **settings):
        self.key = key
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="custody-witness."))
        self.state = self.directory / "state"
        self.state.mkdir()
        policy = self.directory / "policy"
        policy.write_text("".join(f"log {log.vkey}\n" for log in logs) + "quorum none\n")
        self.address = f"unix:{self.directory}/http.sock"
        # Neither a database nor a broker is to be had with these.
        self.daemon = Daemon(self.directory, "witness", {"PATH": os.environ["PATH"], "PGHOST": "/nonexistent", **sanitizer_options()}, {
            "http_listen": self.address, "database": "host=/nonexistent", "broker": "unix:/nonexistent",
            "witness_key_file": str(key.write(self.directory / "witness.key")), "witness_state_dir": str(self.state),
            "witness_policy_file": str(policy), **settings}, roles="witness")

    def state_file(self, origin=ORIGIN):
        return self.state / (hashlib.sha256(origin.encode()).hexdigest() + ".checkpoint")

    def size(self, origin=ORIGIN):
        """What is on disk."""
        return tlog.Checkpoint(self.state_file(origin).read_text()).size if self.state_file(origin).exists() else 0

    def submit(self, old_size, tree, **options):
        return tlog.add_checkpoint(self.address, old_size, tlog.consistency_proof(old_size, tree), signed(tree, **options))

    def close(self):
        self.daemon.kill()
        assert not [line.text for line in self.daemon.lines if "Sanitizer" in line.text or "runtime error" in line.text], \
            self.daemon.tail(80)
        shutil.rmtree(self.directory)


def sanitizer_options():
    return {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}


@pytest.fixture
def make_witness():
    made = []

    def make(**settings):
        made.append(Witness(**settings))
        return made[-1]

    yield make
    for witness in made:
        witness.close()


@pytest.fixture
def witness(make_witness):
    witness = make_witness()
    witness.daemon.start()
    return witness


def expect_cosigned(answer, tree, origin=ORIGIN):
    assert answer.status == 200, answer.text
    checkpoint = tlog.Checkpoint(tlog.checkpoint_text(origin, tree) + "\n" + answer.text)
    assert len(checkpoint.signatures) == 1 and checkpoint.signed_by(witness_key)


def expect_conflict(answer, size):
    assert (answer.status, answer.headers["Content-Type"], answer.text) == (409, "text/x.tlog.size", f"{size}\n")


# ---- the order of a log's life

def test_a_log_that_grows_is_cosigned_from_its_first_checkpoint_on(witness):
    sizes = [1, 2, 3, 7, 8, 200, 256, 257, 300]
    for old_size, size in zip([0] + sizes, sizes):
        expect_cosigned(witness.submit(old_size, leaves(size)), leaves(size))
        assert witness.size() == size
    expect_cosigned(witness.submit(300, leaves(300)), leaves(300))  # the same again
    witness.daemon.stop()


def test_the_empty_tree_is_a_beginning_too(witness):
    expect_cosigned(witness.submit(0, []), [])
    expect_cosigned(witness.submit(0, leaves(5)), leaves(5))


def test_what_was_cosigned_last_is_there_for_monitors(witness):
    path = "/" + hashlib.sha256(ORIGIN.encode()).hexdigest() + "/checkpoint"
    assert tlog.ask(witness.address, "GET", path).status == 404
    note = signed(leaves(4)) + stranger.sign("anything")
    assert tlog.add_checkpoint(witness.address, 0, [], note).status == 200
    answer = tlog.ask(witness.address, "GET", path)
    checkpoint = tlog.Checkpoint(answer.text)
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8" and answer.headers["Cache-Control"] == "no-cache"
    assert checkpoint.size == 4 and checkpoint.signed_by(log_key) and checkpoint.signed_by(witness_key)
    assert [name for name, _ in checkpoint.signatures] == [ORIGIN, witness_key.name], "a stranger's signature was handed on"


def test_each_log_has_its_own_state_and_all_keys_of_an_origin_share_one(witness):
    expect_cosigned(witness.submit(0, leaves(3)), leaves(3))
    expect_cosigned(witness.submit(0, leaves(9), key=other_key, origin=OTHER), leaves(9), OTHER)
    expect_conflict(witness.submit(0, leaves(4), key=next_log_key), 3)
    expect_cosigned(witness.submit(3, leaves(4), key=next_log_key), leaves(4))
    assert (witness.size(), witness.size(OTHER)) == (4, 9)


def test_extension_lines_are_part_of_what_is_cosigned(witness):
    text = tlog.checkpoint_text(ORIGIN, leaves(2)) + "extension\n"
    answer = tlog.add_checkpoint(witness.address, 0, [], text + "\n" + log_key.sign(text))
    assert answer.status == 200
    _, signatures = tlog.split_note(text + "\n" + answer.text)
    at_s = int.from_bytes(signatures[0][1][4:12], "big")
    assert witness_key.holds(signatures[0][1][12:], f"cosignature/v1\ntime {at_s}\n{text}".encode())


# ---- refusals; none changes anything

def altered(line):
    """A signature line with one bit of the signature changed."""
    dash, name, blob = line.rstrip("\n").split(" ")
    blob = bytearray(tlog.unb64(blob))
    blob[-1] ^= 1
    return f"{dash} {name} {tlog.b64(bytes(blob))}\n"


def text_of(tree, origin=ORIGIN):
    return tlog.checkpoint_text(origin, tree)


def empty_with_wrong_root():
    text = f"{ORIGIN}\n0\n{tlog.b64(bytes(32))}\n"
    return text + "\n" + log_key.sign(text)


GOOD = tlog.consistency_proof(5, leaves(8))
REFUSALS = {
    "unknown log": (404, "old 0\n\n" + signed(leaves(6), stranger, "stranger.example")),
    "unknown log, signed by a known one": (404, "old 5\n\n" + text_of(leaves(8), "no.example") + "\n" + log_key.sign(text_of(leaves(8), "no.example"))),
    "unsigned by the log": (403, tlog.add_checkpoint_body(5, GOOD, text_of(leaves(8)) + "\n" + stranger.sign(text_of(leaves(8))))),
    "signed by another known log": (403, tlog.add_checkpoint_body(5, GOOD, text_of(leaves(8)) + "\n" + other_key.sign(text_of(leaves(8))))),
    "bad signature": (403, tlog.add_checkpoint_body(5, GOOD, text_of(leaves(8)) + "\n" + altered(log_key.sign(text_of(leaves(8)))))),
    "a good and a bad signature": (403, tlog.add_checkpoint_body(5, GOOD, signed(leaves(8)) + altered(next_log_key.sign(text_of(leaves(8)))))),
    "old size beyond the checkpoint": (400, "old 9\n\n" + signed(leaves(8))),
    "old size that is not the latest": (409, tlog.add_checkpoint_body(4, tlog.consistency_proof(4, leaves(8)), signed(leaves(8)))),
    "old size 0 again": (409, "old 0\n\n" + signed(leaves(8))),
    "older checkpoint": (409, tlog.add_checkpoint_body(2, tlog.consistency_proof(2, leaves(3)), signed(leaves(3)))),
    "same size, another root": (422, "old 5\n\n" + signed(leaves(5, "fork"))),
    "same size with a proof": (422, tlog.add_checkpoint_body(5, [bytes(32)], signed(leaves(5)))),
    "a fork": (422, tlog.add_checkpoint_body(5, tlog.consistency_proof(5, leaves(8, "fork")), signed(leaves(8, "fork")))),
    "no proof": (422, "old 5\n\n" + signed(leaves(8))),
    "a proof too short": (422, tlog.add_checkpoint_body(5, GOOD[:-1], signed(leaves(8)))),
    "a proof too long": (422, tlog.add_checkpoint_body(5, GOOD + [bytes(32)], signed(leaves(8)))),
    "a proof in another order": (422, tlog.add_checkpoint_body(5, GOOD[::-1], signed(leaves(8)))),
    "nothing": (400, ""),
    "no old size": (400, "\n" + signed(leaves(8))),
    "old size with a zero": (400, "old 05\n\n" + signed(leaves(8))),
    "old size with a sign": (400, "old +5\n\n" + signed(leaves(8))),
    "old size of two blanks": (400, "old  5\n\n" + signed(leaves(8))),
    "old size of more than 64 bits": (400, "old 18446744073709551616\n\n" + signed(leaves(8))),
    "no empty line": (400, "old 5\n" + signed(leaves(8))),
    "a proof line that is no hash": (400, "old 5\nAAAA\n\n" + signed(leaves(8))),
    "64 proof lines": (400, tlog.add_checkpoint_body(5, [bytes(32)] * 64, signed(leaves(8)))),
    "no checkpoint": (400, "old 5\n\n"),
    "no signature": (400, "old 5\n\n" + text_of(leaves(8))),
    "a checkpoint without root": (400, "old 5\n\n" + f"{ORIGIN}\n8\n\n" + log_key.sign(f"{ORIGIN}\n8\n")),
    "lines that end in CR LF": (400, tlog.add_checkpoint_body(5, GOOD, signed(leaves(8))).replace("\n", "\r\n")),
}


@pytest.fixture(scope="module")
def settled():
    """A witness that has cosigned five leaves."""
    witness = Witness()
    witness.daemon.start()
    expect_cosigned(witness.submit(0, leaves(5)), leaves(5))
    yield witness
    witness.close()


@pytest.mark.parametrize("name", REFUSALS)
def test_what_is_refused_is_answered_as_specified_and_changes_nothing(settled, name):
    status, body = REFUSALS[name]
    before = settled.state_file().read_text()
    answer = tlog.ask(settled.address, "POST", "/add-checkpoint", body.encode())
    assert answer.status == status, answer.text
    if status == 409:
        expect_conflict(answer, 5)
    assert settled.state_file().read_text() == before
    assert "\u2014" not in answer.text


def test_a_proof_for_the_empty_tree_is_refused_and_so_is_its_other_root(witness):
    assert tlog.add_checkpoint(witness.address, 0, [bytes(32)], signed(leaves(2))).status == 422
    assert tlog.add_checkpoint(witness.address, 0, [], empty_with_wrong_root()).status == 422
    assert witness.size() == 0 and not witness.state_file().exists()


# ---- races and crashes

def test_of_checkpoints_that_continue_the_same_one_at_the_same_moment_exactly_one_wins(witness):
    old = 0
    for round_ in range(10):
        trees = [leaves(old + 1 + n) for n in range(6)]
        ready = threading.Barrier(len(trees))

        def submit(tree):
            ready.wait()
            return witness.submit(old, tree)

        with concurrent.futures.ThreadPoolExecutor(len(trees)) as pool:
            answers = list(pool.map(submit, trees))
        won = [tree for tree, answer in zip(trees, answers) if answer.status == 200]
        assert len(won) == 1 and witness.size() == len(won[0]), [answer.status for answer in answers]
        for answer in answers:
            if answer.status != 200:
                expect_conflict(answer, len(won[0]))
        old = len(won[0])


def test_a_witness_that_is_killed_before_it_answers_remembers_what_it_stored(witness):
    """The state is watched, and the process killed as soon as it has changed: mostly the log never gets the answer."""
    lost, old = 0, 0
    for _ in range(30):
        tree = leaves(old + 3)
        connection = tlog.Connection(witness.address)
        body = tlog.add_checkpoint_body(old, tlog.consistency_proof(old, tree), signed(tree))
        connection.request("POST", "/add-checkpoint", body.encode())
        wait_for("the state to change", lambda: witness.size() == len(tree), pause_s=0)
        witness.daemon.kill()
        try:
            expect_cosigned(tlog.Answer(connection.getresponse()), tree)
        except (ConnectionError, http.client.HTTPException):
            lost += 1
        connection.close()
        witness.daemon.start()
        expect_conflict(witness.submit(old, leaves(old + 4)), len(tree))
        expect_cosigned(witness.submit(len(tree), tree), tree)
        old = len(tree)
        if lost >= 3:
            break
    assert lost, "every answer was faster than the kill"


def test_what_cannot_be_stored_is_not_cosigned_and_the_next_one_is(witness):
    expect_cosigned(witness.submit(0, leaves(2)), leaves(2))
    obstacle = pathlib.Path(str(witness.state_file()) + ".new")
    obstacle.mkdir()
    answer = witness.submit(2, leaves(3))
    assert answer.status == 500 and "\u2014" not in answer.text and witness.size() == 2
    assert witness.daemon.wait_log("witness_not_stored")["origin"] == ORIGIN
    obstacle.rmdir()
    expect_cosigned(witness.submit(2, leaves(3)), leaves(3))


def test_a_restarted_witness_goes_on_where_it_was(witness):
    expect_cosigned(witness.submit(0, leaves(6)), leaves(6))
    witness.daemon.stop()
    witness.daemon.start()
    expect_conflict(witness.submit(0, leaves(7)), 6)
    assert witness.submit(6, leaves(9, "fork")).status == 422
    expect_cosigned(witness.submit(6, leaves(7)), leaves(7))


def expect_refused(witness, words):
    witness.daemon.start(ready=False)
    assert witness.daemon.wait() == CONFIGURATION
    (refused,) = witness.daemon.events("start_refused")
    assert words in refused["error"], refused.text


@pytest.mark.parametrize("damage, words", [
    (lambda note: note.replace("\n6\n", "\n5\n"), "does not verify"),
    (lambda note: "", "not a signed note"),
    (lambda note: note[:-20], "not a signed note"),
    (lambda note: note.replace(ORIGIN + "\n", OTHER + "\n", 1), "of another log"),
    (lambda note: note * 500, "more than"),
])
def test_a_damaged_memory_is_refused_and_kept(make_witness, damage, words):
    witness = make_witness()
    witness.daemon.start()
    expect_cosigned(witness.submit(0, leaves(6)), leaves(6))
    witness.daemon.stop()
    damaged = damage(witness.state_file().read_text())
    witness.state_file().write_text(damaged)
    expect_refused(witness, words)
    assert witness.state_file().read_text() == damaged


def test_a_memory_of_another_witness_key_is_refused(make_witness):
    witness = make_witness()
    text = text_of(leaves(6))
    witness.state_file().write_text(text + "\n" + log_key.sign(text) + tlog.Key(witness_key.name, tlog.WITNESS, "other").cosign(text, 1))
    expect_refused(witness, "does not verify")


def test_two_witnesses_do_not_share_a_memory(make_witness):
    first = make_witness()
    first.daemon.start()
    second = make_witness(witness_state_dir=str(first.state))
    expect_refused(second, "another process uses it")


@pytest.mark.parametrize("setting, value, words", [
    ("http_listen", "", "http_listen: empty"), ("witness_key_file", "", "witness_key_file"), ("witness_state_dir", "", "witness_state_dir"),
    ("witness_state_dir", "/nonexistent", "witness_state_dir"), ("witness_policy_file", "", "witness_policy_file"),
    ("http_listen", "nonsense", "http_listen"), ("http_listen", "unix:relative", "http_listen"),
])
def test_a_witness_without_its_settings_is_refused_at_start(make_witness, setting, value, words):
    expect_refused(make_witness(**{setting: value}), words)


def test_a_policy_without_a_log_is_refused(make_witness):
    witness = make_witness()
    (witness.directory / "policy").write_text("quorum none\n")
    expect_refused(witness, "names no log")


def test_an_unknown_role_is_wrong_use():
    for role in ("", "witness,", "observer", "witness,,serve"):
        done = subprocess.run([CUSTODYD, "--role", role], capture_output=True, text=True, timeout=20)
        assert done.returncode == 2 and "usage:" in done.stderr
