-- registry_firm_role.sql - one database role a firm, and what a role's own firm is.

CREATE OR REPLACE FUNCTION registry.own_party() RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE SECURITY INVOKER SET search_path = pg_catalog, pg_temp
AS 'SELECT party_id FROM registry.firm_role WHERE role_name = current_user';
COMMENT ON FUNCTION registry.own_party() IS
    'Party with whose eyes the current role sees; NULL: it is no firm''s role. Never SECURITY DEFINER: current_user would be the owner.';

CREATE OR REPLACE FUNCTION registry.create_firm_role(party_code text) RETURNS name
LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    role text := 'custody_firm_' || lower(party_code);
    id bigint;
BEGIN
    SELECT party_id INTO id FROM registry.party WHERE code = party_code;
    IF id IS NULL THEN
        RAISE EXCEPTION 'party % is not registered', coalesce(party_code, '(none)')
            USING ERRCODE = 'foreign_key_violation', HINT = 'register the party first';
    END IF;
    IF party_code !~ '^[A-Za-z0-9_-]{1,50}$' THEN
        RAISE EXCEPTION 'party code % cannot be part of a role name', party_code
            USING ERRCODE = 'invalid_parameter_value', HINT = 'at most 50 letters, digits, dashes and underscores';
    END IF;
    -- Roles belong to the cluster: another database may have made this firm's already.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role);
    END IF;
    EXECUTE format('GRANT custody_firm TO %I', role);
    EXECUTE format('GRANT %I TO custody_console', role);
    INSERT INTO registry.firm_role (role_name, party_id) VALUES (role, id);
    RETURN role;
END $$;
COMMENT ON FUNCTION registry.create_firm_role(text) IS
    'Makes the database role custody_firm_<code> for the firm with that code, which sees that firm''s rows only and which the console may take on. For callers with CREATEROLE: it has no rights of its own.';
