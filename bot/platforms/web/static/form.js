// The page of a form: keeps a draft while one types, sends without leaving the page, offers tags.
// Without scripts the form works as it is; a draft is then kept when a button is pressed.

import { announce, element, get, post, texts } from "./api.js";
import { Suggestions } from "./suggestions.js";

const TYPING_PAUSE = 800; // milliseconds without typing before the draft is sent
const BETWEEN = 2_000; // milliseconds between two drafts, at least
const AGAIN = 3_000; // milliseconds before something that failed is tried again
const PREFIX = "field-";

const place = document.querySelector("[data-form-place]");
const opened = new URLSearchParams(location.search).get("paper") ?? "";
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** What was typed and has not reached the bot; by what the page was opened for. */
class LocalCopy {
  constructor(visitor) {
    this.name = `paperbot:form:${visitor}:${opened}`;
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.name)) ?? {};
    } catch {
      return {}; // storage is blocked, or not ours
    }
  }

  write(values) {
    try {
      if (Object.keys(values).length) localStorage.setItem(this.name, JSON.stringify(values));
      else localStorage.removeItem(this.name);
    } catch {
      // storage is blocked or full: the bot's copy is the only one
    }
  }
}

class FormPage {
  /** `unsure` are the fields, of the form with that key, that may not have reached the bot as they are shown. */
  constructor(form, unsure = { key: "", names: [] }) {
    this.form = form;
    this.copy = new LocalCopy(form.dataset.visitor);
    this.status = form.querySelector("[data-status]");
    this.problem = form.querySelector("[data-problem]");
    this.touched = new Set();
    this.stored = new Map(this.fields().map(({ name, defaultValue }) => [name, defaultValue])); // with the bot
    if (unsure.key === form.elements.key.value) for (const name of unsure.names) this.stored.set(name, null);
    this.asked = this.values.paper ?? "";
    this.sentAt = 0;
    this.gone = false;
    form.addEventListener("input", (event) => this.typed(event.target.name));
    form.addEventListener("change", (event) => this.typedPaper(event.target));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit(event.submitter?.name === "action" ? event.submitter.value : "");
    });
    this.offerTags();
    if ("pending" in form.dataset) this.ask(opened);
    else this.restore();
  }

  fields() {
    return [...this.form.elements].filter((field) => field.name?.startsWith(PREFIX));
  }

  /** Whether a submission or an action runs. */
  get isBusy() {
    return this.form.getAttribute("aria-busy") === "true";
  }

  get values() {
    return Object.fromEntries(this.fields().map((field) => [field.name.slice(PREFIX.length), field.value]));
  }

  get sent() {
    const { key, channel } = this.form.elements;
    return {
      key: key.value,
      channel: channel.value,
      paper: this.values.paper ?? opened,
      values: this.values,
      touched: this.unsent.map(({ name }) => name.slice(PREFIX.length)),
    };
  }

  /** The fields whose text the bot has not from this page: the rest may be older than another device's. */
  get unsent() {
    return this.fields().filter(({ name, value }) => value !== this.stored.get(name));
  }

  /** Send what is in the form; until there is an answer nobody knows what the bot has. */
  async send(path, more = {}) {
    const { sent } = this;
    const texts = this.unsent.map(({ name, value }) => [name, value]);
    for (const [name] of texts) this.stored.set(name, null);
    const answer = await post(path, { ...sent, ...more });
    for (const [name, text] of texts) this.stored.set(name, text);
    return answer;
  }

  /** Whether there is something beside the paper, which alone is no draft. */
  get isBegun() {
    return [...this.touched].some((name) => name !== "paper");
  }

  restore() {
    const kept = this.copy.read();
    const found = this.fields().filter((field) => {
      const name = field.name.slice(PREFIX.length);
      const text = kept[name];
      if (typeof text !== "string" || text === field.value || this.touched.has(name)) return false;
      field.value = text;
      return true;
    });
    for (const field of found) this.typed(field.name, { quietly: true });
    if (found.length && this.isBegun) this.say(texts.draftFound);
  }

  typed(name, { quietly = false } = {}) {
    if (!name?.startsWith(PREFIX)) return;
    this.touched.add(name.slice(PREFIX.length));
    const { values } = this;
    const typed = Object.fromEntries([...this.touched].map((each) => [each, values[each]]));
    this.copy.write({ ...this.copy.read(), ...typed });
    if (!quietly) this.sayOfDraft("");
    this.isDirty = this.isBegun;
    if (this.isDirty) this.keepIn(TYPING_PAUSE);
  }

  keepIn(time) {
    clearTimeout(this.timer);
    const pause = Math.max(time, this.sentAt + BETWEEN - Date.now());
    this.timer = setTimeout(() => this.keep(), pause);
  }

  async keep() {
    if (this.gone || !this.isDirty || this.isSending) return;
    this.isSending = true;
    this.isDirty = false;
    this.sentAt = Date.now();
    try {
      this.keeping = this.send("/api/form/keep");
      await this.keeping;
      if (!this.isDirty) {
        this.copy.write({});
        this.sayOfDraft(texts.draftKept);
      }
    } catch {
      this.isDirty = true;
      this.sayOfDraft(texts.draftWaits);
    } finally {
      this.isSending = false;
      if (this.isDirty) this.keepIn(AGAIN);
    }
  }

  /** Send the draft while the page is being left; the answer cannot be waited for. */
  leave() {
    if (this.gone || !(this.isDirty || this.isSending)) return; // what is being sent ends with the page
    fetch("/api/form/keep", {
      method: "POST",
      keepalive: true,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(this.sent),
    }).catch(() => {}); // the copy in this browser is still there
  }

  async submit(action) {
    if (this.isBusy) return;
    this.form.setAttribute("aria-busy", "true");
    this.complain("");
    this.say(action ? texts.working : texts.sending);
    // What is being kept must not arrive behind it: that would be a change of what was written.
    await this.keeping?.catch(() => {});
    const { values } = this;
    const unsure = { key: this.sent.key, names: this.unsent.map(({ name }) => name) };
    try {
      const answer = await this.send("/api/form/submit", { action });
      clearTimeout(this.timer);
      // An action may take long. What was typed meanwhile stays, where the next form has the field.
      const since = Object.entries(this.values).filter(([name, text]) => text !== values[name]);
      // The bot has it now: as a note, or as the draft of the form that is shown next.
      this.copy.write(Object.fromEntries(since));
      show(answer, { focus: !since.length, unsure });
      if (since.length) current?.say("");
    } catch (error) {
      this.say("");
      this.complain(error.message);
      this.problem.focus();
    } finally {
      this.form.removeAttribute("aria-busy");
    }
  }

  typedPaper(field) {
    const paper = this.values.paper?.trim();
    if (field.name !== `${PREFIX}paper` || !paper || paper === this.asked) return;
    this.ask(paper);
  }

  /** Show what is known of a paper, once the bot can read it. */
  async ask(paper) {
    this.asked = paper;
    const { channel } = this.sent;
    for (;;) {
      let answer = null;
      try {
        answer = await post("/api/form/open", { paper, channel });
      } catch {
        await wait(AGAIN);
      }
      if (this.gone || this.asked !== paper) return;
      if (answer) return this.known(answer);
    }
  }

  known(answer) {
    if (!this.isBegun) return show(answer);
    // What is being typed stays; the bot puts both together when the form is sent.
    const fresh = element(answer.html);
    if (!answer.is_form) return this.complain(fresh.textContent.trim());
    this.form.querySelector("[data-about]").replaceWith(fresh.querySelector("[data-about]"));
    const [old, offered] = [this.form, fresh].map((each) => each.querySelector("[data-offered]"));
    if (offered && old) old.replaceWith(offered);
    else if (offered) this.form.querySelector(`#${offered.dataset.offered}`)?.parentElement.after(offered);
    this.offerTags();
    this.restore();
  }

  offerTags() {
    const offered = this.form.querySelector("[data-offered]");
    const field = this.form.elements[offered?.dataset.offered] ?? this.form.querySelector("[data-kind=tags]");
    if (!field) return;
    const has = (tag) => field.value.split(/[\s,]+/).some((word) => word.replace(/^#/, "") === tag);
    const put = (value) => {
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const buttons = [...(offered?.querySelectorAll("[data-offer]") ?? [])].map((text) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "plain", textContent: text.textContent });
      button.dataset.offer = text.dataset.offer;
      button.addEventListener("click", () => {
        const words = field.value.split(/[\s,]+/).filter(Boolean);
        const rest = words.filter((word) => word.replace(/^#/, "") !== text.dataset.offer);
        put((rest.length < words.length ? rest : [...words, text.dataset.offer]).join(" "));
      });
      text.replaceWith(button);
      return button;
    });
    const mark = () => {
      for (const button of buttons) button.setAttribute("aria-pressed", String(has(button.dataset.offer)));
    };
    field.addEventListener("input", mark);
    mark();
    if (!("completes" in field.dataset)) completeTags(field, put);
  }

  say(text) {
    this.status.textContent = text;
  }

  /** What is said of drafts does not replace what is said of a submission that runs. */
  sayOfDraft(text) {
    if (!this.isBusy) this.say(text);
  }

  complain(text) {
    this.problem.textContent = text;
    this.problem.hidden = !text;
  }
}

/** Suggestions for the tag that is being typed: the last word of the field. */
function completeTags(field, put) {
  field.dataset.completes = "";
  const list = new Suggestions(field, field.parentElement.querySelector(".suggestions"), {
    onAccept: ({ value }) => put(value),
  });
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-haspopup": "listbox",
    "aria-expanded": "false",
    "aria-controls": `${field.id}-list`,
  }))
    field.setAttribute(name, value);
  field.addEventListener("input", async () => {
    const turn = list.ask();
    const [before, word] = field.value.match(/^(.*?)#?([^\s,]*)$/s).slice(1);
    if (!word || document.activeElement !== field) return list.hide();
    await wait(150);
    if (turn !== list.turn) return;
    try {
      const { choices, announcement } = await get("/api/suggest", { q: `#${word}` });
      const tags = choices.map(({ label }) => label).filter((label) => label.startsWith("#"));
      const others = tags.map((tag) => tag.slice(1)).filter((tag) => tag !== word);
      if (turn !== list.turn) return;
      if (list.show(others.map((tag) => ({ label: tag, value: `${before}${tag} ` })))) announce(announcement);
    } catch {
      if (turn === list.turn) list.hide(); // no error message: suggestions are optional
    }
  });
  field.addEventListener("keydown", (event) => {
    if (!event.isComposing && event.keyCode !== 229) list.pressed(event);
  });
}

