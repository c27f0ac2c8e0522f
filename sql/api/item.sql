-- item.sql - finds items by their identifiers, and everything that is known of one item as a JSON document.
--
-- Times are Asia/Shanghai wall time with its offset; masses grams; coordinates degrees, WGS-84.

-- Takes [{"scheme": "vin", "value": normalised}, ...]; returns [{"item_id", "scheme", "value", "proof"}, ...], proof first.
CREATE OR REPLACE FUNCTION api.find_items(identifiers jsonb) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object('item_id', i.item_id, 'scheme', w.scheme, 'value', i.value, 'proof', i.proof)
                                  ORDER BY i.proof DESC, i.item_id), '[]')
        FROM jsonb_to_recordset(identifiers) AS w (scheme text, value text)
        JOIN custody.identifier AS i ON i.scheme = api.number('identifier_scheme', w.scheme) AND i.value = w.value);

CREATE OR REPLACE FUNCTION api.item_identifiers(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'scheme', api.word('identifier_scheme', scheme), 'scheme_zh', api.word('identifier_scheme_zh', scheme),
            'value', value, 'proof', proof) ORDER BY proof DESC, scheme, value), '[]')
        FROM custody.identifier WHERE item_id = wanted);

-- In fold order: event time, then log index, then position in the report.
CREATE OR REPLACE FUNCTION api.item_events(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'at', api.time(e.event_at), 'event_id', e.event_id,
            'type', api.word('event_type', e.type), 'type_zh', api.word('event_type_zh', e.type),
            'log_index', e.log_index, 'ordinal', e.ordinal, 'part', e.part,
            'party', api.party(e.party_id), 'source', s.name, 'signed', s.signed,
            'site', api.site(e.site_id), 'counterparty', api.party(e.counterparty_id),
            'position', api.place(e.lon_e7, e.lat_e7), 'mass_g', e.mass_g, 'mass_estimated', e.mass_estimated,
            'retained_until', custody.retained_until('record', i.kind, e.type, e.event_at),
            'video_retained_until', custody.retained_until('video', i.kind, e.type, e.event_at),
            'erasure', api.erasure(e.log_index)
        ) ORDER BY e.event_at, e.log_index, e.ordinal), '[]')
        FROM custody.event AS e JOIN custody.item AS i USING (item_id) LEFT JOIN registry.source AS s USING (source_id)
        WHERE e.item_id = wanted);

-- Sightings of any identifier of the item, hints included: each says by which identifier, and whether that proves the item.
CREATE OR REPLACE FUNCTION api.item_sightings(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'at', api.time(g.seen_at), 'sighting_id', g.sighting_id,
            'kind', api.word('sighting_kind', g.kind), 'kind_zh', api.word('sighting_kind_zh', g.kind),
            'scheme', api.word('identifier_scheme', i.scheme), 'value', i.value, 'proof', i.proof, 'from_text', d.from_text,
            'use', api.word('sighted_use', g.use), 'platform', g.platform, 'listing_id', g.listing_id,
            'position', api.place(g.lon_e7, g.lat_e7), 'source', s.name, 'signed', s.signed,
            'log_index', g.log_index, 'ordinal', g.ordinal, 'erasure', api.erasure(g.log_index)
        ) ORDER BY g.seen_at, g.log_index, g.ordinal, i.proof DESC), '[]')
        FROM custody.identifier AS i
        JOIN reentry.sighted_identifier AS d ON d.scheme = i.scheme AND d.value = i.value
        JOIN reentry.sighting AS g ON g.log_index = d.log_index AND g.ordinal = d.ordinal
        LEFT JOIN registry.source AS s ON s.source_id = g.source_id
        WHERE i.item_id = wanted);

CREATE OR REPLACE FUNCTION api.item_children(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'item_id', item_id, 'kind', api.word('item_kind', kind), 'kind_zh', api.word('item_kind_zh', kind),
            'physical', api.word('physical_state', physical), 'physical_zh', api.word('physical_state_zh', physical)
        ) ORDER BY kind, item_id), '[]')
        FROM custody.item WHERE parent_item_id = wanted);

-- Deadlines, the newest run of each: those that run first, by when they are due.
CREATE OR REPLACE FUNCTION api.item_clocks(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT coalesce(jsonb_agg(jsonb_build_object(
            'clock', k.name, 'meaning', k.meaning, 'basis', k.basis, 'source', k.source,
            'opened_at', api.time(c.opened_at), 'due_at', api.time(c.due_at), 'stopped_at', api.time(c.stopped_at),
            'late', coalesce(c.stopped_at, now()) >= c.due_at
        ) ORDER BY c.stopped_at IS NOT NULL, c.due_at), '[]')
        FROM custody.clock AS c JOIN registry.clock_kind AS k USING (kind) WHERE c.item_id = wanted);

-- Everything known of one item; NULL where there is none. The verdict is the domain's (core/custody), not this document's.
CREATE OR REPLACE FUNCTION api.item(wanted bigint) RETURNS jsonb
LANGUAGE sql STABLE
RETURN (SELECT jsonb_build_object(
            'item_id', item_id, 'kind', api.word('item_kind', kind), 'kind_zh', api.word('item_kind_zh', kind),
            'physical', api.word('physical_state', physical), 'physical_zh', api.word('physical_state_zh', physical),
            'legal', api.word('legal_state', legal), 'legal_zh', api.word('legal_state_zh', legal),
            'terminal', terminal,
            'ban', api.word('resale_ban', ban), 'ban_zh', api.word('resale_ban_zh', ban), 'banned_at', api.time(banned_at),
            'holder', api.party(holder_party_id), 'offered_to', api.party(offered_party_id), 'site', api.site(site_id),
            'mass_g', mass_g, 'parent_item_id', parent_item_id,
            'event_count', event_count, 'first_event_at', api.time(first_event_at), 'last_event_at', api.time(last_event_at),
            'identifiers', api.item_identifiers(item_id), 'children', api.item_children(item_id),
            'events', api.item_events(item_id), 'sightings', api.item_sightings(item_id),
            'flags', api.item_flags(item_id), 'clocks', api.item_clocks(item_id))
        FROM custody.item WHERE item_id = wanted);

COMMENT ON FUNCTION api.item(bigint) IS 'Everything known of one item as a JSON document, NULL where there is none.';
COMMENT ON FUNCTION api.find_items(jsonb) IS 'Items that carry one of the given normalised identifiers.';
COMMENT ON FUNCTION api.item_identifiers(bigint) IS 'Identifiers of one item, those that prove it first.';
COMMENT ON FUNCTION api.item_events(bigint) IS 'Events of one item in the order in which they are folded.';
COMMENT ON FUNCTION api.item_sightings(bigint) IS 'Sightings of any identifier of one item.';
COMMENT ON FUNCTION api.item_clocks(bigint) IS 'Deadlines of one item, those that run first.';
COMMENT ON FUNCTION api.item_children(bigint) IS 'Items that were taken out of one item.';
