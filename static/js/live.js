// Keeps the numbers of a page true while it is looked at: <main data-live="/outreach/7/live">.
//
// Each event is JSON: { "texts": { "element-id": "text" }, "attrs": { "element-id": { "name": "value or null" } },
// "version": "…", "reload": true }. All may be missing; null takes an attribute away. A stream begins with everything
// that the page shows, so nothing is lost while it is closed.
//
// When more has changed than words in their places, the version is not the one in data-live-version: the page is
// fetched anew behind the scenes, and every <section id="…" data-live-part> is exchanged for its new self. Boxes that
// are ticked stay ticked, the focus stays where it was, and a part in which somebody writes or which holds an open
// dialog is left alone. reload does the same, and loads the whole page where it has no such parts.
// <p data-live-status role="status"> says when the page is not live any more.

import { enliven } from "./app.js";

const PAUSE = 500; // Milliseconds between two changes of the page.
const PATIENCE = 3000; // Milliseconds that a lost stream may take to come back before it is mentioned.
const RETRY = 5000; // Milliseconds until a refused stream is asked for again.
const LOST = "Not live since";

export function start(element) {
  const status = document.querySelector("[data-live-status]");
  let source = null;
  let pending = {};
  let painted = 0;
  let paintTimer = 0;
  let lostTimer = 0;
  let retryTimer = 0;
  let lostAt = null;
  let fetching = false;

  function open() {
    if (source || document.hidden) return;
    source = new EventSource(element.dataset.live);
    source.addEventListener("open", found);
    source.addEventListener("message", (event) => {
      found();
      gather(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      lost();
      // After a refusal the browser does not try again on its own.
      if (source?.readyState === EventSource.CLOSED) {
        source = null;
        clearTimeout(retryTimer);
        retryTimer = setTimeout(open, RETRY);
      }
    });
  }

  function close() {
    source?.close();
    source = null;
    clearTimeout(retryTimer);
    clearTimeout(lostTimer);
    lostTimer = 0;
    lostAt = null;
  }

  function gather(event) {
    pending.texts = { ...pending.texts, ...event.texts };
    pending.attrs ??= {};
    for (const [id, attributes] of Object.entries(event.attrs ?? {})) {
      pending.attrs[id] = { ...pending.attrs[id], ...attributes };
    }
    pending.reload ||= event.reload;
    pending.version = event.version ?? pending.version;
    if (!paintTimer) {
      paintTimer = setTimeout(paint, Math.max(0, painted + PAUSE - performance.now()));
    }
  }

  function paint() {
    paintTimer = 0;
    painted = performance.now();
    const { texts = {}, attrs = {}, reload = false, version } = pending;
    pending = {};
    for (const [id, text] of Object.entries(texts)) {
      const target = document.getElementById(id);
      if (target && target.textContent !== text) target.textContent = text;
    }
    for (const [id, attributes] of Object.entries(attrs)) {
      const target = document.getElementById(id);
      for (const [name, value] of Object.entries(target ? attributes : {})) {
        if (value === null) target.removeAttribute(name);
        else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
      }
    }
    if (reload || (version && version !== element.dataset.liveVersion)) fetchAnew();
  }

  // Somebody who is writing keeps what is written.
  async function fetchAnew() {
    const parts = [...document.querySelectorAll("[data-live-part]")];
    if (parts.length === 0) {
      if (isBusy(document.body)) say("There is something new.");
      else location.reload();
      return;
    }
    if (fetching) return;
    fetching = true;
    try {
      const response = await fetch(here(), { headers: { accept: "text/html" } });
      if (!response.ok || response.redirected) return say("There is something new.");
      const anew = new DOMParser().parseFromString(await response.text(), "text/html");
      const left = parts.filter((part) => !exchange(part, anew.getElementById(part.id)));
      status?.replaceChildren();
      element.dataset.liveVersion = anew.querySelector("[data-live-version]")?.dataset.liveVersion ?? "";
      if (left.length > 0) say("There is something new.");
    } catch {
      say("There is something new.");
    } finally {
      fetching = false;
    }
  }

  // This page, with what the stream is asked for: a list that was chosen for the visitor stays the same.
  function here() {
    const url = new URL(location.href);
    for (const [name, value] of new URL(element.dataset.live, url).searchParams) url.searchParams.set(name, value);
    return url;
  }

  function lost() {
    lostAt ??= new Date();
    lostTimer ||= setTimeout(() => {
      const at = lostAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
      say(`${LOST} ${at}.`);
    }, PATIENCE);
  }

  function found() {
    clearTimeout(lostTimer);
    lostTimer = 0;
    lostAt = null;
    if (status?.textContent.startsWith(LOST)) status.replaceChildren();
  }

  function say(text) {
    if (!status || status.textContent.startsWith(text)) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = "Reload";
    status.replaceChildren(`${text} `, link, ".");
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}

// Puts a part's new self in its place; false when it is left alone.
function exchange(part, fresh) {
  if (!fresh || isBusy(part)) return !fresh;
  if (part.innerHTML === fresh.innerHTML) return true;
  const ticked = [...part.querySelectorAll("input[type=checkbox]:checked")].map((box) => `${box.name}=${box.value}`);
  const open = [...part.querySelectorAll("details[open]")].length > 0;
  const focused = part.contains(document.activeElement) ? marks(document.activeElement) : null;
  const next = document.importNode(fresh, true);
  for (const box of next.querySelectorAll("input[type=checkbox]")) {
    if (ticked.includes(`${box.name}=${box.value}`)) box.checked = true;
  }
  if (open) for (const details of next.querySelectorAll("details")) details.open = true;
  part.replaceWith(next);
  enliven(next);
  if (focused) [...next.querySelectorAll(focused.selector)].find((one) => marks(one).text === focused.text)?.focus();
  return true;
}

// By what an element is known again.
function marks(element) {
  const name = element.localName;
  const id = element.id ? `#${CSS.escape(element.id)}` : "";
  return { selector: `${name}${id}`, text: `${element.getAttribute("href") ?? ""} ${element.value ?? ""} ${element.textContent}` };
}

function isBusy(part) {
  if (part.querySelector("dialog[open]")) return true;
  const fields = [...part.querySelectorAll("input:not([type=checkbox], [type=radio], [type=hidden]), textarea, select")];
  return fields.some((field) => field === document.activeElement || (field.defaultValue ?? field.value) !== field.value);
}
