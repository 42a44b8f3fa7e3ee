// What the browser tests share. A script throws when something is wrong. It is run by tests/support/browser.rs with
// BASE_URL (the server), PACKAGES (the folder with node_modules) and CHROMIUM (the program) in the environment.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

export { assert };

// The packages are installed beside the build, not beside the sources.
const require = createRequire(join(process.env.PACKAGES, "package.json"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const base = process.env.BASE_URL;

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
// Two font families whose lines differ in height. Each is used once on a wide page and once on a narrow one.
const FONTS = ["Liberation Sans", "Noto Sans"];
const VIEWS = [
  { theme: "light", width: 1360, height: 900, font: FONTS[0] },
  { theme: "dark", width: 1360, height: 900, font: FONTS[1] },
  { theme: "light", width: 390, height: 844, font: FONTS[1] },
  { theme: "dark", width: 390, height: 844, font: FONTS[0] },
];

// Starts a browser of its own, hands `work` a page, and ends the browser whatever happens. What a page may not do
// anywhere (errors in the console, refused or failed requests, breaches of the content policy) fails the script;
// `tolerate` holds patterns of complaints that the script brings about on purpose.
export async function open(work, { tolerate = [], ...options } = {}) {
  const profile = mkdtempSync(join(tmpdir(), "muster-browser-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM,
    args: [
      "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
    baseURL: base,
    reducedMotion: "reduce",
    ...options,
  });
  // Long enough for a machine that does five other things.
  context.setDefaultTimeout(120_000);
  const complaints = [];
  const complain = (text) => {
    if (![...tolerate, OURS].some((pattern) => pattern.test(text))) complaints.push(text);
  };
  context.on("page", (page) => watch(page, complain));
  const page = context.pages()[0] ?? (await context.newPage());
  watch(page, complain);
  try {
    await work(page);
    assert.deepEqual(complaints, [], "the browser complained");
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

// Playwright tries its own scripts in the sandboxed frames that show mails.
const OURS = /Blocked script execution in .* document's frame is sandboxed/;

const watched = new WeakSet();

function watch(page, complain) {
  if (watched.has(page)) return;
  watched.add(page);
  const where = () => new URL(page.url()).pathname;
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complain(`${where()}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complain(`${where()}: script: ${error.message}`));
  page.on("requestfailed", (request) => {
    // A page that is left ends its event stream and what was still on its way.
    const reason = request.failure()?.errorText ?? "";
    if (reason !== "net::ERR_ABORTED") complain(`${where()}: request: ${request.url()}: ${reason}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400 && !response.request().isNavigationRequest()) {
      complain(`${where()}: request: ${response.url()}: ${response.status()}`);
    }
  });
}

// Judges each page in light and dark, wide and narrow: axe, sideways overflow (on the narrowest phones, too), and its
// status, which may be a mistake's for the paths in `mistakes`. Returns the findings; none is a good page. With SHOTS
// set, a picture of each view is left in that folder.
export async function findings(page, paths, { mistakes = [] } = {}) {
  const found = [];
  for (const path of paths) {
    await page.setViewportSize({ width: VIEWS[0].width, height: VIEWS[0].height });
    const response = await page.goto(path, { waitUntil: "load" });
    if (response.status() >= 400 && !mistakes.includes(path)) found.push(`${path}: status ${response.status()}`);
    found.push(...(await views(page, path)));
  }
  return found;
}

// As `findings`, of the page that is open now.
export async function views(page, name) {
  const found = [];
  for (const { theme, width, height, font } of VIEWS) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height });
    await setFont(page, font);
    const view = `${name} (${theme}, ${width} px, ${font})`;
    found.push(...(await judge(page)).map((finding) => `${view}: ${finding}`));
    await shoot(page, `${name === "/" ? "home" : name}-${width}-${theme}`);
  }
  await page.setViewportSize({ width: 320, height: 640 });
  for (const font of FONTS) {
    await setFont(page, font);
    found.push(...(await overflow(page)).map((finding) => `${name} (320 px, ${font}): ${finding}`));
  }
  await setFont(page, null);
  return found;
}

