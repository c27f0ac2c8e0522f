-- 0016_lifecycle.sql - what the guards of the lifecycle ask for beside the events: figures with their source, links between
-- parties, watch lists; and which items have to be folded again because something around them changed.

CREATE TABLE registry.figure (
    name        text COLLATE "C" PRIMARY KEY CHECK (name ~ '^[a-z0-9_]{1,64}$'),
    value       bigint NOT NULL,
    basis       text COLLATE "C" NOT NULL CHECK (basis IN ('law', 'rule', 'policy')),
    source      text NOT NULL CHECK (source <> ''),
    meaning     text NOT NULL CHECK (meaning <> '')
);
COMMENT ON TABLE registry.figure IS 'Figures that rules compare with, each with what it rests on; filled by data/figures.sql. FIGURE_TABLE of core/directory.h names those that the daemon needs.';
COMMENT ON COLUMN registry.figure.name IS 'Name; ends with the unit (_s seconds, _m metres, _permille thousandths, _g grams, _fen hundredths of a yuan).';
COMMENT ON COLUMN registry.figure.value IS 'Value in the unit of the name; a moment is seconds since 1970-01-01T00:00:00Z.';
COMMENT ON COLUMN registry.figure.basis IS 'law: read in the text of a law; rule: in a rule or standard; policy: set by the district, or not confirmed.';
COMMENT ON COLUMN registry.figure.source IS 'Article, standard or decision it comes from.';
COMMENT ON COLUMN registry.figure.meaning IS 'What it says, for people.';

CREATE TABLE registry.party_link (
    link_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party_id    bigint NOT NULL REFERENCES registry.party,
    linked_party_id bigint NOT NULL REFERENCES registry.party,
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('ownership', 'person', 'address', 'account')),
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
    valid_from  date NOT NULL,
    valid_until date NOT NULL CHECK (valid_until >= valid_from),
    registered_at timestamptz NOT NULL DEFAULT now(),
    CHECK (party_id < linked_party_id),
    UNIQUE (party_id, linked_party_id, kind, valid_from)
);
COMMENT ON TABLE registry.party_link IS 'Parties that are not independent of each other, by the business registry or by finding; rule C17 asks it.';
COMMENT ON COLUMN registry.party_link.link_id IS 'Number of the link in this database.';
COMMENT ON COLUMN registry.party_link.party_id IS 'The one with the lower number.';
COMMENT ON COLUMN registry.party_link.linked_party_id IS 'The other.';
COMMENT ON COLUMN registry.party_link.kind IS 'ownership: shares; person: same legal representative; address: same premises; account: same phone or bank account.';
COMMENT ON COLUMN registry.party_link.source IS 'Where it is known from.';
COMMENT ON COLUMN registry.party_link.valid_from IS 'First Asia/Shanghai day on which it holds.';
COMMENT ON COLUMN registry.party_link.valid_until IS 'Last Asia/Shanghai day on which it holds.';
COMMENT ON COLUMN registry.party_link.registered_at IS 'Time at which it was entered here.';

CREATE TABLE registry.watch_entry (
    entry_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    list        text COLLATE "C" NOT NULL CHECK (list IN ('stolen', 'seized', 'wanted')),
    scheme      smallint NOT NULL CHECK (scheme BETWEEN 1 AND 11),
    value       text COLLATE "C" NOT NULL CHECK (length(value) BETWEEN 1 AND 128),
    source      text NOT NULL CHECK (length(source) BETWEEN 1 AND 200),
    registered_at timestamptz NOT NULL DEFAULT now(),
    lifted_at   timestamptz CHECK (lifted_at >= registered_at)
);
CREATE UNIQUE INDEX watch_entry_open ON registry.watch_entry (scheme, value, list) WHERE lifted_at IS NULL;
COMMENT ON TABLE registry.watch_entry IS 'Watch lists of the police: stolen, seized or wanted things. Matched when an item is picked up, and with what is stored when an entry comes (rule C12).';
COMMENT ON COLUMN registry.watch_entry.entry_id IS 'Number of the entry in this database; part of the finding''s key.';
COMMENT ON COLUMN registry.watch_entry.list IS 'stolen 盗抢, seized 查封扣押, wanted 布控.';
COMMENT ON COLUMN registry.watch_entry.scheme IS 'IdentifierScheme of item.proto (1 VIN ... 11 GS1).';
COMMENT ON COLUMN registry.watch_entry.value IS 'Normalised value (core/identity).';
COMMENT ON COLUMN registry.watch_entry.source IS 'Whose list: case or file number.';
COMMENT ON COLUMN registry.watch_entry.registered_at IS 'Time at which it was entered here.';
COMMENT ON COLUMN registry.watch_entry.lifted_at IS 'Time from which it no longer holds; NULL: in force.';

