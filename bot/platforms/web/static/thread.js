// The panel of a thread: the root message, the replies, and a composer.

import { get, page } from "./api.js";
import { Composer } from "./composer.js";
import { Log } from "./log.js";

const panel = document.getElementById("thread");

export class Threads {
  constructor(room) {
    this.room = room;
    this.open = null;
    this.opening = null; // the thread that is being read, and what was said in it meanwhile
    if (!panel.hidden) this.adopt();
  }

  /** Connect the panel to its thread. */
  adopt() {
    const list = panel.querySelector("[data-messages]");
    this.open = Number(list.dataset.root);
    const root = this.open;
    const log = new Log(panel.querySelector("[data-log]"), { root });
    this.log = log;
    this.composer = new Composer(panel.querySelector("[data-composer]"), {
      // When an answer comes, the panel may show another thread, or this one anew.
      onAnswer: (answer) => (this.open === root ? this.log : log).answered(answer),
      onEscape: () => this.close(),
    });
    this.mark();
    if (this.log.messages().length) this.log.toEnd();
  }

  mark() {
    for (const message of document.querySelectorAll(".log .message.is-open")) message.classList.remove("is-open");
    if (this.open) this.room.find(this.open)?.classList.add("is-open");
  }

  async show(id, { remember = true } = {}) {
    const stay = this.room.atEnd;
    const opening = { id, changes: [] };
    this.opening = opening;
    let html;
    try {
      ({ html } = await get("/api/thread", { channel: page.channel, root: id }));
    } catch (error) {
      if (this.opening === opening) this.opening = null;
      throw error;
    }
    if (this.opening !== opening) return; // another thread was asked for meanwhile, or none any more
    this.opening = null;
    panel.innerHTML = html;
    panel.hidden = false;
    document.body.classList.add("has-thread");
    if (remember) {
      const address = `/c/${encodeURIComponent(page.channel)}/t/${id}`;
      if (location.pathname !== address) history.pushState({ thread: id }, "", address);
    }
    this.adopt();
    opening.changes.forEach((change) => this.upsert(change));
    if (stay) this.room.toEnd();
    // On a phone, focus would open the keyboard over the thread.
    if (matchMedia("(hover: hover)").matches) this.composer.text.focus({ preventScroll: true });
    else panel.querySelector("[data-log]").focus({ preventScroll: true });
  }

  close({ remember = true } = {}) {
    this.opening = null;
    if (this.open === null) return;
    const from = this.room.find(this.open)?.querySelector(".thread-link");
    this.open = null;
    this.log = null;
    panel.hidden = true;
    panel.replaceChildren();
    document.body.classList.remove("has-thread");
    this.mark();
    if (remember) history.pushState({}, "", `/c/${encodeURIComponent(page.channel)}`);
    from?.focus({ preventScroll: true });
  }

  upsert(change) {
    if (this.opening && [change.id, change.root].includes(this.opening.id)) this.opening.changes.push(change);
    if (this.open === null) return;
    if (change.root === this.open) this.log.upsert(change);
    const root = panel.querySelector("[data-root-message] .message");
    if (change.id === this.open && root) this.log.replace(root, change);
  }
}
