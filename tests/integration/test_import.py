"""Firms' own files by custodyctl import: every kind and encoding, what is refused and why, once and never twice, also when killed half-way."""

import base64
import json
import signal
import subprocess
import time

import pytest

from support import chain, contract
from support.chain import new_vin
from support.contract import ack_pb, envelope_pb
from support.device import Connection
from support.stack import CUSTODYCTL
from support.waiting import wait_for

OK, NEGATIVE, USAGE, TEMPORARY, CONFIG = 0, 1, 2, 75, 78
FIRM, POLICE = "custody_firm_recycler-1", "import_wang"
BOM = "\ufeff"


@pytest.fixture(scope="module", autouse=True)
def people(world):
    world.sql(f"DO $$ BEGIN CREATE ROLE {POLICE} LOGIN IN ROLE custody_police; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    world.sql("SELECT registry.create_firm_role('recycler-1')")
    world.sql(f'ALTER ROLE "{FIRM}" LOGIN')


def key_file(world, account):
    path = world.directory / f"{account}.key"
    if not path.exists():
        path.touch(0o600)
        path.write_text(f"custody-secret-key/v1 {account} {base64.b64encode(contract.sha256(account.encode())).decode()}\n")
    return str(path)


def command(world, kind, path, account, *words):
    key = ("--key-file", key_file(world, account)) if account else ()
    return [CUSTODYCTL, "import", kind, str(path), *key, "--broker", f"unix:{world.stack.broker_socket}", *words]


def ctl(world, kind, path, account=None, *words, who=None, code=OK):
    """The answer of an import, as JSON."""
    environment = {**world.database.environment, **({"PGUSER": who} if who else {})}
    done = subprocess.run([*command(world, kind, path, account, *words), "--json"], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return json.loads(done.stdout) if done.stdout else done.stderr


def write(path, *rows, encoding="utf-8", bom=False):
    path.write_bytes(((BOM if bom else "") + "".join(",".join(row) + "\r\n" for row in rows)).encode(encoding))
    return path


def counts(answer):
    return {word: answer[word] for word in ("new", "stored", "stored_before", "refused", "unanswered") if answer[word]}


PICKUP_HEAD = ("交车日期", "车辆识别代号", "号牌号码", "品牌", "整备质量(kg)")


def pickup(vin, day=None, mass="1250"):
    at = contract.now_us() // chain.S_US
    return (day or subprocess.run(["date", "-d", f"@{at - 3600}", "+%Y-%m-%d %H:%M"], env={"TZ": "Asia/Shanghai"}, capture_output=True,
                                  text=True, check=True).stdout.strip(), vin, "闽C12345", "大众", mass)


def report_of(world, log_index):
    record = world.value("SELECT record FROM ledger.record WHERE log_index = %s", log_index)
    return envelope_pb.Report.FromString(envelope_pb.Envelope.FromString(record).body)


def events_of(world, vin):
    return world.sql("SELECT e.type, e.log_index, e.mass_g FROM custody.event e JOIN custody.identifier i USING (item_id)"
                     " WHERE i.value = %s ORDER BY e.log_index", vin)


def records(world):
    return world.value("SELECT count(*) FROM ledger.record")


# ---- kinds and encodings


def test_the_help_lists_every_kind_and_its_template_goes_in(world, tmp_path):
    def say(*words):
        return subprocess.run([CUSTODYCTL, "import", *words], env=world.database.environment, capture_output=True, check=True).stdout

    help_text = say("--help").decode()
    for kind in ("pickups", "weighings", "certificates", "listings", "registrations", "watch-lists", "parties", "sites", "vehicles", "permits"):
        assert f"\n{kind} " in help_text
        (tmp_path / kind).write_bytes(say("--template", kind))
        assert (tmp_path / kind).read_bytes().startswith(b"\xef\xbb\xbf")
        assert counts(ctl(world, kind, tmp_path / kind, None, "--dry-run")) == {"new": 1}
    assert "车辆识别代号" in help_text and "curb_mass_kg" in help_text


def test_people_read_line_column_value_and_what_to_do(world, tmp_path):
    path = write(tmp_path / "text.csv", PICKUP_HEAD, pickup(new_vin(), day="昨天"))
    done = subprocess.run([CUSTODYCTL, "import", "pickups", str(path), "--dry-run"], capture_output=True, text=True)
    assert done.returncode == NEGATIVE
    first, last = done.stdout.splitlines()
    assert first.startswith("text.csv:2: 交车日期: 昨天: not a time; hint: ")
    assert last == "pickups text.csv (UTF-8): 1 rows, 1 refused; 0 warnings; dry run, nothing was sent"


def test_a_file_that_is_none_of_the_kind_is_refused_as_a_whole(world, tmp_path):
    path = tmp_path / "xlsx.csv"
    for content, words in ((b"PK\x03\x04", "save it as CSV UTF-8"), ("交车日期,颜值\n".encode(), "颜值"), (b"", "no row"),
                           ("交车日期,vin\n\"2026".encode(), "line 2: a quote")):
        path.write_bytes(content)
        assert words in ctl(world, "pickups", path, None, "--dry-run", code=NEGATIVE)


@pytest.mark.parametrize("encoding, bom, said", [("utf-8", False, "UTF-8"), ("utf-8", True, "UTF-8 with BOM"), ("gb18030", False, "GB18030")])
def test_pickups_go_in_by_every_encoding_under_the_firms_own_role(world, tmp_path, encoding, bom, said):
    vins = [new_vin(), new_vin()]
    path = write(tmp_path / f"收车 {said}.csv", PICKUP_HEAD, *(pickup(vin) for vin in vins), encoding=encoding, bom=bom)
    answer = ctl(world, "pickups", path, "truck-100", who=FIRM)
    assert answer["encoding"] == said and counts(answer) == {"stored": 2} and answer["errors"] == []
    for vin in vins:
        [(kind, log_index, _)] = events_of(world, vin)
        event = report_of(world, log_index).events[0]
        assert kind == contract.event_pb.EVENT_TYPE_PICKED_UP
        assert (event.pickup.make, event.pickup.curb_mass_g) == ("大众", 1250000)
        assert [identifier.value for identifier in event.item.identifiers] == [vin, "闽C12345"]


def test_weighings_and_certificates_go_in(world, tmp_path):
    vin = new_vin()
    ctl(world, "pickups", write(tmp_path / "weighed.csv", PICKUP_HEAD, pickup(vin)), "truck-101")
    now = pickup(vin)[0]
    answer = ctl(world, "weighings", write(tmp_path / "w.csv", ("过磅时间", "车架号", "毛重（kg）", "皮重(kg)", "磅单号"),
                                           (now, vin, '"9,650.5"', "８４２０", "GB001")), "truck-101")
    assert counts(answer) == {"stored": 1}
    answer = ctl(world, "certificates", write(tmp_path / "c.csv", ("issued_at", "vin", "certificate_number", "车主名称"),
                                              (now, vin, "350504202600000123", "张三")), "truck-101")
    assert counts(answer) == {"stored": 1} and "personal data" in answer["warnings"][0]["text"]
    weighing, certificate = events_of(world, vin)[1:]
    assert weighing[0] == contract.event_pb.EVENT_TYPE_WEIGHED and weighing[2] == 1230500
    reading = report_of(world, weighing[1]).readings[0].weighbridge
    assert (reading.gross_g, reading.tare_g, reading.net_g, reading.ticket) == (9650500, 8420000, 1230500, "GB001")
    event = report_of(world, certificate[1]).events[0]
    assert event.certificate.number == "350504202600000123"
    assert "张三" not in str(report_of(world, certificate[1])) and "张三".encode() not in event.SerializeToString()


def test_listings_and_registrations_are_matched_with_what_is_banned_and_stored_once(world, tmp_path):
    vin = new_vin()
    ctl(world, "pickups", write(tmp_path / "listed.csv", PICKUP_HEAD, pickup(vin)), "truck-102")
    item = world.value("SELECT item_id FROM custody.identifier WHERE value = %s AND proof", vin)
    now = pickup(vin)[0]
    listing = write(tmp_path / "l.csv", ("发现时间", "平台", "商品编号", "标题", "描述", "价格(元)"),
                    (now, "平台甲", "77", "大众 便宜卖", f'"车架号{vin}\n手续全"', "12800"))
    assert counts(ctl(world, "listings", listing, "market-1")) == {"stored": 1}
    world.flag("E01", item=item)
    registration = write(tmp_path / "r.csv", ("登记日期", "业务类型", "vin", "注册登记日期", "使用性质类别"),
                         (now, "转移登记", new_vin(), "2010年6月18日", "taxi_small"))
    assert counts(ctl(world, "registrations", registration, "office-1")) == {"stored": 1}
    wait_for("a flag E04", lambda: world.value("SELECT count(*) FROM flag.flag WHERE rule = 'E04'") == 1)
    for kind, path, account in (("listings", listing, "market-1"), ("registrations", registration, "office-1")):
        assert counts(ctl(world, kind, path, account)) == {"stored_before": 1}


def test_registry_documents_go_in_row_by_row(world, tmp_path):
    head = ("统一社会信用代码", "企业类型", "企业名称")
    good = ("91350504MA0000T1XH", "recycler", "示例一")
    assert counts(ctl(world, "parties", write(tmp_path / "a.csv", head, good), code=OK)) == {"stored": 1}
    path = write(tmp_path / "b.csv", head, good, ("91350504MA0000T1XX", "recycler", "坏"), ("91350504MA0000T28H", "bakery", "坏"),
                 ("91350504MA0000T28H", "carrier", "示例二"), ("91350504MA0000T1XH", "recycler", "改名"))
    answer = ctl(world, "parties", path, code=NEGATIVE)
    assert counts(answer) == {"stored": 1, "stored_before": 1, "refused": 3}
    assert [error["line"] for error in answer["errors"]] == [3, 4, 6]
    assert "示例一" in answer["errors"][2]["text"] and "改名" in answer["errors"][2]["text"]
    sites = write(tmp_path / "s.csv", ("场地编码", "信用代码", "名称", "行政区划代码", "经度", "纬度"),
                  ("yard-import", "91350504MA0000T1XH", "拆解场", world.area, "118.66", "24.94"), ("yard-other", "nobody", "x", world.area, "1", "2"))
    answer = ctl(world, "sites", sites, code=NEGATIVE)
    assert counts(answer) == {"stored": 1, "refused": 1} and "nobody" in answer["errors"][0]["text"]
    trucks = write(tmp_path / "v.csv", ("号牌号码", "信用代码", "核定载质量(kg)"), ("闽C88888", "91350504MA0000T1XH", "12000"))
    assert counts(ctl(world, "vehicles", trucks)) == {"stored": 1}
    assert world.value("SELECT max_load_g FROM registry.vehicle WHERE plate = '闽C88888'") == 12000000
    permits = write(tmp_path / "m.csv", ("许可证编号", "信用代码", "许可类型", "有效期起", "有效期至"),
                    ("P-1", "91350504MA0000T1XH", "vehicle_dismantling", "2026/1/1", "2030年12月31日"))
    assert counts(ctl(world, "permits", permits)) == {"stored": 1}
    assert world.value("SELECT valid_until::text FROM registry.permit WHERE number = 'P-1'") == "2030-12-31"


# ---- what is refused, and what is not done


def test_a_row_with_an_error_is_told_by_line_and_column_and_costs_no_other(world, tmp_path):
    vin = new_vin()
    path = write(tmp_path / "bad.csv", PICKUP_HEAD, pickup("LSVAA49J"), pickup(vin), pickup(new_vin(), day="昨天"), pickup(new_vin(), mass="1.25t"),
                 pickup(vin), ("", "", "", "", ""), pickup("8.6E+14"))
    answer = ctl(world, "pickups", path, "truck-103", code=NEGATIVE)
    assert counts(answer) == {"stored": 1, "refused": 5}
    assert [(error["line"], error["column"]) for error in answer["errors"]] == [
        (2, "车辆识别代号"), (4, "交车日期"), (5, "整备质量(kg)"), (6, ""), (8, "车辆识别代号")]
    assert "line 3" in answer["errors"][3]["text"] and "destroyed" in answer["errors"][4]["text"]
    assert all("; hint: " in error["text"] for error in answer["errors"])
    assert [row["result"] for row in answer["results"]] == ["refused", "stored", "refused", "refused", "refused", "refused"]
    assert len(events_of(world, vin)) == 1


def test_the_daemons_warnings_are_told_against_their_line(world, tmp_path):
    vin = new_vin()
    path = write(tmp_path / "twice.csv", PICKUP_HEAD, pickup(vin), pickup(vin, mass="1260"))
    answer = ctl(world, "pickups", path, "truck-104")
    assert counts(answer) == {"stored": 2}
    assert [warning["line"] for warning in answer["warnings"] if "the daemon says" in warning["text"]] == [3], answer["warnings"]


def test_a_dry_run_stores_nothing_and_says_what_it_would_do(world, tmp_path):
    path = write(tmp_path / "dry.csv", PICKUP_HEAD, pickup(new_vin()), pickup("LSVAA49J"))
    before = records(world)
    for account in (None, "truck-105"):
        answer = ctl(world, "pickups", path, account, "--dry-run", code=NEGATIVE)
        assert counts(answer) == {"new": 1, "refused": 1} and answer["dry_run"]
    assert records(world) == before


def test_a_row_that_the_daemon_refuses_is_told_against_its_line(new_world, tmp_path):
    """The daemon here is a stand-in: what a real one would refuse, an import of the same version refuses before it sends."""
    world = new_world()
    heads = {}

    def answer(message):
        report = envelope_pb.Report.FromString(envelope_pb.Envelope.FromString(message.payload).body)
        heads[report.seq] = message.payload
        zero, chain_hash = (base64.b64encode(value).decode() for value in (bytes(32), contract.sha256(message.payload)))
        note = (f"custody-ack/v1\ntest\nsource {report.source}\nepoch {report.epoch}\nseq {report.seq}\nchain {chain_hash}\nindex 1\nsize 2\n"
                f"root {zero}\n\n\u2014 test/ack AAAAAAAA\n")
        ack = ack_pb.Ack(source=report.source, epoch=report.epoch, seq=report.seq, note=note)
        if report.seq == 2:
            ack.refusals.add(epoch=report.epoch, seq=2, reason=ack_pb.REFUSAL_REASON_NOT_STORABLE, text="for a test; hint: none")
        daemon.publish(f"custody/v1/{world.area}/down/{report.source}", ack.SerializeToString())

    daemon = Connection(world.stack.broker_socket, "custodyd", [f"custody/v1/{world.area}/up/+"], answer)
    try:
        path = write(tmp_path / "refused.csv", PICKUP_HEAD, *(pickup(new_vin()) for _ in range(3)))
        outcome = ctl(world, "pickups", path, "truck-1", code=NEGATIVE)
    finally:
        daemon.close()
    assert sorted(heads) == [0, 1, 2, 3]
    assert counts(outcome) == {"stored": 2, "refused": 1}
    [error] = outcome["errors"]
    assert error["line"] == 3 and "not_storable" in error["text"] and "for a test" in error["text"]


def test_why_no_note_comes_is_said(new_world, tmp_path):
    """A refusal that is not final brings no note: a stand-in for a daemon that has another area in mind."""
    world = new_world()

    def answer(message):
        report = envelope_pb.Report.FromString(envelope_pb.Envelope.FromString(message.payload).body)
        ack = ack_pb.Ack(source=report.source, epoch=report.epoch)
        ack.refusals.add(epoch=report.epoch, seq=0, reason=ack_pb.REFUSAL_REASON_WRONG_TOPIC, text="area; hint: another")
        daemon.publish(f"custody/v1/{world.area}/down/{report.source}", ack.SerializeToString())

    daemon = Connection(world.stack.broker_socket, "custodyd", [f"custody/v1/{world.area}/up/+"], answer)
    try:
        path = write(tmp_path / "moved.csv", PICKUP_HEAD, pickup(new_vin()))
        done = subprocess.run(command(world, "pickups", path, "truck-1", "--timeout", "2"), env=world.database.environment,
                              capture_output=True, text=True)
    finally:
        daemon.close()
    assert done.returncode == TEMPORARY and "wrong_topic: area" in done.stderr, (done.stdout, done.stderr)


def test_what_the_daemon_throttles_is_sent_again(new_world, tmp_path):
    world = new_world(source_rate_per_s=50, source_burst=40).start()
    path = write(tmp_path / "much.csv", PICKUP_HEAD, *(pickup(new_vin()) for _ in range(150)))
    assert counts(ctl(world, "pickups", path, "truck-1", "--timeout", "20")) == {"stored": 150}
    world.daemon.wait_log("throttled")


def test_a_silent_daemon_is_75_and_the_rows_are_said_to_be_unanswered(new_world, tmp_path):
    world = new_world()
    path = write(tmp_path / "silent.csv", PICKUP_HEAD, pickup(new_vin()))
    answer = ctl(world, "pickups", path, "truck-1", "--timeout", "1", code=TEMPORARY)
    assert counts(answer) == {"new": 1}


def test_names_of_categories_and_sites_become_codes_and_unknown_ones_are_warned_of(world, tmp_path):
    now, vins = pickup(new_vin())[0], [new_vin(), new_vin()]
    path = write(tmp_path / "use.csv", ("登记日期", "业务类型", "vin", "注册登记日期", "使用性质类别"),
                 (now, "转移登记", vins[0], "2010-06-18", "小、微型出租客运"), (now, "转移登记", vins[1], "2010-06-18", "飞船"))
    answer = ctl(world, "registrations", path, "office-1")
    assert counts(answer) == {"stored": 2}
    assert [(warning["line"], warning["column"], warning["value"]) for warning in answer["warnings"]] == [(3, "使用性质类别", "飞船")]
    said = [report_of(world, index).sightings[0].scrap_category for (index,) in world.sql(
        "SELECT log_index FROM reentry.sighted_identifier WHERE value = ANY (%s) ORDER BY log_index", vins)]
    assert said == ["taxi_small", "飞船"]
    vin = new_vin()
    path = write(tmp_path / "site.csv", (*PICKUP_HEAD, "场地编码"), (*pickup(vin), "yard-1"), (*pickup(new_vin()), "yard-x"))
    answer = ctl(world, "pickups", path, "truck-113", who=FIRM)
    assert [(warning["line"], warning["value"]) for warning in answer["warnings"]] == [(3, "yard-x")]
    assert counts(ctl(world, "pickups", path, "truck-113", who=FIRM)) == {"stored_before": 2}


# ---- once


def test_one_document_is_not_imported_twice_at_a_time(world, tmp_path):
    path = write(tmp_path / "locked.csv", PICKUP_HEAD, pickup(new_vin()))
    with world.database.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(hashtextextended(E'custodyctl import recycler-1\nlocked.csv', 0))")
        assert "locked.csv is being imported" in subprocess.run(
            command(world, "pickups", path, "truck-112"), env=world.database.environment, capture_output=True, text=True).stderr
        ctl(world, "pickups", path, "truck-112", code=TEMPORARY)
    assert counts(ctl(world, "pickups", path, "truck-112")) == {"stored": 1}


def test_the_same_file_again_stores_nothing(world, tmp_path):
    path = write(tmp_path / "again.csv", PICKUP_HEAD, *(pickup(new_vin()) for _ in range(30)))
    assert counts(ctl(world, "pickups", path, "truck-106", who=FIRM)) == {"stored": 30}
    before, flags = records(world), world.flags()
    assert counts(ctl(world, "pickups", path, "truck-106", who=FIRM)) == {"stored_before": 30}
    path.write_bytes(path.read_text().encode("gb18030"))
    assert counts(ctl(world, "pickups", path, "truck-107", who=FIRM)) == {"stored_before": 30}, "by another account of the firm"
    assert records(world) == before and world.flags() == flags


def test_what_was_added_to_a_file_goes_in_and_what_was_changed_is_named(world, tmp_path):
    rows = [pickup(new_vin()) for _ in range(3)]
    path = write(tmp_path / "grows.csv", PICKUP_HEAD, *rows)
    ctl(world, "pickups", path, "truck-108")
    write(path, PICKUP_HEAD, rows[0], (*rows[1][:4], "1300"), rows[2], pickup(new_vin()))
    answer = ctl(world, "pickups", path, "truck-108", code=NEGATIVE)
    assert counts(answer) == {"stored": 1, "stored_before": 2, "refused": 1}
    [error] = answer["errors"]
    assert error["line"] == 3 and "other values" in error["text"] and "grows.csv" in error["text"]
    assert report_of(world, events_of(world, rows[1][1])[0][1]).events[0].pickup.curb_mass_g == 1250000


def test_killed_half_way_and_done_again_everything_is_there_once(world, tmp_path):
    vins = [new_vin() for _ in range(3000)]
    path = write(tmp_path / "killed.csv", PICKUP_HEAD, *(pickup(vin) for vin in vins))

    def stored():
        return world.value("SELECT count(*) FROM custody.event e JOIN registry.source s USING (source_id) WHERE s.name = 'truck-109'")

    for least in (50, 1200):
        process = subprocess.Popen(command(world, "pickups", path, "truck-109"), env=world.database.environment, stdout=subprocess.DEVNULL)
        wait_for("some rows", lambda: stored() > least)
        process.kill()
        process.wait()
        assert stored() < len(vins)
    answer = ctl(world, "pickups", path, "truck-109")
    assert counts(answer)["stored"] + counts(answer)["stored_before"] == len(vins) and answer["stored"] > 0 and answer["stored_before"] > 0
    assert stored() == len(vins)
    assert world.value("SELECT count(DISTINCT e.event_id) FROM custody.event e JOIN registry.source s USING (source_id)"
                       " WHERE s.name = 'truck-109'") == len(vins)
    assert [flag for flag in world.flags("truck-109") if flag[0].startswith("S")] == []


def test_what_a_killed_run_left_in_the_broker_is_not_sent_again(world, tmp_path):
    """The daemon stands still while a run has envelopes on their way; they wait in the broker when the next run asks what is stored."""
    vins = [new_vin() for _ in range(3000)]
    path = write(tmp_path / "queued.csv", PICKUP_HEAD, *(pickup(vin) for vin in vins))

    def stored(what="*"):
        return world.value(f"SELECT count({what}) FROM custody.event e JOIN registry.source s USING (source_id) WHERE s.name = 'truck-110'")

    first = subprocess.Popen(command(world, "pickups", path, "truck-110"), env=world.database.environment, stdout=subprocess.DEVNULL)
    wait_for("some rows", lambda: stored() > 50)
    world.daemon.signal(signal.SIGSTOP)
    time.sleep(0.3)  # the window fills
    first.kill()
    first.wait()
    second = subprocess.Popen(command(world, "pickups", path, "truck-110"), env=world.database.environment, stdout=subprocess.DEVNULL)
    time.sleep(0.3)  # it has asked the database
    world.daemon.signal(signal.SIGCONT)
    assert second.wait(60) == OK
    assert stored() == stored("DISTINCT e.event_id") == len(vins)


# ---- watch lists


def test_the_police_import_watch_lists_which_are_matched_with_what_is_in_custody_and_with_what_comes(world, tmp_path):
    here, later = new_vin(), new_vin()
    ctl(world, "pickups", write(tmp_path / "here.csv", PICKUP_HEAD, pickup(here)), "truck-111")
    path = write(tmp_path / "盗抢.csv", ("名单", "标识种类", "标识", "案件编号"), ("盗抢", "车辆识别代号", here, "案1"),
                 ("查封", "vin", later.lower(), "案2"), ("盗抢", "车辆识别代号", "LSV", "案3"), encoding="gb18030")
    answer = ctl(world, "watch-lists", path, who=POLICE, code=NEGATIVE)
    assert counts(answer) == {"stored": 2, "refused": 1} and answer["errors"][0]["line"] == 4
    ctl(world, "pickups", write(tmp_path / "later.csv", PICKUP_HEAD, pickup(later)), "truck-111")
    for vin in (here, later):
        world.flag("C12", item=world.value("SELECT item_id FROM custody.identifier WHERE value = %s AND proof", vin))
    assert counts(ctl(world, "watch-lists", path, who=POLICE, code=NEGATIVE)) == {"stored_before": 2, "refused": 1}
    leaf = world.value("SELECT convert_from(record, 'UTF8') FROM ledger.record WHERE type = 2 AND convert_from(record, 'UTF8') LIKE %s", f"%{here}%")
    assert json.loads(leaf)["actor"] == POLICE


def test_a_firm_imports_no_watch_list(world, tmp_path):
    path = write(tmp_path / "w.csv", ("名单", "标识种类", "标识", "案件编号"), ("盗抢", "车辆识别代号", new_vin(), "案1"))
    before = world.value("SELECT count(*) FROM registry.watch_entry")
    answer = ctl(world, "watch-lists", path, who=FIRM, code=CONFIG)
    assert counts(answer) == {"new": 1}
    assert world.value("SELECT count(*) FROM registry.watch_entry") == before
