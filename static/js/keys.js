// Single keys. An element with data-key="a" is clicked by that key ("A" is Shift and a); data-go="o" by g and then o;
// "/" goes to the search field; "?" shows all keys. Never in a field, where only data-key="Escape" and
// data-key="Ctrl+Enter" of the field's own form count. <body data-keys="off"> keeps this module away.

const GO_WITHIN = 1500; // Milliseconds between g and the second letter.

export function start() {
  let goUntil = 0;
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || event.metaKey) return;
    const field = event.target.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
    if (field) return inField(event, field);
    if (event.ctrlKey || document.querySelector("dialog[open]")) return;
    const going = event.timeStamp < goUntil;
    goUntil = 0;
    if (going) press(event, `[data-go="${CSS.escape(event.key)}"]`);
    else if (event.key === "g") goUntil = event.timeStamp + GO_WITHIN;
    else if (event.key === "/") focusSearch(event);
    else if (event.key === "?") showKeys(event);
    // Enter and space belong to what has the focus.
    else if (event.key.length === 1 && event.key !== " ") press(event, `[data-key="${CSS.escape(event.key)}"]`);
  });
}

function inField(event, field) {
  const name = event.ctrlKey && event.key === "Enter" ? "Ctrl+Enter" : event.key;
  if (name !== "Ctrl+Enter" && name !== "Escape") return;
  const button = field.form?.querySelector(`[data-key="${name}"]`);
  if (button) {
    event.preventDefault();
    button.click();
  } else if (name === "Escape") field.blur();
}

function press(event, selector) {
  const target = [...document.querySelectorAll(selector)].find((element) => !element.disabled);
  if (!target) return;
  event.preventDefault();
  target.click();
}

function focusSearch(event) {
  const field = document.querySelector("[data-search], .search .in");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
}

function showKeys(event) {
  event.preventDefault();
  const dialog = make("dialog", { className: "dialog", ariaLabel: "Keys" });
  const list = make("dl", { className: "keys-list" });
  const rows = [...document.querySelectorAll("[data-key]")].map((element) => [element.dataset.key, label(element)]);
  const places = [...document.querySelectorAll("[data-go]")].map((element) => [`g ${element.dataset.go}`, label(element)]);
  for (const [key, text] of [...rows, ["/", "Search"], ["?", "Show keys"], ...places]) {
    const name = make("dt");
    name.append(make("kbd", { textContent: key === "A" ? "Shift+A" : key }));
    list.append(name, make("dd", { textContent: text }));
  }
  const buttons = make("form", { method: "dialog", className: "keys-close" });
  const row = make("div", { className: "do" });
  row.append(make("button", { className: "b", textContent: "Close" }));
  buttons.append(row);
  dialog.append(make("h2", { textContent: "Keys" }), list, buttons);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

// What a control is called, without its key and its count.
function label(element) {
  if (element.ariaLabel) return element.ariaLabel;
  const copy = element.cloneNode(true);
  copy.querySelectorAll("kbd, .vh, .n, svg").forEach((part) => part.remove());
  return copy.textContent.trim();
}

function make(name, properties = {}) {
  return Object.assign(document.createElement(name), properties);
}
