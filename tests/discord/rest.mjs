// discord.js's own client goes through what Muster does. { url, token, application, guild, interaction } on standard
// input, the result on standard output. Where it is told to wait, it waits.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.PACKAGES, "package.json"));
const { REST, DiscordAPIError } = require("@discordjs/rest");

const { url, token, application, guild, interaction } = JSON.parse(readFileSync(0, "utf8"));
const rest = new REST({ version: "10", api: url.replace("/v10", ""), retries: 0, timeout: 10_000 }).setToken(token);
const limited = [];
rest.on("rateLimited", ({ timeToReset, global }) => limited.push({ timeToReset, global }));

const quiet = { allowed_mentions: { parse: [] } };
const app = await rest.get("/applications/@me");
const me = await rest.get("/users/@me");
const member = await rest.get(`/guilds/${guild}/members/${me.id}`);
const role = await rest.post(`/guilds/${guild}/roles`, { body: { name: "Verified", permissions: "0" } });
await rest.put(`/guilds/${guild}/members/${me.id}/roles/${role.id}`);
const channel = await rest.post(`/guilds/${guild}/channels`, { body: { name: "verify", type: 0 } });
const message = await rest.post(`/channels/${channel.id}/messages`, { body: { content: "Hello", ...quiet } });
await rest.patch(`/channels/${channel.id}/messages/${message.id}`, { body: { content: "Again", ...quiet } });
const original = await rest.patch(`/webhooks/${application}/${interaction}/messages/@original`, {
  body: { content: "The answer", ...quiet },
  auth: false,
});
const commands = await rest.put(`/applications/${application}/guilds/${guild}/commands`, {
  body: [{ name: "help", description: "What one can ask" }],
});
// More than a window takes: it waits for the next one instead of being refused.
for (let time = 0; time < 5; time += 1) await rest.get(`/guilds/${guild}/channels`);
let refusal = null;
try {
  await rest.put(`/applications/${application}/guilds/${guild}/commands`, { body: [{ name: "No name" }] });
} catch (error) {
  if (!(error instanceof DiscordAPIError)) throw error;
  refusal = { status: error.status, code: error.code, message: error.message };
}

process.stdout.write(
  JSON.stringify({
    application: app.id,
    roles: member.roles.length,
    original: original.content,
    commands: commands.map((command) => command.name),
    waited: limited.length,
    refusal,
  }),
);
