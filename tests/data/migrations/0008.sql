UPDATE jobs SET resort = 'you asked for the template' WHERE kind = 'draft_outreach';
UPDATE campaigns SET people_per_request = 4;
