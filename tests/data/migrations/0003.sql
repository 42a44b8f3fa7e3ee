INSERT INTO jobs (kind, subject, class, class_order, task, created_at, run_at) VALUES
    ('draft', 1, 'bulk', 2, 'outreach', 1000, 1000);
INSERT INTO jobs (kind, subject, class, class_order, created_at, run_at, attempts, owner, leased_until, last_error) VALUES
    ('send', 2, 'bulk', 2, 1000, 1000, 2, 'gone', 2000, '451 later');
