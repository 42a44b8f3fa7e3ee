// The FAQ from its first entry to a participant who asks too often. With SCRIPT=off the same without script.

import { readFileSync } from "node:fs";
import { assert, focused, judge, open, shoot, until } from "./lib.mjs";

const script = process.env.SCRIPT !== "off";

await open(async (page) => {
  const path = () => new URL(page.url()).pathname;
  // Presses what leads to another page.
  const press = (locator) => Promise.all([page.waitForEvent("load"), locator.click()]);
  const button = (name) => page.getByRole("button", { name, exact: true });
  const link = (name) => page.getByRole("link", { name, exact: true });
  const entry = (question) => page.locator("details.entry", { has: page.locator("summary", { hasText: question }) });
  const good = async (what) => {
    // The accessibility checker needs scripts.
    if (script) assert.deepEqual(await judge(page), [], what);
    await shoot(page, `faq-${what}`);
  };
  const logIn = async () => {
    await page.goto("/login");
    await page.getByLabel("Your name").fill("Lena");
    await page.getByLabel("Password of the organisers").fill(process.env.PASSWORD);
    await press(button("Log in"));
  };

  // Nobody sees it before it is opened.
  await page.goto("/faq/public");
  assert.equal(path(), "/login");
  await logIn();
  await page.goto("/faq");
  await page.getByText("No entry yet.").waitFor();
  await good("empty");

  // An entry is added; what is missing is said beside its field.
  await press(link("Add an entry"));
  await page.getByLabel("Answer").fill("Yes, *vegan* too.");
  await page.getByLabel("Section").fill("Food");
  await press(button("Add the entry"));
  const question = page.getByLabel("Question", { exact: true });
  assert.equal(await question.getAttribute("aria-invalid"), "true");
  assert.equal(await page.getByLabel("Answer").inputValue(), "Yes, *vegan* too.", "what was typed is still there");
  await good("missing");
  await question.fill("Is there lunch?");
  await press(button("Add the entry"));
  await page.getByText("Added the entry.").waitFor();
  assert(await entry("Is there lunch?").locator("em", { hasText: "vegan" }).isVisible(), "the new entry is open");
  const add = async (section, text, answer) => {
    await press(link("Add an entry"));
    await page.getByLabel("Section").fill(section);
    await page.getByLabel("Question", { exact: true }).fill(text);
    await page.getByLabel("Answer").fill(answer);
    await press(button("Add the entry"));
  };
  await add("Food", "Is there coffee?", "All day.");
  await add("", "Where is the quay?", "At the **harbour**, by [tram](https://tram.example/4).");

  // Edited, moved, switched off and on.
  const open = async (question) => {
    const details = entry(question);
    if ((await details.getAttribute("open")) === null) await details.locator("summary").click();
    return details;
  };
  await open("Is there lunch?");
  await press(link("Edit: Is there lunch?"));
  await page.getByLabel("Answer").fill("From 12 to 14, *vegan* too.");
  await press(button("Save"));
  await page.getByText("Saved.").waitFor();
  assert(await page.getByText("From 12 to 14").isVisible());
  const order = () => page.locator("details.entry summary").allInnerTexts();
  assert.deepEqual(await order(), ["Is there lunch?", "Is there coffee?", "Where is the quay?"]);
  await open("Is there coffee?");
  assert.equal(await button("Move down: Is there coffee?").count(), 0, "it is the last of its section");
  await press(button("Move up: Is there coffee?"));
  assert.deepEqual(await order(), ["Is there coffee?", "Is there lunch?", "Where is the quay?"]);
  await open("Is there coffee?");
  await press(button("Switch off: Is there coffee?"));
  assert.match((await order())[0], /Is there coffee\?\s+Off/);

  // An answer is tried out; what it comes from is a link to the entry.
  const ask = async (text) => {
    await page.getByLabel("Ask as a participant would").fill(text);
    await press(button("Ask"));
  };
  await ask("when is lunch");
  const answer = page.locator(".answer");
  assert.match(await answer.innerText(), /^From the organisers' FAQ, as written:\s+From 12 to 14, vegan too\./);
  await page.getByText("Answered by the unchanged entry: no key is set.").waitFor();
  await good("answered");
  await answer.getByRole("link", { name: "Is there lunch?" }).click();
  await entry("Is there lunch?").getByText("From 12 to 14").waitFor();
  await ask("Is there coffee in the evening?");
  assert.match(await answer.innerText(), /^Not in the FAQ; passed on to the organisers\./, "what is off answers nothing");

  // The unanswered question becomes an entry, another one goes off the list.
  await ask("Who feeds the gulls?");
  await page.goto("/faq");
  const unanswered = page.getByRole("region", { name: "Unanswered" });
  assert.deepEqual(await unanswered.locator(".nm").allInnerTexts(), ["Who feeds the gulls?", "Is there coffee in the evening?"]);
  await good("unanswered");
  await press(button("Remove from the list: Is there coffee in the evening?"));
  await page.getByText("Removed the question from the list.").waitFor();
  await press(link("Add an entry for: Who feeds the gulls?"));
  assert.equal(await page.getByLabel("Question", { exact: true }).inputValue(), "Who feeds the gulls?");
  await good("from-a-question");
  await page.getByLabel("Answer").fill("Nobody, please.");
  await press(button("Add the entry"));
  assert.equal(await unanswered.count(), 0);
  await ask("who feeds the gulls");
  assert.match(await answer.innerText(), /Nobody, please\./);

  // A file is looked at, then imported; the export is what went in.
  await press(link("Import"));
  await page.getByLabel("A text file").setInputFiles({
    name: "faq.md", mimeType: "text/markdown",
    buffer: Buffer.from("## Food\r\n### Is there lunch?\r\nFrom 12 to 14, *vegan* too.\r\n### Dinner?\r\nSoup:\r\n```\r\n# not a heading\r\n```\r\n### Nothing?\r\n"),
  });
  await press(button("Preview"));
  assert.match(await page.getByRole("status").first().innerText(), /1 new, 0 changed, 1 unchanged, 1 unreadable/);
  assert(await page.getByRole("row", { name: /9 a question without an answer/i }).isVisible());
  await good("import");
  await press(button("Import 2 entries"));
  await page.getByText("Imported the entries.").waitFor();
  const download = async (name) => {
    const [file] = await Promise.all([page.waitForEvent("download"), link(name).click()]);
    return readFileSync(await file.path(), "utf8");
  };
  assert.match(await download("Export .txt"), /Q: Dinner\?\nA: Soup:\n```\n# not a heading\n```\n/);
  assert.match(await download("Export .md"), /### Dinner\?\n\nSoup:\n```\n# not a heading\n```\n/);

  // It is opened for everybody, and a participant asks.
  await page.getByRole("checkbox", { name: /^Everybody with the link/ }).check();
  await press(button("Save"));
  await page.getByText("Everybody with the link can read the FAQ and ask questions.").waitFor();
  await good("list");
  await page.context().clearCookies();
  await page.goto("/faq");
  assert.equal(path(), "/login", "the organisers' page stays closed");
  await page.goto("/faq/public");
  assert.equal(await page.getByText("Is there coffee?").count(), 0, "what is off is not shown");
  assert.equal(await page.getByText("Only you see this page").count(), 0);
  await good("public");

  // By keyboard alone.
  for (let presses = 0; (await focused(page)).id !== "f-question"; presses += 1) {
    assert(presses < 5, "the box is near");
    await page.keyboard.press("Tab");
  }
  await page.keyboard.insertText("Is ther lunsh?");
  await Promise.all([page.waitForEvent("load"), page.keyboard.press("Enter")]);
  assert.match(await answer.innerText(), /From 12 to 14/);
  await until(async () => (await focused(page)).id === "answer", "the answer has the focus");
  for (let presses = 0; (await focused(page)).text !== "Is there lunch?"; presses += 1) {
    assert(presses < 8, "the entry is near");
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  assert.match(page.url(), /#e\d+$/);
  assert.equal(await page.getByText(/Answered by/).count(), 0, "which key served is not theirs to know");
  await good("public-answered");

  // Not in the FAQ; too long; nothing; markup.
  const box = page.getByLabel("Your question");
  const askHere = async (text) => {
    await box.fill(text);
    await press(button("Ask"));
  };
  await askHere("<b>Where</b> is my blue umbrella?");
  assert.match(await answer.innerText(), /^Not in the FAQ; passed on to the organisers\./);
  assert.equal(await box.inputValue(), "<b>Where</b> is my blue umbrella?");
  await good("public-unknown");
  await box.fill("");
  await box.focus();
  await page.keyboard.insertText("x ".repeat(300));
  assert.equal((await box.inputValue()).length, 500, "the box takes no more");
  await box.evaluate((one) => one.removeAttribute("maxlength"));
  await askHere("x ".repeat(300));
  await page.getByText("A question has at most 500 characters.").waitFor();
  assert.equal(await box.getAttribute("aria-invalid"), "true");
  if (script) await until(async () => (await focused(page)).id === "f-question", "the box has the focus");
  await good("public-too-long");
  await askHere(" ?! ");
  await page.getByText("The question is missing.").waitFor();

  // Ten a minute are enough for anybody.
  for (let number = 2; number < 10; number += 1) await askHere(`Is there lunch number ${number}?`);
  await askHere("Is there lunch again?");
  await page.getByText(/^Too many questions in a short time\. Try again in \d+ seconds?\.$/).waitFor();
  await good("public-limit");

  // The organisers found the question, and close the page again.
  await logIn();
  await page.goto("/faq");
  assert(await unanswered.getByText("<b>Where</b> is my blue umbrella?").isVisible());
  await page.getByRole("checkbox", { name: /^Everybody with the link/ }).uncheck();
  await press(button("Save"));
  await page.getByText("Only organisers can see the FAQ now.").waitFor();
  await page.goto("/faq/public");
  await page.getByText("Only you see this page").waitFor();
  await page.context().clearCookies();
  await page.goto("/faq/public");
  assert.equal(path(), "/login");
}, { tolerate: [/status of (422|429)/], javaScriptEnabled: script });
