-- custody_retained_until.sql - the last day of the longest retention 保存期限 of what was reported, or of a video that it names.

CREATE OR REPLACE FUNCTION custody.retained_until(what text, kind smallint, type smallint, at timestamptz) RETURNS date
LANGUAGE sql STABLE
RETURN (SELECT max((at AT TIME ZONE 'Asia/Shanghai')::date + make_interval(years => t.keep_years))::date
        FROM registry.retention AS t
        WHERE t.applies_to = what AND (t.item_kinds IS NULL OR kind = ANY (t.item_kinds))
          AND (t.event_types IS NULL OR type = ANY (t.event_types)));
COMMENT ON FUNCTION custody.retained_until(text, smallint, smallint, timestamptz) IS
    'Day until which a record, or a video that it names, is kept: of an event of this type, of an item of this kind, at this time; NULL: no term.';
REVOKE ALL ON FUNCTION custody.retained_until(text, smallint, smallint, timestamptz) FROM PUBLIC;
