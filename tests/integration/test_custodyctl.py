"""custodyctl seen from outside: help and exit codes, registration, and answers about items whose records were written by hand."""

import base64
import contextlib
import hashlib
import importlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import uuid

import psycopg
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CUSTODY_BUILD", ROOT / "build" / "debug"))
CUSTODYCTL = BUILD / "custodyctl"
WAIT_S = 60

OK, NEGATIVE, USAGE, TEMPORARY, CONFIG = 0, 1, 2, 75, 78
COMMANDS = ["migrate", "register", "keygen", "simulate", "trace", "verdict", "flags", "credit", "erase", "prove", "verify", "monitor", "rebuild",
            "ping", "import", "doctor", "rotate-key", "trust-head", "version"]
NOUNS = ["party", "site", "vehicle", "permit", "source", "key"]

RECYCLER, CARRIER, POLICE = "91350504MA0000T1XH", "91350504MA0000T28H", "police-350504"
VIN, OTHER_VIN, PLATE = "LVSHCAMB1CE054249", "1M8GDM9AXKP042788", "闽CD12345"
US_PER_S = 1_000_000
HOUR_US = 3600 * US_PER_S
START_US = 1_780_000_000 * US_PER_S


def run(environment, *arguments, stdin=None):
    return subprocess.run([CUSTODYCTL, *arguments], env=environment, input=stdin, text=True, capture_output=True, timeout=WAIT_S)


def nowhere():
    """An environment in which there is neither a database nor a broker."""
    return {**os.environ, "PGHOST": "/nonexistent", "CUSTODY_BROKER": "unix:/nonexistent/broker.sock"}


# ---- without a database


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_says_how_it_is_used(command):
    for arguments in ([command, "--help"], ["help", command]):
        result = run(nowhere(), *arguments)
        assert result.returncode == OK, result.stderr
        assert result.stdout.startswith(f"Usage: custodyctl {command} [OPTION]...")
        assert "--json" in result.stdout and "--database" in result.stdout
        assert result.stderr == ""


@pytest.mark.parametrize("words", [["register", noun] for noun in NOUNS] + [["flags", "list"], ["flags", "show"]])
def test_every_second_word_has_help(words):
    result = run(nowhere(), *words, "--help")
    assert result.returncode == OK
    assert result.stdout.startswith(f"Usage: custodyctl {' '.join(words)} [OPTION]...")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_an_unknown_option(command):
    result = run(nowhere(), command, "--no-such-option")
    assert result.returncode == USAGE
    assert result.stdout == ""
    assert result.stderr.startswith("custodyctl: ") and "--no-such-option" in result.stderr and "; hint: " in result.stderr


def test_the_overview_lists_every_command():
    result = run(nowhere(), "--help")
    assert result.returncode == OK
    for command in COMMANDS:
        assert f"\n  {command} " in result.stdout


@pytest.mark.parametrize("arguments", [
    [], ["dance"], ["trace"], ["trace", "a", "b"], ["verdict"], ["register"], ["register", "ship"], ["keygen", "only-a-name"],
    ["flags", "move"], ["flags", "show"], ["flags", "show", "x"], ["flags", "--severity", "5"], ["flags", "--state", "lost"],
    ["verdict", VIN, "--scheme", "colour"], ["prove"], ["prove", VIN], ["prove", VIN, "1", "--out", "x"], ["verify"], ["verify", "x"], ["monitor"], ["ping"], ["keygen", "a name with blanks", "file"],
    ["import"], ["import", "ships", "x.csv"], ["import", "pickups"], ["import", "pickups", "/nonexistent.csv"], ["import", "pickups", "-"],
    ["import", "watch-lists", "x.csv", "--key-file", "k"],
])
def test_wrong_use_is_2_with_a_hint(arguments):
    result = run(nowhere(), *arguments)
    assert result.returncode == USAGE
    assert result.stderr.startswith("custodyctl: ") and "; hint: " in result.stderr


@pytest.mark.parametrize("arguments", [["trace", VIN], ["verdict", VIN], ["prove", VIN, "--out", "x"], ["flags"], ["rebuild", "--check"], ["migrate"],
                                       ["register", "party", RECYCLER, "--kind", "recycler", "--name", "x"]])
