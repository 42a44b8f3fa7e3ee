// The parts that pages are made of: how they look, and what the scripts do with them.

import { assert, every, judge, open, shoot } from "./lib.mjs";

await open(async (page) => {
  await every(page, ["/parts"]);

  await page.goto("/parts");
  await page.getByRole("link", { name: "Send 41 approved…" }).click();
  assert.deepEqual(await judge(page), [], "the open dialog");
  await shoot(page, "dialog");
  const send = page.getByRole("button", { name: "Send 41 mails" });
  assert(await send.isDisabled(), "nothing is sent before the number is typed");
  await page.getByLabel("Type 41 to go on").fill("41");
  await send.click();
  await page.waitForURL("**/parts?sent");
});

// Without script the link leads to a page.
await open(
  async (page) => {
    await page.goto("/parts");
    assert.equal(await page.locator("[data-select-all]").isVisible(), false);
    await page.getByRole("link", { name: "Send 41 approved…" }).click();
    await page.waitForURL("**/confirm");
  },
  { javaScriptEnabled: false },
);

// Keys.
await open(async (page) => {
  await page.goto("/parts");
  await ready(page);
  await page.keyboard.press("/");
  await page.keyboard.type("j?go");
  assert.equal(await page.getByLabel("Search messages").inputValue(), "j?go", "keys are text in a field");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  assert.match(await dialog.innerText(), /J\s+Next|j\s+Next/);
  assert.match(await dialog.innerText(), /g o\s+Outreach/);
  assert.deepEqual(await judge(page), [], "the list of keys");
  await shoot(page, "keys-dialog");
  await page.keyboard.press("j");
  await page.keyboard.press("Escape");
  assert(page.url().endsWith("/parts"), "keys do nothing while a dialog is open");
  await page.keyboard.press("j");
  await page.waitForURL("**/parts?went=next");
  await ready(page);
  await page.evaluate(() => {
    for (const key of ["g", "b"]) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  });
  await page.waitForURL("**/parts?went=outbox");
});

// Dropped files are put into the field.
await open(async (page) => {
  await page.goto("/parts");
  await ready(page);
  const drop = async (size) => {
    const dropped = await page.evaluateHandle((size) => {
      const data = new DataTransfer();
      data.items.add(new File(["x".repeat(size)], "ada.txt"));
      data.items.add(new File(["y"], "bo.txt"));
      return data;
    }, size);
    await page.dispatchEvent("[data-drop]", "dragover", { dataTransfer: dropped });
    assert(await page.locator(".drop.over").isVisible());
    await page.dispatchEvent("[data-drop]", "drop", { dataTransfer: dropped });
    assert.equal(await page.locator(".drop.over").count(), 0);
    return page.locator("[data-drop-status]").innerText();
  };
  assert.equal(await drop(4), "2 files: ada.txt, bo.txt");
  assert.equal(await page.evaluate(() => document.querySelector("#files").files.length), 2);
  assert.equal(await drop(1001), "ada.txt is too large.");
});

// One box selects all.
await open(async (page) => {
  await page.goto("/parts");
  await page.getByLabel("All", { exact: true }).check();
  assert.equal(await page.locator("[data-selected]").innerText(), "3");
  await page.getByLabel("Select Emeka Obi").uncheck();
  assert.equal(await page.locator("[data-selected]").innerText(), "2");
  assert.equal(await page.getByLabel("All", { exact: true }).isChecked(), false);
});

// Live numbers: twenty events at once do not change the page more than twice a second, and the last one counts.
await open(async (page) => {
  await page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => {
      window.changes = 0;
      new MutationObserver(() => window.changes++).observe(document.getElementById("count"), { childList: true });
    });
  });
  await page.goto("/parts");
  await page.locator("#count", { hasText: /^20$/ }).waitFor();
  const { changes, seconds } = await page.evaluate(() => ({ changes, seconds: performance.now() / 1000 }));
  assert(changes <= 1 + 2 * seconds, `${changes} changes in ${seconds} s`);
  assert.equal(await page.locator("#progress").getAttribute("value"), "100");
  assert.equal(await page.locator("#progress").getAttribute("title"), null);
  assert.equal(await page.locator("[data-live-status]").innerText(), "");
});

// A lost stream is reported, with the time and a link; one that comes back is not.
await open(
  async (page) => {
    await page.clock.install({ time: new Date(2027, 0, 16, 14, 6) });
    await page.route("**/live", (route) => route.fulfill({ status: 503 }));
    const refused = page.waitForResponse("**/live");
    await page.goto("/parts");
    await refused;
    const status = page.locator("[data-live-status]");
    await page.waitForFunction(() => document.readyState === "complete");
    await advance(page, async () => /^Not live since 14:0\d\. Reload\.$/.test(await status.innerText()));
    assert.deepEqual(await judge(page), [], "a page that is not live");
    await page.unroute("**/live");
    await advance(page, async () => (await status.innerText()) === "");
    await advance(page, async () => (await page.locator("#count").innerText()) === "20");
  },
  { tolerate: [/503/] },
);

// An outdated page is fetched again, but not while somebody is typing.
await open(async (page) => {
  let answer;
  const event = () => answer.fulfill({ contentType: "text/event-stream", body: 'data: {"reload":true}\n\n' });
  const asked = () =>
    new Promise((resolve) => {
      page.route("**/live", (route) => resolve((answer = route)), { times: 1 });
    });

  let stream = asked();
  await page.goto("/parts");
  await stream;
  await page.getByLabel("Search messages").fill("half a na");
  await event();
  await page.locator("[data-live-status]", { hasText: "There is something new. Reload." }).waitFor();

  stream = asked();
  await page.goto("/parts");
  await stream;
  await Promise.all([page.waitForEvent("load"), event()]);
  assert.equal(await page.getByLabel("Search messages").inputValue(), "");
});

// The modules are fetched after the page. The last of them has run when its change is visible.
async function ready(page) {
  await page.locator("[data-select-all]").waitFor();
}

// Lets the page's clock run until the condition is true.
async function advance(page, is) {
  const until = Date.now() + 120_000;
  while (!(await is())) {
    assert(Date.now() < until, "it did not happen");
    await page.clock.runFor(100);
  }
}
