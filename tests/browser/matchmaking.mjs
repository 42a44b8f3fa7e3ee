// Resumes in, skills found, people matched, match emails read and sent. RESUMES is the folder with the fixtures.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, addPerson, go, isTheSamePage, judge, lively, mark, open, until } from "./lib.mjs";

const file = (name) => join(process.env.RESUMES, name);
const text = (name, content) => ({ name, mimeType: "text/plain", buffer: Buffer.from(content) });

await open(async (page) => {
  const said = (words) => page.getByRole("status").filter({ hasText: words }).waitFor();
  const queue = (name) => page.locator(".queue li", { has: page.getByText(name, { exact: true }) });
  const upload = async (files, address = "") => {
    await page.goto("/matchmaking");
    await page.getByLabel("Email address of the person").fill(address);
    await page.getByRole("button", { name: "Resumes", exact: true }).setInputFiles(files);
    await go(page, () => page.getByRole("button", { name: "Upload" }).click());
  };
  // The words in the queue change by themselves.
  const becomes = (name, words) => queue(name).filter({ hasText: words }).waitFor();

  await page.goto("/matchmaking");
  await page.getByRole("heading", { name: "No people yet" }).waitFor();
  const noor = await addPerson(page, "Noor Example", "noor.example@example.org", ["Figma"]);
  const ada = await addPerson(page, "Ada Example", "ada@example.org", ["COBOL"], "Engineer");
  await addPerson(page, "Bo Öberg", "bo@example.org", ["Rust", "Kubernetes"]);

  // A resume of each kind for one person, on that person's page.
  for (const [name, kind] of [["plain.pdf", "PDF"], ["word.docx", "DOCX"], ["plain.txt", "TXT"]]) {
    await page.goto(`/people/${ada}`);
    const field = page.getByLabel("Resume of Ada Example");
    // Each with something of its own: the same file twice is one.
    await field.setInputFiles(file(name));
    await go(page, () => page.getByRole("button", { name: "Upload" }).click());
    await until(async () => {
      await page.reload();
      return queue(name).filter({ hasText: "4 skills" }).isVisible();
    }, `${name} is read`);
    assert.match(await queue(name).innerText(), new RegExp(kind));
    await queue(name).getByText(`Text read from ${name}`).click();
    assert.match(await queue(name).locator("pre").innerText(), /PostgreSQL/);
  }
  const skills = await page.locator(".own-skills").innerText();
  for (const skill of ["COBOL", "Rust", "PostgreSQL", "Kubernetes", "C++"]) assert(skills.includes(skill), skill);
  assert.equal(skills.match(/Rust/g).length, 1, "a skill found three times is listed once");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "plain.pdf" }).click(),
  ]);
  assert.deepEqual(readFileSync(await download.path()), readFileSync(file("plain.pdf")));

  // Many at once are assigned by the address in them; one is not assigned; two are not resumes.
  await upload([file("chromium.pdf"), file("scan.pdf"), file("locked.pdf")]);
  await becomes("chromium.pdf", /Noor Example/);
  await upload([
    text("bo.txt", "Bo Öberg\nbo@example.org\nSkills: Go, Terraform\n"),
    text("wren.txt", "Wren Otherwise\nwren@elsewhere.example.org\nSkills: Rust and QGIS\n"),
    { name: "photo.png", mimeType: "image/png", buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]) },
  ]);
  await mark(page);
  await becomes("chromium.pdf", /4 skills/);
  await becomes("bo.txt", /Bo Öberg/);
  await becomes("bo.txt", /2 skills/);
  await becomes("scan.pdf", /This PDF is a picture without text that Muster can read/);
  await becomes("locked.pdf", /locked with a password/);
  await becomes("photo.png", /Not readable/);
  await becomes("wren.txt", /Not assigned/);
  assert(await isTheSamePage(page), "the queue is live");
  await page.reload();
  assert.match(await queue("photo.png").innerText(), /PDF|Word|text/, "it says what a resume is");
  assert.deepEqual(await judge(page), [], "matchmaking with resumes");

  // It is assigned to a new person, whose name and address were found in it.
  await go(page, () => queue("wren.txt").getByRole("link", { name: /Assign to a person/ }).click());
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "Wren Otherwise");
  assert.equal(await page.getByLabel("Email address").inputValue(), "wren@elsewhere.example.org");
  assert.deepEqual(await judge(page), [], "assign to a person");
  await go(page, () => page.getByRole("button", { name: "Add and assign" }).click());
  await said("Assigned.");
  await becomes("wren.txt", /2 skills/);
  await page.reload();
  assert.match(await queue("wren.txt").innerText(), /Wren Otherwise/);
  // Another is assigned to an existing person.
  await upload([text("nameless.txt", "Skills: Elixir, Erlang\nTen years of telephone exchanges.\n")]);
  await becomes("nameless.txt", /Not assigned/);
  await page.reload();
  await go(page, () => queue("nameless.txt").getByRole("link", { name: /Assign to a person/ }).click());
  await page.getByLabel("Search people").fill("bo@");
  await go(page, () => page.getByLabel("Search people").press("Enter"));
  await go(page, () => page.getByRole("button", { name: /Assign.*Bo Öberg/ }).click());
  await becomes("nameless.txt", /2 skills/);

  // Matching: the same pair, score and skills on both pages.
  await page.goto("/matchmaking");
  await go(page, () => page.getByRole("button", { name: /^Match (everybody|again)$/ }).click());
  await said("pairs");
  const row = (whose, other) => page.getByRole("region", { name: `Matches of ${whose}` }).getByRole("row", { name: other }).innerText();
  await page.goto(`/people/${noor}`);
  const there = (await row("Noor Example", "Ada Example")).replace(/\s+/g, " ");
  for (const skill of ["Rust", "PostgreSQL", "Kubernetes", "C++"]) assert(there.includes(skill), `${skill}: ${there}`);
  assert(!there.includes("ada@example.org"), "nobody's address without their consent");
  const score = there.match(/\b\d{1,3}\b/)[0];
  await go(page, () => page.getByRole("link", { name: "Ada Example" }).click());
  const back = (await row("Ada Example", "Noor Example")).replace(/\s+/g, " ");
  assert.equal(back.match(/\b\d{1,3}\b/)[0], score, "the score is the same on both pages");
  await page.goto(`/matchmaking?around=${ada}`);
  await lively(page);
  const graph = page.getByRole("img", { name: /Noor/ });
  await graph.first().waitFor();
  await page.getByText("Show as a table").click();
  assert(await page.getByRole("region", { name: "Matches of Ada Example", exact: true }).isVisible());
  assert.deepEqual(await judge(page), [], "the graph and its table");

  // Nothing has been emailed so far. One match email each is written, read, approved, and sent to the outbox.
  await page.goto("/outbox");
  await page.getByText("No emails yet.").waitFor();
  await page.goto("/matchmaking");
  await go(page, () => page.getByRole("button", { name: "Write 4 match emails" }).click());
  await until(async () => (await page.locator("#n-drafted").innerText()) === "4", "four match emails are written");
  await go(page, () => page.locator("#state-drafted").click());
  await page.getByLabel("Search messages").fill("ada@");
  await go(page, () => page.getByLabel("Search messages").press("Enter"));
  await page.locator("li.msg a").first().click();
  const emailText = await page.locator("pre.letter").innerText();
  for (const words of ["Noor Example", "Bo Öberg", "Wren Otherwise", "PostgreSQL"]) assert(emailText.includes(words), words);
  assert(!/noor\.example@|bo@example|wren@/.test(emailText), "nobody's address is in another's email");
  await page.goto(page.url().split("?")[0]);
  await lively(page);
  await go(page, () => page.getByRole("button", { name: "Approve all flawless" }).click());
  await said("Approved 4 messages.");
  await page.getByRole("link", { name: "Send 4 approved…" }).first().click();
  await go(page, () => page.getByRole("dialog").getByRole("button", { name: "Send 4" }).click());
  await until(async () => (await page.locator("#n-sent").innerText()) === "4", "four match emails are sent");
  await page.goto("/outbox");
  assert.equal(await page.getByRole("row").count(), 5);
  await page.goto(`/people/${ada}`);
  assert.match(await page.getByRole("region", { name: "Emails" }).innerText(), /Sent/);

  // Matching again makes neither new pairs nor new mails.
  await page.goto("/matchmaking");
  await go(page, () => page.getByRole("button", { name: /^Match/ }).click());
  await page.goto("/matchmaking");
  assert.equal(await page.getByRole("button", { name: /^Write \d+ match mail/ }).count(), 0);
}, { acceptDownloads: true });
