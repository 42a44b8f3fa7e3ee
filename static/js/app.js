// Fetches what a page asks for. Every page works without any of it; each module makes one thing livelier and exports
// start(element), called once for each element that asks.

const modules = {
  "[data-live]": "./live.js",
  "[data-drop]": "./drop.js",
  "[data-confirm]": "./confirm.js",
  "[data-toast]": "./toast.js",
  "[data-select-all]": "./select.js",
  "body:not([data-keys=off])": "./keys.js",
};

// Also for what a module puts into the page later.
export function enliven(root) {
  for (const [selector, file] of Object.entries(modules)) {
    const elements = root.querySelectorAll(selector);
    if (elements.length > 0) {
      import(file).then(({ start }) => elements.forEach(start));
    }
  }
}

enliven(document);

// Where reading goes on: the list of mistakes, or the next letter after an approval.
document.querySelector("[data-focus]")?.focus();