def test_an_unreachable_database_is_75(arguments):
    result = run(nowhere(), *arguments)
    assert result.returncode == TEMPORARY
    assert result.stdout == ""
    assert "/nonexistent" in result.stderr


def test_a_configuration_that_is_wrong_is_78(tmp_path):
    path = tmp_path / "custodyd.conf"
    path.write_text('colour = "red";\n')
    result = run(nowhere(), "flags", "--config", str(path))
    assert result.returncode == CONFIG
    assert "colour" in result.stderr and str(path) in result.stderr


def test_doctor_names_what_is_missing_and_fails():
    result = run(nowhere(), "doctor", "--json")
    assert result.returncode == NEGATIVE
    answer = json.loads(result.stdout)
    status = {check["check"]: check["status"] for check in answer["checks"]}
    assert answer["ok"] is False
    assert status["database"] == "fail" and status["broker"] == "fail" and status["schema"] == "skipped"
    assert all(check["hint"] for check in answer["checks"] if check["status"] in ("warn", "fail"))


def test_keygen_writes_a_secret_that_only_its_owner_reads_and_never_overwrites_it(tmp_path):
    path = tmp_path / "truck.key"
    result = run(nowhere(), "keygen", "truck-1", str(path), "--json")
    assert result.returncode == OK, result.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    secret = path.read_text()
    answer = json.loads(result.stdout)
    public_key = base64.b64decode(answer["public_key"])
    assert hashlib.sha256(b"custody-source/v1\ntruck-1\n\x01" + public_key).digest()[:4].hex() == answer["key_id"]
    assert secret.split()[2] not in result.stdout
    again = run(nowhere(), "keygen", "truck-1", str(path))
    assert again.returncode == NEGATIVE
    assert path.read_text() == secret


def test_the_key_of_notes_is_printed_as_a_verifier_key(tmp_path):
    answer = json.loads(run(nowhere(), "keygen", "example.org/log/ack", str(tmp_path / "ack.key"), "--json").stdout)
    name, key_id, key = answer["verifier_key"].split("+", 2)
    typed = base64.b64decode(key)
    assert typed[0] == 1 and len(typed) == 33
    assert hashlib.sha256(b"example.org/log/ack\n" + typed).digest()[:4].hex() == key_id == answer["key_id"]


def test_a_witness_key_is_one_of_cosignatures_whatever_its_name(tmp_path):
    for name in ("witness.example/w1", "w1"):
        answer = json.loads(run(nowhere(), "keygen", "--witness", name, str(tmp_path / name.replace("/", "-")), "--json").stdout)
        read, key_id, key = answer["verifier_key"].split("+", 2)
        typed = base64.b64decode(key)
        assert read == name and typed[0] == 4 and len(typed) == 33
        assert hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex() == key_id == answer["key_id"]


# ---- with a database


@contextlib.contextmanager
def registered_stack():
    """A private stack with a schema and a few parties; yields its environment."""
    directory = tempfile.mkdtemp(prefix="custody-ctl.")
    stack = ROOT / "deploy" / "private-stack"
    subprocess.run([stack, "start", directory, "--no-fsync", "--watch", str(os.getpid())], check=True, timeout=WAIT_S)
    try:
        dump = subprocess.run(["sh", "-c", '. "$0/env" && env -0', directory], check=True, capture_output=True, text=True)
        variables = dict(entry.split("=", 1) for entry in dump.stdout.split("\0") if entry)
        before = run(variables, "flags")
        assert before.returncode == CONFIG and "custodyctl migrate" in before.stderr
        assert run(variables, "migrate").returncode == OK
        for arguments in (["party", RECYCLER, "--kind", "recycler", "--name", "绿源报废汽车回收"],
                          ["party", CARRIER, "--kind", "carrier", "--name", "双阳运输"],
                          ["party", POLICE, "--kind", "police", "--name", "洛江公安", "--code-unchecked"],
                          ["site", "yard-1", "--party", RECYCLER, "--name", "一号场", "--area", "350504", "--lon", "118.66", "--lat", "24.94"],
                          ["source", "yard-1-gate", "--kind", "gateway", "--area", "350504", "--party", RECYCLER, "--site", "yard-1",
                           "--unsigned"]):
            result = run(variables, "register", *arguments)
            assert result.returncode == OK, result.stderr
        yield variables
    finally:
        subprocess.run([stack, "stop", directory], check=True, timeout=WAIT_S)


