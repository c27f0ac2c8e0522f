-- roles.sql - who may do what: roles, grants and row-level security, all of it, as it is now.
--
-- Runs last and with the caller's own rights, after every change of any other file. Everything is taken away first and given
-- again in the same transaction, so what stands here is what holds. Nobody but the owner ever gets a right on a partition: a
-- partition asked by its own name would answer without the policies of its parent.

-- ---- roles: they belong to the cluster, so another database may have made them, and what is right already is left alone

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN SELECT * FROM (VALUES
        ('custody_owner',     'NOLOGIN', 'INHERIT',   'NOBYPASSRLS', 'owns every object of custodyd; administrators are its members'),
        ('custody_ingest',    'LOGIN',   'INHERIT',   'BYPASSRLS',   'custodyd storing envelopes; COPY does not work under policies, and it writes for every firm'),
        ('custody_console',   'LOGIN',   'NOINHERIT', 'NOBYPASSRLS', 'custodyd answering people: nothing by itself, takes on the role of who asks'),
        ('custody_monitor',   'LOGIN',   'INHERIT',   'NOBYPASSRLS', 'reads the log: monitoring, auditors, witnesses'),
        ('custody_registrar', 'NOLOGIN', 'INHERIT',   'NOBYPASSRLS', 'enters parties, sites, vehicles, permits, sources and keys'),
        ('custody_approver',  'NOLOGIN', 'INHERIT',   'NOBYPASSRLS', 'agrees to erasures that somebody else asked for'),
        ('custody_police',    'NOLOGIN', 'INHERIT',   'NOBYPASSRLS', 'police and traffic bureau: sees everything'),
        ('custody_ecology',   'NOLOGIN', 'INHERIT',   'NOBYPASSRLS', 'ecology bureau: items, events, measurements'),
        ('custody_commerce',  'NOLOGIN', 'INHERIT',   'NOBYPASSRLS', 'commerce bureau: items, events, sightings, flags'),
        ('custody_firm',      'NOLOGIN', 'INHERIT',   'NOBYPASSRLS', 'what every firm may do; each has its own role, a member of this one')
    ) AS role (name, login, inherit, bypass, purpose) LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I %s %s %s', wanted.name, wanted.login, wanted.inherit, wanted.bypass);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- another database of this cluster is migrated at the same moment
            END;
        END IF;
        -- Whether a role logs in is the operator's to change; what it sees is not.
        IF EXISTS (SELECT FROM pg_roles WHERE rolname = wanted.name
                   AND (rolinherit, rolbypassrls) <> (wanted.inherit = 'INHERIT', wanted.bypass = 'BYPASSRLS')) THEN
            EXECUTE format('ALTER ROLE %I %s %s', wanted.name, wanted.inherit, wanted.bypass);
        END IF;
        IF shobj_description(wanted.name::regrole, 'pg_authid') IS DISTINCT FROM wanted.purpose THEN
            EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.purpose);
        END IF;
    END LOOP;
END $$;

-- The console takes on the viewer's role; it must not have the rights of all of them at once (NOINHERIT).
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['custody_police', 'custody_ecology', 'custody_commerce'] LOOP
        IF NOT pg_has_role('custody_console', name, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO custody_console', name);
        END IF;
    END LOOP;
END $$;

-- ---- the database: no temporary tables for strangers, no strangers

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO custody_ingest, custody_console, custody_monitor, custody_registrar, '
                   'custody_approver, custody_police, custody_ecology, custody_commerce, custody_firm', current_database());
END $$;

-- ---- nothing ...

DO $$
DECLARE
    everybody text := 'PUBLIC, custody_ingest, custody_console, custody_monitor, custody_registrar, custody_approver, custody_police, '
                      'custody_ecology, custody_commerce, custody_firm';
    ours text := 'migration, registry, ledger, custody, telemetry, route, reentry, flag, report, api';
    policy record;
BEGIN
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %s FROM %s', ours, everybody);
    EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %s FROM %s', ours, everybody);
    EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA %s FROM %s', ours, everybody);
    EXECUTE format('REVOKE ALL ON SCHEMA %s FROM %s', ours, everybody);
    FOR policy IN SELECT * FROM pg_policies WHERE schemaname = ANY (string_to_array(ours, ', ')) LOOP
        EXECUTE format('DROP POLICY %I ON %I.%I', policy.policyname, policy.schemaname, policy.tablename);
    END LOOP;
