// The chat page: connects the channel, the thread, the stream and the buttons.

import { announce, page, post, texts } from "./api.js";
import { Composer } from "./composer.js";
import { copyLink } from "./copy.js";
import { Log } from "./log.js";
import { listen } from "./stream.js";
import { Threads } from "./thread.js";

const newest = document.querySelector("[data-newest]");
const title = document.title;
const lastReadKey = `paperbot:read:${page.channel}`;
let unseen = 0;
let today = new Date().toDateString();

const room = new Log(document.getElementById("log"), {
  onNews: (arrived) => (newest.hidden = !arrived),
});
const threads = new Threads(room);
const composer = new Composer(document.querySelector(".room [data-composer]"), {
  onAnswer(answer) {
    room.answered(answer);
    read();
  },
  onEscape: () => threads.close(),
});

function recall() {
  try {
    return Number(localStorage.getItem(lastReadKey) ?? 0);
  } catch {
    return 0; // storage is blocked: treat everything as new
  }
}

/** Store that every message here was seen. */
function read() {
  const last = room.messages().at(-1);
  if (!last || document.hidden) return;
  try {
    localStorage.setItem(lastReadKey, last.dataset.id);
  } catch {
    // as above
  }
}

function lookedAt() {
  if (document.hidden) return;
  unseen = 0;
  document.title = title;
  read();
}

/** Name the days again where a new one has begun. */
function nameDays() {
  const now = new Date().toDateString();
  if (now === today) return;
  today = now;
  room.nameDays();
  threads.log?.nameDays();
}

room.toBeginning(recall());
read();
newest.addEventListener("click", () => room.toEnd());
document.addEventListener("visibilitychange", lookedAt);
document.addEventListener("visibilitychange", nameDays);
setInterval(nameDays, 60_000);

listen((change) => {
  if (change.channel !== page.channel) {
    const link = [...document.querySelectorAll("[data-channel-link]")].find(
      (candidate) => candidate.dataset.channelLink === change.channel,
    );
    if (link && !change.gone) link.querySelector(".unread").hidden = false;
    return;
  }
  const isNew = change.root === null && !change.gone && change.id > Number(room.messages().at(-1)?.dataset.id ?? 0);
  if (change.root === null) room.upsert(change);
  threads.upsert(change);
  if (document.hidden && isNew) document.title = `(${++unseen}) ${title}`;
  read();
});

async function pressed(button) {
  const message = button.closest(".message");
  const inThread = button.closest("#thread") !== null;
  const log = inThread ? threads.log : room;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await post("/api/press", {
      channel: page.channel,
      root: inThread ? threads.open : null,
      message: message?.dataset.id ? Number(message.dataset.id) : null,
      line: button.dataset.command,
      shown: message?.classList.contains("is-private")
        ? (message.querySelector(".body").dataset.question ?? "")
        : "",
    });
    if (answer.open) location.assign(answer.open);
    else if (answer.change) {
      log.answered(answer);
    } else {
      const shown = log.showPrivate(answer.private, answer.summary, {
        below: message,
        inPlace: answer.in_place,
      });
      shown.focus({ preventScroll: true });
    }
  } catch (error) {
    complain(button, error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function complain(near, text) {
  announce(text);
  const place = near.closest(".message") ?? near.parentElement;
  place.querySelector(":scope > .problem")?.remove();
  const problem = document.createElement("p");
  problem.className = "problem";
  problem.textContent = text;
  place.append(problem);
}

function editing(button) {
  const message = button.closest(".message");
  const body = message.querySelector(".body");
  const said = body.querySelector(".said");
  if (!said || body.querySelector("textarea")) return;
  const field = document.createElement("textarea");
  field.className = "edit-field";
  field.maxLength = 4000;
  field.dir = "auto";
  field.value = said.textContent;
  field.setAttribute("aria-label", texts.edit);
  const buttons = document.createElement("div");
  buttons.className = "buttons";
  const save = Object.assign(document.createElement("button"), {
    type: "button",
    className: "button primary",
    textContent: texts.save,
  });
  const cancel = Object.assign(document.createElement("button"), {
    type: "button",
    className: "button",
    textContent: texts.cancel,
  });
  buttons.append(save, cancel);
  said.hidden = true;
  body.append(field, buttons);
  field.style.height = `${field.scrollHeight + 2}px`;
  field.focus({ preventScroll: true });
  // The last message would open it below the end of the log, under the composer.
  buttons.scrollIntoView({ block: "nearest" });

  const done = () => {
    field.remove();
    buttons.remove();
    said.hidden = false;
    message.querySelector("[data-edit]")?.focus();
  };
  const keep = async () => {
    const text = field.value.trim();
    if (!text || text === said.textContent) return done();
    try {
      const { change } = await post("/api/edit", { message: Number(message.dataset.id), text });
      done();
      changed(change);
    } catch (error) {
      complain(message, error.message);
    }
  };
  save.addEventListener("click", keep);
  cancel.addEventListener("click", done);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      done();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      keep();
    }
  });
}

