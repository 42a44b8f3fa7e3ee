// A key is added, paused, resumed, moved to a project and removed, and .env is read again; all these pages are accessible.

import { assert, findings, judge, open } from "./lib.mjs";

const KEY = "invented-Material_4711.abcdefghijklmnop";
const PROJECT = `<script>alert(1)</script> "Zoë" & ${"long".repeat(6)}`;

await open(async (page) => {
  const key = (number) => page.getByRole("article", { name: `Key ${number}` });
  const seen = async () => assert(!(await page.content()).includes("4711"), "a part of the key is on the page");
  await page.goto("/keys");
  const field = page.getByLabel("Key", { exact: true });
  assert.equal(await field.getAttribute("type"), "password");
  await field.fill("too short");
  await page.getByLabel("Project (optional)").fill(PROJECT);
  await page.getByRole("button", { name: "Add this key" }).click();
  await page.getByText("A key has no spaces or line breaks inside").first().waitFor();
  assert.equal(await field.inputValue(), "", "a key does not come back");
  assert.deepEqual(await judge(page), [], "after a mistake");
  await field.fill(KEY);
  await page.getByRole("button", { name: "Add this key" }).click();
  await page.getByText("Added key 1.").waitFor();
  await key(1).getByText("entered on this page").waitFor();
  await key(1).getByText(`Project ${PROJECT}`).waitFor();
  await seen();

  // Another page that is open sees it come and go.
  const other = await page.context().newPage();
  await other.goto("/keys");
  await page.getByLabel("Key", { exact: true }).fill(`${KEY}-2`);
  await page.getByRole("button", { name: "Add this key" }).press("Enter");
  await page.getByText("Added key 2.").waitFor();
  await other.getByRole("article", { name: "Key 2" }).waitFor();

  await key(1).getByRole("button", { name: "Pause Key 1" }).click();
  await page.getByText("Paused key 1.").waitFor();
  await key(1).getByText("Paused", { exact: true }).waitFor();
  await key(1).getByRole("button", { name: "Resume Key 1" }).click();
  await page.getByText("Resumed key 1.").waitFor();

  await key(2).getByRole("link", { name: "Change project of Key 2" }).click();
  await page.getByLabel("Project", { exact: true }).fill("atlas");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Changed the project of key 2.").waitFor();
  assert.deepEqual(await findings(page, ["/keys", "/keys/1/project", "/keys/1/remove"]), []);

  await page.goto("/keys");
  await key(2).getByRole("link", { name: "Remove… Key 2" }).click();
  await page.getByRole("heading", { name: "Remove Key 2?" }).waitFor();
  await page.getByRole("link", { name: "Keep it" }).click();
  await key(2).getByRole("link", { name: "Remove… Key 2" }).click();
  await page.getByRole("button", { name: "Remove the key" }).click();
  await page.getByText("Removed key 2.").waitFor();
  assert.equal(await key(2).count(), 0);
  await other.getByRole("article", { name: "Key 2" }).waitFor({ state: "detached" });
  await other.close();

  await page.getByRole("button", { name: "Read .env again" }).click();
  await page.getByText(".env was read again: nothing changed.").waitFor();
  await seen();
}, { tolerate: [/422/] });