@pytest.fixture(scope="module")
def environment():
    with registered_stack() as variables:
        yield variables


@contextlib.contextmanager
def connect(environment):
    with psycopg.connect(host=environment["PGHOST"], port=environment.get("PGPORT", "5432"), dbname=environment["PGDATABASE"],
                         user=environment["PGUSER"], autocommit=True) as connection:
        yield connection


def test_registering_the_same_twice_changes_nothing(environment):
    arguments = ["register", "party", RECYCLER, "--kind", "recycler", "--name", "绿源报废汽车回收"]
    result = run(environment, *arguments)
    assert (result.returncode, result.stdout) == (OK, "registered 0, unchanged 1\n")


def test_registering_something_else_under_the_same_code_names_both_values(environment):
    result = run(environment, "register", "party", RECYCLER, "--kind", "steel_mill", "--name", "绿源报废汽车回收")
    assert result.returncode == NEGATIVE
    assert "registered as recycler" in result.stderr and "given as steel_mill" in result.stderr
    result = run(environment, "register", "site", "yard-1", "--party", RECYCLER, "--name", "一号场", "--area", "350504", "--lon", "118.67",
                 "--lat", "24.94")
    assert result.returncode == NEGATIVE
    assert "1186600000" in result.stderr and "1186700000" in result.stderr


@pytest.mark.parametrize("arguments, words", [
    (["party", "91110000101110602X", "--kind", "recycler", "--name", "x"], "91110000101110602X"),
    (["party", RECYCLER, "--name", "x"], "kind is missing"),
    (["source", "truck-9", "--kind", "truck", "--area", "350504", "--party", RECYCLER], "--unsigned"),
    (["source", "Truck", "--kind", "truck", "--area", "350504", "--party", RECYCLER, "--unsigned"], "Truck"),
    (["vehicle", "闽CI2345", "--party", RECYCLER], "闽CI2345"),
    (["site", "yard-9", "--party", RECYCLER, "--name", "x", "--area", "350504", "--lon", "far", "--lat", "24"], "far"),
])
def test_values_that_cannot_be_are_refused_before_the_database_sees_them(environment, arguments, words):
    result = run(environment, "register", *arguments)
    assert result.returncode == USAGE
    assert words in result.stderr and "; hint: " in result.stderr


def test_what_stands_on_something_unregistered_is_refused(environment):
    result = run(environment, "register", "vehicle", "闽C12345", "--party", "91440300001922038216"[:18])
    assert result.returncode == NEGATIVE and "is not registered" in result.stderr
    result = run(environment, "register", "source", "truck-9", "--kind", "truck", "--area", "350505", "--party", RECYCLER, "--unsigned")
    assert result.returncode == NEGATIVE and "350505" in result.stderr and "洛江区" in result.stderr


def test_a_key_is_added_revoked_and_never_comes_back(environment, tmp_path):
    path = str(tmp_path / "k")
    run(environment, "keygen", "truck-2", path)
    add = ["register", "source", "truck-2", "--kind", "truck", "--area", "350504", "--party", CARRIER, "--key-file", path]
    assert run(environment, *add).returncode == OK
    assert run(environment, *add).stdout == "registered 0, unchanged 1\n"
    assert run(environment, "register", "key", "truck-2", "--key-file", path, "--revoke").stdout == "registered 1, unchanged 0\n"
    assert run(environment, "register", "key", "truck-2", "--key-file", path, "--revoke").stdout == "registered 0, unchanged 1\n"
    again = run(environment, "register", "key", "truck-2", "--key-file", path)
    assert again.returncode == NEGATIVE and "revoked" in again.stderr
    ping = run(environment, "ping", "--key-file", path, "--timeout", "1")
    assert ping.returncode == CONFIG and "revoked" in ping.stderr


