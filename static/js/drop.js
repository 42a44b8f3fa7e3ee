// Lets files be dropped on a form's file field: <div class="drop" data-drop> around <input type="file">.
// <p data-drop-status role="status"> in it says what was chosen. data-drop="send" sends the form at once.
// data-largest is a file's greatest size in bytes.

export function start(zone) {
  const field = zone.querySelector("input[type=file]");
  const status = zone.querySelector("[data-drop-status]");
  if (!field) return;

  zone.addEventListener("dragenter", over);
  zone.addEventListener("dragover", over);
  zone.addEventListener("dragleave", (event) => {
    if (!zone.contains(event.relatedTarget)) zone.classList.remove("over");
  });
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const dropped = [...event.dataTransfer.files];
    if (dropped.length === 0) return;
    const taken = new DataTransfer();
    for (const file of field.multiple ? dropped : dropped.slice(0, 1)) taken.items.add(file);
    field.files = taken.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
  field.addEventListener("change", () => {
    const files = [...field.files];
    const tooLarge = files.find((file) => file.size > Number(zone.dataset.largest || Infinity));
    const complaint = tooLarge ? `${tooLarge.name} is too large.` : "";
    field.setCustomValidity(complaint);
    if (status) status.textContent = complaint || summary(files);
    if (!complaint && files.length > 0 && zone.dataset.drop === "send") field.form.requestSubmit();
  });

  function over(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    zone.classList.add("over");
  }

  // A file that misses the zone must not replace the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
}

function summary(files) {
  if (files.length === 0) return "";
  const names = files.slice(0, 3).map((file) => file.name);
  if (files.length > 3) names.push(`and ${files.length - 3} more`);
  return `${files.length === 1 ? "1 file" : `${files.length} files`}: ${names.join(", ")}`;
}
