// Loads the modules that a page needs. Every page works without them. Each module exports start(element), which is
// called once for each matching element.

const modules = {
  "[data-live]": "./live.js",
  "[data-drop]": "./drop.js",
  "[data-confirm]": "./confirm.js",
  "[data-select-all]": "./select.js",
  "body:not([data-keys=off])": "./keys.js",
};

// Also called for elements that a module adds later.
export function enliven(root) {
  for (const [selector, file] of Object.entries(modules)) {
    const elements = root.querySelectorAll(selector);
    if (elements.length > 0) {
      import(file).then(({ start }) => elements.forEach(start));
    }
  }
}

enliven(document);

// Where reading continues: the list of errors, or the next message after an approval.
document.querySelector("[data-focus]")?.focus();
