// A list of suggestions at a text field (an ARIA combobox with a listbox).

export class Suggestions {
  /** `onAccept` gets the chosen suggestion: an object with `label`, and perhaps `about`. */
  constructor(field, list, { onAccept }) {
    this.field = field;
    this.list = list;
    this.onAccept = onAccept;
    this.choices = [];
    this.chosen = -1;
    this.shownFor = null; // the text of the field that the choices are for
    this.turn = 0;
    this.waits = null; // the turn for whose choices a Tab was pressed already
    field.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    // Not when it is pressed: a finger may be about to scroll the list.
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.accept([...list.children].indexOf(option));
    });
  }

  get open() {
    return !this.list.hidden;
  }

  /** The number of a new request; an answer to an older one comes too late, and a failure, too. */
  ask() {
    this.choose(-1); // what is chosen was offered for an earlier text
    return ++this.turn;
  }

  show(choices, { first = false } = {}) {
    if (document.activeElement !== this.field || !choices.length) {
      this.hide();
      return false;
    }
    this.choices = choices;
    this.shownFor = this.field.value;
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
    this.field.setAttribute("aria-expanded", "true");
    this.choose(first ? 0 : -1);
    return true;
  }

  hide() {
    this.turn++;
    this.choices = [];
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.choose(-1);
  }

  choose(place) {
    this.chosen = place;
    [...this.list.children].forEach((option, other) => {
      option.setAttribute("aria-selected", String(other === place));
      if (other === place) option.scrollIntoView({ block: "nearest" });
    });
    if (place < 0) this.field.removeAttribute("aria-activedescendant");
    else this.field.setAttribute("aria-activedescendant", this.list.children[place].id);
  }

  accept(place) {
    const choice = this.choices[place];
    this.hide();
    this.onAccept(choice);
  }

  /** Whether a key was for the list: arrows, Tab, Enter on a choice, Escape. */
  pressed(event) {
    if (!this.open) return false;
    if (this.field.value !== this.shownFor && event.key !== "Escape") {
      // The list is still that of an earlier text. A Tab that was meant for its own must not leave the field;
      // a second one leaves it, since its own may never come.
      const isEarly = event.key === "Tab" && !event.shiftKey && this.waits !== this.turn;
      if (isEarly) {
        event.preventDefault();
        this.waits = this.turn;
      }
      return isEarly;
    }
    const count = this.choices.length;
    const whole = this.chosen >= 0 && this.choices[this.chosen].value === this.field.value;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const step = event.key === "ArrowDown" ? 1 : -1;
      const from = this.chosen < 0 && step < 0 ? 0 : this.chosen;
      this.choose((from + step + count) % count);
    } else if (event.key === "Tab" && !event.shiftKey) this.accept(Math.max(this.chosen, 0));
    else if (event.key === "Enter" && this.chosen >= 0 && !whole && !event.shiftKey) this.accept(this.chosen);
    else if (event.key === "Escape") {
      event.stopPropagation();
      this.hide();
    } else return false;
    event.preventDefault();
    return true;
  }
}
