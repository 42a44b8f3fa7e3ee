INSERT INTO keys (number, project, fingerprint, seen_at) VALUES (0, 'reserve', '00', 1000), (1, 'one', '01', 1000);
INSERT INTO quotas (project, model, per_minute) VALUES ('one', 'gemini-3.5-flash-lite', 15);
INSERT INTO bookings (project, model, key_number, task, class, booked_at, free_at, day) VALUES
    ('one', 'gemini-3.5-flash-lite', 1, 'outreach', 'bulk', 1000, 63250, '2026-11-24');
UPDATE pool SET version = 1, starts = 1;