END $$;

-- ---- ... then what each may do

GRANT USAGE ON SCHEMA migration, registry, ledger
    TO custody_ingest, custody_monitor, custody_registrar, custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT USAGE ON SCHEMA migration TO custody_console;
GRANT USAGE ON SCHEMA custody, flag TO custody_ingest;
GRANT USAGE ON SCHEMA custody, flag, report, api TO custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT USAGE ON SCHEMA telemetry, route TO custody_ingest, custody_police, custody_ecology, custody_firm;
GRANT USAGE ON SCHEMA reentry TO custody_ingest, custody_police, custody_commerce, custody_firm;
GRANT USAGE ON SCHEMA migration, ledger TO custody_approver;
GRANT USAGE ON SCHEMA api TO custody_registrar, custody_approver;

-- Programs ask whether the schema is theirs before they begin.
GRANT SELECT ON migration.applied
    TO custody_ingest, custody_console, custody_monitor, custody_registrar, custody_approver, custody_police, custody_ecology, custody_commerce,
    custody_firm;

-- Ingest: adds; changes only what has to move on; removes nothing.
GRANT SELECT ON registry.area, registry.party, registry.site, registry.permit, registry.vehicle, registry.source, registry.source_key,
    registry.figure, registry.scrap_limit, registry.party_link, registry.watch_entry, registry.clock_kind, registry.calendar_day, registry.yield TO custody_ingest;
GRANT SELECT, INSERT ON ledger.record, ledger.ingest_key, ledger.dead_letter TO custody_ingest;
GRANT SELECT, INSERT, UPDATE (version, next_seq, state, updated_at) ON ledger.stream TO custody_ingest;
GRANT SELECT, UPDATE (size, frontier, root, updated_at, edge_1, edge_2, edge_3, edge_4, edge_5, edge_6, edge_7) ON ledger.head TO custody_ingest;
GRANT SELECT, INSERT ON ledger.tile, ledger.checkpoint, ledger.cosignature TO custody_ingest;
GRANT EXECUTE ON FUNCTION ledger.append(integer, bytea), ledger.expect(bigint, bigint, text) TO custody_ingest;
GRANT SELECT ON ledger.signing_key TO custody_ingest; -- added to with a leaf alone:
GRANT EXECUTE ON FUNCTION ledger.announce_key(text, bytea), ledger.software_started(text, bytea) TO custody_ingest;
GRANT SELECT, INSERT ON custody.identifier, custody.event TO custody_ingest;
GRANT SELECT, INSERT, UPDATE (kind, physical, legal, ban, banned_at, terminal, holder_party_id, offered_party_id, site_id, mass_g,
    parent_item_id, event_count, first_event_at, last_event_at, facts, ended_at, judged_at) ON custody.item TO custody_ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON custody.clock TO custody_ingest; -- computed from the events, again and again
GRANT EXECUTE ON FUNCTION custody.keep_clocks(bigint[], bigint[], smallint[], timestamptz[], timestamptz[], timestamptz[], timestamptz[])
    TO custody_ingest;
GRANT SELECT, INSERT, DELETE ON custody.refold TO custody_ingest; -- a work list: what is done is removed
GRANT USAGE ON SEQUENCE custody.item_item_id_seq, flag.flag_flag_id_seq TO custody_ingest;
GRANT SELECT, INSERT ON telemetry.fix, telemetry.reading TO custody_ingest;
GRANT EXECUTE ON FUNCTION telemetry.ensure_days(date, date) TO custody_ingest;
GRANT SELECT ON registry.fence, registry.road_right, route.map_fence, route.map_right TO custody_ingest;
GRANT SELECT, INSERT, UPDATE (state, stale_from, due_at, behind_us) ON route.truck_state TO custody_ingest;
GRANT SELECT, INSERT ON route.report TO custody_ingest;
GRANT SELECT, INSERT, UPDATE (started_at, ended_at, from_site_id, to_site_id, distance_m, fix_count, most_load_g, void, entry_at, entry)
    ON route.trip TO custody_ingest;
GRANT EXECUTE ON FUNCTION flag.settle_trucks(bigint[], timestamptz[], bigint[], text[], integer[], smallint[], text[], text[], timestamptz[],
    bigint[]) TO custody_ingest;
