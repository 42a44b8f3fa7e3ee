-- Whose Discord account is whose: one person, one account.
CREATE TABLE discord_people (
    person_id BIGINT PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
    discord_user TEXT NOT NULL UNIQUE,
    verified_at BIGINT NOT NULL,
    -- NULL: the role of the verified is still to be given.
    role_given_at BIGINT
);

-- Accounts whose person has shown another one since: they lose the role.
CREATE TABLE discord_lost_roles (
    id {id},
    discord_user TEXT NOT NULL UNIQUE
);

-- Codes that were asked for: the last one of each account counts.
CREATE TABLE discord_codes (
    discord_user TEXT PRIMARY KEY,
    -- NULL: nobody is known by the address that was typed, and no code fits.
    person_id BIGINT REFERENCES people (id) ON DELETE CASCADE,
    -- A keyed hash of account and code.
    code_hash TEXT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL
);

-- Who asked for a code within the last hour: a salted hash of an account or of an address.
CREATE TABLE discord_code_asks (
    asker TEXT NOT NULL,
    asked_at BIGINT NOT NULL
);

CREATE INDEX discord_code_asks_by_asker ON discord_code_asks (asker, asked_at);

-- Answers that Discord waits for. A row goes once its answer stands there, or when it is too late.
CREATE TABLE discord_replies (
    id {id},
    question_id BIGINT NOT NULL REFERENCES faq_questions (id) ON DELETE CASCADE,
    -- A secret: with it anybody could answer in our name until it expires.
    token TEXT NOT NULL,
    -- From then on the best passage serves.
    answer_by BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX discord_replies_by_question ON discord_replies (question_id);

-- Mails that belong to no campaign: the organiser's tests (NULL), and codes that somebody asked for.
ALTER TABLE mails ADD COLUMN person_id BIGINT REFERENCES people (id) ON DELETE CASCADE;

-- Until then it is tried again; NULL: it is tried once.
ALTER TABLE mails ADD COLUMN try_until BIGINT;

CREATE INDEX mails_by_person ON mails (person_id);

UPDATE jobs SET kind = 'send_direct' WHERE kind = 'send_test';
