-- What Muster made on a Discord server, or found there by its name.
CREATE TABLE discord_spots (
    -- Another server has other roles and channels.
    guild TEXT NOT NULL,
    -- role:verified, channel:verify, channel:ask, channel:introductions, message:verify
    spot TEXT NOT NULL,
    discord_id TEXT NOT NULL,
    PRIMARY KEY (guild, spot)
);

-- What an organiser asked to be done on Discord, and what came of it the last time.
CREATE TABLE discord_setup (
    id {id},
    guild TEXT NOT NULL,
    -- check, commands, places, button
    deed TEXT NOT NULL,
    -- waiting, done, failed
    state TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- Not before then, where Discord asked us to wait or could not be reached.
    wait_until BIGINT,
    -- [{"tone", "words"}]
    findings TEXT NOT NULL DEFAULT '[]',
    -- {"roles": [{"id", "name"}], "channels": [{"id", "name"}]}, or '': what stood on the server.
    seen TEXT NOT NULL DEFAULT '',
    UNIQUE (guild, deed)
);
