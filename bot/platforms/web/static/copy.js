// Copying to the clipboard, also where the browser gives pages no clipboard (plain HTTP).

import { announce, texts } from "./api.js";

/** Copy what an element shows, and say so on the button; else mark it for copying by hand. */
export async function copyFrom(element, button) {
  let copied = true;
  try {
    await navigator.clipboard.writeText(element.textContent);
  } catch {
    getSelection().selectAllChildren(element);
    copied = document.execCommand("copy");
    if (copied) getSelection().removeAllRanges();
  }
  const label = button.textContent;
  const told = copied ? texts.copied : texts.copyByHand;
  announce(told);
  button.textContent = told;
  setTimeout(() => (button.textContent = label), 2000);
}
