// Judges requests as applications in JavaScript do, with discord-interactions. In: {key, requests: [{timestamp,
// signature, body}]}; out: [boolean]. PACKAGES is the folder with node_modules.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.env.PACKAGES, "package.json"));
const { verifyKey } = require("discord-interactions");

const { key, requests } = JSON.parse(readFileSync(0, "utf8"));
const verdicts = [];
for (const { timestamp, signature, body } of requests) {
  verdicts.push(await verifyKey(body, signature ?? "", timestamp ?? "", key));
}
console.log(JSON.stringify(verdicts));
