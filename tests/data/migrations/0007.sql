-- Nothing but indexes came: what they order is there.
INSERT INTO person_skills (person_id, skill_key, skill, source, created_at) VALUES (2, 'sql', 'SQL', 'typed', 1000);
INSERT INTO jobs (kind, subject, class, class_order, created_at, run_at) VALUES ('send_message', 2, 'bulk', 2, 1000, 1000);