def test_a_key_of_somebody_else_is_not_taken(environment, tmp_path):
    path = str(tmp_path / "k")
    run(environment, "keygen", "truck-3", path)
    result = run(environment, "register", "source", "truck-4", "--kind", "truck", "--area", "350504", "--party", CARRIER, "--key-file", path)
    assert result.returncode == USAGE and "truck-3" in result.stderr


def test_a_file_is_registered_whole_or_not_at_all(environment):
    source = {"kind": "truck", "area": "350504", "party": CARRIER, "signed": False}
    lines = [json.dumps({"source": {"name": f"bulk-{n}", **source}}) for n in range(3)]
    bad = lines + [json.dumps({"source": {"name": "bulk-bad", **source, "party": "nobody"}})]
    result = run(environment, "register", "--file", "-", stdin="\n".join(bad))
    assert result.returncode == NEGATIVE and "bulk-bad" in result.stderr
    result = run(environment, "register", "--file", "-", stdin="\n".join(lines[:2] + ["", '{"source": {"name": "x"']))
    assert result.returncode == USAGE and "-:4:" in result.stderr
    result = run(environment, "register", "--file", "-", "--json", stdin="\n".join(lines))
    assert json.loads(result.stdout) == {"registered": 3, "unchanged": 0}


def test_ten_thousand_sources_are_registered_in_seconds(environment):
    text = "".join(json.dumps({"source": {"name": f"many-{n}", "kind": "truck", "area": "350504", "party": CARRIER, "signed": False}}) + "\n"
                   for n in range(10_000))
    result = run(environment, "register", "--file", "-", stdin=text)
    assert result.stdout == "registered 10000, unchanged 0\n", result.stderr
    result = run(environment, "register", "--file", "-", stdin=text)
    assert result.stdout == "registered 0, unchanged 10000\n"


def test_what_was_never_seen_is_unknown_and_not_clear(environment):
    result = run(environment, "verdict", OTHER_VIN)
    assert result.returncode == NEGATIVE
    assert result.stdout.startswith("unknown ") and "does not mean that it is clear" in result.stdout
    answer = json.loads(run(environment, "verdict", OTHER_VIN, "--json").stdout)
    assert answer["verdict"] == "unknown" and answer["items"] == [] and answer["warnings"] == []
    result = run(environment, "trace", OTHER_VIN)
    assert result.returncode == NEGATIVE and result.stdout == ""


def test_a_check_digit_that_fails_is_said(environment):
    wrong = VIN[:-1] + "8"
    result = run(environment, "verdict", wrong)
    assert result.returncode == NEGATIVE
    assert "warning: VIN" in result.stdout and wrong in result.stdout


# ---- items: records written by an independent client of the wire contract, states left for rebuild to find


@pytest.fixture(scope="module")
def contract(tmp_path_factory):
    directory = tmp_path_factory.mktemp("proto")
    protos = [str(path.relative_to(ROOT / "proto")) for path in (ROOT / "proto").rglob("*.proto")]
    subprocess.run(["protoc", "-I", str(ROOT / "proto"), f"--python_out={directory}", *protos], check=True)
    sys.path.insert(0, str(directory))
    try:
        yield type("Contract", (), {name: importlib.import_module(f"custody.v1.{name}_pb2") for name in ("envelope", "event", "item")})
    finally:
        sys.path.remove(str(directory))