GRANT SELECT, INSERT ON reentry.sighting, reentry.sighted_identifier, reentry.banned_vin, reentry.written, reentry.near_key TO custody_ingest;
GRANT SELECT, UPDATE (followed) ON reentry.progress TO custody_ingest;
GRANT SELECT, INSERT, DELETE ON reentry.ban_change TO custody_ingest; -- a work list: what is done is removed
GRANT EXECUTE ON FUNCTION reentry.evidence(bigint[], bigint[], text[]), flag.fold_floods(integer, integer, integer) TO custody_ingest;
GRANT EXECUTE ON FUNCTION reentry.evidence(bigint[], bigint[], text[]) TO custody_police; -- rebuild --check
GRANT SELECT, INSERT, UPDATE (rule_version, severity, state, detail, event_at, changed_at, folded_into) ON flag.flag TO custody_ingest;
GRANT SELECT, INSERT ON flag.evidence, flag.action TO custody_ingest;
GRANT EXECUTE ON FUNCTION flag.settle(bigint[], bigint[], bigint[], text[], integer[], smallint[], text[], text[], timestamptz[], bigint[],
    smallint[], text[]), flag.withdraw(text[], text[], text[], text),
    flag.settle_sellers(bytea[], text[], integer, smallint[], text[], integer[], integer[]) TO custody_ingest;
GRANT SELECT, INSERT ON custody.reverse_invoice, custody.correction TO custody_ingest;
GRANT SELECT ON custody.valid_reverse_invoice TO custody_ingest;
-- What a person sells to all firms together is for authorities alone.
GRANT SELECT ON custody.reverse_invoice, custody.correction, custody.valid_reverse_invoice TO custody_police, custody_commerce;

-- Monitor: the log, to read.
GRANT SELECT ON ledger.record, ledger.ingest_key, ledger.stream, ledger.head, ledger.dead_letter TO custody_monitor;
-- Hashes and signatures are for everybody.
GRANT SELECT ON ledger.tile, ledger.checkpoint, ledger.cosignature, ledger.signing_key
    TO custody_monitor, custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT EXECUTE ON FUNCTION ledger.tile_hashes(integer, bigint, integer) TO custody_ingest, custody_monitor;
GRANT SELECT ON registry.source, registry.source_key, registry.party TO custody_monitor;

-- Registrar: enters, corrects names, switches off and revokes; what was entered stays.
GRANT SELECT, INSERT ON registry.area, registry.party, registry.site, registry.permit, registry.vehicle, registry.source,
    registry.source_key, registry.firm_role, registry.party_link, registry.watch_entry TO custody_registrar;
GRANT SELECT ON registry.figure, registry.scrap_limit, registry.clock_kind, registry.retention, registry.calendar_day, registry.yield TO custody_registrar;
GRANT INSERT, UPDATE ON registry.calendar_day TO custody_registrar;
GRANT UPDATE (valid_until) ON registry.party_link TO custody_registrar;
GRANT UPDATE (lifted_at) ON registry.watch_entry TO custody_registrar;
-- Watch lists are the police's own; a registrar enters what comes to the district on paper.
GRANT INSERT, UPDATE (lifted_at) ON registry.watch_entry TO custody_police;
GRANT UPDATE (name) ON registry.party, registry.site TO custody_registrar;
GRANT UPDATE (valid_until) ON registry.permit TO custody_registrar;
GRANT UPDATE (max_load_g, class) ON registry.vehicle TO custody_registrar;
GRANT SELECT, INSERT, UPDATE (name, valid_until) ON registry.fence TO custody_registrar;
GRANT SELECT, INSERT, UPDATE (valid_until) ON registry.road_right TO custody_registrar;
GRANT UPDATE (site_id, vehicle_id, enabled) ON registry.source TO custody_registrar;
GRANT UPDATE (revoked_at) ON registry.source_key TO custody_registrar;
GRANT EXECUTE ON FUNCTION registry.create_firm_role(text) TO custody_registrar;

-- Flags are worked on by the police and the commerce bureau; who sees one sees where it can go.
GRANT EXECUTE ON FUNCTION flag.move(bigint, text, text), flag.assign(bigint, text, text), flag.comment(bigint, text)
    TO custody_police, custody_commerce;
