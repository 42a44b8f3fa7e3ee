// Every page, empty and full, judged in each view. What fills them is hostile: it must show as text.

import { assert, addPerson, findings, go, lively, open, until } from "./lib.mjs";

const NAME = `<script>alert(1)</script> "Zoë" O'Hara 🦀`;
const SKILL = `<img src=x onerror=alert(2)> "Rust" & 'Go' 🚀`;
const FILE = `<script>alert(3)<∕script> 🦀.txt`;

// With nothing in it.
const EMPTY = [
  "/", "/more", "/people", "/people/new", "/people/import", "/outreach", "/matchmaking", "/matchmaking/resumes",
  "/matchmaking/skills", "/outbox", "/keys", "/settings", "/settings/tokens", "/discord", "/faq", "/faq/new", "/faq/import", "/faq/public", "/nowhere",
];

await open(async (page) => {
  const dialogs = [];
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    dialog.dismiss();
  });
  const requests = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(process.env.BASE_URL)) requests.push(request.url());
  });

  assert.deepEqual(await findings(page, EMPTY, { mistakes: ["/nowhere"] }), [], "empty pages");

  const first = await addPerson(page, NAME, "zoe@example.org", [SKILL, "Rust", "PostgreSQL"], NAME);
  await addPerson(page, `Ben "${NAME}"`, "ben@example.org", [SKILL, "Rust", "Kubernetes"], "Engineer");
  const third = await addPerson(page, "A name that goes on and on without end ".repeat(2).trim(), `${"long".repeat(12)}@example.org`, ["Rust", "QGIS"]);
  await addPerson(page, "Supercalifragilisticexpialidocious".repeat(2), "super@example.org", ["Rust", "Honorificabilitudinitatibus".repeat(2)]);
  const leaver = await addPerson(page, "Gone Away", "gone@example.org", ["Rust"]);
  await page.request.post(`/people/${leaver}/unsubscribe`, { maxRedirects: 0 });
  const form = async (path, fields) => {
    const response = await page.request.post(path, { form: fields, maxRedirects: 0 });
    assert.equal(response.status(), 303, `${path}: ${await response.text()}`);
    return response.headers().location;
  };
  await form("/settings/event", { name: NAME, dates: SKILL, place: "", time_zone: "UTC", link: "https://harbour.example/register",
    community_link: "", organiser: NAME, sender_name: NAME, reply_to: "", language: "en", address: SKILL, guidance: NAME });
  // Resumes: one read, one that is not assigned, one that cannot be read.
  const file = (name, text) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });
  const uploaded = async (fields) => {
    const response = await page.request.post("/matchmaking/upload", { multipart: fields, maxRedirects: 0 });
    assert.equal(response.status(), 303, await response.text());
  };
  await uploaded({ person_id: `${first}`, files: file(FILE, `${NAME}\nzoe@example.org\nSkills: Rust, Go, QGIS\n`) });
  await uploaded({ files: file(`${"long-".repeat(15)}.txt`, `${NAME}\nnobody@elsewhere.example.org\nSkills: Rust\n`) });
  await uploaded({ files: file("empty.txt", "  ") });
  await page.goto("/matchmaking/resumes?show=look");
  await until(async () => {
    await page.reload();
    return (await page.locator("tbody tr").count()) === 2;
  }, "two resumes need a look");
  await form("/matchmaking/run", {});
  const mails = await form("/matchmaking/emails", {});
  const progress = async (path) => (await page.request.get(path.replace("/outreach/", "/api/campaigns/").split("?")[0])).json();
  await until(async () => (await progress(mails)).done, "match emails are written");
  const run = await form("/outreach", { guidance: NAME, start: "test" });
  const campaign = run.split("?")[0];
  await until(async () => (await progress(run)).done, "messages are written");

  // Two messages are sent, one stays approved, one waits.
  await page.goto(`${campaign}?state=all`);
  await lively(page);
  const links = await page.locator("li.msg a").evaluateAll((all) => all.map((one) => new URL(one.href).searchParams.get("m") ?? one.href));
  const ids = await page.locator("input[name=id]").evaluateAll((all) => all.map((one) => one.value));
  assert(ids.length >= 3, `drafts: ${ids} of ${links}`);
  const approve = (id) => form(`${campaign}/messages/${id}/approve`, { anyway: "yes" });
  await approve(ids[0]);
  await approve(ids[1]);
  await form(`${campaign}/send`, { count: "2" });
  await until(async () => (await progress(run)).counts.sent === 2, "two messages are sent");
  await approve(ids[2]);
  await page.goto("/outbox");
  const mail = await page.locator("tbody a").first().getAttribute("href");
  await page.goto("/matchmaking/resumes?show=look");
  const owner = await page.getByRole("link", { name: /Assign to a person/ }).getAttribute("href");
  await page.goto(`${campaign}?state=drafted`);
  const draft = await page.locator("li.msg a").first().getAttribute("href");
  const sent = `${campaign}?state=sent`;

  await form("/faq", { section: NAME, question: NAME, answer: `${NAME}\n\n# ${SKILL}\n\n- [x](javascript:alert(4))\n- https://example.org/${"long".repeat(20)}`, source: `https://example.org/${"long".repeat(20)}` });
  await form("/faq", { section: "", question: "Where is it?", answer: "At the *harbour*.", source: "" });
  await form("/faq/1/off", {});
  assert.equal((await page.request.post("/faq/public", { form: { question: `${NAME} ${"umbrella".repeat(8)}` } })).status(), 200);

  const full = [
    "/", "/more", "/people", `/people?q=${encodeURIComponent("<b>nobody")}`, `/people/${first}`, `/people/${third}`, `/people/${leaver}`,
    `/people/${first}/edit`, "/outreach", draft, `${draft}&view=html`, `${draft}&mode=edit`, `${draft}&mode=again`, sent,
    `${campaign}/send`, `${campaign}/cancel`, mails, "/matchmaking", `/matchmaking?around=${first}`, "/matchmaking/resumes",
    "/matchmaking/skills", owner, "/outbox", mail, "/keys", "/settings", "/faq", "/faq/1/edit", "/faq/new?question=1", "/faq/public",
  ];
  assert.deepEqual(await findings(page, full), [], "full pages");

  // As text, wherever it stands.
  await page.setViewportSize({ width: 1360, height: 900 });
  for (const path of ["/people", `/people/${first}`, "/matchmaking", `/matchmaking?around=${first}`, `${campaign}?state=all`, mails, "/outbox", mail]) {
    await page.goto(path);
    assert(await page.locator("main").getByText("<script>alert(1)</script>").first().isVisible(), `${path} shows the name as text`);
  }
  for (const path of [`/people/${first}`, "/matchmaking/skills"]) {
    await page.goto(path);
    assert(await page.locator("main").getByText("<img src=x").first().isVisible(), `${path} shows the skill as text`);
  }
  assert.deepEqual(dialogs, [], "no script of a name runs");
  assert.deepEqual(requests, [], "no request leaves");
}, { tolerate: [/\/nowhere: .*status of 404/] });
