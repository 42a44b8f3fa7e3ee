// A Discord server is set up from one page, which shows the result of each action while it is open.

import { assert, findings, open } from "./lib.mjs";

await open(async (page) => {
  await page.goto("/discord");
  await page.getByLabel("Your name").fill("Lena");
  await page.getByLabel("Password of the organisers").fill(process.env.PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL("**/discord");
  assert.deepEqual(await findings(page, ["/discord", "/discord/roles-and-channels"]), [], "before anything was done");

  await page.goto("/discord");
  const line = (action) => page.locator(`#${action}`);
  const press = async (name) => {
    await page.getByRole("button", { name }).click();
    await page.waitForURL("**/discord?notice=discord-started");
  };
  await press("Check the set-up");
  // The result appears without a reload.
  await line("check").getByText("Not registered: /ask").waitFor();
  assert(await line("check").getByText("things to fix").isVisible());
  assert.deepEqual(await findings(page, ["/settings", "/discord", "/discord/roles-and-channels"]), [], "after a check");

  await page.goto("/discord");
  await press("Register commands");
  await line("commands").getByText("Registered: /ask").waitFor();
  await page.getByRole("link", { name: "Create roles and channels…" }).click();
  assert.equal(await page.locator("main").getByText("Will be created").count(), 4);
  await press("Create what is missing");
  await line("roles-and-channels").getByText("#introductions was created.").waitFor();
  await press("Post the verify button");
  await line("button").getByText("The button is in #verify.").waitFor();
  await line("check").getByText("1 thing to fix").waitFor();
  assert.deepEqual(await findings(page, ["/discord", "/discord/roles-and-channels"]), [], "set up");
});
