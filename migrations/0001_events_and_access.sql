-- What the organiser says about an event. NULL: take the value of the environment (EVENT_NAME, ...).
CREATE TABLE events (
    id {id},
    name TEXT,
    dates TEXT,
    place TEXT,
    link TEXT,
    community_link TEXT,
    organiser TEXT,
    address TEXT,
    language TEXT,
    time_zone TEXT,
    sender_name TEXT,
    reply_to TEXT,
    guidance TEXT,
    created_at BIGINT NOT NULL
);

INSERT INTO events (created_at) VALUES (0);

-- Small facts that pages change: which matching rule, whether the first-run list is hidden.
CREATE TABLE settings (
    event_id BIGINT NOT NULL REFERENCES events (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (event_id, name)
);

-- Who is logged in. The cookie's 32 bytes are not stored, only their SHA-256.
CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
