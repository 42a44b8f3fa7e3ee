CREATE TABLE campaigns (
    id {id},
    event_id BIGINT NOT NULL REFERENCES events (id),
    -- test, live, match
    kind TEXT NOT NULL,
    -- running, paused, cancelled, finished
    state TEXT NOT NULL,
    name TEXT NOT NULL,
    -- What the organiser tells the writer beside the event's facts.
    guidance TEXT NOT NULL DEFAULT '',
    -- Why it was paused, when Muster did it.
    words TEXT,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
);

CREATE INDEX campaigns_by_event ON campaigns (event_id, kind, id);

CREATE TABLE messages (
    id {id},
    campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
    event_id BIGINT NOT NULL REFERENCES events (id),
    -- invitation, match
    kind TEXT NOT NULL,
    person_id BIGINT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    state TEXT NOT NULL,
    skip_reason TEXT,
    subject TEXT NOT NULL DEFAULT '',
    -- From the greeting to the last paragraph; links, signature and leave line are added by code.
    body TEXT NOT NULL DEFAULT '',
    made_by TEXT,
    made_model TEXT,
    made_key BIGINT,
    made_why TEXT,
    -- The checks that the draft failed, one word each, with the place: JSON.
    findings TEXT NOT NULL DEFAULT '[]',
    -- What the organiser asked for when it was to be written again.
    hint TEXT NOT NULL DEFAULT '',
    -- How often it was written since it was last asked for.
    drafts BIGINT NOT NULL DEFAULT 0,
    -- What a person may not know yet: the server's words, a failure's reason.
    error TEXT,
    -- Which deliveries were tried (transport and recipient faults only) and not before when the next one.
    sends BIGINT NOT NULL DEFAULT 0,
    not_before BIGINT,
    -- SHA-256 of the mail as it was approved: what is sent must have it.
    approved_hash TEXT,
    approved_at BIGINT,
    approved_by TEXT,
    -- Somebody (or the live campaign) said "send": a job delivers it. NULL: approved, and waits for that word.
    released_at BIGINT,
    created_at BIGINT NOT NULL,
    drafted_at BIGINT,
    sent_at BIGINT,
    -- The organiser made the person due again (reset): this message does not count as an invitation any more.
    forgotten_at BIGINT,
    UNIQUE (campaign_id, person_id)
);

CREATE INDEX messages_by_state ON messages (campaign_id, state, id);

CREATE INDEX messages_by_person ON messages (person_id, kind);

-- One row per attempt to deliver, written before the first byte of SMTP.
CREATE TABLE mails (
    id {id},
    -- NULL for a mail that the organiser sends to try the settings.
    message_id BIGINT REFERENCES messages (id) ON DELETE CASCADE,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- The Message-ID header.
    header_id TEXT NOT NULL UNIQUE,
    -- outbox, smtp
    transport TEXT NOT NULL,
    -- sending, sent, refused, uncertain
    state TEXT NOT NULL,
    -- What the server said, and what kind of refusal that is (login, quota, no_such_user, ...).
    words TEXT,
    verdict TEXT,
    -- The whole mail as it goes out. Lists never select it.
    bytes BYTEA NOT NULL,
    -- Whose process sends it.
    owner TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT
);

CREATE INDEX mails_by_message ON mails (message_id);

CREATE INDEX mails_by_state ON mails (state, owner);

-- How the sending account stands: one row per account (the SMTP user, or 'outbox').
CREATE TABLE senders (
    name TEXT PRIMARY KEY,
    paused_until BIGINT,
    -- Goes on only when a person says so.
    needs_attention_at BIGINT,
    words TEXT,
    advice TEXT,
    -- How often in a row it was paused: pauses grow.
    step BIGINT NOT NULL DEFAULT 0,
    -- Not more than one mail in this many milliseconds, learned from the server's complaints; 0: as set.
    min_gap BIGINT NOT NULL DEFAULT 0,
    last_send_at BIGINT
);

-- Recipient domains that do not take our mail for a while.
CREATE TABLE domain_pauses (
    domain TEXT PRIMARY KEY,
    paused_until BIGINT NOT NULL,
    words TEXT
);

CREATE INDEX messages_waiting ON messages (state);
