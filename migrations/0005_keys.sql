-- Every key that was ever in the environment. No key material: a key is known by its salted hash, so that its state
-- follows it when it moves to another variable.
CREATE TABLE keys (
    id {id},
    fingerprint TEXT NOT NULL UNIQUE,
    -- Of its variable when it was last seen (0: GEMINI_API_KEY, the reserve).
    number BIGINT NOT NULL,
    -- Whose quota it uses: named by GEMINI_PROJECT<N>, else a project of its own.
    project TEXT NOT NULL,
    paused_at BIGINT,
    -- Set aside until a person tries it again.
    aside_at BIGINT,
    -- Rests on its own account (a fault of the key that may pass), how often in a row.
    rest_until BIGINT,
    rest_step BIGINT NOT NULL DEFAULT 0,
    -- Why it is aside or rests, and the last thing that Google said against it (redacted).
    reason TEXT,
    last_error TEXT,
    last_error_at BIGINT,
    refusals BIGINT NOT NULL DEFAULT 0,
    last_sent_at BIGINT,
    -- Tells which of two went first that were sent in the same millisecond.
    last_booking BIGINT NOT NULL DEFAULT 0,
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
    -- minute, day, capacity: why it rests.
    rest_kind TEXT,
    -- The model cannot be used with this project at all (retired, or no free quota).
    off_at BIGINT,
    reason TEXT,
    -- The day in America/Los_Angeles (2026-11-24) by which Google counts, and the requests on it.
    day TEXT NOT NULL DEFAULT '',
    day_count BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (project, model)
);

-- The ledger: one row per request, written before it is sent.
CREATE TABLE bookings (
    id {id},
    project TEXT NOT NULL,
    model TEXT NOT NULL,
    key_id BIGINT NOT NULL,
    key_number BIGINT NOT NULL,
    task TEXT NOT NULL,
    class TEXT NOT NULL,
    job_id BIGINT,
    booked_at BIGINT NOT NULL,
    -- When the first byte was written; NULL while nothing was.
    sent_at BIGINT,
    answered_at BIGINT,
    -- From then on the slot is free: held as long as the request could still be counted.
    free_at BIGINT NOT NULL,
    tokens_estimated BIGINT NOT NULL DEFAULT 0,
    tokens_in BIGINT,
    tokens_out BIGINT,
    -- open, ok, unusable, refused, failed, fault (ours), given_back
    outcome TEXT NOT NULL DEFAULT 'open',
    words TEXT
);

CREATE INDEX bookings_held ON bookings (free_at);

CREATE INDEX bookings_by_quota ON bookings (project, model, booked_at);

CREATE INDEX bookings_by_time ON bookings (booked_at);

CREATE INDEX bookings_by_job ON bookings (job_id);

-- One row that serialises bookings where several processes share the pool, and whose turn it is.
CREATE TABLE pool (
    id BIGINT PRIMARY KEY,
    version BIGINT NOT NULL,
    -- Where the last start stood in the order between tasks.
    turn BIGINT NOT NULL DEFAULT 0,
    -- Starts since the last bulk one while bulk waited.
    since_bulk BIGINT NOT NULL DEFAULT 0
);

INSERT INTO pool (id, version) VALUES (1, 0);

CREATE TABLE task_turns (
    task TEXT PRIMARY KEY,
    last_start_at BIGINT NOT NULL,
    -- Where the task's next start may stand at the earliest.
    finish BIGINT NOT NULL
);
