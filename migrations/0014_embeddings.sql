-- What the FAQ's entries are about, as numbers: found again by nearness, in whatever language somebody asks.
CREATE TABLE faq_embeddings (
    entry_id BIGINT PRIMARY KEY REFERENCES faq_entries (id) ON DELETE CASCADE,
    -- Numbers of different models cannot be compared.
    model TEXT NOT NULL,
    -- SHA-256 of the text that they are of, in hex.
    hash TEXT NOT NULL,
    -- f32, little-endian.
    vector BYTEA NOT NULL,
    made_at BIGINT NOT NULL
);

-- The same of a question; NULL: not known (yet).
ALTER TABLE faq_questions ADD COLUMN vector BYTEA;
ALTER TABLE faq_questions ADD COLUMN vector_model TEXT;

-- Until when somebody waits for the answer; NULL: nobody does.
ALTER TABLE faq_questions ADD COLUMN answer_by BIGINT;