async function removing(button) {
  const message = button.closest(".message");
  if (!confirm(texts.reallyRemove)) return;
  try {
    const { change } = await post("/api/remove", { message: Number(message.dataset.id) });
    changed(change);
  } catch (error) {
    complain(message, error.message);
  }
}

async function liking(button) {
  const message = button.closest(".message");
  button.setAttribute("aria-busy", "true");
  try {
    const like = button.getAttribute("aria-pressed") !== "true";
    const { change } = await post("/api/like", { message: Number(button.dataset.like), like });
    changed(change);
  } catch (error) {
    complain(message, error.message);
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function changed(change) {
  if (change.root === null) room.upsert(change);
  threads.upsert(change);
}

/** The message of this channel that a link leads to, if it is on the page. */
function linked(target) {
  const link = target.closest(".body a");
  const path = link?.origin === location.origin && link.pathname.match(/^\/c\/([^/]+)\/t\/(\d+)$/);
  return path && decodeURIComponent(path[1]) === page.channel ? room.find(path[2]) : null;
}

function show(message) {
  message.tabIndex = 0;
  message.focus({ preventScroll: true });
  message.scrollIntoView({ block: "start" });
  message.classList.add("is-target");
  setTimeout(() => message.classList.remove("is-target"), 2000);
}

document.addEventListener("click", async (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const target = event.target.closest(
    "[data-command], [data-thread], [data-permalink], [data-close], [data-dismiss], [data-edit], [data-remove], [data-like]",
  );
  if (!target) {
    const message = linked(event.target);
    if (!message) return;
    event.preventDefault();
    show(message);
    return;
  }
  event.preventDefault();
  if (target.getAttribute("aria-busy") === "true") return;
  if ("command" in target.dataset) await pressed(target);
  else if ("thread" in target.dataset) await threads.show(Number(target.dataset.thread)).catch((error) => complain(target, error.message));
  else if ("permalink" in target.dataset) await copyLink(target);
  else if ("close" in target.dataset) threads.close();
  else if ("like" in target.dataset) await liking(target);
  else if ("edit" in target.dataset) editing(target);
  else if ("remove" in target.dataset) await removing(target);
  else {
    const message = target.closest(".message");
    const log = target.closest("#thread") ? threads.log : room;
    log.remove(message);
    log.arrange();
  }
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.metaKey || event.ctrlKey || event.altKey) return;
  const writing = event.target.closest("input, textarea, [contenteditable], dialog");
  if (event.key === "/" && !writing) {
    event.preventDefault();
    const field = threads.open && event.target.closest("#thread") ? threads.composer : composer;
    field.text.focus();
    if (!field.text.value) field.fill("/");
  } else if (event.key === "Escape" && !writing) threads.close();
});

addEventListener("popstate", async () => {
  const thread = location.pathname.match(/\/t\/(\d+)$/)?.[1];
  if (!thread) threads.close({ remember: false });
  else if (Number(thread) === threads.open) threads.opening = null; // a link within it, or back before another was read
  else await threads.show(Number(thread), { remember: false }).catch(() => location.reload());
});

/** A dialog for a name; it stays open and shows the reason if the server refuses. */
function asking(id, opener, path, onAnswer) {
  const dialog = document.getElementById(id);
  if (!dialog || !opener) return;
  const form = dialog.querySelector("form");
  const problem = form.querySelector(".problem");
  opener.addEventListener("click", () => {
    const side = document.getElementById("side");
    if (side.matches(":popover-open")) side.hidePopover();
    problem.hidden = true;
    dialog.showModal();
  });
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await post(path, { name: form.elements.name.value });
      dialog.close();
      onAnswer(answer);
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  });
}

asking("name-dialog", document.querySelector("[data-rename]"), "/api/name", ({ name }) => {
  document.querySelector("[data-your-name]").textContent = name;
  document.querySelector(".you .avatar").textContent = [...name][0].toUpperCase();
});
asking("channel-dialog", document.querySelector("[data-add-channel]"), "/api/channel", ({ name }) => {
  location.assign(`/c/${encodeURIComponent(name)}`);
});

document.documentElement.dataset.ready = "";
