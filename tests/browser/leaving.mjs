// A participant leaves by the code in a mail, and gets nothing any more.

import { assert, addPerson, every, findings, go, judge, open, until } from "./lib.mjs";

await open(async (page) => {
  await addPerson(page, "Ada Example", "ada@example.org", ["Rust"]);
  const bo = await addPerson(page, "Bo Öberg", "bo@example.org", ["Rust"]);
  const post = async (path, data = {}) => {
    const response = await page.request.post(path, { data });
    return { status: response.status(), ...(await response.json()) };
  };
  const counts = async (id) => (await (await page.request.get(`/api/campaigns/${id}`)).json()).counts;
  const mailsTo = async (address) => {
    await page.goto(`/outbox?q=${encodeURIComponent(address)}`);
    return page.locator("tbody a").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  };

  // Both are invited; the mail says how to leave.
  const invitations = await post("/api/campaign/send");
  await until(async () => (await counts(invitations.campaign_id)).sent === 2, "two invitations are sent");
  const [invitation] = await mailsTo("bo@example.org");
  const mail = await (await page.request.get(`${invitation}.eml`)).text();
  const [, leave] = mail.replace(/\r\n[ \t]+/g, "").match(/^List-Unsubscribe: <(.*)>/m);
  const code = decodeURIComponent(leave).match(/[\w-]{10,}$/)[0];
  // A match email waits for each.
  const matches = await post("/matchmaking/bulk-match");
  await until(async () => (await counts(matches.progress_url.split("/").at(-1))).drafted === 2, "two match emails are written");
  const campaign = matches.progress_url.replace("/api/campaigns/", "/outreach/");

  // The page asks first; a wrong code is told from a right one.
  assert.deepEqual(await findings(page, [`/u/${code}`, "/u/nobody"], { mistakes: ["/u/nobody"] }), []);
  await page.goto(`/u/${code}`);
  assert.equal(await page.getByText(/Bo|Öberg|bo@/).count(), 0, "the page names nobody");
  await page.getByRole("button", { name: "Unsubscribe" }).click();
  await page.getByRole("heading", { name: "You are unsubscribed" }).waitFor();
  assert.deepEqual(await judge(page), [], "after unsubscribing");

  // His message is skipped, and nobody can restore it; hers is sent.
  await page.goto(`${campaign}?state=skipped`);
  assert.match(await page.locator("li.msg").innerText(), /Bo Öberg/);
  await page.locator("li.msg a").click();
  assert.equal(await page.getByRole("button", { name: /Restore/ }).count(), 0);
  await page.request.post(`${campaign}/approve`, { form: { which: "flawless" }, maxRedirects: 0 });
  await page.request.post(`${campaign}/send`, { form: { count: "1" }, maxRedirects: 0 });
  await until(async () => (await counts(campaign.split("/").at(-1))).sent === 1, "her match email is sent");
  assert.equal((await mailsTo("ada@example.org")).length, 2);
  assert.equal((await mailsTo("bo@example.org")).length, 1, "nothing more has gone to him");

  // No import brings him back.
  await page.goto("/people/import");
  await page.getByLabel("Table of people").setInputFiles({
    name: "again.csv", mimeType: "text/csv", buffer: Buffer.from("Name,Email,Skills\nBo Öberg,BO@example.org,Go\n"),
  });
  await go(page, () => page.getByRole("button", { name: "Import" }).click());
  await post("/api/users/reset");
  assert.equal((await post("/api/campaign/send")).status, 409, "nobody is due");
  await every(page, [`/people/${bo}`]);
  await page.getByText("Do not email.").waitFor();

  // He writes that he wants mail after all: the organisers put him back.
  await page.getByRole("button", { name: "Resubscribe" }).click();
  await page.getByRole("status").filter({ hasText: "Resubscribed. They can be emailed again." }).waitFor();
  assert.equal(await page.getByText("Do not email.").count(), 0);
}, { tolerate: [/\/u\/nobody: .*status of 404/] });