GRANT EXECUTE ON FUNCTION flag.next_states(text), flag.firm(flag.flag), ledger.actor()
    TO custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT SELECT ON flag.credit, flag.credit_points TO custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT INSERT (rule, severity, points, basis, source, valid_from) ON flag.credit_points TO custody_commerce; -- the district's policy

-- Erasure: a registrar or the police ask, an approver agrees, who cannot be the same person.
GRANT EXECUTE ON FUNCTION ledger.request_erasure(bigint, text, boolean) TO custody_registrar, custody_police;
GRANT EXECUTE ON FUNCTION custody.retained_until(text, smallint, smallint, timestamptz)
    TO custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT EXECUTE ON FUNCTION ledger.approve_erasure(bigint) TO custody_approver;
GRANT SELECT ON ledger.erasure_request TO custody_monitor, custody_registrar, custody_approver, custody_police;
GRANT SELECT ON ledger.erasure TO custody_ingest, custody_monitor, custody_registrar, custody_approver, custody_police, custody_ecology,
    custody_commerce, custody_firm;

-- Viewers: tables by their task, rows by the policies below.
GRANT SELECT ON registry.area, registry.party, registry.site, registry.permit, registry.vehicle, registry.source, ledger.head, ledger.stream,
    ledger.dead_letter, custody.item, custody.identifier, custody.event, flag.flag, flag.evidence
    TO custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT SELECT ON registry.source_key, registry.party_link, registry.watch_entry, custody.refold, ledger.record, ledger.ingest_key TO custody_police;
GRANT SELECT ON registry.figure, registry.scrap_limit, registry.clock_kind, registry.retention, registry.calendar_day, registry.yield, custody.clock
    TO custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT SELECT ON registry.source_key, registry.firm_role, ledger.record TO custody_firm;
GRANT SELECT ON telemetry.fix, telemetry.reading TO custody_police, custody_ecology, custody_firm;
GRANT SELECT ON registry.fence, registry.road_right TO custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT SELECT ON route.trip TO custody_police, custody_ecology, custody_firm;
GRANT SELECT ON route.truck_state, route.report, route.map_fence, route.map_right TO custody_police;
GRANT SELECT ON reentry.sighting, reentry.sighted_identifier TO custody_police, custody_commerce, custody_firm;
GRANT SELECT ON reentry.banned_vin, reentry.written, reentry.near_key, reentry.progress, reentry.ban_change TO custody_police;
GRANT SELECT ON flag.action TO custody_police, custody_ecology, custody_commerce; -- a firm does not see who worked on a flag
GRANT EXECUTE ON FUNCTION registry.own_party() TO custody_monitor, custody_registrar, custody_police, custody_ecology, custody_commerce, custody_firm;

-- Answers run with the rights of who asks, so everybody who asks may ask anything.
GRANT SELECT ON ALL TABLES IN SCHEMA report TO custody_police, custody_ecology, custody_commerce, custody_firm;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA api
    TO custody_registrar, custody_approver, custody_police, custody_ecology, custody_commerce, custody_firm;

-- ---- row-level security: an authority sees all rows of the tables it has, a firm its own

DO $$
DECLARE
    own record;
