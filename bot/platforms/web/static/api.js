// Requests to the server, and the texts of the page.

export const texts = JSON.parse(document.getElementById("texts").textContent);
export const page = document.body.dataset;

/** The JSON answer; throws an Error with a message for the visitor. */
async function answer(request) {
  let response;
  try {
    response = await request;
  } catch {
    throw new Error(texts.failed);
  }
  let body = null;
  try {
    body = await response.json();
  } catch {
    // not JSON: handled as a failure below
  }
  if (!response.ok || body === null) throw new Error(body?.error ?? texts.failed);
  return body;
}

export function get(path, query) {
  return answer(fetch(`${path}?${new URLSearchParams(query)}`));
}

export function post(path, body) {
  return answer(
    fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    }),
  );
}

/** A nonce for a message, so that sending it again posts nothing twice. */
export function nonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The first element of HTML from the server. */
export function element(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

/** Announce a text to screen readers. */
export function announce(text) {
  document.querySelector("[data-announcer]").textContent = text;
}
