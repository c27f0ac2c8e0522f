"""Evidence bundles: made by custodyctl, checked by custodyctl, by a stranger's Python and by the shell recipe that each bundle carries."""

import json
import os
import random
import re
import shutil
import subprocess

import pytest

from support import chain, evidence
from support.contract import fix, now_us
from support.notary import NoteKey, Notary
from support.stack import CUSTODYCTL
from support.waiting import WAIT_S

OK, NEGATIVE, USAGE, TEMPORARY, CONFIG = 0, 1, 2, 75, 78
# CUSTODY_SLOW=1: the shell recipe, a process for every hash, sees a thousand of each as well.
BUNDLES, FLIPS, SHELL_SAMPLE = (1100, 2600, 1000) if os.environ.get("CUSTODY_SLOW") else (1000, 1000, 30)
HOUR_US = 3600 * 1_000_000


def offline():
    """No database, no broker, no network that it would need."""
    return {"PATH": os.environ["PATH"], "PGHOST": "/nonexistent", "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")}


class Evidence:
    """A log with 1,500 records and more, twelve scrapped cars among them, and its notary."""

    def __init__(self, world, directory):
        self.world, self.directory = world, directory
        self.notary = Notary(world.database, world.origin).announce()
        people = chain.Chain(world)
        self.vins = [chain.new_vin() for _ in range(12)]
        sources = [world.device() for _ in range(7)] + [world.device("gateway")]
        for n, vin in enumerate(self.vins):
            for who, event in chain.scrapping(vin, now_us() - (20 + n) * HOUR_US).values():
                people.people[who].say(events=[event])
        people.people["market"].say(sightings=[chain.sighting(text=f"出售 {self.vins[0]}")])
        sent = [source.say(fixes=[fix()]) for _ in range(175) for source in sources]
        for source in sources:
            source.deliver([sealed for sealed in sent[sources.index(source)::len(sources)]])
        for device in people.people.values():
            if device.next_seq:
                device.await_ack(device.say())
        self.unsigned = sources[-1]
        self.notary.checkpoint(self.notary.witnesses[:2])
        self.policy = directory / "policy"
        self.policy.write_text(self.notary.policy(2))
        self.trust = evidence.Trust(self.notary.key.verifier, [w.verifier for w in self.notary.witnesses], 2)

    def prove(self, *targets, out, **environment):
        return subprocess.run([CUSTODYCTL, "prove", *map(str, targets), "--out", out, "--json"], capture_output=True, text=True,
                              env={**self.world.database.environment, **environment}, timeout=4 * WAIT_S)

    def verify(self, *bundles, policy=None):
        """The answers of custodyctl verify, one for each bundle."""
        done = subprocess.run([CUSTODYCTL, "verify", "--json", "--policy", policy or self.policy, *bundles], capture_output=True, text=True,
                              env=offline(), timeout=8 * WAIT_S)
        assert done.returncode in (OK, NEGATIVE) and done.stdout, done.stderr
        answers = json.loads(done.stdout)
        answers = answers if isinstance(answers, list) else [answers]
        assert (done.returncode == OK) == all(answer["good"] for answer in answers)
        return answers

    def difference(self, bundle, policy=None):
        (answer,) = self.verify(bundle, policy=policy)
        return None if answer["good"] else answer["difference"]


@pytest.fixture(scope="module")
def proven(world, tmp_path_factory):
    return Evidence(world, tmp_path_factory.mktemp("evidence"))


@pytest.fixture(scope="module")
def seed():
    seed = int(os.environ.get("SEED") or random.randrange(1 << 32))
    print(f"SEED={seed}")
    return seed


@pytest.fixture(scope="module")
def bundles(proven, seed):
    """A thousand: nearly all of one random record, some of all that is known of a car."""
    size = proven.world.value("SELECT max(size) FROM ledger.checkpoint")
    chosen = [str(index) for index in random.Random(seed).sample(range(size), BUNDLES - len(proven.vins))] + proven.vins
    out = proven.directory / "bundles"
    done = proven.prove(*chosen, "--each", out=out)
    assert done.returncode == OK, done.stderr
    assert len(json.loads(done.stdout)) == BUNDLES
    return [out / name for name in chosen]


