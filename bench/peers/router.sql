-- A router for contacts in PostgreSQL: one function, one transaction for each command. Who is wanted next is found at
-- the heads of partial indexes, one for each requirement or skill profile within reach, and taken with SKIP LOCKED, so
-- that many connections choose side by side. What changes often (state, agent, due) is in no index and in no index's
-- condition: such updates stay within their page (HOT). Only live contacts are kept. Times are milliseconds.

CREATE TABLE reach (
    profile integer NOT NULL, requirement integer NOT NULL, PRIMARY KEY (profile, requirement));
CREATE UNIQUE INDEX reach_back ON reach (requirement, profile);

CREATE TABLE agents (
    agent integer PRIMARY KEY, profile integer NOT NULL, is_ready boolean NOT NULL, is_idle boolean NOT NULL,
    idle_ms bigint NOT NULL, contact bigint) WITH (fillfactor = 70);
CREATE INDEX agents_idle ON agents (profile, idle_ms, agent) WHERE is_idle;

-- `rank`: strict priority, then order of arrival. `state`: w, o, a, u (wrap-up). `due_ms`: of an offer that nobody takes
-- or a wrap-up that nobody ends, for a sweeper to look at.
CREATE TABLE contacts (
    contact bigint PRIMARY KEY, requirement integer NOT NULL, rank bigint NOT NULL, is_waiting boolean NOT NULL,
    state "char" NOT NULL, agent integer, offer bigint, due_ms bigint) WITH (fillfactor = 70);
CREATE INDEX contacts_waiting ON contacts (requirement, rank) WHERE is_waiting;

CREATE SEQUENCE offers;

CREATE TYPE offer AS (contact bigint, agent integer, offer bigint);

