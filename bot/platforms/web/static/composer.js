// The composer: grows, sends on Enter, completes commands and their options.

import { announce, get, nonce, page, post, texts } from "./api.js";
import { Draft } from "./draft.js";
import { Suggestions } from "./suggestions.js";

const commands = JSON.parse(document.getElementById("commands").textContent);
const TYPING_PAUSE = 120; // milliseconds without typing before suggestions are requested

export class Composer {
  constructor(form, { onAnswer, onEscape = () => {} }) {
    this.form = form;
    this.text = form.querySelector("textarea");
    this.list = new Suggestions(this.text, form.querySelector(".suggestions"), {
      onAccept: (choice) => this.accepted(choice),
    });
    this.problem = form.querySelector(".problem");
    this.onAnswer = onAnswer;
    this.onEscape = onEscape;
    this.sending = null; // the text and its nonce, until the answer comes
    this.failed = null;
    this.sent = [];
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.text.addEventListener("input", () => this.changed());
    this.text.addEventListener("keydown", (event) => this.pressed(event));
    this.draft = new Draft(form.dataset.root);
    this.restore();
    this.changed({ quietly: true });
  }

  changed({ quietly = false } = {}) {
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
    this.form.classList.toggle("is-filled", this.text.value.trim() !== "");
    this.problem.hidden = true;
    this.remember();
    if (!quietly) this.suggest();
  }

  restore() {
    if (this.text.value) return;
    const { text, sent } = this.draft.read();
    this.text.value = [sent?.text, text].filter(Boolean).join("\n");
    this.failed = sent; // it may have arrived: sent again as it is, it has the same nonce
  }

  /** Keep what is written, and what was sent and is not answered yet. */
  remember() {
    // The draft of a thread that was closed, and perhaps opened again, is no longer this composer's.
    if (!this.form.isConnected && this.draft.stored !== this.kept) return;
    const isAgain = this.failed?.text === this.text.value.trim();
    if (!this.sending && isAgain) this.kept = this.draft.write("", this.failed);
    else this.kept = this.draft.write(this.text.value, this.sending);
  }

  /** A thread that was opened again while its message was sent shows the message as not sent. */
  emptyTwin(text) {
    const twin = document.querySelector(`[data-composer][data-root="${this.form.dataset.root}"] textarea`);
    if (twin?.value.trim() !== text) return;
    twin.value = "";
    twin.dispatchEvent(new Event("input"));
  }

  fill(value) {
    this.text.value = value;
    this.changed();
    this.text.focus();
    this.text.setSelectionRange(value.length, value.length);
  }

  async suggest() {
    const line = this.text.value;
    const turn = this.list.ask();
    const calls = line.startsWith("@");
    if (!(calls || line.startsWith("/")) || line.includes("\n")) return this.list.hide();
    const [name] = line.slice(1).split(" ");
    if (!calls && !line.includes(" ")) {
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
    if (!calls && !command?.completes) return this.list.hide();
    await new Promise((resolve) => setTimeout(resolve, TYPING_PAUSE));
    if (turn !== this.list.turn) return;
    try {
      const root = this.form.dataset.root ?? "";
      const choices = await get("/api/complete", { channel: page.channel, line, root });
      if (turn === this.list.turn) this.show(choices.filter((choice) => choice.value !== line));
    } catch {
      if (turn === this.list.turn) this.list.hide(); // no error message: suggestions are optional
    }
  }

  show(choices, options) {
    if (this.list.show(choices, options)) announce(texts.suggestions[choices.length]);
  }

  accepted({ value }) {
    this.text.value = value;
    this.text.focus();
    this.text.setSelectionRange(value.length, value.length);
    this.changed({ quietly: true });
    if (value.endsWith(" ") || value.endsWith(":")) this.suggest();
  }

  pressed(event) {
    // Keys belong to the input method while it composes a syllable.
    if (event.isComposing || event.keyCode === 229) return;
    if (this.list.pressed(event)) return;
    if (event.key === "Escape") {
      event.stopPropagation();
      this.onEscape();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.text.value && this.sent.length) {
      event.preventDefault();
      this.fill(this.sent.at(-1));
      this.list.hide();
    }
  }

  async send() {
    const text = this.text.value.trim();
    if (!text) return;
    if (this.sending) {
      this.sendsNext = true; // the last one is not answered yet
      return;
    }
    // Sending the same text again after a failure repeats the nonce.
    if (this.failed?.text !== text) this.failed = null;
    const id = this.failed?.id ?? nonce();
    this.list.hide();
    this.sending = { text, id };
    this.sendsNext = false;
    this.text.value = ""; // what is typed from now on is another message
    this.changed({ quietly: true });
    this.form.setAttribute("aria-busy", "true");
    const root = this.form.dataset.root ? Number(this.form.dataset.root) : null;
    try {
      const answer = await post("/api/say", { channel: page.channel, root, text, nonce: id });
      this.failed = null;
      this.sent.push(text);
      this.sending = null;
      this.remember();
      if (!this.form.isConnected) this.emptyTwin(text);
      this.onAnswer(answer);
    } catch (error) {
      this.failed = { text, id };
      this.sending = null;
      this.sendsNext = false; // what was typed since may refer to it
      const since = this.text.value;
      this.text.value = since.trim() ? `${text}\n${since}` : text;
      this.list.hide();
      this.changed({ quietly: true });
      this.problem.textContent = error.message;
      this.problem.hidden = false;
    } finally {
      this.form.removeAttribute("aria-busy");
      if (this.sendsNext) this.send();
    }
  }
}
