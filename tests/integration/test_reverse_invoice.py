"""C16 through broker and database: what all firms together invoice in the name of one seller 反向开票, over any twelve months."""

import itertools

import psycopg
import pytest

from support.chain import Chain, S_US, event, item, new_tag
from support.contract import event_pb, sha256
from support.waiting import wait_for

FEN_A_YUAN = 100
MARCH_US = 1_772_600_000 * S_US  # 2026-03-04, Asia/Shanghai
MONTH_US = 30 * 86400 * S_US
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def chain(world):
    return Chain(world)


@pytest.fixture
def seller():
    return sha256(b"keyed hash of seller %d" % next(_numbers))


def invoice(seller, yuan, at_us=MARCH_US, reverse=True):
    return event("INVOICED", item("APPLIANCE", TAG=new_tag()), at_us,
                 invoice=event_pb.Invoice(number=f"F-{next(_numbers)}", amount_fen=yuan * FEN_A_YUAN, reverse=reverse, seller_hash=seller))


def correction(of):
    return event("CORRECTED", of.item, of.at_us + S_US, correction=event_pb.Correction(event_id=of.event_id, reason=1, text="not sold"))


def flags(world, seller):
    return world.sql("SELECT key, state, severity FROM flag.flag WHERE rule = 'C16' AND subject = %s ORDER BY key", f"seller:{seller.hex()}")


def await_flags(world, seller, *expected):
    wait_for(lambda: f"{expected}, there are {flags(world, seller)}", lambda: flags(world, seller) == list(expected))


def await_followed(world):
    """Behind everything that is stored."""
    size = world.value("SELECT size FROM ledger.head")
    wait_for("the follower", lambda: world.value("SELECT followed FROM reentry.progress") >= size)


def evidence(world, seller):
    return {index for (index,) in world.sql("SELECT log_index FROM flag.evidence JOIN flag.flag USING (flag_id) WHERE subject = %s",
                                            f"seller:{seller.hex()}")}


def test_two_firms_together_reach_the_limit_that_neither_sees_alone(chain, seller):
    world = chain.world
    first = chain.say("truck", invoice(seller, 3_000_000))
    await_followed(world)
    assert flags(world, seller) == []
    second = chain.say("handheld", invoice(seller, 2_000_000, MARCH_US + 2 * MONTH_US))
    await_flags(world, seller, ("limit", "new", 3))
    assert evidence(world, seller) == set(world.indexes_of(first) + world.indexes_of(second))


def test_a_late_invoice_of_the_year_before_counts_by_the_time_at_which_it_was_made(chain, seller):
    chain.say("truck", invoice(seller, 2_500_000))
    chain.say("truck", invoice(seller, 1_600_000, MARCH_US - 6 * MONTH_US))
    await_flags(chain.world, seller, ("near", "new", 1))


def test_thirteen_months_apart_they_do_not_meet(chain, seller):
    chain.say("truck", invoice(seller, 4_000_000 - 1))
    chain.say("truck", invoice(seller, 4_000_000 - 1, MARCH_US - 13 * MONTH_US))
    await_followed(chain.world)
    assert flags(chain.world, seller) == []


def test_what_is_no_reverse_invoice_or_takes_itself_back_does_not_count(chain, seller):
    chain.say("truck", invoice(seller, 5_000_000, reverse=False), invoice(seller, 4_800_000), invoice(seller, -1_000_000))
    await_flags(chain.world, seller, ("close", "new", 2))


def test_another_level_replaces_the_one_before_and_a_correction_withdraws_it_with_a_trace(chain, seller):
    world, wrong = chain.world, invoice(seller, 900_000)
    chain.say("truck", invoice(seller, 4_200_000))
    await_flags(world, seller, ("near", "new", 1))
    chain.say("truck", wrong)
    await_flags(world, seller, ("limit", "new", 3), ("near", "withdrawn", 1))
    chain.say("handheld", correction(wrong))
    await_followed(world)
    assert flags(world, seller)[0] == ("limit", "new", 3)  # another firm's word takes nothing away
    chain.say("truck", correction(wrong))
    await_flags(world, seller, ("limit", "withdrawn", 3), ("near", "new", 1))
    reasons = [reason for (reason,) in world.sql("SELECT reason FROM flag.action JOIN flag.flag USING (flag_id) WHERE subject = %s AND to_state = 'withdrawn'"
                                                 " ORDER BY action_id", f"seller:{seller.hex()}")]
    assert reasons == ["the sum of the invoices is another now"] * 2


def test_a_correction_that_comes_before_its_invoice_counts_all_the_same(chain, seller):
    wrong = invoice(seller, 5_000_000)
    chain.say("truck", correction(wrong))
    chain.say("truck", wrong)
    await_followed(chain.world)
    assert flags(chain.world, seller) == []


def test_an_invoice_that_is_reported_twice_counts_once(chain, seller):
    sent = invoice(seller, 3_000_000)
    chain.say("truck", sent)
    chain.say("truck", sent)
    await_followed(chain.world)
    assert flags(chain.world, seller) == []


def test_what_a_person_decided_stays(chain, seller):
    world, wrong = chain.world, invoice(seller, 5_000_000)
    chain.say("truck", wrong)
    await_flags(world, seller, ("limit", "new", 3))
    number = str(world.value("SELECT flag_id FROM flag.flag WHERE subject = %s", f"seller:{seller.hex()}"))
    assert world.database.ctl("flags", "move", number, "under_review", "--reason", "looking").returncode == 0
    assert world.database.ctl("flags", "move", number, "confirmed", "--reason", "asked the tax bureau").returncode == 0
    chain.say("truck", correction(wrong))
    await_followed(world)
    assert flags(world, seller) == [("limit", "confirmed", 3)]


def test_the_flag_is_listed_explained_and_shown_with_its_article(chain, seller):
    world = chain.world
    chain.say("truck", invoice(seller, 5_000_000))
    await_flags(world, seller, ("limit", "new", 3))
    number = str(world.value("SELECT flag_id FROM flag.flag WHERE subject = %s", f"seller:{seller.hex()}"))
    document, code = world.json("flags", "explain", number)
    assert code == 0 and document["rule"] == "C16" and "SAT Announcement 5/2024" in str(document) and seller.hex() in str(document)
    shown = world.database.ctl("flags", "show", number)
    assert shown.returncode == 0 and "C16" in shown.stdout


def test_a_firm_sees_nothing_of_what_a_seller_sold_not_even_its_own_part_of_the_flag(chain, seller):
    world = chain.world
    chain.say("truck", invoice(seller, 5_000_000))
    await_flags(world, seller, ("limit", "new", 3))
    subject = f"seller:{seller.hex()}"
    with world.database.connect() as connection:
        def seen_as(role):
            connection.execute(f'SET ROLE "{role}"')
            (count,) = connection.execute("SELECT count(*) FROM flag.flag WHERE subject = %s", [subject]).fetchone()
            connection.execute("RESET ROLE")
            return count

        connection.execute("SELECT registry.create_firm_role('recycler-1')")
        assert (seen_as("custody_police"), seen_as("custody_commerce"), seen_as("custody_firm_recycler-1")) == (1, 1, 0)
        connection.execute('SET ROLE "custody_firm_recycler-1"')
        for table in ("reverse_invoice", "correction", "valid_reverse_invoice"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT FROM custody.{table}")
