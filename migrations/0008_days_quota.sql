-- What an organiser may say when the day's quota ends before the letters do.

-- Why a job is not to wait for a key; NULL: it waits for one.
ALTER TABLE jobs ADD COLUMN resort TEXT;

DROP INDEX jobs_ready;

CREATE INDEX jobs_ready ON jobs (task, class_order, created_at, id)
    WHERE owner IS NULL AND resort IS NULL AND run_at < 9223372036854775807;

CREATE INDEX jobs_resort ON jobs (class_order, created_at, id) WHERE owner IS NULL AND resort IS NOT NULL;

-- How many people stand in one request; NULL: as set.
ALTER TABLE campaigns ADD COLUMN people_per_request BIGINT;
