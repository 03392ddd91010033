// Arrow keys move between the messages of a log. One message at a time is in the order of Tab.

const FIELDS = "input, textarea, select, summary, [contenteditable], [role=listbox]";
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const PART = 0.6; // of the log's height: a step within a message that is longer than the log

/** `scroller` is the log, which can have the focus itself. Keys in text fields are left alone. */
export function moveByArrows(scroller) {
  const messages = () => [...scroller.querySelectorAll(".message")];

  scroller.addEventListener("focusin", (event) => {
    const current = event.target.closest(".message");
    if (!current) return;
    for (const other of messages()) if (other.hasAttribute("tabindex")) other.tabIndex = -1;
    current.tabIndex = 0;
  });

  scroller.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.defaultPrevented || event.isComposing) return;
    if (event.metaKey || event.ctrlKey || event.altKey || event.shiftKey) return;
    if (event.target.closest(FIELDS)) return;
    const all = messages();
    const current = event.target.closest(".message");
    const box = scroller.getBoundingClientRect();
    let next;
    if (current) {
      const place = current.getBoundingClientRect();
      const rest = step > 0 ? place.bottom - box.bottom : box.top - place.top;
      if (rest > 1) {
        event.preventDefault();
        scroller.scrollBy({ top: step * Math.min(rest + 24, box.height * PART) });
        return;
      }
      next = all[all.indexOf(current) + step];
    } else {
      const inView = all.filter((message) => {
        const place = message.getBoundingClientRect();
        return place.bottom > box.top && place.top < box.bottom;
      });
      next = step > 0 ? inView[0] : inView.at(-1);
    }
    if (!next) return; // the browser scrolls
    event.preventDefault();
    next.tabIndex = 0;
    next.focus({ preventScroll: true });
    const tall = next.offsetHeight > box.height;
    if (tall && step < 0) scroller.scrollTop += next.getBoundingClientRect().bottom - box.bottom + 24;
    else next.scrollIntoView({ block: tall ? "start" : "nearest" });
  });
}