-- The first of the agents who may serve it that nobody else is just taking; no row if there is none.
CREATE FUNCTION first_agent(wanted integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE found_agent integer;
BEGIN
    SELECT a.agent INTO found_agent
    FROM (SELECT i.agent, i.idle_ms FROM reach r CROSS JOIN LATERAL (
              SELECT agent, idle_ms FROM agents WHERE is_idle AND profile = r.profile
              ORDER BY idle_ms, agent LIMIT 2) i
          WHERE r.requirement = wanted ORDER BY i.idle_ms, i.agent LIMIT 16) heads
    JOIN agents a ON a.agent = heads.agent
    WHERE a.is_idle ORDER BY heads.idle_ms, heads.agent LIMIT 1 FOR UPDATE OF a SKIP LOCKED;
    RETURN found_agent;
END $$;

CREATE FUNCTION first_contact(able integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE found_contact bigint;
BEGIN
    SELECT c.contact INTO found_contact
    FROM (SELECT w.contact, w.rank FROM reach r CROSS JOIN LATERAL (
              SELECT contact, rank FROM contacts WHERE is_waiting AND requirement = r.requirement
              ORDER BY rank LIMIT 2) w
          WHERE r.profile = able ORDER BY w.rank LIMIT 16) heads
    JOIN contacts c ON c.contact = heads.contact
    WHERE c.is_waiting ORDER BY heads.rank LIMIT 1 FOR UPDATE OF c SKIP LOCKED;
    RETURN found_contact;
END $$;

-- An agent with nothing to do takes the first contact in reach, or is idle.
CREATE FUNCTION employ(at bigint, who integer, able integer, since bigint) RETURNS offer LANGUAGE plpgsql AS $$
DECLARE
    next_contact bigint := first_contact(able);
    made offer;
BEGIN
    IF next_contact IS NULL THEN
        UPDATE agents SET contact = NULL, idle_ms = since, is_idle = true WHERE agent = who;
        RETURN NULL;
    END IF;
    made := (next_contact, who, nextval('offers'));
    UPDATE agents SET contact = next_contact, idle_ms = since, is_idle = false WHERE agent = who;
    UPDATE contacts SET is_waiting = false, state = 'o', agent = who, offer = made.offer, due_ms = at + 3600000
    WHERE contact = next_contact;
    RETURN made;
END $$;

CREATE FUNCTION freed(at bigint, who integer, since bigint) RETURNS offer LANGUAGE plpgsql AS $$
DECLARE a agents;
BEGIN
    SELECT * INTO a FROM agents WHERE agent = who FOR UPDATE;
    IF a.is_ready THEN
        RETURN employ(at, who, a.profile, coalesce(since, a.idle_ms));
    END IF;
    UPDATE agents SET contact = NULL, idle_ms = coalesce(since, a.idle_ms) WHERE agent = who;
    RETURN NULL;
END $$;

CREATE FUNCTION arrive(at bigint, new_contact bigint, wanted integer, priority bigint) RETURNS offer
LANGUAGE plpgsql AS $$
DECLARE
    taker integer := first_agent(wanted);
    made offer;
BEGIN
    IF taker IS NULL THEN
        INSERT INTO contacts VALUES (new_contact, wanted, new_contact - priority * 4294967296, true, 'w');
        RETURN NULL;
    END IF;
    made := (new_contact, taker, nextval('offers'));
    UPDATE agents SET contact = new_contact, is_idle = false WHERE agent = taker;
    INSERT INTO contacts VALUES
        (new_contact, wanted, new_contact - priority * 4294967296, false, 'o', taker, made.offer, at + 3600000);
    RETURN made;
END $$;

CREATE FUNCTION accept(at bigint, which bigint, who integer, live bigint) RETURNS offer LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contacts SET state = 'a', due_ms = NULL
    WHERE contact = which AND state = 'o' AND agent = who AND offer = live;
    IF NOT FOUND THEN RAISE 'OFFER_NOT_LIVE'; END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION cancel(at bigint, which bigint) RETURNS offer LANGUAGE plpgsql AS $$
DECLARE gone contacts;
BEGIN
    DELETE FROM contacts WHERE contact = which AND state IN ('w', 'o') RETURNING * INTO gone;
    IF NOT FOUND THEN RAISE 'CONTACT_NOT_WAITING'; END IF;
    IF gone.state = 'w' THEN RETURN NULL; END IF;
    RETURN freed(at, gone.agent, NULL);
END $$;

CREATE FUNCTION complete(at bigint, which bigint) RETURNS offer LANGUAGE plpgsql AS $$
BEGIN
    UPDATE contacts SET state = 'u', due_ms = at + 3600000 WHERE contact = which AND state = 'a';
    IF NOT FOUND THEN RAISE 'CONTACT_NOT_ACTIVE'; END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION finish(at bigint, which bigint, who integer) RETURNS offer LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM contacts WHERE contact = which AND state = 'u' AND agent = who;
    IF NOT FOUND THEN RAISE 'NOT_IN_WRAP_UP'; END IF;
    RETURN freed(at, who, at);
END $$;

CREATE FUNCTION presence(at bigint, who integer, ready integer) RETURNS offer LANGUAGE plpgsql AS $$
DECLARE
    a agents;
    back contacts;
    taker integer;
    made offer;
BEGIN
    SELECT * INTO a FROM agents WHERE agent = who FOR UPDATE;
    IF NOT FOUND THEN RAISE 'UNKNOWN_AGENT'; END IF;
    IF a.is_ready = (ready = 1) THEN RETURN NULL; END IF;
    UPDATE agents SET is_ready = (ready = 1), is_idle = false WHERE agent = who;
    IF a.contact IS NULL THEN
        IF ready = 1 THEN RETURN employ(at, who, a.profile, a.idle_ms); END IF;
        RETURN NULL;
    END IF;
    IF ready = 1 THEN RETURN NULL; END IF;
    -- What was ringing goes back to its place.
    SELECT * INTO back FROM contacts WHERE contact = a.contact AND state = 'o' FOR UPDATE;
    IF NOT FOUND THEN RETURN NULL; END IF;
    UPDATE agents SET contact = NULL WHERE agent = who;
    taker := first_agent(back.requirement);
    IF taker IS NULL THEN
        UPDATE contacts SET is_waiting = true, state = 'w', agent = NULL, offer = NULL, due_ms = NULL
        WHERE contact = back.contact;
        RETURN NULL;
    END IF;
    made := (back.contact, taker, nextval('offers'));
    UPDATE agents SET contact = back.contact, is_idle = false WHERE agent = taker;
    UPDATE contacts SET agent = taker, offer = made.offer, due_ms = at + 3600000 WHERE contact = back.contact;
    RETURN made;
END $$;

CREATE FUNCTION reskill(at bigint, who integer, able integer) RETURNS offer LANGUAGE plpgsql AS $$
DECLARE a agents;
BEGIN
    UPDATE agents SET profile = able WHERE agent = who RETURNING * INTO a;
    IF NOT FOUND THEN RAISE 'UNKNOWN_AGENT'; END IF;
    IF NOT a.is_idle THEN RETURN NULL; END IF;
    RETURN employ(at, who, able, a.idle_ms);
END $$;
