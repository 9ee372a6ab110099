// Bars: mastery as a mark inside its interval, with what is required, and where it stood before.

import { el } from "./dom.js";

const at = (share) => `${(100 * Math.min(1, Math.max(0, share))).toFixed(1)}%`;

/**
 * Return a bar of shares in [0, 1]; it only repeats what stands beside it in words.
 * @param {number|null} value where the mark is; null draws none
 * @param {number[]|null} interval
 * @param {number|null} required
 * @param {number|null} before where the mark was
 */
export function bar({ value, interval = null, required = null, before = null }) {
  const known = value !== null && value !== undefined;
  const moved = known && before !== null && at(before) !== at(value);
  const mark = known ? el("span", { class: "mark", vars: { at: at(moved ? before : value) } }) : null;
  const made = el(
    "div",
    { class: "bar", "aria-hidden": "true" },
    interval && el("span", { class: "band", vars: { low: at(interval[0]), high: at(interval[1]) } }),
    moved ? el("span", { class: value > before ? "trail up" : "trail down", vars: trail(before, value) }) : null,
    moved ? el("span", { class: "was", vars: { at: at(before) } }) : null,
    required === null ? null : el("span", { class: "required", vars: { at: at(required) } }),
    mark,
  );
  if (moved) {
    // Two frames: the first draws it where it was, so that it is seen to move.
    requestAnimationFrame(() => requestAnimationFrame(() => mark.style.setProperty("--at", at(value))));
  }
  return made;
}

function trail(before, value) {
  return { low: at(Math.min(before, value)), high: at(Math.max(before, value)) };
}

/** What the marks of bars mean. */
export function legend({ required, before }) {
  const entry = (kind, text) =>
    el("li", {}, el("span", { class: `key ${kind}`, "aria-hidden": "true" }), text);
  return el(
    "ul",
    { class: "legend" },
    entry("mark", "mastery: chance of passing a typical question"),
    entry("band", "where it lies with 80% probability"),
    required ? entry("required", "what the role asks") : null,
    before ? entry("was", "before the answer") : null,
  );
}

/** A bar that fills up to a share, for chances. */
export function meter(value) {
  return el(
    "div",
    { class: "meter", "aria-hidden": "true" },
    el("span", { vars: { at: at(value ?? 0) } }),
  );
}
