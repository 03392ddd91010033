// The composer: grows, sends on Enter, completes commands and their options.

import { announce, get, nonce, page, post, texts } from "./api.js";

const commands = JSON.parse(document.getElementById("commands").textContent);
const TYPING_PAUSE = 120; // milliseconds without typing before suggestions are requested

export class Composer {
  constructor(form, { onAnswer, onEscape = () => {} }) {
    this.form = form;
    this.text = form.querySelector("textarea");
    this.list = form.querySelector(".suggestions");
    this.problem = form.querySelector(".problem");
    this.onAnswer = onAnswer;
    this.onEscape = onEscape;
    this.chosen = -1;
    this.turn = 0;
    this.sending = null;
    this.sent = [];
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => this.pressed(event));
    this.text.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
    this.list.addEventListener("pointerdown", (event) => {
      const option = event.target.closest("[role=option]");
      event.preventDefault();
      if (option) this.accept([...this.list.children].indexOf(option));
    });
    this.changed({ quietly: true });
  }

  changed({ quietly = false } = {}) {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
    this.form.classList.toggle("is-filled", this.text.value.trim() !== "");
    this.problem.hidden = true;
    if (!quietly) this.suggest();
  }

  fill(value) {
    this.text.value = value;
    this.changed();
    this.text.focus();
    this.text.setSelectionRange(value.length, value.length);
  }

  async suggest() {
    const line = this.text.value;
    const turn = ++this.turn;
    if (!line.startsWith("/") || line.includes("\n")) return this.hide();
    const [name] = line.slice(1).split(" ");
    if (!line.includes(" ")) {
      const begun = commands.filter((command) => command.name.startsWith(name.toLowerCase()));
      return this.show(
        begun.map((command) => ({
          label: `/${command.name}`,
          about: command.summary,
          value: command.completes ? `/${command.name} ` : `/${command.name}`,
        })),
        { first: true },
      );
    }
    const command = commands.find((candidate) => candidate.name === name.toLowerCase());
    if (!command?.completes) return this.hide();
    await new Promise((resolve) => setTimeout(resolve, TYPING_PAUSE));
    if (turn !== this.turn) return;
    try {
      const choices = await get("/api/complete", { channel: page.channel, line });
      if (turn === this.turn) this.show(choices.filter((choice) => choice.value !== line));
    } catch {
      this.hide(); // no error message: suggestions are optional
    }
  }

  show(choices, { first = false } = {}) {
    if (document.activeElement !== this.text || !choices.length) return this.hide();
    this.choices = choices;
    this.list.replaceChildren(
      ...choices.map((choice, place) => {
        const option = document.createElement("li");
        option.id = `${this.list.id}-${place}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        const what = document.createElement("bdi");
        what.className = "what";
        what.textContent = choice.label;
        option.append(what);
        if (choice.about) {
          const about = document.createElement("span");
          about.className = "about";
          about.textContent = choice.about;
          option.append(about);
        }
        return option;
      }),
    );
    this.list.hidden = false;
    this.list.scrollTop = 0;
    this.text.setAttribute("aria-expanded", "true");
    this.choose(first ? 0 : -1);
    announce(texts.suggestions.replace("{n}", choices.length));
  }

  hide() {
    this.turn++;
    this.choices = [];
    this.list.hidden = true;
    this.text.setAttribute("aria-expanded", "false");
    this.choose(-1);
  }

  choose(place) {
    this.chosen = place;
    [...this.list.children].forEach((option, other) => {
      option.setAttribute("aria-selected", String(other === place));
      if (other === place) option.scrollIntoView({ block: "nearest" });
    });
    if (place < 0) this.text.removeAttribute("aria-activedescendant");
    else this.text.setAttribute("aria-activedescendant", this.list.children[place].id);
  }

  accept(place) {
    const { value } = this.choices[place];
    this.hide();
    this.text.value = value;
    this.text.focus();
    this.text.setSelectionRange(value.length, value.length);
    this.changed({ quietly: true });
    if (value.endsWith(" ")) this.suggest();
  }

  pressed(event) {
    // Keys belong to the input method while it composes a syllable.
    if (event.isComposing || event.keyCode === 229) return;
    const open = !this.list.hidden;
    const count = open ? this.choices.length : 0;
    const whole = open && this.chosen >= 0 && this.choices[this.chosen].value === this.text.value;
    if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const from = this.chosen < 0 && step < 0 ? 0 : this.chosen;
      this.choose((from + step + count) % count);
    } else if (open && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      this.accept(Math.max(this.chosen, 0));
    } else if (open && event.key === "Enter" && this.chosen >= 0 && !whole && !event.shiftKey) {
      event.preventDefault();
      this.accept(this.chosen);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (open) this.hide();
      else this.onEscape();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.text.value && this.sent.length) {
      event.preventDefault();
      this.fill(this.sent.at(-1));
      this.hide();
    }
  }

  async send() {
    const text = this.text.value.trim();
    if (!text || this.sending) return;
    // Sending the same text again after a failure repeats the nonce.
    if (this.failed?.text !== text) this.failed = null;
    const id = this.failed?.id ?? nonce();
    this.hide();
    this.sending = id;
    this.form.setAttribute("aria-busy", "true");
    const root = this.form.dataset.root ? Number(this.form.dataset.root) : null;
    try {
      const answer = await post("/api/say", { channel: page.channel, root, text, nonce: id });
      this.failed = null;
      if (this.text.value.trim() === text) this.text.value = "";
      this.sent.push(text);
      this.changed({ quietly: true });
      this.onAnswer(answer);
    } catch (error) {
      this.failed = { text, id };
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    } finally {
      this.sending = null;
      this.form.removeAttribute("aria-busy");
    }
  }
}
