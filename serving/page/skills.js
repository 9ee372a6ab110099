// What a learner can do, skill by skill, and what the role asks for.

import { bar, legend } from "./bars.js";
import { el, fill, longList } from "./dom.js";
import { skillsOf } from "./standing.js";
import { count, percent, points, pointsOf, range, signed } from "./words.js";

const FIRST = 6;

/**
 * Show the skills of a standing.
 * @param {Element} place
 * @param {Object} now
 * @param {Object|null} before the standing before the last answer
 */
export function showSkills(place, now, before) {
  const all = skillsOf(now);
  const old = before === null ? new Map() : skillsOf(before);
  const asked = now.gaps.skills.map((skill) => all.get(skill.skill_id));
  const others = [...all.values()].filter((skill) => skill.required === null);
  others.sort((a, b) => b.n_attempts - a.n_attempts || a.name.localeCompare(b.name));
  const { role } = now.gaps;
  fill(
    place,
    role === null ? noRole(now) : readiness(role, before?.gaps.role ?? null),
    all.size === 0 ? null : legend({ required: role !== null, before: before !== null }),
    role === null ? null : el("h4", { text: `Asked for by ${role.title}` }),
    role === null ? null : skillList(asked, old, `skills of ${role.title}`),
    others.length === 0 || role === null ? null : el("h4", { text: "Other skills" }),
    others.length === 0 ? nothingElse(now, role) : skillList(others, old, "other skills"),
  );
}

function noRole(now) {
  const text =
    now.mastery === null
      ? "Pick a target role to see what it asks for."
      : "The profile names no role. Pick a target role to see what is missing for it.";
  return el("p", { class: "muted", text });
}

function nothingElse(now, role) {
  if (now.mastery !== null && now.mastery.skills.length > 0) return null;
  const text =
    role === null
      ? "Nothing tells yet what this person can do."
      : "Nothing was recorded yet: gaps are against what is expected of anybody.";
  return el("p", { class: "muted", text });
}

function readiness(role, was) {
  const known = role.readiness !== null;
  const same = was !== null && was.role_id === role.role_id && was.readiness !== null;
  const moved = known && same ? points(was.readiness, role.readiness) : 0;
  return el(
    "div",
    { class: "readiness" },
    el(
      "p",
      {},
      el("span", { class: "figure", text: percent(role.readiness) }),
      el("span", { class: "label", text: ` ready for ${role.title}` }),
      moved === 0 ? null : changed(moved),
    ),
    known ? bar({ value: role.readiness, interval: role.interval, before: same ? was.readiness : null }) : null,
    known && role.interval
      ? el("p", { class: "muted small", text: `${range(role.interval)} with 80% probability` })
      : null,
  );
}

function skillList(skills, old, name) {
  const rows = skills.map((skill) => skillRow(skill, old.get(skill.skill_id) ?? null));
  return longList("ul", rows, FIRST, name, { class: "skills" });
}

function skillRow(skill, was) {
  const known = skill.mastery !== null && skill.mastery !== undefined;
  const before = known && was !== null ? (was.mastery ?? null) : null;
  const moved = before === null ? 0 : points(before, skill.mastery);
  return el(
    "li",
    { class: moved === 0 ? null : "moved" },
    el(
      "p",
      { class: "skill" },
      el("span", { class: "name", text: skill.name }),
      el(
        "span",
        { class: "numbers" },
        moved === 0 ? null : changed(moved),
        el("strong", { text: known ? percent(skill.mastery) : "not known" }),
      ),
    ),
    bar({
      value: known ? skill.mastery : null,
      interval: known ? skill.interval : null,
      required: skill.required,
      before,
    }),
    el("p", { class: "muted small", text: about(skill, known) }),
  );
}

/** How far something moved, told by sign, word and colour. */
export function changed(moved) {
  return el("span", {
    class: moved > 0 ? "chip up" : "chip down",
    text: `${signed(moved)} ${Math.abs(moved) === 1 ? "point" : "points"}`,
  });
}

function about(skill, known) {
  const parts = [];
  if (known && skill.interval) parts.push(range(skill.interval));
  if (skill.n_attempts > 0) parts.push(count(skill.n_attempts, "answer"));
  if (skill.trend === "rising" || skill.trend === "falling") parts.push(skill.trend);
  if (skill.required !== null) parts.push(missing(skill));
  return parts.join(" · ");
}

function missing(skill) {
  const short = Math.round(100 * skill.gap);
  const asked = `the role asks ${percent(skill.required)}`;
  return short === 0 ? `${asked}, reached` : `${asked}, ${pointsOf(short)} missing`;
}
