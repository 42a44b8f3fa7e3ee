INSERT INTO faq_entries (event_id, section, question, answer, position, created_at, updated_at) VALUES
    (1, 'Place', 'Where is it?', 'At the *harbour*.', 1, 1000, 1000);
INSERT INTO faq_questions (event_id, key, text, state, version, asked_at) VALUES
    (1, 'where', 'Where?', 'waiting', '00ff', 1000);
INSERT INTO faq_asks (asker, asked_at) VALUES ('00ff', 1000);
