// Suggestions for the search form of the archive. Without scripts the form works as it is.

import { announce, get } from "./api.js";
import { Suggestions } from "./suggestions.js";

const TYPING_PAUSE = 150; // milliseconds without typing before suggestions are requested

const form = document.querySelector("[data-search]");
const field = form.elements.q;
const list = new Suggestions(field, form.querySelector(".suggestions"), {
  onAccept(choice) {
    if (choice.page) return location.assign(choice.page);
    field.value = choice.value;
    // A filter waits for its value; anything else is a whole query.
    if (/:$/.test(choice.value)) suggest();
    else form.requestSubmit();
  },
});

// Only with scripts is the field a combobox.
field.setAttribute("role", "combobox");
field.setAttribute("aria-autocomplete", "list");
field.setAttribute("aria-haspopup", "listbox");
field.setAttribute("aria-expanded", "false");
field.setAttribute("aria-controls", "q-list");

async function suggest() {
  const typed = field.value;
  const turn = list.ask();
  if (!typed.trim()) return list.hide();
  await new Promise((resolve) => setTimeout(resolve, TYPING_PAUSE));
  if (turn !== list.turn) return;
  try {
    const { choices, announcement } = await get("/api/suggest", { q: typed });
    if (turn !== list.turn) return;
    if (list.show(choices.filter((choice) => choice.value !== typed))) announce(announcement);
  } catch {
    if (turn === list.turn) list.hide(); // no error message: suggestions are optional
  }
}

field.addEventListener("input", suggest);
field.addEventListener("keydown", (event) => {
  // Keys belong to the input method while it composes a syllable.
  if (event.isComposing || event.keyCode === 229) return;
  list.pressed(event);
});
document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key !== "/" || event.target.closest("input, textarea, [contenteditable]")) return;
  event.preventDefault();
  field.focus();
  field.select();
});

document.documentElement.dataset.ready = "";
