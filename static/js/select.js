// One box that ticks all others of its form: <label data-select-all hidden><input type="checkbox">…</label>.
// Elements with data-selected show how many are ticked.

export function start(label) {
  const all = label.querySelector("input");
  const form = all.form ?? label.closest("form");
  if (!form) return;
  const boxes = () => [...form.elements].filter((box) => box.type === "checkbox" && box !== all);
  const count = () => {
    const ticked = boxes().filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes().length;
    all.indeterminate = ticked > 0 && !all.checked;
    for (const place of form.querySelectorAll("[data-selected]")) place.textContent = `${ticked}`;
  };
  label.hidden = false;
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    count();
  });
  count();
}
