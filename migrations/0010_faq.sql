-- What organisers answer before anybody asks.
CREATE TABLE faq_entries (
    id {id},
    event_id BIGINT NOT NULL REFERENCES events (id),
    section TEXT NOT NULL DEFAULT '',
    question TEXT NOT NULL,
    -- Markdown.
    answer TEXT NOT NULL,
    -- Where it is said too: a link, or ''.
    source TEXT NOT NULL DEFAULT '',
    position BIGINT NOT NULL,
    -- Not shown and not answered from since then.
    off_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE INDEX faq_entries_in_order ON faq_entries (event_id, position, id);

-- What was asked, and the answer that the same question gets again. Nothing says who asked.
CREATE TABLE faq_questions (
    id {id},
    event_id BIGINT NOT NULL REFERENCES events (id),
    -- Its words without what does not matter: questions with the same key are the same question.
    key TEXT NOT NULL,
    text TEXT NOT NULL,
    -- waiting, answered
    state TEXT NOT NULL,
    -- The hash of the FAQ that it is answered from: once that is another one, the answer is old.
    version TEXT NOT NULL,
    answer TEXT NOT NULL DEFAULT '',
    -- [{"id", "question"}]
    citations TEXT NOT NULL DEFAULT '[]',
    made_by TEXT,
    made_model TEXT,
    made_key BIGINT,
    made_why TEXT,
    -- Since when the organisers ought to see it; NULL: answered, or settled by a person.
    unknown_at BIGINT,
    times BIGINT NOT NULL DEFAULT 1,
    asked_at BIGINT NOT NULL,
    answered_at BIGINT,
    UNIQUE (event_id, key)
);

CREATE INDEX faq_questions_unknown ON faq_questions (event_id, unknown_at);

-- How often somebody asked within the last hour: a salted hash, without the question.
CREATE TABLE faq_asks (
    asker TEXT NOT NULL,
    asked_at BIGINT NOT NULL
);

CREATE INDEX faq_asks_by_asker ON faq_asks (asker, asked_at);
