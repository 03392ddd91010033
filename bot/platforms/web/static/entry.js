// The page of an entry: copies its BibTeX, keeps the discussion up to date while it is open.

import { get } from "./api.js";
import { copyFrom } from "./copy.js";

const EVERY = 5_000;
const place = document.querySelector("[data-discussion]");

async function refresh() {
  if (document.visibilityState !== "visible") return;
  const { html } = await get("/api/discussion", { entry: place.dataset.discussion });
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  if (fresh.innerHTML.trim() !== place.innerHTML.trim()) place.replaceChildren(fresh.content);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copyFrom(document.getElementById(button.dataset.copy), button));
}
setInterval(() => refresh().catch(() => {}), EVERY);
document.addEventListener("visibilitychange", () => refresh().catch(() => {}));

document.documentElement.dataset.ready = "";
