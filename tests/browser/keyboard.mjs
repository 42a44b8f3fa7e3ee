// By keyboard alone: the order of the tabs, a focus that is seen, dialogs that hold the focus and give it back.

import { assert, addPerson, focused, go, lively, open, until } from "./lib.mjs";

await open(async (page) => {
  for (const name of ["Ada Example", "Bo Öberg", "Cleo Clark"]) {
    await addPerson(page, name, `${name.split(" ")[0].toLowerCase()}@example.org`, ["Rust"]);
  }
  const run = await (await page.request.post("/api/campaign/test", { data: {} })).json();
  await until(async () => (await (await page.request.get(run.progress_url)).json()).done, "messages are written");
  const review = `/outreach/${run.campaign_id}?state=drafted`;

  // The first stop skips to the content.
  await page.goto("/outreach");
  await lively(page);
  await page.keyboard.press("Tab");
  assert.equal((await focused(page)).text, "Skip to content");
  assert(await page.getByRole("link", { name: "Skip to content" }).isVisible());
  await page.keyboard.press("Enter");
  assert.equal((await focused(page)).id, "main");
  await page.keyboard.press("Tab");
  assert(await page.evaluate(() => document.querySelector("main").contains(document.activeElement)), "and stays there");

  // Every control of a message under review is reached, from the top to the bottom, and shows that it is.
  for (const [width, height] of [[1360, 900], [390, 844]]) {
    await page.setViewportSize({ width, height });
    await page.goto(review);
    await lively(page);
    await go(page, () => page.locator("li.msg a").first().click());
    const reached = await tour(page);
    const controls = await page.evaluate(() => {
      const all = [...document.querySelectorAll("*")];
      return all
        .map((one, at) => ({ one, at }))
        .filter(({ one }) => one.matches("main :is(a[href], button, input:not([type=hidden]), textarea, select, summary)"))
        .filter(({ one }) => one.checkVisibility() && !one.disabled && !one.closest("details:not([open]) > :not(summary)"))
        .map(({ one, at }) => ({ at, html: one.outerHTML.slice(0, 120) }));
    });
    assert(controls.length > 15, `${controls.length} controls`);
    for (const { at, html } of controls) assert(reached.some((stop) => stop.at === at), `${width} px: not reached: ${html}`);
    for (const stop of reached) assert(stop.ring, `${width} px: no ring: ${stop.html}`);
    for (const stop of reached) assert(!stop.covered, `${width} px: under ${stop.covered}: ${stop.html}`);
    for (const words of ["Approve", "Edit", "Write again", "Skip"]) {
      assert(reached.some((stop) => stop.inPane && stop.text.startsWith(words)), words);
    }
  }
  await page.setViewportSize({ width: 1360, height: 900 });

  // Approving by Enter leads to the next message.
  await page.goto(review);
  await lively(page);
  await tabTo(page, "Approve A");
  await go(page, () => page.keyboard.press("Enter"));
  assert.match((await focused(page)).text, /^Message 1 of 2/);

  // A dialog takes the focus, keeps it, and gives it back.
  await tabTo(page, "Send 1 approved…");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Send 1 approved?" });
  await dialog.waitFor();
  assert(await dialog.evaluate((one) => one.contains(document.activeElement)), "it takes the focus");
  const seen = new Set();
  for (let press = 0; press < 6; press += 1) {
    await page.keyboard.press("Tab");
    // Between the last control and the first stand the browser's own.
    assert(await dialog.evaluate((one) => one.contains(document.activeElement) || document.activeElement === document.body), "it keeps the focus");
    seen.add((await focused(page)).text);
  }
  assert(seen.has("Not yet") && seen.has("Send 1"), `its controls are reached: ${[...seen]}`);
  await page.keyboard.press("j");
  assert(await dialog.isVisible(), "single keys rest behind it");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  assert.equal((await focused(page)).text, "Send 1 approved…", "it gives the focus back");

  // j and k walk, e edits, Escape leaves; / searches, ? tells the keys, g and a letter go elsewhere.
  const heading = () => page.locator("#h-review").innerText();
  await go(page, () => page.keyboard.press("j"));
  assert.match(await heading(), /^Message 2 of 2/);
  await go(page, () => page.keyboard.press("k"));
  assert.match(await heading(), /^Message 1 of 2/);
  await go(page, () => page.keyboard.press("e"));
  await page.getByLabel("Subject").focus();
  await page.keyboard.press("End");
  await page.keyboard.type("as");
  assert.match(await page.getByLabel("Subject").inputValue(), /as$/, "in a field a letter is a letter");
  await go(page, () => page.keyboard.press("Escape"));
  assert.equal(await page.getByLabel("Subject").count(), 0);
  await page.keyboard.press("/");
  assert.equal((await focused(page)).id, "q");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  await keys.waitFor();
  assert.match(await keys.innerText(), /g o\s+Outreach/);
  await page.keyboard.press("Escape");
  await keys.waitFor({ state: "detached" });
  const places = { o: "/outreach", m: "/matchmaking", p: "/people", b: "/outbox", k: "/keys", s: "/settings", h: "/" };
  for (const [key, path] of Object.entries(places)) {
    await page.keyboard.press("g");
    await go(page, () => page.keyboard.press(key));
    assert.equal(new URL(page.url()).pathname, path);
  }
});

// Tabs through the page once, from its first control: what had the focus, and how that looked.
async function tour(page) {
  await page.evaluate(() => document.querySelector(".skip").focus());
  const stops = [];
  for (let press = 0; press < 120; press += 1) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const one = document.activeElement;
      if (!one || one === document.body || one.matches(".skip")) return null;
      // A message's row is outlined as a whole.
      const ringed = [one, one.closest("li, label")].some((element) => {
        if (!element) return false;
        const style = getComputedStyle(element);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      });
      const box = one.getClientRects()[0];
      const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
      const bar = top?.closest(".foot, .tabs-bottom, .topbar");
      return {
        at: [...document.querySelectorAll("*")].indexOf(one),
        html: one.outerHTML.slice(0, 120),
        text: one.textContent.trim(),
        inPane: one.closest(".rev") !== null,
        ring: ringed,
        // A bar that stays while the page scrolls must not lie over what has the focus.
        covered: bar && !bar.contains(one) ? bar.className : null,
      };
    });
    if (stop === null) break;
    stops.push(stop);
  }
  return stops;
}

async function tabTo(page, name) {
  for (let press = 0; press < 120; press += 1) {
    await page.keyboard.press("Tab");
    if ((await focused(page)).text === name) return;
  }
  assert.fail(`${name} is not reached`);
}
