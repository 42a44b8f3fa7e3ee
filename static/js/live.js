// Keeps the numbers of a page true while it is looked at: <main data-live="/outreach/7/live">.
//
// Each event is JSON: { "texts": { "element-id": "text" }, "attrs": { "element-id": { "name": "value or null" } },
// "reload": true }. All three may be missing; null takes an attribute away; reload fetches the page anew. A stream
// begins with everything that the page shows, so nothing is lost while it is closed.
// <p data-live-status role="status"> says when the page is not live any more.

const PAUSE = 500; // Milliseconds between two changes of the page.
const PATIENCE = 3000; // Milliseconds that a lost stream may take to come back before it is mentioned.
const RETRY = 5000; // Milliseconds until a refused stream is asked for again.

export function start(element) {
  const status = document.querySelector("[data-live-status]");
  let source = null;
  let pending = {};
  let painted = 0;
  let paintTimer = 0;
  let lostTimer = 0;
  let retryTimer = 0;
  let lostAt = null;

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
    if (!paintTimer) {
      paintTimer = setTimeout(paint, Math.max(0, painted + PAUSE - performance.now()));
    }
  }

  function paint() {
    paintTimer = 0;
    painted = performance.now();
    const { texts = {}, attrs = {}, reload = false } = pending;
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
    if (reload) fetchAnew();
  }

  // Somebody who is writing keeps what is written.
  function fetchAnew() {
    const busy = document.activeElement?.matches("input:not([type=checkbox]), textarea, select");
    if (busy || document.querySelector("dialog[open]")) say("There is something new.");
    else location.reload();
  }

  function lost() {
    lostAt ??= new Date();
    lostTimer ||= setTimeout(() => {
      const at = lostAt.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
      say(`Not live since ${at}.`);
    }, PATIENCE);
  }

  function found() {
    clearTimeout(lostTimer);
    lostTimer = 0;
    lostAt = null;
    status?.replaceChildren();
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
