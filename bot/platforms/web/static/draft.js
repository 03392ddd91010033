// What is being written in a composer: it outlives the page, as long as the tab is open.

import { page } from "./api.js";

export class Draft {
  constructor(root) {
    this.name = `paperbot:draft:${page.visitor}:${page.channel}:${root}`;
  }

  /** As it is stored. */
  get stored() {
    try {
      return sessionStorage.getItem(this.name) ?? "";
    } catch {
      return ""; // storage is blocked
    }
  }

  /** The text, and what was sent before it and is not known to have arrived, with its nonce. */
  read() {
    try {
      const { text = "", sent = null } = JSON.parse(this.stored);
      return { text, sent };
    } catch {
      return { text: "", sent: null }; // there is none, or it is not ours
    }
  }

  /** Returns what is stored. */
  write(text, sent) {
    const stored = text || sent ? JSON.stringify({ text, sent }) : "";
    try {
      if (stored) sessionStorage.setItem(this.name, stored);
      else sessionStorage.removeItem(this.name);
    } catch {
      // storage is blocked or full: the field has the only copy
    }
    return stored;
  }
}