@pytest.fixture
def bundle(proven, tmp_path):
    """Of a car: a copy to spoil."""
    done = proven.prove(proven.vins[0], out=tmp_path / "bundle")
    assert done.returncode == OK, done.stderr
    return tmp_path / "bundle"


def write_manifest(bundle):
    """As whoever forges a bundle does."""
    files = sorted(str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    (bundle / "SHA256SUMS").unlink()
    (bundle / "SHA256SUMS").write_text("".join(f"{evidence.sha256((bundle / name).read_bytes()).hex()}  {name}\n" for name in files))


def recipe(readme):
    """The script in the bundle's README."""
    return re.search(r"^```sh\n(.*?)^```$", readme.read_text(), re.DOTALL | re.MULTILINE)[1]


def run_recipe(bundle, index, log_key):
    return subprocess.run(["sh", "-c", recipe(bundle / "README.md"), "sh", str(index), log_key], cwd=bundle, capture_output=True, text=True,
                          timeout=WAIT_S)


# ---- what is in a bundle


def test_a_bundle_of_a_car_holds_its_records_keys_account_and_contract(proven, bundle):
    indexes = {index for (index,) in proven.world.sql("SELECT log_index FROM custody.event JOIN custody.identifier USING (item_id)"
                                                      " WHERE value = %s", proven.vins[0])}
    found = {int(path.stem) for path in bundle.glob("records/*.bin")}
    assert indexes < found
    assert {int(path.name.split(".")[0]) for path in bundle.glob("proofs/*.tlog-proof")} == found
    sources = {path.name.rsplit(".", 2)[0] for path in bundle.glob("keys/*.pem")}
    assert sources == {proven.world.devices[n].name for n in (0, 2, 4)}  # truck, platform, vehicle office
    assert (bundle / "keys/log.vkeys").read_text() == proven.notary.key.verifier + "\n"
    assert f"\nlog {proven.notary.key.verifier}\n" in (bundle / "policy").read_text()
    assert "message Envelope" in (bundle / "proto/custody/v1/envelope.proto").read_text()
    subprocess.run(["sha256sum", "--strict", "--quiet", "-c", "SHA256SUMS"], cwd=bundle, check=True)


def test_the_account_says_what_became_of_it_in_both_languages(proven, bundle):
    zh, en = ((bundle / f"account.{language}.md").read_text() for language in ("zh", "en"))
    for text in (zh, en):
        assert proven.vins[0] in text and "yard-1" in text and "1234.5 kg" in text
    assert "破碎销毁" in zh and "永久禁售" in zh and "网上出售" in zh
    assert "| destroyed |" in en and "banned_for_good" in en and "| listing |" in en
    assert en.count("\n| ") == zh.count("\n| ")


def test_the_account_of_an_unsigned_record_says_that_it_is_weaker(proven, tmp_path):
    (index,) = proven.world.sql("SELECT max(log_index) FROM ledger.record WHERE source_id = %s", proven.world.source_id(proven.unsigned.name))[0]
    assert proven.prove(index, out=tmp_path / "b").returncode == OK
    assert f"- {index}: from an unsigned source (weaker evidence)" in (tmp_path / "b/account.en.md").read_text()
    (answer,) = proven.verify(tmp_path / "b")
    (record,) = [record for record in answer["records"] if record["log_index"] == index]
    assert answer["good"] and answer["weaker"] == 1 and record["evidence"] == "unsigned" and record["weaker"]


def test_all_proofs_are_against_the_checkpoint_that_most_witnesses_cosigned(proven, bundle):
    note = (bundle / "checkpoint").read_text()
    assert note.count("\n— ") == 3
    assert all(path.read_text().endswith(note) for path in bundle.glob("proofs/*"))
    (answer,) = proven.verify(bundle)
    assert [witness["witness"] for witness in answer["cosigned"]] == ["w0", "w1"]


def test_an_item_is_named_by_its_number_too(proven, tmp_path):
    item = proven.world.value("SELECT item_id FROM custody.identifier WHERE value = %s", proven.vins[1])
    for n, target in enumerate((f"item:{item}", proven.vins[1])):
        assert proven.prove(target, out=tmp_path / str(n)).returncode == OK
    records = [sorted(path.name for path in (tmp_path / str(n)).glob("records/*")) for n in (0, 1)]
    assert records[0] == records[1]


def test_a_proof_reads_few_rows(proven, tmp_path):
    answer = json.loads(proven.prove(3, out=tmp_path / "b").stdout)
    assert answer["tree_rows_read"] <= 8


def test_an_erased_record_is_proved_by_its_leaf_and_its_erasure(proven, tmp_path):
    world = proven.world
    index = world.value("SELECT min(log_index) FROM ledger.record WHERE type = 1 AND source_id = %s", world.source_id(proven.unsigned.name))
    for name, role in (("erase_wang", "custody_police"), ("erase_li", "custody_approver")):
        world.sql(f"DO $$ BEGIN CREATE ROLE {name} LOGIN IN ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")

    def erase(who, *arguments):
        done = subprocess.run([CUSTODYCTL, "erase", *arguments, "--json"], env={**world.database.environment, "PGUSER": who}, check=True,
                              capture_output=True, text=True, timeout=WAIT_S)
        return json.loads(done.stdout)

    request = erase("erase_wang", "request", str(index), "--reason", "个人信息保护法 art 47", "--before-term")["request_id"]
    at = erase("erase_li", "approve", str(request))["erasure_index"]
    proven.notary.checkpoint(proven.notary.witnesses[:2])
    assert proven.prove(index, out=tmp_path / "b").returncode == OK
    assert (tmp_path / f"b/records/{index}.leaf").stat().st_size == 57 and not (tmp_path / f"b/records/{index}.bin").exists()
    (answer,) = proven.verify(tmp_path / "b")
    assert {record["log_index"]: record["evidence"] for record in answer["records"]} == evidence.verify(tmp_path / "b", proven.trust)
    assert evidence.verify(tmp_path / "b", proven.trust)[index] == "erased" and at in evidence.verify(tmp_path / "b", proven.trust)
    assert run_recipe(tmp_path / "b", index, proven.notary.key.verifier).stdout == f"record {index}: in the log\n"
    assert f"- {index}: the record's bytes were erased" in (tmp_path / "b/account.en.md").read_text()
    done = subprocess.run([CUSTODYCTL, "monitor", "--policy", proven.policy], env=world.database.environment, capture_output=True, text=True)
    assert done.returncode == OK, done.stderr


# ---- what cannot be proved


@pytest.mark.parametrize("target, code, words", [
    ("99999999", NEGATIVE, "counted from 0"), ("LSVAA49J032099999", NEGATIVE, "no record does not mean that it is clear"),
    ("item:99999999", NEGATIVE, "item: none"), ("item:x", USAGE, "item:<number>"), ("", USAGE, "hint: ")])
def test_what_is_not_there_is_said(proven, tmp_path, target, code, words):
    done = proven.prove(target, out=tmp_path / "b")
    assert (done.returncode, done.stdout) == (code, "") and words in done.stderr
    assert not (tmp_path / "b").exists()


def test_a_record_that_no_checkpoint_covers_yet_is_tried_again_later(proven, tmp_path):
    index = proven.world.value("SELECT ledger.append(2, '{}')")
    done = proven.prove(index, out=tmp_path / "b")
    assert done.returncode == TEMPORARY and f"none covers log index {index} yet; hint: " in done.stderr


def test_a_directory_that_exists_is_left_alone(proven, tmp_path):
    (tmp_path / "mine").write_text("mine")
    done = proven.prove(1, out=tmp_path)
    assert done.returncode == NEGATIVE and [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_monitors_role_proves_a_record(proven, tmp_path):
    done = proven.prove(1, out=tmp_path / "b", PGUSER="custody_monitor")
    assert done.returncode == OK, done.stderr
    assert proven.difference(tmp_path / "b") is None


# ---- whom one trusts


def test_the_policy_decides(proven, bundle, tmp_path):
    def judged(text):
        (tmp_path / "p").write_text(text)
        return proven.difference(bundle, tmp_path / "p")

    assert judged(proven.notary.policy()) is None
    assert "quorum" in judged(proven.notary.policy(3)) or "witness" in judged(proven.notary.policy(3))
    stranger = NoteKey(proven.world.origin, seed="somebody else")
    assert judged(f"log {stranger.verifier}\nquorum none\n")
    assert judged(f"log {NoteKey('other.example/log').verifier}\nquorum none\n")


def test_without_a_policy_nothing_is_verified(proven, bundle, tmp_path):
    (tmp_path / "p").write_text("trust everybody\n")
    for arguments, code in (([], USAGE), (["--policy", "/nonexistent"], CONFIG), (["--policy", tmp_path / "p"], CONFIG)):
        done = subprocess.run([CUSTODYCTL, "verify", bundle, *arguments], capture_output=True, text=True, env=offline())
        assert (done.returncode, done.stdout) == (code, "")


# ---- bundles that a stranger made


def spoil_link(bundle):
    (bundle / "account.en.md").unlink()
    (bundle / "account.en.md").symlink_to("/etc/passwd")


def spoil_folder_link(bundle):
    (bundle / "proto").rename(bundle.parent / "elsewhere")
    (bundle / "proto").symlink_to(bundle.parent / "elsewhere")


def spoil_escape(bundle):
    with (bundle / "SHA256SUMS").open("a") as manifest:
        manifest.write(f"{evidence.sha256(b'').hex()}  ../outside\n")


def spoil_pipe(bundle):
    (bundle / "policy").unlink()
    os.mkfifo(bundle / "policy")


def spoil_more(bundle):
    (bundle / "records" / "notes.txt").write_text("a file that nobody listed")


def spoil_less(bundle):
    (bundle / "account.zh.md").unlink()


def spoil_proofless(bundle):
    next(bundle.glob("proofs/*")).unlink()
    write_manifest(bundle)


def spoil_erased(bundle):
    """As if it had been erased, and nobody says so."""
    proofs = {path: evidence.Proof(path.read_bytes()) for path in bundle.glob("proofs/*")}
    proof = next(proof for proof in proofs.values() if proof.extra[0] == evidence.ENVELOPE)
    record = bundle / "records" / f"{proof.index}.bin"
    record.with_suffix(".leaf").write_bytes(evidence.leaf_of(proof.extra, record.read_bytes()))
    record.unlink()
    text = (bundle / "proofs" / f"{record.stem}.tlog-proof").read_text()
    (bundle / "proofs" / f"{record.stem}.tlog-proof").write_text(re.sub("(?m)^extra .*\n", "", text))
    write_manifest(bundle)


def spoil_registration(bundle):
    """The leaf that registers the car's truck is left out."""
    for record in bundle.glob("records/*.bin"):
        if b"key registered" in record.read_bytes() and b'"truck-1"' in record.read_bytes():
            record.unlink()
            (bundle / "proofs" / f"{record.stem}.tlog-proof").unlink()
    write_manifest(bundle)


def spoil_log_key(bundle):
    (bundle / "keys/log.vkeys").write_text((bundle / "keys/log.vkeys").read_text() + NoteKey("test.example/custody", seed="x").verifier + "\n")
    write_manifest(bundle)


@pytest.mark.parametrize("spoil, words", [
    (spoil_link, "a symbolic link"), (spoil_folder_link, "a symbolic link"), (spoil_escape, "no file of a bundle"),
    (spoil_pipe, "special file"), (spoil_more, "not in the manifest"), (spoil_less, "account.zh.md: missing"),
    (spoil_proofless, "not one record and one proof"), (spoil_erased, "no erasure in the bundle names it"),
    (spoil_registration, "registers"), (spoil_log_key, "announces")])
def test_a_spoilt_bundle_is_named(proven, bundle, spoil, words):
    assert proven.difference(bundle) is None
    spoil(bundle)
    assert words in proven.difference(bundle)


# ---- a thousand bundles, a thousand changes


def test_a_thousand_bundles_are_accepted_by_us_and_by_a_stranger(proven, bundles):
    answers = proven.verify(*bundles)
    assert [answer for answer in answers if not answer["good"]] == []
    for bundle, answer in zip(bundles, answers, strict=True):
        standing = evidence.verify(bundle, proven.trust)
        assert standing == {record["log_index"]: record["evidence"] for record in answer["records"]}


def test_the_recipe_accepts_bundles_with_coreutils_xxd_and_openssl(proven, bundles, seed):
    standing = {}
    for bundle in random.Random(seed).sample(bundles[:-len(proven.vins)], SHELL_SAMPLE):
        done = run_recipe(bundle, bundle.name, proven.notary.key.verifier)
        assert done.returncode == 0, f"{bundle}: {done.stderr}"
        assert done.stdout.startswith(f"record {bundle.name}: in the log")
        standing.setdefault(evidence.verify(bundle, proven.trust)[int(bundle.name)], []).append(done.stdout)
    assert all("; signed by " in text for text in standing["signed"])


def flip(bundles, directory, random_, count):
    """`count` copies of bundles, each with one bit of record, proof, checkpoint or key changed and a manifest that fits: (bundle, what)."""
    kinds = ["records/*.bin", "proofs/*", "checkpoint", "keys/*"]
    for n in range(count):
        bundle, copy = random_.choice(bundles), directory / str(n)
        shutil.copytree(bundle, copy, copy_function=os.link)
        name = random_.choice(sorted(str(path.relative_to(copy)) for path in copy.glob(kinds[n % len(kinds)])))
        data = bytearray((copy / name).read_bytes())
        bit = random_.randrange(8 * len(data))
        data[bit // 8] ^= 1 << bit % 8
        (copy / name).unlink()
        (copy / name).write_bytes(data)
        write_manifest(copy)
        yield copy, f"{bundle.name} {name} bit {bit}"


@pytest.fixture(scope="module")
def flipped(proven, bundles, seed):
    directory = proven.directory / "flipped"
    directory.mkdir()
    return list(flip(bundles, directory, random.Random(seed), FLIPS))


def test_a_thousand_changed_bits_are_rejected_by_us_and_by_a_stranger(proven, flipped):
    answers = proven.verify(*(bundle for bundle, _ in flipped))
    assert [what for (_, what), answer in zip(flipped, answers, strict=True) if answer["good"]] == []
    for bundle, what in flipped:
        try:
            evidence.verify(bundle, proven.trust)
        except (evidence.Bad, ValueError, KeyError, AttributeError):
            continue
        raise AssertionError(f"the stranger accepts {what}")


def test_the_recipe_rejects_changed_bits(proven, flipped, seed):
    """Of the record that it checks: a changed proof, checkpoint or record; and a key, where its record needs it."""
    rejected = 0
    for bundle, what in random.Random(seed).sample(flipped, len(flipped)):
        kind, name = what.split(" ")[1].split("/")[0], what.split(" ")[0]
        changed = what.split(" ")[1]
        concerned = kind == "checkpoint" or changed in (f"records/{name}.bin", f"proofs/{name}.tlog-proof") or changed.endswith(".pem")
        if not name.isdigit() or not concerned:
            continue
        done = run_recipe(bundle, name, proven.notary.key.verifier)
        assert done.returncode != 0, what
        rejected += 1
        if rejected == SHELL_SAMPLE:
            return
    raise AssertionError("too few samples")
