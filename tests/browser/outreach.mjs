// An organiser's first day: people by form and by table, a test run that is read and sent, a live campaign, the outbox.

import { readFileSync } from "node:fs";
import { assert, addPerson, focused, go, isTheSamePage, judge, lively, mark, open, until } from "./lib.mjs";

const TABLE = `E-Mail;Skills;Name
bo@example.org;Rust, SQL;Bo Öberg
no address;Figma;Cleo Clark
dina@example.org;;Dina D'Arc
emil@example.org;QGIS;Emil Example
`;

await open(async (page) => {
  const path = () => new URL(page.url()).pathname;
  const said = (text) => page.getByRole("status").filter({ hasText: text }).waitFor();
  const count = (state) => page.locator(`#n-${state}`).innerText();
  const emailText = () => page.locator("pre.letter").innerText();

  // Nobody yet: the page says what to do. What is typed wrongly is complained about beside the field.
  await page.goto("/outreach");
  await page.getByRole("heading", { name: "No people yet" }).waitFor();
  await page.getByLabel("Skills").fill("Rust, PostgreSQL");
  await go(page, () => page.getByRole("button", { name: "Add this person" }).click());
  const name = page.getByLabel("Name", { exact: true });
  const email = page.getByLabel("Email address");
  for (const field of [name, email]) {
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    const complaint = (await field.getAttribute("aria-describedby")).split(" ").find((id) => id.startsWith("e-"));
    assert.notEqual(await page.locator(`#${complaint}`).innerText(), "");
  }
  assert.match((await focused(page)).text, /Please correct the following/);
  assert.equal(await page.getByLabel("Skills").inputValue(), "Rust, PostgreSQL", "what was typed stays");
  assert.deepEqual(await judge(page), [], "a form with mistakes");
  await page.getByRole("alert").getByRole("link").first().click();
  assert.equal((await focused(page)).tag, "input", "a complaint leads to its field");
  await name.fill("Ada Example");
  await email.fill("ada@example");
  await go(page, () => page.getByRole("button", { name: /Add/ }).click());
  assert.equal(await name.getAttribute("aria-invalid"), null);
  assert.equal(await email.getAttribute("aria-invalid"), "true");
  await email.fill("ada@example.org");
  await go(page, () => page.getByRole("button", { name: /Add/ }).click());
  assert.equal(path(), "/outreach");
  await said("Added.");

  // The same address again is no second person.
  await page.goto("/people/new");
  await name.fill("Somebody Else");
  await email.fill("ADA@example.org");
  await go(page, () => page.getByRole("button", { name: /Add/ }).click());
  assert.equal(await email.getAttribute("aria-invalid"), "true");

  // A table with one bad row; the second time nothing changes.
  const imported = async () => {
    await page.goto("/people/import");
    await page.getByLabel("Table of people").setInputFiles({
      name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(TABLE),
    });
    await go(page, () => page.getByRole("button", { name: "Import" }).click());
    assert.match((await focused(page)).text, /Import result/);
    const bad = page.getByRole("region", { name: "Rows that were not imported" }).getByRole("row").nth(1);
    assert.match(await bad.innerText(), /^3\s+\S.*address/i, "line and reason");
    return page.getByRole("status").innerText();
  };
  assert.match(await imported(), /3 new, 0 .*, 0 unchanged, 1 not imported/);
  assert.match(await imported(), /0 new, 0 .*, 3 unchanged, 1 not imported/);
  assert.deepEqual(await judge(page), [], "the report of an import");
  await addPerson(page, "Fay Field", "fay@example.org", ["Go"]);

  // A test run writes everything and sends nothing. The page shows the messages as they come.
  await page.goto("/outreach");
  await go(page, () => page.getByRole("button", { name: "Start a test run" }).click());
  const campaign = page.url().split("?")[0];
  await mark(page);
  await until(async () => (await count("drafted")) === "5", "five messages are written");
  await page.locator("li.msg").nth(4).waitFor();
  assert(await isTheSamePage(page), "the messages came without a reload");
  assert.equal(await count("sent"), "0");
  await go(page, () => page.getByRole("navigation", { name: "Messages by state" }).getByRole("link", { name: /To review/ }).click());
  const first = page.locator("li.msg a").first();
  await go(page, () => first.click());
  const reader = await first.innerText();
  assert.match(await emailText(), new RegExp(`^\\w+ ${reader.split(" ")[0]}`), "it greets by name");
  for (const part of ["Hack the Harbour 2027", "https://harbour.example/register", "https://harbour.example/community", "Lena Vogt"]) {
    assert((await emailText()).includes(part), part);
  }
  assert(!/\w\n[a-z]/.test((await emailText()).split("\n\n").slice(0, 3).join("\n\n")), "paragraphs are not broken twice");
  assert(await page.getByText(/Written by\s+the template/).isVisible());

  // One is approved by the key, one by the button; the focus goes on to the next message, and the page says so.
  const read = () => page.locator("#h-review .vh").textContent();
  const before = await read();
  await go(page, () => page.keyboard.press("a"));
  await said(/Approved .*, 4 left to review/);
  assert.match((await focused(page)).text, /^Message 1 of 4/);
  assert.notEqual(await read(), before);
  await go(page, () => page.getByRole("button", { name: "Approve A", exact: true }).click());
  await said(/Approved .*, 3 left to review/);
  await go(page, () => page.keyboard.press("z"));
  await said(/Withdrew the approval for /);
  await go(page, () => page.keyboard.press("a"));
  assert.equal(await count("approved"), "2");

  // One is edited: an empty text is refused beside its field, then it is saved and approved in one go.
  await page.goto(campaign);
  await lively(page);
  await go(page, () => page.locator("li.msg a").first().click());
  const edited = (await read()).replace(": to ", "");
  await go(page, () => page.keyboard.press("e"));
  const text = page.getByLabel("Text, from the greeting to the last paragraph");
  const subject = page.getByLabel("Subject");
  await subject.fill(" ");
  await go(page, () => page.getByRole("button", { name: "Save", exact: true }).click());
  assert.equal(await subject.getAttribute("aria-invalid"), "true");
  assert.match((await focused(page)).text, /Please correct the following/);
  assert.deepEqual(await judge(page), [], "an editor with a mistake");
  await subject.fill("Come and build with us");
  await text.fill((await text.inputValue()).replace(/\n\n[^\n]+$/, "\n\nBring a warm coat, the quay is windy."));
  await text.press("Control+Enter");
  await said(`Approved ${edited}`);
  assert.equal(await count("approved"), "3");
  await page.goto(`${campaign}?state=approved&q=windy`);
  assert.match(await page.locator("li.msg").innerText(), new RegExp(edited));
  await page.locator("li.msg a").click();
  await page.locator("pre.letter", { hasText: "Bring a warm coat, the quay is windy." }).waitFor();

  // One is skipped. What is approved goes out by the dialog, and only that.
  await page.goto(campaign);
  await lively(page);
  await go(page, () => page.locator("li.msg a").first().click());
  await go(page, () => page.keyboard.press("s"));
  await said(/Skipped .*, 1 left to review/);
  const opener = page.getByRole("link", { name: "Send 3 approved…" });
  await opener.click();
  const dialog = page.getByRole("dialog", { name: "Send 3 approved?" });
  assert.match(await dialog.innerText(), /3 emails will be sent to .* from lena@example\.org|3 emails will be sent to .* from Lena Vogt/);
  assert.match(await dialog.innerText(), /they stay in the outbox/);
  assert.deepEqual(await judge(page), [], "the dialog before sending");
  await go(page, () => dialog.getByRole("button", { name: "Send 3" }).click());
  await mark(page);
  await until(async () => (await count("sent")) === "3", "three messages are sent");
  assert.equal(await count("drafted"), "1");
  assert.equal(await count("skipped"), "1");

  // What happens elsewhere shows on a page that is only looked at.
  const drafts = `${campaign}/approve?state=drafted`;
  await page.request.post(drafts, { form: { which: "flawless" }, maxRedirects: 0 });
  await page.getByRole("link", { name: "Send 1 approved…" }).waitFor();
  await page.request.post(`${campaign}/send`, { form: { count: "1" }, maxRedirects: 0 });
  await until(async () => (await count("sent")) === "4", "the fourth message is sent");
  await until(async () => /4 sent/.test(await page.locator("#bar").getAttribute("aria-label")), "the bar says so");
  assert(await isTheSamePage(page), "the numbers came without a reload");

  // The rest by a live campaign: the bar reaches its end while it is watched.
  const more = Array.from({ length: 40 }, (_, n) => `Guest ${n + 1},guest${n + 1}@example.org,Rust; Go`);
  await page.goto("/people/import");
  await page.getByLabel("Table of people").setInputFiles({
    name: "more.csv", mimeType: "text/csv", buffer: Buffer.from(["Name,Email,Skills", ...more].join("\n")),
  });
  await go(page, () => page.getByRole("button", { name: "Import" }).click());
  await page.goto("/outreach");
  await lively(page);
  await page.getByRole("button", { name: "Start a live campaign…" }).click();
  const ask = page.getByRole("dialog", { name: "Start a live campaign?" });
  assert.match(await ask.innerText(), /40 people get one invitation each/);
  assert.deepEqual(await judge(page), [], "the dialog before a live campaign");
  await go(page, () => ask.getByRole("button", { name: "Write and send to 40" }).click());
  await mark(page);
  await until(async () => (await count("sent")) === "40", "forty messages are sent");
  await until(async () => Number(await page.locator("#bar-sent").getAttribute("width")) > 99, "the bar is full");
  await page.locator(".sub", { hasText: "Finished" }).waitFor();
  assert(await isTheSamePage(page), "the bar filled without a reload");
  for (const state of ["queued", "drafting", "drafted", "approved", "sending", "skipped", "failed", "uncertain"]) {
    assert.equal(await count(state), "0", state);
  }
  // Every message can be opened.
  const live = page.url().split("?")[0];
  await page.goto(`${live}?state=sent`);
  const links = await page.locator("li.msg a").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  assert(links.length > 2, `${links.length} messages`);
  for (const link of [links[0], links.at(-1)]) {
    await page.goto(link);
    assert.match(await emailText(), /Guest/);
  }
  await lively(page);
  await go(page, () => page.keyboard.press("k"));
  assert.match(await emailText(), /Guest/);
  const opened = await page.request.get(links[1]);
  assert(opened.ok());
  await page.getByRole("link", { name: "HTML", exact: true }).click();
  const frame = page.frameLocator("iframe.frame");
  await frame.getByText("Warm regards").waitFor();

  // The outbox holds each as it would have gone out.
  await page.goto("/outbox?q=windy");
  assert.equal(await page.getByRole("row").count(), 0, "it searches names, addresses and subjects");
  await page.goto(`/outbox?q=${encodeURIComponent("Come and build with us")}`);
  await page.getByRole("link", { name: "Come and build with us" }).click();
  await page.locator(".sub", { hasText: /sent \(outbox\)/i }).waitFor();
  assert(await page.getByText("Bring a warm coat, the quay is windy.").isVisible());
  const html = page.locator("iframe.frame");
  assert.equal(await html.getAttribute("sandbox"), "", "nothing runs in the frame");
  await page.frameLocator("iframe.frame").getByText("Bring a warm coat, the quay is windy.").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download .eml" }).click(),
  ]);
  assert.match(download.suggestedFilename(), /\.eml$/);
  const mail = readFileSync(await download.path(), "utf8");
  for (const head of [/^From: .*lena@example\.org/m, /^To: .*@example\.org/m, /^Subject: Come and build with us\r?$/m,
    /^Message-ID: </m, /^List-Unsubscribe: </m, /^Content-Type: multipart\/alternative/m]) {
    assert.match(mail, head);
  }

  // After a reload everything is as it was.
  await page.goto("/outreach");
  const rows = () => page.getByRole("region", { name: "Table of campaigns" }).innerText();
  const shown = await rows();
  assert.match(shown, /40/);
  await page.reload();
  assert.equal(await rows(), shown);
  await page.goto("/campaigns");
  assert.equal(path(), "/outreach");
  await page.goto("/users");
  assert.equal(path(), "/people");
}, { acceptDownloads: true, tolerate: [/status of 422/] });
