// A toast says that something went well and may be undone. It leaves after eight seconds, but not while it is pointed
// at or holds the focus; what it says stands elsewhere, too.

const STAY = 8000; // Milliseconds.

export function start(toast) {
  let timer = 0;
  const leave = () => toast.replaceChildren();
  const wait = () => {
    clearTimeout(timer);
    if (!toast.matches(":hover, :focus-within")) timer = setTimeout(leave, STAY);
  };
  for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => clearTimeout(timer));
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, () => setTimeout(wait));

  // A status is read aloud when it changes, not when the page comes with it.
  const said = [...toast.childNodes];
  toast.replaceChildren();
  requestAnimationFrame(() => {
    toast.replaceChildren(...said);
    wait();
  });
}
