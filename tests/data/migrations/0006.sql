INSERT INTO resumes (person_id, state, file_name, format, size, sha256, bytes, text, skills, created_at) VALUES
    (1, 'done', 'ada.txt', 'txt', 4, '00ff', 'Rust', 'Rust', '["Rust"]', 1000);
INSERT INTO matches (event_id, a_id, b_id, score, shared, a_rank, b_rank, created_at) VALUES
    (1, 1, 2, 500, '["Rust"]', 1, 1, 1000);
INSERT INTO skill_weights (event_id, skill_key, people, weight) VALUES (1, 'rust', 2, 693);
INSERT INTO match_runs (event_id, rule, people, pairs, finished_at) VALUES (1, 'weighted', 2, 1, 1000);