// Shows the page in one font family; null: in its own. The page's token for the family is changed by script, which its
// content policy allows. In CI the family must be installed and used.
async function setFont(page, family) {
  await page.evaluate((family) => {
    const { style } = document.documentElement;
    if (family) style.setProperty("--sans", `"${family}", sans-serif`);
    else style.removeProperty("--sans");
  }, family);
  if (!family || tried.has(family)) return;
  // The pages of faults that the tests plant have no style sheet of Muster's, and so no token.
  if ((await page.locator('link[rel="stylesheet"][href^="/assets/"]').count()) === 0) return;
  // The page may not have been laid out anew yet, or may replace the heading meanwhile.
  let used = await fontsOf(page, "h1");
  for (let tries = 0; tries < 100 && !used.includes(family); tries += 1) {
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20))));
    used = await fontsOf(page, "h1");
  }
  if (!process.env.CI && !used.includes(family)) return;
  assert.deepEqual(used, [family], `the font ${family} is installed and used`);
  tried.add(family);
}

const tried = new Set();

// The families that the browser really uses for an element's text.
async function fontsOf(page, selector) {
  const session = await page.context().newCDPSession(page);
  await session.send("DOM.enable");
  await session.send("CSS.enable");
  const { root } = await session.send("DOM.getDocument");
  const { nodeId } = await session.send("DOM.querySelector", { nodeId: root.nodeId, selector });
  const { fonts } = await session.send("CSS.getPlatformFontsForNode", { nodeId });
  await session.detach();
  return fonts.map((font) => font.familyName);
}

// As `findings`, and fails when there are any.
export async function every(page, paths) {
  assert.deepEqual(await findings(page, paths), [], "findings");
}

async function overflow(page) {
  return page.evaluate(() => {
    const { scrollWidth } = document.scrollingElement;
    if (scrollWidth <= innerWidth) return [];
    const wide = [...document.body.querySelectorAll("*")].filter(
      (element) => element.getBoundingClientRect().right > innerWidth + 0.5,
    );
    const names = wide.slice(-3).map((element) => element.outerHTML.slice(0, 80));
    return [`overflows sideways, ${scrollWidth} px in ${innerWidth}: ${names.join(" | ")}`];
  });
}

// Judges what the page shows now, such as an open dialog.
export async function judge(page) {
  // It runs in spite of the page's content policy, as it does not come from the page. What is in frames is email,
  // without script, and judged with the mails.
  await page.evaluate(axe);
  const violations = await page.evaluate(async (rules) => {
    const result = await window.axe.run(document, { runOnly: rules, resultTypes: ["violations"], iframes: false, preload: false });
    return result.violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, any }) => `${id}: ${help}: ${html.slice(0, 120)} ${any[0]?.message ?? ""}`),
    );
  }, RULES);
  return [...(await overflow(page)), ...violations];
}

// The modules of the page are fetched after it; this waits until each has done what it does at its start.
export async function lively(page) {
  await page.evaluate(async () => {
    const app = document.querySelector("script[type=module]").src;
    await import(app);
    for (const name of ["confirm", "drop", "keys", "live", "select"]) await import(new URL(`${name}.js`, app));
  });
}

// Follows what leads to another page, and waits until that one is there and lively.
export async function go(page, action) {
  await Promise.all([page.waitForEvent("load"), action()]);
  await lively(page);
}

// A mark that a page loses when it is loaded anew.
export async function mark(page) {
  await page.evaluate(() => (window.isTheSamePage = true));
}

export async function isTheSamePage(page) {
  return page.evaluate(() => window.isTheSamePage === true);
}

// What is in the element that has the focus, and its name.
export function focused(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    return { tag: element.localName, id: element.id, text: element.textContent.trim() };
  });
}

// Waits until something is so, by the machine's own clock: as long as a busy machine may need.
export async function until(is, what) {
  const end = Date.now() + 120_000;
  while (!(await is())) {
    assert(Date.now() < end, `it did not happen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

// A person by the JSON interface, which has the page's login; returns the number.
export async function addPerson(page, name, email, skills = [], title = "") {
  const response = await page.request.post("/matchmaking/add-user", {
    data: { name, email, job_title: title, skills, auto_match: false },
  });
  assert.equal(response.status(), 201, await response.text());
  return (await response.json()).user_id;
}

// Leaves a picture of the whole page in the folder SHOTS, when that is set.
export async function shoot(page, name) {
  const folder = process.env.SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  const file = name.replace(/[^\w-]+/g, "_").replace(/^_+/, "") || "home";
  await page.screenshot({ path: join(folder, `${file}.png`), fullPage: true });
}
