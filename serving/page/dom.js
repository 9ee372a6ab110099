// Builds what is shown. Text goes in as text, never as HTML: titles and reasons are data of others.

export const byId = (id) => document.getElementById(id);

/**
 * Return a new element.
 * @param {string} tag
 * @param {Object} [traits] `class`, `text`, `on` (events), `vars` (CSS variables); all else is an attribute,
 *   left out where it is null, undefined or false.
 * @param {...(Node|string|null)} children null is left out
 */
export function el(tag, traits = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (name === "vars") for (const [key, its] of Object.entries(value)) made.style.setProperty(`--${key}`, its);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** Put children in place of those that are there. */
export function fill(place, ...children) {
  place.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

/** Show an error beside its field, or take it away where there is none. */
export function fieldError(field, place, text) {
  place.textContent = text ?? "";
  place.hidden = !text;
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

/** Tell people who listen; what is said twice is told twice. */
export function say(text) {
  const place = byId("status");
  place.textContent = "";
  requestAnimationFrame(() => { place.textContent = text; });
}

/** A list that begins with the first few and shows the rest on request. */
export function longList(tag, rows, most, name, traits = {}) {
  const list = el(tag, traits, ...rows);
  if (rows.length <= most) return list;
  const rest = rows.slice(most);
  for (const row of rest) row.hidden = true;
  const words = () => (rest[0].hidden ? `Show all ${rows.length} ${name}` : "Show fewer");
  const more = el("button", { type: "button", class: "quiet more", "aria-expanded": "false", text: words() });
  more.addEventListener("click", () => {
    const open = rest[0].hidden;
    for (const row of rest) row.hidden = !open;
    more.setAttribute("aria-expanded", String(open));
    more.textContent = words();
  });
  return el("div", {}, list, more);
}
