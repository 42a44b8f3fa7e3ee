INSERT INTO discord_spots (guild, spot, discord_id) VALUES ('1', 'role:verified', '2');
INSERT INTO discord_setup (guild, deed, state, asked_by, asked_at) VALUES ('1', 'check', 'waiting', 'Meera', 1000);
