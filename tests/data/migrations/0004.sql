INSERT INTO campaigns (event_id, kind, state, name, created_by, created_at) VALUES
    (1, 'test', 'running', 'First invitations', 'Mira', 1000);
INSERT INTO messages (campaign_id, event_id, kind, person_id, state, subject, body, made_by, created_at, drafted_at) VALUES
    (1, 1, 'invitation', 1, 'drafted', 'Come and build', 'Hi Ada,', 'template', 1000, 1500);
INSERT INTO messages (campaign_id, event_id, kind, person_id, state, created_at, sent_at) VALUES
    (1, 1, 'invitation', 2, 'sent', 1000, 1800);
INSERT INTO mails (message_id, recipient, subject, header_id, transport, state, bytes, started_at, ended_at) VALUES
    (2, 'bo@example.org', 'Come and build', '<1@muster.example.org>', 'outbox', 'sent', 'To: bo@example.org', 1700, 1800);
INSERT INTO senders (name) VALUES ('outbox');
INSERT INTO domain_pauses (domain, paused_until, words) VALUES ('example.org', 9000, '421 busy');
