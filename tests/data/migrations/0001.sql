-- One event exists from the first step on.
UPDATE events SET name = 'Winter Build', dates = '16–17 January 2027', link = 'https://winter.example.org/join' WHERE id = 1;
INSERT INTO settings (event_id, name, value) VALUES (1, 'first_run', 'hidden');
INSERT INTO sessions (token_hash, name, created_at, expires_at) VALUES ('00ff', 'Mira', 1000, 2000);
