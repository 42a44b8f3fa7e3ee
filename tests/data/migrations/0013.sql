INSERT INTO discord_spots (guild, spot, discord_id) VALUES ('1', 'role:verified', '2');
INSERT INTO discord_setup (deed, state, asked_by, asked_at) VALUES ('check', 'waiting', 'Meera', 1000);
