// Asks before something that cannot be undone. data-confirm names a <dialog>.
//
// The dialog opens instead of the page that the link or button leads to; both have the same form.
// In the dialog, <input data-must-equal="120"> disables the primary button until exactly that was typed;
// data-close closes the dialog.

export function start(element) {
  element.addEventListener("click", (event) => {
    // Looked up now because a live page may have replaced it.
    const dialog = find(element);
    if (!dialog) return;
    event.preventDefault();
    dialog.showModal();
  });
}

function find(element) {
  const dialog = document.getElementById(element.dataset.confirm);
  if (!(dialog instanceof HTMLDialogElement)) return null;
  prepare(dialog);
  return dialog;
}

function prepare(dialog) {
  if (dialog.dataset.prepared) return;
  dialog.dataset.prepared = "yes";
  for (const button of dialog.querySelectorAll("[data-close]")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      dialog.close("no");
    });
  }
  const field = dialog.querySelector("[data-must-equal]");
  if (field) {
    const button = field.form.querySelector(".b.p, .b.d");
    const check = () => (button.disabled = field.value.trim() !== field.dataset.mustEqual);
    field.addEventListener("input", check);
    check();
  }
}
