// The judges themselves: a page with planted faults must not pass.

import { assert, findings, open } from "./lib.mjs";

await open(async (page) => {
  const found = await findings(page, ["/planted"]);
  const has = (view, fault) => found.some((finding) => finding.includes(view) && finding.includes(fault));
  assert(has("light, 1360", "label:"), "a field without a label is found");
  assert(has("dark, 1360", "color-contrast:"), "grey on black is found");
  assert(!has("light, 1360", "color-contrast:"), "the same grey on white is none");
  assert(has("light, 390", "overflows sideways"), "what is too wide for a phone is found");
  assert(!has("light, 1360", "overflows sideways"), "it is not too wide for a desk");
  assert(has("light, 390", "target-size:"), "a target too small to be hit is found");
});

await assert.rejects(
  open((page) => page.goto("/complaints", { waitUntil: "networkidle" })),
  (error) => {
    for (const part of ["Content Security Policy", "/missing.png: 404", "console: said on purpose", "script: thrown on purpose"]) {
      assert(error.message.includes(part), `${part} is missing in ${error.message}`);
    }
    return true;
  },
);
