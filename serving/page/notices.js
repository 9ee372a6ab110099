// What stands in the way, in words, with what to do next.

import { Problem, Unreachable } from "./api.js";
import { byId, el, fill } from "./dom.js";
import { count } from "./words.js";

const LONGEST_WAIT = 120;
const MOST_TRIES = 3;

let timer = null;
let tries = 0;

/** Take away what is noticed; what was tried again and again begins anew. */
export function clearNotice() {
  quiet();
  tries = 0;
}

function quiet() {
  clearInterval(timer);
  timer = null;
  byId("notice").hidden = true;
}

/**
 * Say what went wrong.
 * @param {Error} error
 * @param {Function|null} again what to do once more; done by itself where the service says when
 */
export function notice(error, again = null) {
  quiet();
  const place = byId("notice");
  const { title, text } = wordsOf(error);
  const wait = error instanceof Problem && [429, 503].includes(error.status) ? error.retryAfter : null;
  const byItself = again !== null && wait !== null && wait <= LONGEST_WAIT && tries < MOST_TRIES;
  const retry = () => {
    quiet();
    again();
  };
  // Counts for the eye only: read aloud every second it would drown everything else.
  const counting = el("p", { class: "small", "aria-hidden": "true" });
  fill(
    place,
    el("p", {}, el("strong", { text: title })),
    el("p", { text: byItself ? `${text} It is tried again in ${count(wait, "second")}.` : text }),
    byItself ? counting : null,
    again === null ? null : el("button", { type: "button", text: "Try again now", on: { click: retry } }),
  );
  place.hidden = false;
  if (byItself) countDown(Math.max(1, wait), counting, retry);
}

/** Say something that is no error of the API. */
export function tell(title, text, again = null) {
  quiet();
  const place = byId("notice");
  fill(
    place,
    el("p", {}, el("strong", { text: title })),
    el("p", { text }),
    again === null ? null : el("button", { type: "button", text: "Look again", on: { click: again } }),
  );
  place.hidden = false;
}

function countDown(seconds, place, then) {
  let left = seconds;
  const show = () => { place.textContent = `${left} …`; };
  show();
  timer = setInterval(() => {
    left -= 1;
    if (left > 0) {
      show();
      return;
    }
    tries += 1;
    then();
  }, 1000);
}

function wordsOf(error) {
  if (error instanceof Unreachable) {
    return { title: "The service cannot be reached.", text: "What is shown stays as it was. Check the connection." };
  }
  if (!(error instanceof Problem)) throw error;
  if (error.scope !== "") {
    return {
      title: `This key lacks the scope ${error.scope}.`,
      text: SCOPES[error.scope] ?? "Use a key that has it.",
    };
  }
  return { title: TITLES[error.status] ?? "The service did not do that.", text: sentence(error.sentence) };
}

const SCOPES = {
  events: "It can look, not answer: nothing was recorded. Use a key that has the scope to try answers.",
  recommend: "Without it nothing can be shown of learners. Use a key that has it.",
};

const TITLES = {
  401: "The key works no longer.",
  429: "Too many calls in a short time.",
  500: "The service has a fault; its log tells which.",
  503: "The service is not ready.",
};

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
