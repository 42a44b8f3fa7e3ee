INSERT INTO page_keys (fingerprint, number, sealed, created_at) VALUES ('02', 2, '00', 1000);
UPDATE keys SET named = 'atlas' WHERE fingerprint = '01';
UPDATE bookings SET inside_limit = 15 WHERE key_number = 1;
UPDATE pool SET keys_version = 1, env_version = 1;
