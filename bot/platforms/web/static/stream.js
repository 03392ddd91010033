// The stream of changes; it reconnects and catches up.

import { page, texts } from "./api.js";

const LONGEST_WAIT = 30_000;

export function listen(onChange) {
  const status = document.querySelector("[data-connection]");
  let known = page.revision;
  let wait = 1000;
  let lost = null;
  let source = null;

  const open = () => {
    // The browser reconnects with Last-Event-ID; after an HTTP error it does not, so we do.
    source = new EventSource(`/events?after=${known}`);
    source.addEventListener("hello", (event) => {
      if (event.data !== page.build) return location.reload();
      wait = 1000;
      clearTimeout(lost);
      lost = null;
      if (status.textContent) status.textContent = "";
    });
    source.addEventListener("change", (event) => {
      known = event.lastEventId;
      onChange(JSON.parse(event.data));
    });
    source.addEventListener("reload", () => location.reload());
    source.addEventListener("error", () => {
      // Show nothing for a short interruption.
      lost ??= setTimeout(() => (status.textContent = texts.reconnecting), 1500);
      if (source.readyState !== EventSource.CLOSED) return;
      if (wait > 1000) status.textContent = texts.refused; // it answers, but with an error
      setTimeout(open, wait * (0.5 + Math.random() / 2)); // pages must not come back all at once
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  };
  open();
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
}
