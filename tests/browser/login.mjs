// With a password: nothing without it, the wrong one is refused, the right one leads where one wanted to go.

import { assert, findings, focused, go, judge, open } from "./lib.mjs";

await open(async (page) => {
  const path = () => new URL(page.url()).pathname;
  await page.goto("/people?show=suppressed");
  assert.equal(path(), "/login");
  assert.deepEqual(await findings(page, ["/login"]), []);
  assert.equal((await page.request.get("/api/campaigns/1")).status(), 401);
  await page.goto("/people?show=suppressed");
  const password = page.getByLabel("Password of the organisers");
  assert.equal(await password.getAttribute("type"), "password");
  await page.getByLabel("Your name").fill("Lena");
  await password.fill("wrong horse");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("Please correct the following").waitFor();
  assert.equal(path(), "/login");
  assert.equal(await password.getAttribute("aria-invalid"), "true");
  assert.equal(await password.inputValue(), "", "a password does not come back");
  assert.equal(await page.getByLabel("Your name").inputValue(), "Lena");
  assert.deepEqual(await judge(page), [], "after a wrong password");
  await password.fill(process.env.PASSWORD);
  await password.press("Enter");
  await page.waitForURL("**/people?show=suppressed");
  const cookies = await page.context().cookies();
  assert.equal(cookies.length, 1);
  assert(cookies[0].httpOnly && cookies[0].sameSite === "Lax");
  // Who approves is the one who logged in; on a phone the way out is under More.
  await page.setViewportSize({ width: 1360, height: 900 });
  await page.goto("/login");
  assert.equal(path(), "/", "who is in is not asked again");
  assert(await page.getByRole("button", { name: "Log out Lena" }).isVisible());
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/more");
  await page.locator("main").getByRole("button", { name: "Log out Lena" }).click();
  await page.waitForURL("**/login");
  await page.goto("/people");
  assert.equal(path(), "/login");
  // An old cookie is no use.
  await page.context().addCookies(cookies);
  await page.goto("/people");
  assert.equal(path(), "/login");
}, { tolerate: [/status of 422/] });
