INSERT INTO faq_embeddings (entry_id, model, hash, vector, made_at)
    SELECT id, 'gemini-embedding-001', '00ff', CAST('abcd' AS BYTEA), 1000 FROM faq_entries;
UPDATE faq_questions SET vector = CAST('abcd' AS BYTEA), vector_model = 'gemini-embedding-001', answer_by = 9000;
