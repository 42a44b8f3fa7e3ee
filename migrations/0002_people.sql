CREATE TABLE people (
    id {id},
    -- As typed; address_key is its lower case, by which a person is known.
    address TEXT NOT NULL,
    address_key TEXT NOT NULL UNIQUE,
    -- SHA-256 of address_key, to be held against suppressions.
    address_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Lower case, for searching and sorting.
    name_key TEXT NOT NULL,
    job_title TEXT NOT NULL DEFAULT '',
    -- The secret in this person's links: /u/<code>.
    code TEXT NOT NULL UNIQUE,
    -- form, import, sample, api, resume
    source TEXT NOT NULL,
    -- Registered for the event: no invitation any more.
    registered_at BIGINT,
    -- Agreed that matches see the address.
    shares_address_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX people_by_name ON people (name_key, id);

-- Addresses that must not be written to. Kept by SHA-256 of the lower-case address, so that the promise outlives the
-- person's erasure without keeping the address.
CREATE TABLE suppressions (
    address_hash TEXT PRIMARY KEY,
    -- opted_out, hard_bounce, by_hand
    reason TEXT NOT NULL,
    words TEXT,
    since BIGINT NOT NULL
);

CREATE TABLE person_skills (
    person_id BIGINT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    -- Lower case of the canonical name.
    skill_key TEXT NOT NULL,
    skill TEXT NOT NULL,
    -- typed, import, taxonomy, model
    source TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, skill_key)
);

CREATE INDEX person_skills_by_skill ON person_skills (skill_key);
