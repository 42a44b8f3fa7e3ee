CREATE TABLE resumes (
    id {id},
    -- NULL while nobody knows whose it is.
    person_id BIGINT REFERENCES people (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    file_name TEXT NOT NULL,
    -- pdf, docx, txt; NULL until the content was looked at.
    format TEXT,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    -- The file. Lists never select it.
    bytes BYTEA NOT NULL,
    text TEXT,
    -- Match this person as soon as the skills are there.
    auto_match BIGINT NOT NULL DEFAULT 0,
    -- Canonical names found in it: JSON.
    skills TEXT NOT NULL DEFAULT '[]',
    made_by TEXT,
    made_model TEXT,
    made_key BIGINT,
    made_why TEXT,
    error TEXT,
    -- The text was longer than what may go to the model.
    cut_at BIGINT,
    drafts BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);

CREATE INDEX resumes_by_person ON resumes (person_id);

CREATE INDEX resumes_by_state ON resumes (state, id);

CREATE INDEX resumes_by_content ON resumes (sha256);

-- Two people compared: one row for both, a_id < b_id.
CREATE TABLE matches (
    id {id},
    event_id BIGINT NOT NULL REFERENCES events (id),
    a_id BIGINT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    b_id BIGINT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    -- Thousandths.
    score BIGINT NOT NULL,
    -- Canonical names of what they share, the rarest first: JSON.
    shared TEXT NOT NULL,
    -- The place in the one's and the other's list (1 is the best); NULL: not in it.
    a_rank BIGINT,
    b_rank BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (event_id, a_id, b_id)
);

CREATE INDEX matches_of_a ON matches (a_id, a_rank);

CREATE INDEX matches_of_b ON matches (b_id, b_rank);

-- What a skill weighs, as of the last full run.
CREATE TABLE skill_weights (
    event_id BIGINT NOT NULL REFERENCES events (id),
    skill_key TEXT NOT NULL,
    people BIGINT NOT NULL,
    -- Thousandths of ln(1 + n / people).
    weight BIGINT NOT NULL,
    PRIMARY KEY (event_id, skill_key)
);

CREATE TABLE match_runs (
    id {id},
    event_id BIGINT NOT NULL REFERENCES events (id),
    rule TEXT NOT NULL,
    people BIGINT NOT NULL,
    pairs BIGINT NOT NULL,
    finished_at BIGINT NOT NULL
);