ALTER TABLE custody.item ADD COLUMN ended_at timestamptz;
COMMENT ON COLUMN custody.item.ended_at IS 'Event time at which it was released or came to its end; NULL: it goes on.';

-- Who dealt with whom, for links that become known later.
CREATE INDEX event_dealing ON custody.event (party_id, counterparty_id) WHERE counterparty_id IS NOT NULL;

CREATE TABLE custody.refold (
    refold_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item_id     bigint NOT NULL,
    reason      text COLLATE "C" NOT NULL CHECK (reason IN ('child', 'certificate', 'watch', 'permit', 'link')),
    wanted_at   timestamptz NOT NULL DEFAULT now(),
    wanted_xid  xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX refold_item ON custody.refold (item_id);
COMMENT ON TABLE custody.refold IS 'Items to be folded again because something around them changed; the daemon takes them and removes the rows. A work list, not evidence.';
COMMENT ON COLUMN custody.refold.refold_id IS 'Number of the wish in this database.';
COMMENT ON COLUMN custody.refold.item_id IS 'Item to be folded again.';
COMMENT ON COLUMN custody.refold.reason IS 'What changed: a child ended, another item got its certificate number, a watch list, a permit, a link of parties.';
COMMENT ON COLUMN custody.refold.wanted_at IS 'Time of the wish.';
COMMENT ON COLUMN custody.refold.wanted_xid IS 'Transaction that wished it: a daemon waits until the registry it has in memory has seen that transaction.';

-- SECURITY DEFINER: whoever enters a registry row need not have a right on items.
CREATE FUNCTION custody.want_watched() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO custody.refold (item_id, reason)
    SELECT DISTINCT i.item_id, 'watch' FROM changed AS c JOIN custody.identifier AS i ON i.scheme = c.scheme AND i.value = c.value;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION custody.want_watched() IS 'Trigger: items that a new or lifted entry of a watch list names are to be folded again.';

CREATE FUNCTION custody.want_flagged() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO custody.refold (item_id, reason)
    SELECT DISTINCT f.item_id, TG_ARGV[1] FROM flag.flag AS f
    WHERE f.rule = TG_ARGV[0] AND f.state IN ('new', 'under_review', 'confirmed') AND f.item_id IS NOT NULL;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION custody.want_flagged() IS 'Trigger (rule, reason): items with an open flag of the rule are to be folded again, since the registry now says more.';

CREATE FUNCTION custody.want_dealings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO custody.refold (item_id, reason)
    SELECT DISTINCT e.item_id, 'link' FROM changed AS c JOIN custody.event AS e
        ON (e.party_id, e.counterparty_id) IN ((c.party_id, c.linked_party_id), (c.linked_party_id, c.party_id));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION custody.want_dealings() IS 'Trigger: items that two parties handed to each other are to be folded again, since their link is known now.';

CREATE TRIGGER watched AFTER INSERT ON registry.watch_entry REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION custody.want_watched();
CREATE TRIGGER lifted AFTER UPDATE ON registry.watch_entry REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION custody.want_watched();
CREATE TRIGGER permitted AFTER INSERT OR UPDATE ON registry.permit
    FOR EACH STATEMENT EXECUTE FUNCTION custody.want_flagged('C11', 'permit');
CREATE TRIGGER linked AFTER INSERT ON registry.party_link REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION custody.want_dealings();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.permit FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.party_link FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON registry.figure FOR EACH STATEMENT EXECUTE FUNCTION registry.announce_change();