class Ledger:
    """Stores envelopes and event rows as the daemon would, but folds nothing."""

    def __init__(self, connection, contract):
        self.connection, self.contract = connection, contract
        self.index = self.one("SELECT greatest(max(log_index) + 1, 1000000) FROM ledger.record")  # beyond what else is appended
        self.source, self.party = connection.execute("SELECT source_id, party_id FROM registry.source WHERE name = 'yard-1-gate'").fetchone()
        self.site = self.one("SELECT site_id FROM registry.site WHERE code = 'yard-1'")

    def one(self, statement, *params):
        return self.connection.execute(statement, params or None).fetchone()[0]

    def item(self, kind, *identifiers):
        item_id = self.one("INSERT INTO custody.item (kind) VALUES (%s) RETURNING item_id", kind)
        for scheme, value, proof in identifiers:
            self.connection.execute("INSERT INTO custody.identifier VALUES (%s, %s, %s, %s)", (scheme, value, item_id, proof))
        return item_id

    def event(self, item_id, kind, scheme, value, word, at_us, **fields):
        event_type = self.contract.event.EventType.Value("EVENT_TYPE_" + word.upper())
        event = self.contract.event.Event(event_id=uuid.uuid4().bytes, type=event_type, at_us=at_us, site="yard-1",
                                          item={"kind": kind, "identifiers": [{"scheme": scheme, "value": value}]}, **fields)
        report = self.contract.envelope.Report(source="yard-1-gate", epoch=1, seq=self.index, previous=bytes(32), device_time_us=at_us,
                                               events=[event])
        record = self.contract.envelope.Envelope(body=report.SerializeToString()).SerializeToString()
        self.connection.execute("INSERT INTO ledger.record VALUES (%s, 1, now(), %s, %s, %s, %s)",
                                (self.index, self.source, os.urandom(32), hashlib.sha256(record).digest(), record))
        self.connection.execute("INSERT INTO custody.event (item_id, event_at, log_index, ordinal, event_id, type, party_id, source_id, site_id) "
                                "VALUES (%s, to_timestamp(%s), %s, 0, %s, %s, %s, %s, %s)",
                                (item_id, at_us / US_PER_S, self.index, uuid.UUID(bytes=event.event_id), event_type, self.party, self.source,
                                 self.site))
        self.index += 1
        return event


@pytest.fixture(scope="module")
def scrapped(environment, contract):
    """A car that was certified and whose plate stands on it, folded by rebuild."""
    with connect(environment) as connection:
        ledger = Ledger(connection, contract)
        car = ledger.item(1, (1, VIN, True), (4, PLATE, False))
        for hours, word, fields in ((0, "picked_up", {"pickup": {"reason": 2, "vehicle_class": 1}}),
                                    (1, "intake", {"mass": {"mass_g": 1_234_500}}),
                                    (2, "inspected", {"inspection": {"vin": 1, "engine_number": 1, "plate": 1}}),
                                    (3, "cert_issued", {"certificate": {"number": "350504-1"}, "note": "red\x1b[31m"})):
            ledger.event(car, 1, 1, VIN, word, START_US + hours * HOUR_US, **fields)
    check = run(environment, "rebuild", "--check")
    assert check.returncode == NEGATIVE
    assert f"item {car}: ban: stored 0 none, folded 2 banned_for_good" in check.stdout
    assert run(environment, "rebuild", "--check").stdout == check.stdout, "--check changed something"
    repaired = run(environment, "rebuild")
    assert repaired.returncode == OK, repaired.stderr
    assert "repaired" in repaired.stdout
    agreed = run(environment, "rebuild", "--check")
    assert (agreed.returncode, agreed.stdout) == (OK, "1 items, 0 trucks, 4 events, 0 differences\n")
    return car


@pytest.mark.parametrize("spelling", [VIN, VIN.lower(), "LVSH CAMB1-CE054249", "ＬＶＳＨＣＡＭＢ１ＣＥ０５４２４９"])
def test_a_scrapped_car_is_banned_however_its_vin_is_written(environment, scrapped, spelling):
    result = run(environment, "verdict", spelling)
    assert result.returncode == NEGATIVE
    assert result.stdout.startswith("banned 禁售")


def test_a_plate_points_to_the_car_but_proves_nothing(environment, scrapped):
    answer = json.loads(run(environment, "verdict", PLATE, "--json").stdout)
    assert answer["verdict"] == "banned"
    assert "hint" in answer["reason_en"]
    assert answer["items"][0]["matched"] == {"item_id": scrapped, "scheme": "plate", "value": PLATE, "proof": False}


def test_a_scheme_that_does_not_fit_finds_nothing(environment, scrapped):
    answer = json.loads(run(environment, "verdict", VIN, "--scheme", "tag", "--json").stdout)
    assert answer["verdict"] == "unknown" and answer["items"] == []