let current = null;

/** Show the bot's answer in the place of the form. */
function show({ html, is_form: isForm, title }, { focus = false, unsure } = {}) {
  const { id: focused, selectionStart, selectionEnd } = document.activeElement ?? {};
  if (current) {
    current.gone = true;
    clearTimeout(current.timer);
  }
  place.innerHTML = html;
  document.title = document.title.replace(/^.*?(?= · )/, () => title);
  current = isForm ? new FormPage(place.querySelector("form"), unsure) : null;
  const wrong = place.querySelector("[data-problem]:not([hidden]), [aria-invalid=true], [data-remark]");
  if (focus) (wrong ?? place.querySelector("[data-outcome]") ?? place.querySelector("h1")).focus();
  else if (focused) {
    const field = document.getElementById(focused);
    field?.focus();
    if (selectionStart !== undefined) field?.setSelectionRange?.(selectionStart, selectionEnd);
  }
}

const form = place.querySelector("form");
if (form) {
  // A page with a problem may be the answer to what was sent without scripts.
  const isAnswer = form.querySelector("[data-problem]:not([hidden]), [aria-invalid=true]") !== null;
  const fields = [...form.elements].filter(({ name }) => isAnswer && name);
  current = new FormPage(form, { key: form.elements.key.value, names: fields.map(({ name }) => name) });
}
window.addEventListener("pagehide", () => current?.leave());
document.addEventListener("visibilitychange", () => document.hidden && current?.keep());

document.documentElement.dataset.ready = "";
