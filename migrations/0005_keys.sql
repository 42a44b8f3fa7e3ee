-- Every key of the environment by the number of its variable (0: GEMINI_API_KEY, the reserve). No key material.
CREATE TABLE keys (
    number BIGINT PRIMARY KEY,
    -- Whose quota it uses: named by GEMINI_PROJECT<N>, else a project of its own.
    project TEXT NOT NULL,
    -- Salted hash of the key: tells a new key in an old variable from the same one.
    fingerprint TEXT NOT NULL,
    paused_at BIGINT,
    -- Set aside with the reason until a person tries it again.
    aside_at BIGINT,
    -- Rests on its own account (a fault of the key that may pass).
    rest_until BIGINT,
    rest_step BIGINT NOT NULL DEFAULT 0,
    -- Why it is aside or rests, and the last thing that Google said against it (redacted).
    reason TEXT,
    last_error TEXT,
    last_error_at BIGINT,
    refusals BIGINT NOT NULL DEFAULT 0,
    seen_at BIGINT NOT NULL
);

-- What is known of a project's quota for a model.
CREATE TABLE quotas (
    project TEXT NOT NULL,
    model TEXT NOT NULL,
    -- Learned from quotaValue; NULL: as set.
    per_minute BIGINT,
    per_day BIGINT,
    tokens_per_minute BIGINT,
    -- The minute's limit is believed this much lower until then (refused inside our own budget).
    lowered_by BIGINT NOT NULL DEFAULT 0,
    lowered_until BIGINT,
    rest_until BIGINT,
    rest_step BIGINT NOT NULL DEFAULT 0,
    -- minute, day, capacity: why it rests
    rest_kind TEXT,
    -- The model cannot be used with this project at all (retired, or no free quota).
    off_at BIGINT,
    reason TEXT,
    PRIMARY KEY (project, model)
);

-- The ledger: one row per request, written before it is sent.
CREATE TABLE bookings (
    id {id},
    project TEXT NOT NULL,
    model TEXT NOT NULL,
    key_number BIGINT NOT NULL,
    task TEXT NOT NULL,
    class TEXT NOT NULL,
    job_id BIGINT,
    booked_at BIGINT NOT NULL,
    answered_at BIGINT,
    -- From then on the slot is free: booked_at + grace + window, earlier once the answer is there.
    free_at BIGINT NOT NULL,
    -- The day in America/Los_Angeles (2026-11-24), by which Google counts.
    day TEXT NOT NULL,
    tokens_estimated BIGINT NOT NULL DEFAULT 0,
    tokens_in BIGINT,
    tokens_out BIGINT,
    -- open, ok, unusable, refused, failed, given_back
    outcome TEXT NOT NULL DEFAULT 'open',
    words TEXT
);

CREATE INDEX bookings_by_quota ON bookings (project, model, free_at);

CREATE INDEX bookings_by_day ON bookings (project, model, day);

CREATE INDEX bookings_by_task ON bookings (task, booked_at);

CREATE INDEX bookings_by_key ON bookings (key_number, booked_at);

-- One row that serialises bookings where several processes share the pool, and what was last started.
CREATE TABLE pool (
    id BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    starts BIGINT NOT NULL DEFAULT 0,
    -- Starts since the last bulk one.
    since_bulk BIGINT NOT NULL DEFAULT 0
);

INSERT INTO pool (id, version) VALUES (1, 0);