BEGIN
    FOR own IN SELECT * FROM (VALUES
        ('registry.firm_role',  $p$ role_name = current_user $p$),
        ('registry.party',      $p$ party_id = (SELECT registry.own_party()) $p$),
        ('registry.site',       $p$ party_id = (SELECT registry.own_party()) $p$),
        ('registry.permit',     $p$ party_id = (SELECT registry.own_party()) $p$),
        ('registry.vehicle',    $p$ party_id = (SELECT registry.own_party()) $p$),
        ('registry.party_link', $p$ false $p$),
        ('registry.watch_entry', $p$ false $p$),
        -- Its own sites' fences and those of road rights and districts; not which places the police watch.
        ('registry.fence',      $p$ kind IN ('district', 'area') OR site_id IN (SELECT s.site_id FROM registry.site AS s WHERE s.party_id = (SELECT registry.own_party())) $p$),
        ('registry.road_right', $p$ vehicle_id IS NULL OR vehicle_id IN (SELECT v.vehicle_id FROM registry.vehicle AS v WHERE v.party_id = (SELECT registry.own_party())) $p$),
        ('route.trip',          $p$ vehicle_id IN (SELECT v.vehicle_id FROM registry.vehicle AS v WHERE v.party_id = (SELECT registry.own_party())) $p$),
        ('registry.source',     $p$ party_id = (SELECT registry.own_party()) $p$),
        ('registry.source_key', $p$ source_id IN (SELECT s.source_id FROM registry.source AS s WHERE s.party_id = (SELECT registry.own_party())) $p$),
        ('ledger.record',       $p$ source_id IN (SELECT s.source_id FROM registry.source AS s WHERE s.party_id = (SELECT registry.own_party())) $p$),
        ('ledger.stream',       $p$ source_id IN (SELECT s.source_id FROM registry.source AS s WHERE s.party_id = (SELECT registry.own_party())) $p$),
        ('ledger.dead_letter',  $p$ source_id IN (SELECT s.source_id FROM registry.source AS s WHERE s.party_id = (SELECT registry.own_party())) $p$),
        ('ledger.erasure',      $p$ EXISTS (SELECT FROM ledger.record AS r WHERE r.log_index = erasure.log_index) $p$),
        ('telemetry.fix',       $p$ source_id IN (SELECT s.source_id FROM registry.source AS s WHERE s.party_id = (SELECT registry.own_party())) $p$),
        ('telemetry.reading',   $p$ source_id IN (SELECT s.source_id FROM registry.source AS s WHERE s.party_id = (SELECT registry.own_party())) $p$),
        ('reentry.sighting',    $p$ source_id IN (SELECT s.source_id FROM registry.source AS s WHERE s.party_id = (SELECT registry.own_party())) $p$),
        -- What it reported, and what was done with it in a hand-over.
        ('custody.event',       $p$ (SELECT registry.own_party()) IN (party_id, counterparty_id) $p$),
        -- What it holds, is offered, or once reported on.
        ('custody.item',        $p$ (SELECT registry.own_party()) IN (holder_party_id, offered_party_id)
                                    OR EXISTS (SELECT FROM custody.event AS e WHERE e.item_id = item.item_id AND e.party_id = (SELECT registry.own_party())) $p$),
        -- These follow the row that they belong to: the query inside is under its policy.
        ('custody.clock',       $p$ EXISTS (SELECT FROM custody.item AS i WHERE i.item_id = clock.item_id) $p$),
        ('custody.identifier',  $p$ EXISTS (SELECT FROM custody.item AS i WHERE i.item_id = identifier.item_id) $p$),
        ('reentry.sighted_identifier', $p$ EXISTS (SELECT FROM reentry.sighting AS s WHERE s.log_index = sighted_identifier.log_index AND s.ordinal = sighted_identifier.ordinal) $p$),
        ('flag.evidence',       $p$ EXISTS (SELECT FROM flag.flag AS f WHERE f.flag_id = evidence.flag_id) $p$),
        ('flag.action',         $p$ false $p$),
        ('flag.credit',         $p$ party_id = (SELECT registry.own_party()) $p$),
        -- Its devices' gaps, and what is missing on what it holds; not that the police found something for sale (E) or follow a truck (R).
        ('flag.flag',           $p$ source_id IN (SELECT s.source_id FROM registry.source AS s WHERE s.party_id = (SELECT registry.own_party()))
                                    OR rule LIKE 'C%' AND EXISTS (SELECT FROM custody.item AS i WHERE i.item_id = flag.item_id AND i.holder_party_id = (SELECT registry.own_party())) $p$)
    ) AS rule (name, condition) LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', own.name::regclass);
        EXECUTE format('CREATE POLICY authority ON %s FOR SELECT TO custody_monitor, custody_registrar, custody_approver, custody_police, custody_ecology, '
                       'custody_commerce USING (true)', own.name::regclass);
        EXECUTE format('CREATE POLICY firm ON %s FOR SELECT TO custody_firm USING (%s)', own.name::regclass, own.condition);
        IF own.name LIKE 'registry.%' THEN
            EXECUTE format('CREATE POLICY registrar_adds ON %s FOR INSERT TO custody_registrar WITH CHECK (true)', own.name::regclass);
            EXECUTE format('CREATE POLICY registrar_changes ON %s FOR UPDATE TO custody_registrar USING (true)', own.name::regclass);
        END IF;
    END LOOP;
    CREATE POLICY police_add ON registry.watch_entry FOR INSERT TO custody_police WITH CHECK (true);
    CREATE POLICY police_lift ON registry.watch_entry FOR UPDATE TO custody_police USING (true);
END $$;
