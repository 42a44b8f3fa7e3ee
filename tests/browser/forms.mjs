// Without script: add, import, test run, edit, approve and send work by forms and links alone.

import { assert, open, until } from "./lib.mjs";

await open(async (page) => {
  await page.goto("/outreach");
  await page.getByLabel("Name", { exact: true }).fill("Ada Example");
  await page.getByLabel("Email address").fill("ada@example.org");
  await page.getByRole("button", { name: "Add this person" }).click();
  await page.getByText("Added.").waitFor();
  await page.getByRole("link", { name: "Import a list" }).click();
  await page.getByLabel("Table of people").setInputFiles({
    name: "people.csv", mimeType: "text/csv", buffer: Buffer.from("Name,Email\nBo Öberg,bo@example.org\nCleo Clark,cleo@example.org\n"),
  });
  await page.getByRole("button", { name: "Import" }).click();
  await page.getByText("2 new").waitFor();
  await page.goto("/outreach");
  await page.getByRole("button", { name: "Start a test run" }).click();
  const campaign = page.url().split("?")[0];
  const count = async (state) => {
    await page.goto(campaign);
    return page.locator(`#n-${state}`).innerText();
  };
  await until(async () => (await count("drafted")) === "3", "three messages are written");

  await page.locator("li.msg a").first().click();
  await page.getByRole("link", { name: "Edit E" }).click();
  await page.getByLabel("Subject").fill("Come and build with us");
  await page.getByRole("button", { name: /Save and approve/ }).click();
  await page.getByText(/Approved .*, 2 left to review/).waitFor();
  await page.getByRole("button", { name: "Skip S" }).click();
  await page.getByText(/Skipped .*, 1 left to review/).waitFor();
  await page.goto(campaign);
  await page.getByLabel(/^Select /).check();
  assert.equal(await page.locator("[data-select-all]").isVisible(), false);
  await page.getByRole("button", { name: /Approve selected/ }).click();
  await page.getByText("Approved 1 message.").waitFor();
  // The same question on a page of its own.
  await page.getByRole("link", { name: "Send 2 approved…" }).first().click();
  await page.getByRole("heading", { name: "Send 2 approved?", level: 1 }).waitFor();
  await page.getByRole("button", { name: "Send 2" }).click();
  await until(async () => (await count("sent")) === "2", "two messages are sent");
  await page.goto("/outbox");
  assert.equal(await page.getByRole("row").count(), 3);

  // A live campaign asks on a page, too, and a resume is uploaded by its form.
  await page.goto("/people/new");
  await page.getByLabel("Name", { exact: true }).fill("Dina D'Arc");
  await page.getByLabel("Email address").fill("dina@example.org");
  await page.getByRole("button", { name: /Add/ }).click();
  await page.goto("/outreach");
  await page.getByRole("button", { name: /Start a live campaign/ }).click();
  await page.getByRole("heading", { name: "Start a live campaign?", level: 1 }).waitFor();
  await page.getByRole("button", { name: /^Write and send to 1$/ }).click();
  const live = page.url().split("?")[0];
  await until(async () => {
    await page.goto(live);
    return (await page.locator("#n-sent").innerText()) === "1";
  }, "the live message is sent");
  await page.goto("/matchmaking");
  await page.getByLabel("Resumes", { exact: true }).setInputFiles({
    name: "dina.txt", mimeType: "text/plain", buffer: Buffer.from("Dina D'Arc\ndina@example.org\nSkills: Rust, QGIS\n"),
  });
  await page.getByRole("button", { name: "Upload" }).click();
  await until(async () => {
    await page.goto("/matchmaking");
    return page.locator(".queue li", { hasText: "2 skills" }).isVisible();
  }, "the resume is read");
}, { javaScriptEnabled: false });
