"""Compares what devices were told with what the database holds: after every cycle what is new, at the end everything."""
import re

import log

MAX_WORDS = 5  # examples of one kind of difference
TILE_LEVELS = 8
HEAD = "SELECT size, root, frontier, " + ", ".join(f"edge_{level}" for level in range(1, TILE_LEVELS)) + " FROM ledger.head"


class Differences:
    """What is wrong, a few examples of each kind."""

    def __init__(self):
        self.counts = {}
        self.examples = []

    def add(self, kind, words):
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if self.counts[kind] <= MAX_WORDS:
            self.examples.append(f"{kind}: {words}")

    def merge(self, other):
        for kind, count in other.counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count
        self.examples += other.examples

    def __bool__(self):
        return bool(self.counts)

    def __str__(self):
        return "; ".join(self.examples + [f"{count} {kind} in all" for kind, count in self.counts.items() if count > MAX_WORDS])


def key_by_seq(_index, source_id, report):
    return source_id, report.epoch, report.seq


def key_by_index(index, _source_id, _report):
    return (index,)


class Audit:
    """Grows with the run. `stored` is what the log says, `sent` and `acknowledged` what the devices say."""

    def __init__(self, stage):
        self.stage = stage
        self.verifier = log.Verifier(stage.verifier_keys["ack"])
        self.checkpoint_verifier = log.Verifier(stage.verifier_keys["checkpoint"])
        self.checkpoints = 0
        self.tree = log.Tree()
        self.stored = {}        # (source, epoch, seq) -> log index
        self.refused = {}       # the same, of dead letters of a known source
        self.record_hashes = []  # by log index
        self.reports = {}       # log index -> (report, source_id)
        self.kinds = {log.ENVELOPE: 0, log.DEAD_LETTER: 0, log.EQUIVOCATION: 0}
        self.source_ids = {}
        self.acts = []          # (log index, hash of the record) of what was appended from SQL
        self.sent = {}          # (source, epoch, seq) -> hash of the envelope
        self.acknowledged = {}  # (source, epoch) -> next seq
        self.tiles_read = [0] * TILE_LEVELS  # full tiles of each level that were compared
        self.roots = {}         # tree size -> root that a note or a checkpoint gave it
        self.notes = 0
        self.refusals = {}      # (source, epoch, seq) -> reason, as told to devices
        self.lost, self.duplicated = set(), set()
        self.noted = set()      # (source, epoch, seq) of every note that was heard
        self.unheard = 0        # acknowledgements that only the device heard

    # ---- taking in what the devices and the listener know

    def hear_devices(self):
        """Acknowledgements in the devices' journals: (source, epoch, seq) up to which all must be stored."""
        promised = []
        for journal in self.stage.journals:
            for word, key, digest in journal.take():
                if word == "sent":
                    self.sent[key] = digest
                else:
                    promised.append(key)
        return promised

    def hear_notes(self, payloads, wrong):
        """Statements of the notes in acknowledgements that were overheard."""
        for payload in payloads:
            words, refusals = log.read_ack(payload)
            self.refusals.update(refusals)
            if not words:
                continue
            self.notes += 1
            try:
                note = self.verifier.read(words)
            except ValueError as error:
                wrong.add("note", str(error))
                continue
            self.noted.add((note.source, note.epoch, note.seq))
            yield note

    # ---- taking in the log

    def read_log(self, database, wrong):
        """Every record and tile after those already read, the head and the checkpoints, in one snapshot."""
        with database.transaction():
            database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self.source_ids = dict(database.execute("SELECT name, source_id FROM registry.source").fetchall())
            rows = database.execute(
                "SELECT log_index, type, (extract(epoch FROM received_at) * 1000000)::bigint, salt, leaf_hash, record, source_id"
                " FROM ledger.record WHERE log_index >= %s ORDER BY log_index", (self.tree.size,)).fetchall()
            last = database.execute("SELECT leaf_hash FROM ledger.record WHERE log_index = %s", (self.tree.size - 1,)).fetchone()
            head = database.execute(HEAD).fetchone()
            tiles = [database.execute("SELECT tile_index, hashes FROM ledger.tile WHERE level = %s AND tile_index >= %s ORDER BY 1",
                                      (level, begin)).fetchall() for level, begin in enumerate(self.tiles_read)]
            checkpoints = database.execute("SELECT size, root, note FROM ledger.checkpoint ORDER BY size").fetchall()
        if self.tree.size and (last is None or last[0] != self.tree.levels[0][-1]):
            wrong.add("history", f"record {self.tree.size - 1}, which was read before, is gone or another")
        for row in rows:
            self._take_record(row, wrong)
        for words in self.compare_head(head):
            wrong.add("head", words)
        for level, rows in enumerate(tiles):
            for words in self.compare_tiles(level, self.tiles_read[level], rows):
                wrong.add("tile", words)
            self.tiles_read[level] = self.tree.full_tiles(level)
        for checkpoint in checkpoints:
            self._compare_checkpoint(*checkpoint, wrong)
        self.checkpoints = len(checkpoints)

    def compare_tiles(self, level, begin, rows):
        """Rows are (index, hashes) of the tiles from `begin` on."""
        expected = range(begin, self.tree.full_tiles(level))
        if [index for index, _ in rows] != list(expected):
            yield f"of level {level} there are {[index for index, _ in rows][:3]}... ({len(rows)}), not {expected}"
        for index, hashes in rows:
            if hashes != self.tree.tile(level, index):
                yield f"{level}/{index} is not that of the records"

    def compare_head(self, head):
        size, root, frontier, *edges = head
        if size != self.tree.size:
            yield f"size {size}, but {self.tree.size} records"
        elif (root, frontier) != (self.tree.root(size), b"".join(self.tree.frontier(size))):
            yield f"root or frontier at size {size} is not that of the records"
        elif edges != [self.tree.edge(level) for level in range(1, TILE_LEVELS)]:
            yield f"an edge at size {size} is not that of the records"

    def _take_record(self, row, wrong):
        index, kind, received_us, salt, leaf, record, source_id = row
        if index != self.tree.size:
            wrong.add("gap", f"index {index} after {self.tree.size - 1}")
            while self.tree.size < index:  # so that the rest can be looked at
                self.tree.append(bytes(32))
                self.record_hashes.append(b"")
        if log.leaf_hash(kind, received_us, salt, record) != leaf:
            wrong.add("leaf", f"hash at {index} is not that of its record")
        self.tree.append(leaf)
        self.record_hashes.append(log.sha256(record))
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if kind == log.DEAD_LETTER:
            if source_id is not None:
                self.refused[self.record_hashes[-1]] = index
            return
        if kind in log.OF_NO_SOURCE:
            if source_id is not None:
                wrong.add("record", f"{index} of type {kind} is filed under source_id {source_id}")
            return
        report = log.read_report(record)
        self.reports[index] = report, source_id
        if report.key in self.stored:
            self.duplicated.add(report.key)
            wrong.add("duplicate", f"{report.key} at {self.stored[report.key]} and {index}")
        else:
            self.stored[report.key] = index
        if self.source_ids.get(report.source) != source_id:
            wrong.add("record", f"{index} of {report.source} is filed under source_id {source_id}")

    # ---- comparing

    def is_dealt_with(self, key):
        return key in self.stored or self.sent.get(key) in self.refused

    def _need_stored_until(self, key, wrong):
        source, epoch, seq = key
        for each in range(self.acknowledged.get((source, epoch), 0), seq + 1):
            if not self.is_dealt_with((source, epoch, each)):
                self.lost.add((source, epoch, each))
                wrong.add("lost", f"{source} {epoch} {each} was acknowledged and is not stored")
        self.acknowledged[source, epoch] = max(seq + 1, self.acknowledged.get((source, epoch), 0))

    def _compare_signed_head(self, size, root, words, wrong):
        if self.roots.setdefault(size, root) != root:
            wrong.add("fork", f"{words}: another root was signed for {size} leaves")
        if size > self.tree.size or root != self.tree.root(size):
            wrong.add("root", f"{words}: not the root of the log, which has {self.tree.size}")

    def _compare_checkpoint(self, size, root, note, wrong):
        try:
            if self.checkpoint_verifier.read_checkpoint(note) != (size, root):
                wrong.add("checkpoint", f"of {size} leaves says something else than its row")
        except ValueError as error:
            wrong.add("checkpoint", str(error))
        self._compare_signed_head(size, root, f"checkpoint of {size} leaves", wrong)

    def _compare_head_file(self, content, wrong):
        """Its third line begins the checkpoint that was signed last."""
        try:
            size, root = self.checkpoint_verifier.read_checkpoint(content.split("\n", 2)[2])
            self._compare_signed_head(size, root, "head file", wrong)
        except (IndexError, ValueError) as error:
            wrong.add("head file", str(error))

    def _compare_note(self, note, wrong):
        words = f"note of {note.source} {note.epoch} {note.seq} at size {note.size}"
        self._compare_signed_head(note.size, note.root, words, wrong)
        if note.index >= note.size or note.index >= self.tree.size or self.record_hashes[note.index] != note.chain:
            wrong.add("chain", f"{words}: the record at {note.index} has another hash")
        elif self.stored.get((note.source, note.epoch, note.seq), note.index) != note.index:
            wrong.add("index", f"{words}: stored at {self.stored[note.source, note.epoch, note.seq]}, not {note.index}")
        self._need_stored_until((note.source, note.epoch, note.seq), wrong)

    def sweep(self, heard):
        """What is new since the last sweep. Listens first and reads then, so that whatever was promised must be there."""
        wrong = Differences()
        notes = list(self.hear_notes((payload for _, _, payload in heard), wrong))
        promised = self.hear_devices()
        head_file = self.stage.head_file.read_text()
        with self.stage.stack.connect(autocommit=True) as database:
            self.read_log(database, wrong)
        self._compare_head_file(head_file, wrong)
        for note in notes:
            self._compare_note(note, wrong)
        for key in promised:
            self.unheard += key not in self.noted
            self._need_stored_until(key, wrong)
        return wrong

    # ---- at the end; each yields what is wrong

    def every_sent_envelope_is_stored(self, _database):
        for key, digest in self.sent.items():
            if not self.is_dealt_with(key):
                self.lost.add(key)
                yield f"{key} is not stored"
            elif key in self.stored and self.record_hashes[self.stored[key]] != digest:
                yield f"{key} is stored with other bytes"

    def every_sent_envelope_is_acknowledged(self, _database):
        for source, epoch, seq in self.sent:
            if self.acknowledged.get((source, epoch), 0) <= seq:
                yield f"{source} {epoch} {seq} is not acknowledged"

    def nothing_is_stored_that_was_not_sent(self, _database):
        for key in self.stored:
            if key not in self.sent:
                yield f"{key} is stored, but no device sent it"
        if self.kinds[log.EQUIVOCATION]:
            yield f"{self.kinds[log.EQUIVOCATION]} equivocations, but no device said two things under one seq"

    def the_whole_log_is_what_was_read_on_the_way(self, database):
        rows = database.execute("SELECT log_index, leaf_hash, sha256(record) FROM ledger.record ORDER BY log_index").fetchall()
        if len(rows) != self.tree.size:
            yield f"{len(rows)} records, {self.tree.size} were read"
        for at, (index, leaf, digest) in enumerate(rows[:self.tree.size]):
            if (index, leaf, digest) != (at, self.tree.levels[0][at], self.record_hashes[at]):
                yield f"record {index} changed, or has another place"

    def every_action_is_where_it_was_put(self, _database):
        for index, digest in self.acts:
            if self.record_hashes[index:index + 1] != [digest]:
                yield f"the record at {index} is another, or missing"
        found = sum(self.kinds.get(kind, 0) for kind in log.OF_NO_SOURCE)
        if found < len(self.acts):
            yield f"{found} leaves of no source, {len(self.acts)} were appended"

    def heads_were_signed_all_along(self, _database):
        if self.checkpoints <= self.stage.dead_daemons:
            yield f"{self.checkpoints} checkpoints of {self.stage.dead_daemons + 1} daemons"

    def the_head_and_its_edges_are_those_of_all_leaves(self, database):
        return self.compare_head(database.execute(HEAD).fetchone())

    def every_tile_is_that_of_its_leaves(self, database):
        for level in range(TILE_LEVELS):
            yield from self.compare_tiles(level, 0, database.execute(
                "SELECT tile_index, hashes FROM ledger.tile WHERE level = %s ORDER BY 1", (level,)).fetchall())

    def keys_name_each_stored_envelope_once(self, database):
        names = {number: name for name, number in self.source_ids.items()}
        found = set()
        for source_id, epoch, first, last, index in database.execute(
                "SELECT source_id, epoch, first_seq, last_seq, first_index FROM ledger.ingest_key").fetchall():
            for seq in range(first, last + 1):
                key = names[source_id], epoch, seq
                if key in found:
                    yield f"{key} has two keys"
                found.add(key)
                at = self.stored.get(key, self.refused.get(self.sent.get(key)))
                if at != index + seq - first:
                    yield f"{key} is at {at}, its key says {index + seq - first}"
        for key in self.stored:
            if key not in found:
                yield f"{key} has no key"

    def streams_end_where_their_envelopes_do(self, database):
        names = {number: name for name, number in self.source_ids.items()}
        ends = {}
        for source, epoch, seq in self.sent:
            ends[source, epoch] = max(ends.get((source, epoch), 0), seq + 1)
        found = {(names[source_id], epoch): next_seq for source_id, epoch, next_seq in database.execute(
            "SELECT source_id, epoch, next_seq FROM ledger.stream").fetchall()}
        for stream in ends.keys() | found.keys():
            if ends.get(stream) != found.get(stream):
                yield f"{stream} ended at {ends.get(stream)}, the database says {found.get(stream)}"

    def _compare_rows(self, element, key_of, rows):
        """Rows are (key..., count); key_of makes the key from (log index, source_id, report)."""
        found = {tuple(key): count for *key, count in rows}
        for index, (report, source_id) in self.reports.items():
            said, has = report.counts[element], found.pop(key_of(index, source_id, report), 0)
            if said != has:
                yield f"{report.key} said {said}, the database has {has}"
        if found:
            yield f"rows of {len(found)} envelopes that are not in the log, such as {next(iter(found))}"

    def every_fix_is_there_once(self, database):
        rows = database.execute("SELECT source_id, epoch, seq, count(*) FROM telemetry.fix GROUP BY 1, 2, 3").fetchall()
        return self._compare_rows("fix", key_by_seq, rows)

    def every_reading_is_there_once(self, database):
        rows = database.execute("SELECT source_id, epoch, seq, count(*) FROM telemetry.reading GROUP BY 1, 2, 3").fetchall()
        return self._compare_rows("reading", key_by_seq, rows)

    def every_event_is_there_once(self, database):
        twice = database.execute("SELECT log_index, ordinal, item_id, part, type, count(*) FROM custody.event"
                                 " GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1 LIMIT 1").fetchone()
        if twice:
            yield f"event {twice[1]} of record {twice[0]} is there {twice[5]} times for item {twice[2]}"
        rows = database.execute("SELECT log_index, count(DISTINCT ordinal) FROM custody.event GROUP BY 1").fetchall()
        yield from self._compare_rows("event", key_by_index, rows)

    def every_sighting_is_there_once(self, database):
        rows = database.execute("SELECT log_index, count(*) FROM reentry.sighting GROUP BY 1").fetchall()
        return self._compare_rows("sighting", key_by_index, rows)

    def every_dead_letter_has_its_record_and_reason(self, database):
        missing = database.execute("SELECT count(*) FROM ledger.record r FULL JOIN ledger.dead_letter d USING (log_index)"
                                   " WHERE (r.type = %s) IS DISTINCT FROM (d.log_index IS NOT NULL)", (log.DEAD_LETTER,)).fetchone()[0]
        if missing:
            yield f"{missing} of them do not"

    def no_honest_envelope_is_refused(self, _database):
        for key, digest in self.sent.items():
            if digest in self.refused:
                yield f"{key} is a dead letter"
        for key, reason in self.refusals.items():
            if key in self.sent and reason not in log.NOT_ITS_FAULT:
                yield f"{key} was refused for reason {reason}"

    def rebuilding_every_item_changes_nothing(self, _database):
        try:
            self.stage.ctl("rebuild", "--check")
        except Exception as error:
            yield str(error)

    CLOSING = (
        every_sent_envelope_is_stored, every_sent_envelope_is_acknowledged, nothing_is_stored_that_was_not_sent,
        the_whole_log_is_what_was_read_on_the_way, heads_were_signed_all_along,
        the_head_and_its_edges_are_those_of_all_leaves, every_tile_is_that_of_its_leaves,
        every_action_is_where_it_was_put,
        keys_name_each_stored_envelope_once, streams_end_where_their_envelopes_do,
        every_fix_is_there_once, every_reading_is_there_once, every_event_is_there_once, every_sighting_is_there_once,
        every_dead_letter_has_its_record_and_reason, no_honest_envelope_is_refused, rebuilding_every_item_changes_nothing,
    )

    def close(self):
        """(sentence, Differences) of every closing check."""
        with self.stage.stack.connect(autocommit=True) as database:
            for check in self.CLOSING:
                wrong = Differences()
                for words in check(self, database):
                    wrong.add("difference", words)
                yield check.__name__.replace("_", " "), wrong


# ---- what the daemon counted

FATES = ("stored", "duplicate", "dead_lettered")


def last_counters(words):
    """The last event=stats line of a daemon's log, or None."""
    lines = re.findall(r"^.*event=stats .*$", words, re.M)
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", lines[-1])} if lines else None


def unbalanced(counters):
    """Words when what was received is not what became of it. No load of a fault run is above its rate, so nothing is throttled."""
    became = sum(counters[fate] for fate in FATES)
    if counters["received"] != became:
        return (f"received={counters['received']}, but {' + '.join(f'{fate}={counters[fate]}' for fate in FATES)} = {became}"
                f" (throttled={counters['throttled']} dropped={counters['dropped']})")
    return None
