-- The durable queue. A finished job's row is gone: what it did stands in the rows it worked on.
CREATE TABLE jobs (
    id {id},
    kind TEXT NOT NULL,
    subject BIGINT NOT NULL,
    -- Who waits: person, single, bulk; class_order is their order of service (0, 1, 2).
    class TEXT NOT NULL,
    class_order BIGINT NOT NULL,
    -- What it asks Gemini for; NULL when it needs no key.
    task TEXT,
    created_at BIGINT NOT NULL,
    -- Not before.
    run_at BIGINT NOT NULL,
    -- From then on the resort serves (template, taxonomy); NULL when there is none.
    deadline_at BIGINT,
    attempts BIGINT NOT NULL DEFAULT 0,
    -- How often it was asked for: when that grew while it ran, it runs once more.
    asked BIGINT NOT NULL DEFAULT 1,
    -- Who works on it, and until when that is believed without a sign of life.
    owner TEXT,
    leased_until BIGINT,
    last_error TEXT,
    UNIQUE (kind, subject)
);

CREATE INDEX jobs_ready ON jobs (task, class_order, created_at, id);

CREATE INDEX jobs_leased ON jobs (owner, leased_until);

CREATE INDEX jobs_by_kind ON jobs (kind, class_order, run_at, id);
