-- Keys that were entered on /keys. The material is sealed: only a process with the same secret (MUSTER_SECRET, or the
-- file in DATA_DIR) can open it.
CREATE TABLE page_keys (
    -- As in keys: tells whether it is the same key as another, also to who cannot open it.
    fingerprint TEXT PRIMARY KEY,
    number BIGINT NOT NULL,
    -- Nonce and ciphertext, in hex.
    sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- The project that was named on /keys; goes before GEMINI_PROJECT<N>.
ALTER TABLE keys ADD COLUMN named TEXT;

-- Counts what was changed on /keys: a process that knows a lower number reads the keys again.
ALTER TABLE pool ADD COLUMN keys_version BIGINT NOT NULL DEFAULT 0;

-- Counts how often somebody asked that .env be read again: each process reads its own.
ALTER TABLE pool ADD COLUMN env_version BIGINT NOT NULL DEFAULT 0;

-- Refused for its requests a minute, although that many were allowed and its project had booked no more. What tells
-- that two projects are one.
ALTER TABLE bookings ADD COLUMN inside_limit BIGINT;

CREATE INDEX bookings_refused_inside ON bookings (booked_at) WHERE inside_limit IS NOT NULL;
