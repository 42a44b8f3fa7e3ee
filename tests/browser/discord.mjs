// A Discord server is set up from one page, which shows what comes of each deed while it is open.

import { assert, findings, open } from "./lib.mjs";

await open(async (page) => {
  await page.goto("/discord");
  await page.getByLabel("Your name").fill("Lena");
  await page.getByLabel("Password of the organisers").fill(process.env.PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL("**/discord");
  assert.deepEqual(await findings(page, ["/discord", "/discord/places"]), [], "before anything was done");

  await page.goto("/discord");
  const line = (deed) => page.locator(`#${deed}`);
  const press = async (name) => {
    await page.getByRole("button", { name }).click();
    await page.waitForURL("**/discord?notice=discord-started");
  };
  await press("Check the set-up");
  // Not loaded anew: what came of it shows by itself.
  await line("check").getByText("Not registered: /ask").waitFor();
  assert(await line("check").getByText("things to mend").isVisible());
  assert.deepEqual(await findings(page, ["/settings", "/discord", "/discord/places"]), [], "after a check");

  await page.goto("/discord");
  await press("Register commands");
  await line("commands").getByText("Registered: /ask").waitFor();
  await page.getByRole("link", { name: "Make roles and channels…" }).click();
  assert.equal(await page.locator("main").getByText("Is made").count(), 4);
  await press("Make what is missing");
  await line("places").getByText("#introductions was made.").waitFor();
  await press("Post the verify button");
  await line("button").getByText("The button stands in #verify.").waitFor();
  await line("check").getByText("1 thing to mend").waitFor();
  assert.deepEqual(await findings(page, ["/discord", "/discord/places"]), [], "set up");
});
