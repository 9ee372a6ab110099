// The way to a role: modules in their order, and the weeks that they take.

import { el, fill, longList } from "./dom.js";
import { count, minutes, percent, weeks, WHY_OPEN, WHY_STEP } from "./words.js";

const FIRST = 8;

/** Show a pathway, null where there is no role to go to. */
export function showPathway(place, pathway, names) {
  if (pathway === null) {
    fill(place, el("p", { class: "muted", text: "Pick a target role to see the modules that lead to it, week by week." }));
    return;
  }
  const { steps } = pathway;
  fill(
    place,
    steps.length === 0 ? el("p", { text: "No module is needed, or none can be taken now." }) : summary(pathway),
    steps.length === 0
      ? null
      : longList("ol", steps.map((step) => stepRow(step, pathway.weeks, names)), FIRST, "modules", { class: "steps" }),
    open(pathway.open_skills, names),
  );
}

function summary(pathway) {
  const { steps, total_minutes: total, weeks: last, weekly_minutes: weekly } = pathway;
  const figure = (value, label) =>
    el("div", {}, el("dt", { text: label }), el("dd", { text: value }));
  const expected = pathway.readiness_expected;
  return el(
    "dl",
    { class: "figures" },
    figure(String(steps.length), steps.length === 1 ? "module" : "modules"),
    figure(minutes(total), "in all"),
    figure(String(last), last === 1 ? "week" : "weeks"),
    figure(minutes(weekly), "a week"),
    expected === null ? null : figure(`${percent(pathway.readiness)} → ${percent(expected)}`, "ready, now and expected after"),
  );
}

function stepRow(step, lastWeek, names) {
  const needed = step.needed_by === null ? "" : ` for ${names.titleOf(step.needed_by)}`;
  const length = `${step.minutes_known ? "" : "about "}${minutes(step.minutes)}`;
  const raised = step.skills
    .map((skill) => `${names.skillOf(skill.skill_id)} ${percent(skill.mastery_before)} → ${percent(skill.mastery_after)}`)
    .join("; ");
  return el(
    "li",
    { class: "step" },
    el(
      "div",
      { class: "step-words" },
      el("p", {}, el("strong", { class: "name", text: step.title })),
      el("p", { class: "muted small", text: `${weeks(step.starts_week, step.ends_week)} · ${length} · ${WHY_STEP[step.why] ?? step.why}${needed}` }),
      raised === "" ? null : el("p", { class: "muted small", text: raised }),
    ),
    el(
      "div",
      { class: "weeks", "aria-hidden": "true" },
      el("span", {
        class: `span ${step.why}`,
        vars: {
          from: `${((100 * (step.starts_week - 1)) / lastWeek).toFixed(2)}%`,
          to: `${((100 * step.ends_week) / lastWeek).toFixed(2)}%`,
        },
      }),
    ),
  );
}

function open(skills, names) {
  if (skills.length === 0) return null;
  const rows = skills.map((skill) =>
    el("li", {
      text:
        `${names.skillOf(skill.skill_id)}: ${percent(skill.mastery)} of the ${percent(skill.required)} asked; ` +
        `${WHY_OPEN[skill.why] ?? skill.why}`,
    }),
  );
  return el(
    "details",
    { class: "open" },
    el("summary", { text: `${count(skills.length, "skill stays", "skills stay")} below what the role asks` }),
    el("ul", {}, ...rows),
  );
}
