INSERT INTO door_tokens (name, hash, created_at) VALUES ('website', '00ff', 1000);
UPDATE jobs SET model = 'gemini-embedding-001', instance = '00ff', tokens = 40 WHERE task IS NOT NULL;
UPDATE bookings SET label = 'summaries' WHERE key_number = 1;
