INSERT INTO keys (fingerprint, number, project, seen_at) VALUES ('00', 0, 'own:00', 1000), ('01', 1, 'own:01', 1000);
INSERT INTO quotas (project, model, per_minute, day, day_count) VALUES ('own:01', 'gemini-3.5-flash-lite', 15, '2026-11-24', 1);
INSERT INTO bookings (project, model, key_id, key_number, task, class, booked_at, free_at) VALUES
    ('own:01', 'gemini-3.5-flash-lite', 2, 1, 'outreach', 'bulk', 1000, 63250);
INSERT INTO task_turns (task, last_start_at, finish) VALUES ('outreach', 1000, 5);
UPDATE pool SET version = 1, turn = 0, since_bulk = 0;
