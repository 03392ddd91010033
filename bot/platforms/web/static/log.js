// The list of messages of a channel or a thread: order, day dividers, scroll position.

import { announce, element, get, page, texts } from "./api.js";
import { moveByArrows } from "./arrows.js";

const locale = document.documentElement.lang;
const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const calendar = new Intl.DateTimeFormat(locale, {
  year: "numeric",
  month: "long",
  day: "numeric",
  weekday: "long",
});
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
const DIGEST = ".by-bot:not(:has(> .question, > .foot > .thread-link))";
const NEAR = 120; // pixels from the end that count as the end
const PAUSE = 15 * 60 * 1000; // milliseconds after which an author is named again

const dayOf = (at) => new Date(at).toDateString();

function dayName(at) {
  const day = dayOf(at);
  if (day === new Date().toDateString()) return texts.today;
  const yesterday = new Date();
  yesterday.setDate(yesterday.getDate() - 1); // where clocks are changed, a day has 23 or 25 hours
  if (day === yesterday.toDateString()) return texts.yesterday;
  return calendar.format(new Date(at));
}

/** Show times in the visitor's zone, add buttons, fold long messages. */
export function dress(message) {
  for (const time of message.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const sameDay = dayOf(at) === dayOf(message.dataset.at ?? at) || !time.closest(".foot");
    time.textContent = sameDay ? clock.format(at) : `${dayName(at)} ${clock.format(at)}`;
    time.title = exact.format(at);
  }
  const own = message.querySelector(".own");
  if (own) own.hidden = message.dataset.author !== page.visitor;
}

function fold(message) {
  for (const quote of message.querySelectorAll(".body > blockquote:not([data-seen])")) {
    quote.dataset.seen = "";
    quote.classList.add("folded");
    if (quote.scrollHeight <= quote.clientHeight + 4) {
      quote.classList.remove("folded");
      continue;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain unfold";
    button.textContent = texts.showAll;
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      const folded = quote.classList.toggle("folded");
      button.textContent = folded ? texts.showAll : texts.showLess;
      button.setAttribute("aria-expanded", String(!folded));
    });
    quote.after(button);
  }
}

/** Keep what only this reader's page knows: whether they like it, and where the focus is. */
function carryLike(present, fresh, liked) {
  const before = present.querySelector(":scope > .foot [data-like]");
  const after = fresh.querySelector(":scope > .foot [data-like]");
  if (!before || !after || liked !== null) return { before, after };
  after.value = before.value;
  after.setAttribute("aria-pressed", before.getAttribute("aria-pressed"));
  return { before, after };
}

/** Whether a change is of an earlier state than a message shows: an answer may come after a later change. */
const isPast = (change, message) => change.revision < Number(message?.dataset.revision);

export class Log {
  /** `scroller` scrolls, and holds the list; `root` is the thread's first message, if any. */
  constructor(scroller, { root = null, onNews = () => {} } = {}) {
    this.scroller = scroller;
    this.list = scroller.querySelector("[data-messages]");
    this.empty = scroller.querySelector("[data-empty]");
    this.root = root;
    this.onNews = onNews;
    for (const message of scroller.querySelectorAll(".message")) {
      dress(message);
      fold(message);
    }
    this.arrange();
    moveByArrows(scroller);
    const older = scroller.querySelector("[data-older]");
    this.older = older;
    this.goneAt = new Map(); // the revisions with which messages were removed
    this.held = null; // changes of older messages that came while these are being read
    older?.addEventListener("click", () => this.showOlder(older));
    if (older && root === null && "IntersectionObserver" in window) {
      this.watcher = new IntersectionObserver(
        ([entry]) => entry.isIntersecting && this.ready && this.showOlder(older),
        { root: scroller, rootMargin: "200px 0px 0px" },
      );
      this.watcher.observe(older);
    }
    scroller.addEventListener("scroll", () => this.atEnd && this.onNews(false), { passive: true });
  }

  messages() {
    return [...this.list.querySelectorAll(":scope > .message[data-id]")];
  }

  find(id) {
    return this.scroller.querySelector(`.message[data-id="${id}"]`);
  }

  get atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** Scroll to a message: to its start if it is longer than the window. */
  bringIntoView(message) {
    const box = this.scroller.getBoundingClientRect();
    const place = message.getBoundingClientRect();
    const up = place.top - box.top - 12;
    const down = place.bottom - box.bottom + 24;
    if (up < 0 || place.height > box.height - 36) this.scroller.scrollTop += up;
    else if (down > 0) this.scroller.scrollTop += down;
  }

  toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.onNews(false);
  }

  /** The first message of the newest digest. */
  newestDigest() {
    return this.messages().findLast((message) => message.matches(DIGEST));
  }

  /** Where to start: the first new message, on a first visit the newest digest, else the end. */
  toBeginning(lastRead) {
    const all = this.messages();
    const news = all.find((message) => Number(message.dataset.id) > lastRead);
    let start = lastRead > 0 ? null : (this.newestDigest() ?? this.list.querySelector(".day:last-of-type"));
    if (lastRead > 0 && news) {
      start = document.createElement("p");
      start.className = "new";
      start.textContent = texts.new;
      news.before(start);
      const day = start.previousElementSibling;
      if (day?.classList.contains("day")) day.before(start);
    }
    if (start) this.scroller.scrollTop += start.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top - 8;
    else this.toEnd();
    this.ready = true;
  }

  /** Show the answer to a request of the visitor. */
  answered(answer) {
    if (answer.open) location.assign(answer.open);
    else if (answer.change) {
      this.upsert(answer.change);
      const message = this.find(answer.change.id);
      if (message) this.bringIntoView(message);
    } else this.showPrivate(answer.private, answer.summary);
  }

  /** Whether a message is above the first one here: it comes with the older ones, not alone. */
  isOlder(id) {
    const first = this.messages()[0];
    return Boolean(this.older?.isConnected && first && id < Number(first.dataset.id));
  }

  /** Add, replace or remove a message. */
  upsert(change) {
    if (this.isOlder(change.id)) {
      this.held?.push(change);
      return;
    }
    const present = this.find(change.id);
    const stay = this.atEnd;
    if (change.gone && !isPast(change, present)) {
      this.goneAt.set(change.id, change.revision);
      if (present) this.remove(present);
    } else if (present) {
      this.replace(present, change);
    } else if (change.revision > (this.goneAt.get(change.id) ?? 0)) {
      this.insert(change);
    }
    this.arrange();
    if (stay) this.toEnd();
  }

  /** Take a message away; the focus that was in it stays in the log. */
  remove(message) {
    const focused = message.contains(document.activeElement);
    message.remove();
    if (focused) this.scroller.focus({ preventScroll: true });
  }

  replace(present, change) {
    const fresh = element(change.html);
    dress(fresh);
    if (isPast(change, present)) {
      if (change.liked !== null) carryLike(fresh, present, null); // only the answer to this reader tells it
      return;
    }
    const { before, after } = carryLike(present, fresh, change.liked);
    if (present.dataset.version === change.version) {
      // Only its thread or its likes changed: leave the content, which may be in use.
      present.dataset.revision = change.revision;
      const focused = before !== null && before === document.activeElement;
      present.querySelector(":scope > .foot").replaceWith(fresh.querySelector(":scope > .foot"));
      if (focused) after?.focus({ preventScroll: true });
      return;
    }
    const focused = present.contains(document.activeElement);
    if (present.classList.contains("is-open")) fresh.classList.add("is-open");
    present.replaceWith(fresh);
    fold(fresh);
    if (focused) {
      fresh.tabIndex = -1;
      fresh.focus({ preventScroll: true });
    }
  }

  insert(change) {
    const fresh = element(change.html);
    dress(fresh);
    const later = this.messages().find((message) => Number(message.dataset.id) > change.id);
    const last = this.messages().at(-1);
    if (!later && last && !this.atEnd && change.cause !== page.visitor) this.onNews(true);
    if (later) later.before(fresh);
    else this.list.append(fresh);
    fresh.classList.add("arrives");
    fold(fresh);
    if (change.cause !== page.visitor) announce(change.summary);
  }

  /** Show a private answer: below the pressed button's message, else at the end. */
  showPrivate(html, summary, { below = null, inPlace = false } = {}) {
    const fresh = element(html);
    const privately = below?.classList.contains("is-private");
    if (privately && inPlace) below.replaceWith(fresh);
    else if (below && this.list.contains(below)) {
      let after = below;
      while (after.nextElementSibling?.classList.contains("is-private")) after = after.nextElementSibling;
      after.after(fresh);
    } else if (below) below.after(fresh);
    else this.list.append(fresh);
    fold(fresh);
    this.arrange();
    announce(summary);
    this.bringIntoView(fresh);
    return fresh;
  }

  async showOlder(button) {
    const first = this.messages()[0];
    if (!first || button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    const held = (this.held = []);
    try {
      const query = { channel: page.channel, before: first.dataset.id };
      if (this.root) query.root = this.root;
      const { html, more } = await get("/api/messages", query);
      const template = document.createElement("template");
      template.innerHTML = html;
      const fresh = [...template.content.children];
      fresh.forEach(dress);
      const { scrollHeight, scrollTop } = this.scroller;
      this.list.prepend(...fresh);
      fresh.forEach(fold);
      this.arrange();
      if (!more) {
        this.watcher?.disconnect();
        const focused = button === document.activeElement;
        button.parentElement.remove();
        if (focused) this.scroller.focus({ preventScroll: true });
      }
      this.scroller.scrollTop = scrollTop + this.scroller.scrollHeight - scrollHeight;
      if (more) {
        // Whoever is at the top again before the next frame would go unnoticed: only changes are told.
        this.watcher?.unobserve(button);
        this.watcher?.observe(button);
      }
      this.held = null;
      held.forEach((change) => this.upsert(change));
    } catch (error) {
      announce(error.message);
    } finally {
      this.held = null;
      button.removeAttribute("aria-busy");
    }
  }

  /** Name the days again: today has become yesterday. */
  nameDays() {
    this.scroller.querySelectorAll(".message").forEach(dress);
    this.arrange();
  }

  /** Insert day dividers, and show an author once for messages in a row. */
  arrange() {
    const wanted = new Map();
    let before = null;
    for (const message of this.messages()) {
      const { at, author } = message.dataset;
      const newDay = !before || dayOf(before.dataset.at) !== dayOf(at);
      if (newDay && this.root === null) wanted.set(message, dayName(at));
      message.classList.toggle(
        "continues",
        !newDay &&
          before.dataset.author === author &&
          !message.querySelector(":scope > .question") &&
          !message.matches(DIGEST) &&
          before.nextElementSibling === message &&
          new Date(at) - new Date(before.dataset.at) < PAUSE,
      );
      before = message;
    }
    for (const day of this.list.querySelectorAll(":scope > .day")) day.remove();
    for (const [message, name] of wanted) {
      const day = document.createElement("h2");
      day.className = "day";
      day.textContent = name;
      message.before(day);
    }
    if (this.empty) this.empty.hidden = this.list.childElementCount > 0;
  }
}
