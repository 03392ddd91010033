// Signing out, tokens for assistants, and commands in a channel that is managed from here.

import { announce, element, post } from "./api.js";

const problem = document.querySelector(".problem");

/** Do something that may fail, and show why it did. */
async function attempt(work) {
  problem.hidden = true;
  try {
    await work();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  }
}

for (const button of document.querySelectorAll("[data-sign-out]"))
  button.addEventListener("click", () =>
    attempt(async () => {
      await post("/api/sign-out", { everywhere: button.dataset.signOut === "everywhere" });
      location.assign("/");
    }),
  );

for (const button of document.querySelectorAll("[data-revoke]"))
  button.addEventListener("click", () =>
    attempt(async () => {
      await post("/api/token/revoke", { number: Number(button.dataset.revoke) });
      button.closest("li").remove();
    }),
  );

const maker = document.querySelector("[data-token]");
if (maker)
  maker.addEventListener("submit", (event) => {
    event.preventDefault();
    if (maker.getAttribute("aria-busy") === "true") return;
    maker.setAttribute("aria-busy", "true");
    attempt(async () => {
      const made = await post("/api/token", { label: maker.elements.label.value });
      const place = document.querySelector("[data-made]");
      place.querySelector("code").textContent = made.token;
      place.hidden = false;
      maker.reset();
      announce(place.textContent);
    }).finally(() => maker.removeAttribute("aria-busy"));
  });

const form = document.querySelector("[data-manage]");
if (form) {
  const place = document.querySelector("[data-answer]");
  const run = (line) =>
    attempt(async () => {
      const answer = await post("/api/manage", { channel: form.dataset.manage, line });
      place.replaceChildren(element(answer.private));
      announce(answer.summary);
    });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(form.elements.line.value.trim());
  });
  place.addEventListener("click", (event) => {
    const button = event.target.closest("[data-command]");
    if (button) run(button.dataset.command);
  });
}

document.documentElement.dataset.ready = "";
