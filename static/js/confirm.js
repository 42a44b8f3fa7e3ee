// Asks before something that cannot be taken back. data-confirm names a <dialog>.
//
// On a link: the dialog opens in place of the page that the link leads to; both hold the same form.
// On a form: it is sent once the dialog was closed with <button value="yes"> in a <form method="dialog">. What stands
// under data-without-script in the form (a required check box) is hidden and ticked, since the dialog asks.
// In the dialog, <input data-must-equal="120"> keeps the primary button off until exactly that was typed;
// data-close closes.

export function start(element) {
  if (element instanceof HTMLFormElement) {
    const dialog = find(element);
    if (dialog) gate(element, dialog);
    return;
  }
  element.addEventListener("click", (event) => {
    // Looked for now: a live page may have exchanged it.
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

function gate(form, dialog) {
  let confirmed = false;
  let asked = null;
  for (const part of form.querySelectorAll("[data-without-script]")) {
    part.hidden = true;
    for (const box of part.querySelectorAll("input[type=checkbox]")) box.checked = true;
  }
  form.addEventListener("submit", (event) => {
    if (confirmed) return;
    event.preventDefault();
    asked = event.submitter;
    dialog.returnValue = "";
    dialog.showModal();
  });
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return;
    confirmed = true;
    form.requestSubmit(asked);
  });
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
    const judge = () => (button.disabled = field.value.trim() !== field.dataset.mustEqual);
    field.addEventListener("input", judge);
    judge();
  }
}
