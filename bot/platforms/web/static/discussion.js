// Updates the discussion on the page of an entry while it is open.

const EVERY = 5_000;
const place = document.querySelector("[data-discussion]");

async function refresh() {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-discussion]");
  if (fresh && fresh.innerHTML !== place.innerHTML) place.replaceChildren(...fresh.childNodes);
}

setInterval(() => refresh().catch(() => {}), EVERY);
document.addEventListener("visibilitychange", () => refresh().catch(() => {}));
