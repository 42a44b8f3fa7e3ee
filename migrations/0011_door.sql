-- Requests that other programs of the organiser send to Gemini through the pool.

-- What a program shows; only its hash is kept.
CREATE TABLE door_tokens (
    id {id},
    name TEXT NOT NULL UNIQUE,
    -- SHA-256, in hex.
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    requests BIGINT NOT NULL DEFAULT 0
);

-- The one model that can answer; NULL: whichever of GEMINI_MODELS serves.
ALTER TABLE jobs ADD COLUMN model TEXT;

-- The one process that can do it: somebody holds a connection to it. NULL: any.
ALTER TABLE jobs ADD COLUMN instance TEXT;

-- Input tokens, estimated; NULL: as is usual for its task.
ALTER TABLE jobs ADD COLUMN tokens BIGINT;

-- What the program calls its work; NULL: it is Muster's own.
ALTER TABLE bookings ADD COLUMN label TEXT;
