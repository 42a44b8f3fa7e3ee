-- Indexes for 10,000 people. No row changes.

-- The next job for Gemini, without looking at those that are held, or held back with their campaign.
DROP INDEX jobs_ready;

CREATE INDEX jobs_ready ON jobs (task, class_order, created_at, id) WHERE owner IS NULL AND run_at < 9223372036854775807;

-- When the next one becomes due: for Gemini, and of the other kinds.
CREATE INDEX jobs_due ON jobs (run_at) WHERE owner IS NULL AND task IS NOT NULL;

CREATE INDEX jobs_due_by_kind ON jobs (kind, run_at) WHERE owner IS NULL;

-- A person's pairs. The event stands before the rank: SQLite would else take every pair of the event for few.
DROP INDEX matches_of_a;

CREATE INDEX matches_of_a ON matches (a_id, event_id, a_rank);

DROP INDEX matches_of_b;

CREATE INDEX matches_of_b ON matches (b_id, event_id, b_rank);

-- The pairs found last, and what all scores come to.
CREATE INDEX matches_by_time ON matches (event_id, created_at DESC, score DESC, id);

-- How many have a skill, and how it is written.
DROP INDEX person_skills_by_skill;

CREATE INDEX person_skills_by_skill ON person_skills (skill_key, skill);

-- Whether a person has a letter, and the sums of letters: without the letters themselves, whose texts are long.
DROP INDEX messages_by_person;

CREATE INDEX messages_by_person ON messages (person_id, kind, event_id, forgotten_at, id);

CREATE INDEX messages_by_event ON messages (event_id, kind, forgotten_at, state, released_at);

DROP INDEX messages_by_state;

CREATE INDEX messages_by_state ON messages (campaign_id, state, id, made_by, released_at);

DROP INDEX messages_waiting;

CREATE INDEX messages_waiting ON messages (state, campaign_id);