def test_a_trace_shows_head_and_timeline_in_order(environment, scrapped):
    result = run(environment, "trace", VIN)
    assert result.returncode == OK, result.stderr
    for words in ("报废机动车 vehicle", "永久禁售 banned_for_good since", "已开具回收证明 certified", VIN, PLATE + "  (a hint)",
                  "1,234.5 kg", "一号场", "unsigned (weaker evidence)", "certificate 350504-1"):
        assert words in result.stdout, words
    order = [result.stdout.index(word) for word in (" picked_up", " intake", " inspected", " cert_issued")]
    assert order == sorted(order)


def test_what_a_device_wrote_cannot_steer_the_terminal(environment, scrapped):
    assert "\x1b" not in run(environment, "trace", VIN).stdout


def test_a_trace_in_json_has_what_only_the_record_says(environment, scrapped):
    answer = json.loads(run(environment, "trace", VIN, "--json").stdout)
    item = answer["items"][0]
    assert [event["type"] for event in item["events"]] == ["picked_up", "intake", "inspected", "cert_issued"]
    assert item["events"][3]["certificate"] == "350504-1"
    assert {event["signed"] for event in item["events"]} == {False}
    assert {event["standing"] for event in item["events"]} == {"stands"}
    assert item["events"][0]["at"].endswith("+08:00")
    assert item["verdict"] == "banned"


def test_a_stored_state_that_was_tampered_with_is_named_and_makes_no_item_clear(environment, scrapped):
    with connect(environment) as connection:
        connection.execute("UPDATE custody.item SET ban = 0, banned_at = NULL, facts = '\\x00' WHERE item_id = %s", (scrapped,))
    check = run(environment, "rebuild", "--check", "--json")
    assert check.returncode == NEGATIVE
    assert {entry["what"] for entry in json.loads(check.stdout)["differences"]} == {"ban", "banned_at", "facts"}
    verdict = run(environment, "verdict", VIN)
    assert verdict.stdout.startswith("banned") and "rebuild --check" in verdict.stdout
    assert run(environment, "rebuild").returncode == OK
    assert run(environment, "rebuild", "--check").returncode == OK


def test_a_flag_that_is_missing_or_unsupported_is_a_difference(environment, contract, scrapped):
    with connect(environment) as connection:
        ledger = Ledger(connection, contract)
        phone = ledger.item(13, (6, "49015420323751", True))
        ledger.event(phone, 13, 6, "490154203237518", "wiped_resold", START_US)
    check = run(environment, "rebuild", "--check")
    assert check.returncode == NEGATIVE
    assert f"item {phone}: flag C10" in check.stdout
    assert run(environment, "rebuild").returncode == OK
    assert run(environment, "rebuild", "--check").returncode == OK
    queue = json.loads(run(environment, "flags", "--json").stdout)
    rules = {flag["rule"] for flag in queue["flags"] if flag["item_id"] == phone}
    assert "C10" in rules
    flag_id = next(flag["flag_id"] for flag in queue["flags"] if flag["rule"] == "C10")
    shown = run(environment, "flags", "show", str(flag_id))
    assert shown.returncode == OK and "GB 46864-2025" in shown.stdout and "unsigned source" in shown.stdout
    assert json.loads(run(environment, "verdict", "490154203237518", "--json").stdout)["verdict"] != "allowed"
    with connect(environment) as connection:
        connection.execute("INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, detail, event_at) "
                           "VALUES ('C01', 1, 4, %s, %s, 'invented', now())", (f"item:{phone}", phone))
    check = run(environment, "rebuild", "--check")
    assert check.returncode == NEGATIVE and f"item {phone}: flag C01" in check.stdout
    assert run(environment, "rebuild").returncode == OK
    assert run(environment, "rebuild", "--check").returncode == OK
    withdrawn = json.loads(run(environment, "flags", "--state", "withdrawn", "--json").stdout)
    assert [flag["rule"] for flag in withdrawn["flags"]] == ["C01"]


