// Copying to the clipboard, also where the browser gives pages no clipboard (plain HTTP).

import { announce, texts } from "./api.js";

/** Copy what an element shows; else it is marked for copying by hand. */
async function copy(element) {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    const copied = document.execCommand("copy");
    if (copied) getSelection().removeAllRanges();
    return copied;
  }
}

/** Copy where a link leads, and say so; where that fails, go there: the address bar shows it. */
export async function copyLink(link) {
  const address = document.createElement("span");
  address.textContent = link.href;
  link.after(address);
  const copied = await copy(address);
  address.remove();
  if (!copied) return location.assign(link.href);
  announce(texts.copied);
  link.dataset.copied = texts.copied;
  setTimeout(() => delete link.dataset.copied, 2000);
}

/** Copy what an element shows, and say so on the button; else mark it for copying by hand. */
export async function copyFrom(element, button) {
  const copied = await copy(element);
  const label = (button.dataset.label ??= button.textContent); // it may still say what it did before
  const told = copied ? texts.copied : texts.copyByHand;
  announce(told);
  button.textContent = told;
  setTimeout(() => (button.textContent = label), 2000);
}
