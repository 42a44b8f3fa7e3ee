INSERT INTO people (address, address_key, address_hash, name, name_key, job_title, code, source, created_at, updated_at) VALUES
    ('Ada@Example.org', 'ada@example.org', 'aa11', 'Ada Zoë', 'ada zoë', 'Backend', 'code-of-ada', 'form', 1000, 1000),
    ('bo@example.org', 'bo@example.org', 'bb22', 'Bo "<b>" O''Neill', 'bo "<b>" o''neill', '', 'code-of-bo', 'import', 1000, 1000);
INSERT INTO suppressions (address_hash, reason, since) VALUES ('00ff', 'opted_out', 1000);
INSERT INTO person_skills (person_id, skill_key, skill, source, created_at) VALUES
    (1, 'rust', 'Rust', 'typed', 1000), (2, 'rust', 'Rust', 'taxonomy', 1000), (2, 'c++', 'C++', 'model', 1000);