def test_flags_come_gravest_first_and_can_be_narrowed(environment, scrapped):
    flags = json.loads(run(environment, "flags", "--all", "--json").stdout)["flags"]
    assert flags and [flag["severity"] for flag in flags] == sorted((flag["severity"] for flag in flags), reverse=True)
    narrowed = json.loads(run(environment, "flags", "list", "--rule", "C10", "--json").stdout)["flags"]
    assert {flag["rule"] for flag in narrowed} == {"C10"}
    limited = json.loads(run(environment, "flags", "--all", "--limit", "1", "--json").stdout)
    assert len(limited["flags"]) == 1 and limited["left"] == limited["total"] - 1
    assert run(environment, "flags", "show", "999999").returncode == NEGATIVE


def test_a_wiped_phone_is_allowed_by_its_proof_and_by_nothing_less(environment, contract, scrapped):
    imei, hint = "356938035643809", "ENG7654321"
    with connect(environment) as connection:
        ledger = Ledger(connection, contract)
        phone = ledger.item(13, (6, imei[:14], True), (3, hint, False))
        for hours, word, fields in ((0, "picked_up", {}), (1, "intake", {"mass": {"mass_g": 200}}),
                                    (2, "data_wiped", {"wipe": {"method": "overwrite", "passed": True}}),
                                    (3, "wipe_verified", {"wipe": {"method": "overwrite", "passed": True}}),
                                    (4, "wiped_resold", {"release": {"buyer_class": 9}})):
            ledger.event(phone, 13, 6, imei, word, START_US + hours * HOUR_US, **fields)
        spare = ledger.event(phone, 13, 6, imei, "weighed", START_US + HOUR_US // 2, mass={"mass_g": 200}) and ledger.index - 1
    before = run(environment, "verdict", imei)
    assert before.returncode == NEGATIVE and before.stdout.startswith("unknown"), "a state that was not folded yet reads as clear"
    assert run(environment, "rebuild").returncode == OK
    allowed = run(environment, "verdict", imei)
    assert allowed.returncode == OK and allowed.stdout.startswith("allowed 可售"), allowed.stdout
    by_hint = run(environment, "verdict", hint)
    assert by_hint.returncode == NEGATIVE and by_hint.stdout.startswith("unknown")
    with connect(environment) as connection:
        connection.execute("INSERT INTO flag.flag (rule, rule_version, severity, subject, item_id, detail, event_at) "
                           "VALUES ('E01', 1, 4, %s, %s, 'seen elsewhere', now())", (f"item:{phone}", phone))
        flagged = run(environment, "verdict", imei)
        assert flagged.returncode == NEGATIVE and flagged.stdout.startswith("unknown") and "flag" in flagged.stdout
        assert run(environment, "rebuild").returncode == OK
        assert run(environment, "verdict", imei).returncode == OK
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE ledger.record SET record = NULL, salt = NULL WHERE log_index = %s", (spare,))
    erased = run(environment, "verdict", imei)
    assert erased.returncode == NEGATIVE and erased.stdout.startswith("unknown") and "cannot be read" in erased.stdout


def test_an_erased_record_leaves_the_item_unknown_and_is_named(environment, contract, scrapped):
    with connect(environment) as connection:
        ledger = Ledger(connection, contract)
        tyre = ledger.item(15, (8, "TYRE-0001", True))
        ledger.event(tyre, 15, 8, "TYRE-0001", "picked_up", START_US)
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE ledger.record SET record = NULL, salt = NULL WHERE log_index = %s", (ledger.index - 1,))
    check = run(environment, "rebuild", "--check")
    assert check.returncode == NEGATIVE and f"item {tyre}: events" in check.stdout
    answer = json.loads(run(environment, "verdict", "TYRE-0001", "--json").stdout)
    assert answer["verdict"] == "unknown"
    assert any("cannot be read" in warning for warning in answer["items"][0]["warnings"])


def test_a_ping_that_nobody_answers_says_what_was_reached(environment, tmp_path):
    path = str(tmp_path / "k")
    run(environment, "keygen", "ping-account", path)
    missing = run(environment, "ping", "--key-file", path, "--timeout", "1")
    assert missing.returncode == CONFIG and "register source" in missing.stderr
    assert run(environment, "register", "source", "ping-account", "--kind", "account", "--area", "350504", "--party", RECYCLER, "--key-file",
               path).returncode == OK
    silent = run(environment, "ping", "--key-file", path, "--timeout", "1")
    assert silent.returncode == TEMPORARY
    assert "though the broker was reached" in silent.stderr
    nobody = run(environment, "ping", "--key-file", path, "--timeout", "1", "--broker", "unix:/nonexistent/broker.sock")
    assert nobody.returncode == TEMPORARY and "/nonexistent/broker.sock" in nobody.stderr


def test_doctor_finds_a_fresh_database_sound(environment):
    answer = json.loads(run(environment, "doctor", "--json").stdout)
    status = {check["check"]: check["status"] for check in answer["checks"]}
    assert status["schema"] == "ok" and status["broker"] == "ok"


def test_doctor_sees_a_key_that_others_may_read(environment, tmp_path):
    key, config = tmp_path / "ack.key", tmp_path / "custodyd.conf"
    run(environment, "keygen", "example.org/log/ack", str(key))
    config.write_text(f'origin = "example.org/log";\nack_key_file = "{key}";\n')
    healthy = json.loads(run(environment, "doctor", "--config", str(config), "--json").stdout)
    assert next(check for check in healthy["checks"] if check["check"] == "ack key")["status"] == "ok"
    key.chmod(0o644)
    result = run(environment, "doctor", "--config", str(config), "--json")
    assert result.returncode == NEGATIVE
    assert next(check for check in json.loads(result.stdout)["checks"] if check["check"] == "ack key")["status"] == "fail"


# ---- with the daemon, on a database of its own: records written by hand do not move the head


@pytest.fixture(scope="module")
def live():
    with registered_stack() as variables:
        yield variables


@pytest.fixture(scope="module")
def daemon(live, tmp_path_factory):
    """A running custodyd; the path of its configuration."""
    directory = tmp_path_factory.mktemp("daemon")
    config, key, log = directory / "custodyd.conf", directory / "ack.key", directory / "custodyd.log"
    assert run(live, "keygen", "test.example/log/ack", str(key)).returncode == OK
    config.write_text(f'database = "user=custody_ingest";\nbroker_username = "custodyd";\norigin = "test.example/log";\nack_key_file = "{key}";\n')
    with log.open("w") as out:
        process = subprocess.Popen([BUILD / "custodyd", "--config", str(config)], env=live, stderr=out, stdout=out)
    try:
        deadline = time.monotonic() + WAIT_S
        while "event=ready" not in log.read_text():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield str(config)
    finally:
        process.terminate()
        process.wait(WAIT_S)


def test_a_ping_is_acknowledged_with_a_note_of_the_daemons_key_each_time(live, daemon, tmp_path):
    path = str(tmp_path / "k")
    run(live, "keygen", "ping-live", path)
    assert run(live, "register", "source", "ping-live", "--kind", "account", "--area", "350504", "--party", RECYCLER, "--key-file",
               path).returncode == OK
    epochs = []
    for _ in range(2):
        result = run(live, "ping", "--config", daemon, "--key-file", path, "--json")
        assert result.returncode == OK, result.stderr
        answer = json.loads(result.stdout)
        assert answer["note_verified"] is True
        assert answer["note"].startswith("custody-ack/v1\ntest.example/log\nsource ping-live\n")
        epochs.append(answer["epoch"])
    assert epochs[0] < epochs[1]
    assert run(live, "flags", "--json").stdout.count("ping-live") == 0


def test_a_note_of_another_key_is_no_acknowledgement(live, daemon, tmp_path):
    other, config, path = str(tmp_path / "other.key"), tmp_path / "c", str(tmp_path / "k")
    run(live, "keygen", "test.example/log/ack", other)
    config.write_text(f'origin = "test.example/log";\nack_key_file = "{other}";\n')
    run(live, "keygen", "ping-other", path)
    run(live, "register", "source", "ping-other", "--kind", "account", "--area", "350504", "--party", RECYCLER, "--key-file", path)
    result = run(live, "ping", "--config", str(config), "--key-file", path)
    assert result.returncode == NEGATIVE
    assert "signature is not the daemon's" in result.stderr
