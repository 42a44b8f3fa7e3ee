INSERT INTO discord_people (person_id, discord_user, verified_at) VALUES (1, '80351110224678912', 1000);
INSERT INTO discord_lost_roles (discord_user) VALUES ('80351110224678914');
INSERT INTO discord_codes (discord_user, person_id, code_hash, expires_at) VALUES ('80351110224678913', 2, '00ff', 1000);
INSERT INTO discord_code_asks (asker, asked_at) VALUES ('00ff', 1000);
INSERT INTO discord_replies (question_id, token, answer_by, expires_at) VALUES (1, 'aW50ZXJhY3Rpb24', 1000, 2000);
INSERT INTO mails (person_id, try_until, recipient, subject, header_id, transport, state, bytes, started_at) VALUES
    (2, 2000, 'bo@example.org', 'Your code', '<2@muster.example.org>', 'smtp', 'queued', 'To: bo@example.org', 1700);
