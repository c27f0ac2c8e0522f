-- register.sql - enters parties, sites, vehicles, permits, fences, road rights, sources and source keys from JSON documents, each once.
--
-- A document is {"party": {...}}, {"site": ...}, {"vehicle": ...}, {"permit": ...}, {"fence": ...}, {"road_right": ...}, {"link": ...},
-- {"watch": ...}, {"source": ...} or {"key": ...}. What is there already with the same values is left alone; with other values it is an
-- error that names both. All or nothing: one call, one transaction.

-- Refuses a document that differs from what is registered. Keys that the document does not give are not compared.
CREATE OR REPLACE FUNCTION api.register_compare(what text, registered jsonb, given jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    field text;
BEGIN
    FOR field IN SELECT jsonb_object_keys(given) LOOP
        IF registered -> field IS DISTINCT FROM given -> field THEN
            RAISE EXCEPTION '%: % is registered as % and given as %',
                what, field, coalesce(registered ->> field, 'nothing'), coalesce(given ->> field, 'nothing')
                USING ERRCODE = 'unique_violation', HINT = 'leave it out, or register another';
        END IF;
    END LOOP;
END $$;

-- The id behind a code; an error that says what is missing where there is none. NULL for NULL.
CREATE OR REPLACE FUNCTION api.register_party_id(what text, wanted text) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    found_id bigint;
BEGIN
    SELECT party_id INTO found_id FROM registry.party WHERE code = wanted;
    IF found_id IS NULL THEN
        RAISE EXCEPTION '%: party % is not registered', what, coalesce(wanted, '(none)')
            USING ERRCODE = 'foreign_key_violation', HINT = 'register the party first';
    END IF;
    RETURN found_id;
END $$;

CREATE OR REPLACE FUNCTION api.register_site_id(what text, wanted text) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    found_id bigint;
BEGIN
    SELECT site_id INTO found_id FROM registry.site WHERE code = wanted;
    IF found_id IS NULL THEN
        RAISE EXCEPTION '%: site % is not registered', what, wanted
            USING ERRCODE = 'foreign_key_violation', HINT = 'register the site first';
    END IF;
    RETURN found_id;
END $$;

CREATE OR REPLACE FUNCTION api.register_vehicle_id(what text, wanted text) RETURNS bigint
LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    found_id bigint;
BEGIN
    SELECT vehicle_id INTO found_id FROM registry.vehicle WHERE plate = wanted;
    IF found_id IS NULL THEN
        RAISE EXCEPTION '%: vehicle % is not registered', what, wanted
            USING ERRCODE = 'foreign_key_violation', HINT = 'register the vehicle first';
    END IF;
    RETURN found_id;
END $$;

CREATE OR REPLACE FUNCTION api.register_area(what text, wanted text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM registry.area WHERE code = wanted) THEN
        RAISE EXCEPTION '%: area % is not known', what, coalesce(wanted, '(none)')
            USING ERRCODE = 'foreign_key_violation',
            HINT = 'known areas: ' || (SELECT string_agg(code || ' ' || name_zh, ', ' ORDER BY code) FROM registry.area);
    END IF;
    RETURN wanted;
END $$;

-- Each of these: true when it was entered, false when it was there with the same values.

CREATE OR REPLACE FUNCTION api.register_party(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := 'party ' || coalesce(d ->> 'code', '(no code)');
    kind_number smallint := api.number('party_kind', d ->> 'kind');
    registered jsonb;
BEGIN
    SELECT jsonb_build_object('code', code, 'kind', api.word('party_kind', kind), 'name', name) INTO registered
    FROM registry.party WHERE code = d ->> 'code';
    IF FOUND THEN
        PERFORM api.register_compare(what, registered, d);
        RETURN false;
    END IF;
    IF kind_number IS NULL OR kind_number = 0 THEN
        RAISE EXCEPTION '%: kind % is unknown', what, coalesce(d ->> 'kind', '(none)')
            USING ERRCODE = 'check_violation', HINT = 'one of ' || array_to_string((api.words('party_kind'))[1:], ', ');
    END IF;
    INSERT INTO registry.party (code, kind, name) VALUES (d ->> 'code', kind_number, d ->> 'name');
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION api.register_site(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := 'site ' || coalesce(d ->> 'code', '(no code)');
    registered jsonb;
BEGIN
    SELECT jsonb_build_object('code', s.code, 'party', p.code, 'name', s.name, 'area', s.area, 'lon_e7', s.lon_e7, 'lat_e7', s.lat_e7)
    INTO registered
    FROM registry.site AS s JOIN registry.party AS p USING (party_id) WHERE s.code = d ->> 'code';
    IF FOUND THEN
        PERFORM api.register_compare(what, registered, d);
        RETURN false;
    END IF;
    INSERT INTO registry.site (code, party_id, name, area, lon_e7, lat_e7)
    VALUES (d ->> 'code', api.register_party_id(what, d ->> 'party'), d ->> 'name', api.register_area(what, d ->> 'area'),
            (d ->> 'lon_e7')::integer, (d ->> 'lat_e7')::integer);
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION api.register_vehicle(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := 'vehicle ' || coalesce(d ->> 'plate', '(no plate)');
    registered jsonb;
BEGIN
    SELECT jsonb_build_object('plate', v.plate, 'party', p.code, 'max_load_g', v.max_load_g, 'class', v.class) INTO registered
    FROM registry.vehicle AS v JOIN registry.party AS p USING (party_id) WHERE v.plate = d ->> 'plate';
    IF FOUND THEN
        PERFORM api.register_compare(what, registered, d);
        RETURN false;
    END IF;
    INSERT INTO registry.vehicle (plate, party_id, max_load_g, class)
    VALUES (d ->> 'plate', api.register_party_id(what, d ->> 'party'), (d ->> 'max_load_g')::bigint, d ->> 'class');
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION api.register_fence(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := 'fence ' || coalesce(d ->> 'code', '(no code)');
    registered jsonb;
BEGIN
    SELECT jsonb_build_object('code', f.code, 'kind', f.kind, 'site', s.code, 'name', f.name, 'geometry', f.geometry, 'source', f.source,
                              'valid_from', f.valid_from, 'valid_until', f.valid_until) INTO registered
    FROM registry.fence AS f LEFT JOIN registry.site AS s USING (site_id) WHERE f.code = d ->> 'code';
    IF FOUND THEN
        PERFORM api.register_compare(what, registered, d);
        RETURN false;
    END IF;
    IF (d ->> 'kind' = 'site') <> (d ? 'site') THEN
        RAISE EXCEPTION '%: kind % and site % do not fit', what, coalesce(d ->> 'kind', '(none)'), coalesce(d ->> 'site', '(none)')
            USING ERRCODE = 'check_violation', HINT = 'a fence of kind site names its site, no other does';
    END IF;
    INSERT INTO registry.fence (code, kind, site_id, name, geometry, source, valid_from, valid_until)
    VALUES (d ->> 'code', d ->> 'kind', api.register_site_id(what, d ->> 'site'), d ->> 'name', d ->> 'geometry', d ->> 'source',
            (d ->> 'valid_from')::date, (d ->> 'valid_until')::date);
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION api.register_road_right(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := 'road right ' || coalesce(d ->> 'number', '(no number)');
    area bigint;
    registered jsonb;
BEGIN
    SELECT jsonb_build_object('number', r.number, 'fence', f.code, 'vehicle', v.plate, 'class', r.class, 'weekdays', r.weekdays,
                              'from_minute', r.from_minute, 'until_minute', r.until_minute, 'source', r.source,
                              'valid_from', r.valid_from, 'valid_until', r.valid_until) INTO registered
    FROM registry.road_right AS r JOIN registry.fence AS f USING (fence_id) LEFT JOIN registry.vehicle AS v USING (vehicle_id)
    WHERE r.number = d ->> 'number';
    IF FOUND THEN
        PERFORM api.register_compare(what, registered, d);
        RETURN false;
    END IF;
    SELECT fence_id INTO area FROM registry.fence WHERE code = d ->> 'fence' AND kind = 'area';
    IF area IS NULL THEN
        RAISE EXCEPTION '%: no fence % of kind area', what, coalesce(d ->> 'fence', '(none)')
            USING ERRCODE = 'foreign_key_violation', HINT = 'register the fence first';
    END IF;
    INSERT INTO registry.road_right (number, fence_id, vehicle_id, class, weekdays, from_minute, until_minute, source, valid_from, valid_until)
    VALUES (d ->> 'number', area, api.register_vehicle_id(what, d ->> 'vehicle'), d ->> 'class', (d ->> 'weekdays')::smallint,
            (d ->> 'from_minute')::smallint, (d ->> 'until_minute')::smallint, d ->> 'source', (d ->> 'valid_from')::date,
            (d ->> 'valid_until')::date);
    RETURN true;
END $$;

CREATE OR REPLACE FUNCTION api.register_permit(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := format('permit %s %s', coalesce(d ->> 'kind', '(no kind)'), coalesce(d ->> 'number', '(no number)'));
    holder bigint := api.register_party_id(what, d ->> 'party');
    registered jsonb;
BEGIN
    SELECT jsonb_build_object('party', d ->> 'party', 'kind', m.kind, 'number', m.number, 'site', s.code,
                              'valid_from', m.valid_from, 'valid_until', m.valid_until) INTO registered
    FROM registry.permit AS m LEFT JOIN registry.site AS s USING (site_id)
    WHERE m.party_id = holder AND m.kind = d ->> 'kind' AND m.number = d ->> 'number';
    IF FOUND THEN
        PERFORM api.register_compare(what, registered, d);
        RETURN false;
    END IF;
    INSERT INTO registry.permit (party_id, site_id, kind, number, valid_from, valid_until)
    VALUES (holder, api.register_site_id(what, d ->> 'site'), d ->> 'kind', d ->> 'number',
            (d ->> 'valid_from')::date, (d ->> 'valid_until')::date);
    RETURN true;
END $$;

-- Both ways round it is one link.
CREATE OR REPLACE FUNCTION api.register_link(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := format('link of %s and %s', coalesce(d ->> 'party', '(no party)'), coalesce(d ->> 'linked_party', '(no party)'));
    one bigint := api.register_party_id(what, d ->> 'party');
    other bigint := api.register_party_id(what, d ->> 'linked_party');
    registered jsonb;
BEGIN
    SELECT jsonb_build_object('kind', l.kind, 'source', l.source, 'valid_from', l.valid_from, 'valid_until', l.valid_until) INTO registered
    FROM registry.party_link AS l
    WHERE (l.party_id, l.linked_party_id) = (least(one, other), greatest(one, other)) AND l.kind = d ->> 'kind'
      AND l.valid_from = (d ->> 'valid_from')::date;
    IF FOUND THEN
        PERFORM api.register_compare(what, registered, d - ARRAY['party', 'linked_party']);
        RETURN false;
    END IF;
    INSERT INTO registry.party_link (party_id, linked_party_id, kind, source, valid_from, valid_until)
    VALUES (least(one, other), greatest(one, other), d ->> 'kind', d ->> 'source', (d ->> 'valid_from')::date, (d ->> 'valid_until')::date);
    RETURN true;
END $$;

-- {"list", "scheme" (number), "value" (normalised), "source", "lifted": true|false}. What was lifted may be listed again.
CREATE OR REPLACE FUNCTION api.register_watch(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := format('watch %s %s', coalesce(d ->> 'list', '(no list)'), coalesce(d ->> 'value', '(no value)'));
    listed registry.watch_entry;
    lift boolean := coalesce((d ->> 'lifted')::boolean, false);
BEGIN
    SELECT * INTO listed FROM registry.watch_entry AS w
    WHERE w.list = d ->> 'list' AND w.scheme = (d ->> 'scheme')::smallint AND w.value = d ->> 'value' AND w.lifted_at IS NULL;
    IF FOUND AND lift THEN
        UPDATE registry.watch_entry AS w SET lifted_at = greatest(now(), w.registered_at) WHERE w.entry_id = listed.entry_id;
        RETURN true;
    END IF;
    IF FOUND OR lift THEN
        RETURN false;
    END IF;
    INSERT INTO registry.watch_entry (list, scheme, value, source)
    VALUES (d ->> 'list', (d ->> 'scheme')::smallint, d ->> 'value', d ->> 'source');
    RETURN true;
END $$;

-- First 4 bytes of SHA-256("custody-source/v1\n" || source || "\n" || 0x01 || public key).
CREATE OR REPLACE FUNCTION api.source_key_id(source text, public_key bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN substr(sha256(convert_to(E'custody-source/v1\n' || source || E'\n', 'UTF8') || '\x01'::bytea || public_key), 1, 4);

-- {"source": name, "public_key": base64, "revoked": true|false}. A revoked key stays revoked: it cannot be entered again.
CREATE OR REPLACE FUNCTION api.register_key(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := 'key of source ' || coalesce(d ->> 'source', '(no source)');
    owner_id bigint;
    given_key bytea := decode(d ->> 'public_key', 'base64');
    given_id bytea := coalesce(decode(d ->> 'key_id', 'hex'), api.source_key_id(d ->> 'source', given_key));
    registered registry.source_key;
    revoke boolean := coalesce((d ->> 'revoked')::boolean, false);
BEGIN
    SELECT source_id INTO owner_id FROM registry.source WHERE name = d ->> 'source';
    IF NOT FOUND THEN
        RAISE EXCEPTION '%: the source is not registered', what
            USING ERRCODE = 'foreign_key_violation', HINT = 'register the source first';
    END IF;
    SELECT * INTO registered FROM registry.source_key WHERE source_id = owner_id AND key_id = given_id;
    IF NOT FOUND THEN
        IF revoke OR given_key IS NULL THEN
            RAISE EXCEPTION '%: no key %', what, encode(given_id, 'hex')
                USING ERRCODE = 'foreign_key_violation', HINT = 'custodyctl register key adds one';
        END IF;
        INSERT INTO registry.source_key (source_id, key_id, public_key) VALUES (owner_id, given_id, given_key);
        RETURN true;
    END IF;
    IF given_key IS NOT NULL AND registered.public_key <> given_key THEN
        RAISE EXCEPTION '%: two keys with the id %', what, encode(given_id, 'hex')
            USING ERRCODE = 'unique_violation', HINT = 'make another key';
    END IF;
    IF revoke AND registered.revoked_at IS NULL THEN
        UPDATE registry.source_key SET revoked_at = greatest(now(), registered_at) WHERE source_id = owner_id AND key_id = given_id;
        RETURN true;
    END IF;
    IF NOT revoke AND registered.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION '%: key % was revoked at %', what,
            encode(given_id, 'hex'), registered.revoked_at
            USING ERRCODE = 'unique_violation', HINT = 'a revoked key stays revoked, make another';
    END IF;
    RETURN false;
END $$;

-- With "public_key" the key is entered with the source. "signed" is true unless false is said.
CREATE OR REPLACE FUNCTION api.register_source(d jsonb) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    what text := 'source ' || coalesce(d ->> 'name', '(no name)');
    registered jsonb;
    is_new boolean := false;
BEGIN
    SELECT jsonb_build_object('name', s.name, 'kind', s.kind, 'area', s.area, 'party', p.code, 'site', t.code, 'vehicle', v.plate,
                              'signed', s.signed, 'enabled', s.enabled) INTO registered
    FROM registry.source AS s JOIN registry.party AS p USING (party_id)
    LEFT JOIN registry.site AS t USING (site_id) LEFT JOIN registry.vehicle AS v USING (vehicle_id)
    WHERE s.name = d ->> 'name';
    IF FOUND THEN
        PERFORM api.register_compare(what, registered, d - 'public_key');
    ELSE
        INSERT INTO registry.source (name, kind, area, party_id, site_id, vehicle_id, signed, enabled)
        VALUES (d ->> 'name', d ->> 'kind', api.register_area(what, d ->> 'area'), api.register_party_id(what, d ->> 'party'),
                api.register_site_id(what, d ->> 'site'), api.register_vehicle_id(what, d ->> 'vehicle'),
                coalesce((d ->> 'signed')::boolean, true), coalesce((d ->> 'enabled')::boolean, true));
        is_new := true;
    END IF;
    IF d ? 'public_key' THEN
        is_new := api.register_key(jsonb_build_object('source', d -> 'name', 'public_key', d -> 'public_key')) OR is_new;
    END IF;
    RETURN is_new;
END $$;

-- {"registered": entered or changed, "unchanged": there already}. An error names the document by its number, from 1.
CREATE OR REPLACE FUNCTION api.register(documents jsonb) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE
    document jsonb;
    noun text;
    fields jsonb;
    number integer := 0;
    entered integer := 0;
    is_new boolean;
BEGIN
    FOR document IN SELECT jsonb_array_elements(documents) LOOP
        number := number + 1;
        SELECT key, value INTO noun, fields FROM jsonb_each(document);
        is_new := CASE noun
            WHEN 'party' THEN api.register_party(fields)
            WHEN 'site' THEN api.register_site(fields)
            WHEN 'vehicle' THEN api.register_vehicle(fields)
            WHEN 'permit' THEN api.register_permit(fields)
            WHEN 'fence' THEN api.register_fence(fields)
            WHEN 'road_right' THEN api.register_road_right(fields)
            WHEN 'link' THEN api.register_link(fields)
            WHEN 'watch' THEN api.register_watch(fields)
            WHEN 'source' THEN api.register_source(fields)
            WHEN 'key' THEN api.register_key(fields)
        END;
        IF is_new IS NULL THEN
            RAISE EXCEPTION 'document %: % cannot be registered', number, coalesce(noun, 'nothing')
                USING ERRCODE = 'check_violation', HINT = 'party, site, vehicle, permit, fence, road_right, link, watch, source or key';
        END IF;
        entered := entered + is_new::integer;
    END LOOP;
    RETURN jsonb_build_object('registered', entered, 'unchanged', number - entered);
END $$;

COMMENT ON FUNCTION api.register(jsonb) IS 'Enters an array of registry documents in one transaction; see the head of register.sql.';
COMMENT ON FUNCTION api.register_compare(text, jsonb, jsonb) IS 'Refuses a document that differs from what is registered.';
COMMENT ON FUNCTION api.register_party_id(text, text) IS 'Number of the party with a code; an error where there is none.';
COMMENT ON FUNCTION api.register_site_id(text, text) IS 'Number of the site with a code; an error where there is none.';
COMMENT ON FUNCTION api.register_vehicle_id(text, text) IS 'Number of the vehicle with a plate; an error where there is none.';
COMMENT ON FUNCTION api.register_area(text, text) IS 'The area code itself; an error where there is no such area.';
COMMENT ON FUNCTION api.register_party(jsonb) IS 'Enters a party; false: it was there with the same values.';
COMMENT ON FUNCTION api.register_site(jsonb) IS 'Enters a site; false: it was there with the same values.';
COMMENT ON FUNCTION api.register_vehicle(jsonb) IS 'Enters a truck; false: it was there with the same values.';
COMMENT ON FUNCTION api.register_fence(jsonb) IS 'Enters a fence; false: it was there with the same values.';
COMMENT ON FUNCTION api.register_road_right(jsonb) IS 'Enters a road right; false: it was there with the same values.';
COMMENT ON FUNCTION api.register_permit(jsonb) IS 'Enters a permit; false: it was there with the same values.';
COMMENT ON FUNCTION api.register_link(jsonb) IS 'Enters a link of two parties; false: it was there with the same values.';
COMMENT ON FUNCTION api.register_watch(jsonb) IS 'Puts a thing on a watch list, or lifts it; false: it was so before.';
COMMENT ON FUNCTION api.source_key_id(text, bytea) IS 'Id of a source''s key: first 4 bytes of SHA-256("custody-source/v1\n" || source || "\n" || 0x01 || public key).';
COMMENT ON FUNCTION api.register_key(jsonb) IS 'Enters or revokes a key of a source; false: it was so before.';
COMMENT ON FUNCTION api.register_source(jsonb) IS 'Enters a source, and its key where one is given; false: it was there with the same values.';
