// Asking the server, and the words of the page in its language.

export const texts = JSON.parse(document.getElementById("texts").textContent);
export const page = document.body.dataset;

/** The JSON answer; throws an Error whose message may be shown. */
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
    // an answer that is no JSON is no answer
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

/** A name for one thing that is sent, so that sending it again changes nothing. */
export function nonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The first element of HTML that the server rendered. */
export function element(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

/** Tell a screen reader, and nobody else. */
export function announce(text) {
  document.querySelector("[data-announcer]").textContent = text;
}
