// What is being written in a composer: it outlives the page, as long as the tab is open.

import { page } from "./api.js";

export class Draft {
  constructor(root) {
    this.name = `paperbot:draft:${page.visitor}:${page.channel}:${root}`;
  }

  read() {
    try {
      return sessionStorage.getItem(this.name) ?? "";
    } catch {
      return ""; // storage is blocked
    }
  }

  write(text) {
    try {
      if (text) sessionStorage.setItem(this.name, text);
      else sessionStorage.removeItem(this.name);
    } catch {
      // storage is blocked or full: the field has the only copy
    }
  }
}
