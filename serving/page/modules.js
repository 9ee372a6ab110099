// What comes next: recommended modules with their reasons, and the item that would tell most.

import { bar, meter } from "./bars.js";
import { movedWords } from "./changes.js";
import { el, fill } from "./dom.js";
import { count, FIT, minutes, ordinal, percent, points, removedBy, signed, STOP } from "./words.js";

/**
 * Show the recommended modules.
 * @param {Element} place
 * @param {Object} now standing
 * @param {Object} names of skills, by id, and `titleOf` modules
 * @param {Object|null} changes since the last answer
 * @param {Object} answering `may`: whether answers can be recorded, `answer(module, passed)`
 */
export function showModules(place, now, names, changes, answering) {
  const { recommendations, fallback } = now.next;
  const moves = new Map((changes?.modules ?? []).map((change) => [change.id, change]));
  fill(
    place,
    fallback === null ? null : el("p", { class: "hint", text: FALLBACK[fallback] }),
    recommendations.length === 0
      ? nothingLeft(now.next, names)
      : el(
          "ol",
          { class: "modules" },
          ...recommendations.map((module) => card(module, names, moves.get(module.module_id), answering)),
        ),
  );
}

const FALLBACK = {
  cold_start: "Cold start: nothing was recorded of this person. These come from the role, the segment, or what many take.",
  no_model: "No model is loaded, so nothing can be recommended.",
};

function nothingLeft({ empty_because: rules, fallback }, names) {
  if (fallback === "no_model") return null;
  const rows = (rules ?? []).filter((rule) => rule.removed > 0).map((rule) => ruleRow(rule, names));
  return el(
    "div",
    { class: "empty" },
    el("p", {}, el("strong", { text: "Nothing is left to recommend." })),
    rows.length === 0 ? el("p", { text: "The catalogue lists no modules." }) : el("p", { text: "Of all modules:" }),
    rows.length === 0 ? null : el("ul", {}, ...rows),
  );
}

function ruleRow(rule, names) {
  const helps = rule.unlocked_by.map(names.titleOf);
  const more = helps.length === 0 ? "" : ` (what would help: ${helps.join(", ")})`;
  return el("li", { text: `${removedBy(rule.rule, rule.removed)}${more}.` });
}

function card(module, names, move, answering) {
  const moved = movedWords(move);
  const id = `module-${module.rank}`;
  return el(
    "li",
    { class: moved === "" ? "module" : "module moved" },
    el(
      "div",
      { class: "module-head" },
      el("span", { class: "rank", "aria-hidden": "true", text: String(module.rank) }),
      el("h4", { id, text: module.title }),
      moved === "" ? null : el("span", { class: "chip", text: moved }),
    ),
    el("div", { class: "facts" }, chance(module, move), ...facts(module)),
    module.adjustment === null ? null : adjustment(module.adjustment, names),
    module.prerequisites_met ? null : el("p", { class: "small", text: "Not all that should come before it is done." }),
    reasons(module.reasons),
    gains(module.skills, names),
    answerButtons(module.title, answering.may, (passed) => answering.answer(module, passed)),
  );
}

function chance(module, move) {
  const share = module.success_probability;
  if (share === null) return el("p", { class: "fact", text: "Chance of success not known" });
  const was = move?.chanceBefore ?? null;
  const moved = was === null ? 0 : points(was, share);
  return el(
    "div",
    { class: "fact chance" },
    el(
      "p",
      {},
      el("strong", { text: percent(share) }),
      " chance of success",
      moved === 0 ? null : el("span", { class: moved > 0 ? "moved-by up" : "moved-by down", text: ` (${signed(moved)})` }),
    ),
    meter(share),
  );
}

function facts(module) {
  const told = [];
  if (module.difficulty_fit !== null) told.push(FIT[module.difficulty_fit] ?? module.difficulty_fit);
  if (module.difficulty !== null) told.push(`Difficulty ${percent(module.difficulty)}`);
  if (module.duration_minutes !== null) told.push(minutes(module.duration_minutes));
  return told.map((text) => el("p", { class: "fact", text }));
}

function adjustment({ direction, from_module_id: from, why }, names) {
  const lead = direction === "easier" ? "Made easier. " : "Made harder. ";
  return el(
    "p",
    { class: "adjustment" },
    el("strong", { text: lead }),
    why,
    el("span", { class: "muted", text: ` In place of ${names.titleOf(from)}.` }),
  );
}

function reasons(rows) {
  if (rows.length === 0) return null;
  const share = (weight) => (weight < 0.005 ? "<1%" : percent(weight));
  return el(
    "div",
    {},
    el("p", { class: "muted small", text: "Why, by share of what speaks for it" }),
    el(
      "ul",
      { class: "reasons" },
      ...rows.map((reason) =>
        el(
          "li",
          {},
          el("span", { class: "weight", text: share(reason.weight) }),
          el("span", { text: reason.text }),
        ),
      ),
    ),
  );
}

function gains(skills, names) {
  const told = skills.filter((skill) => skill.expected_gain !== null && skill.expected_gain >= 0.005);
  if (told.length === 0) return null;
  const words = told.map((skill) => {
    const now = skill.mastery === null ? "" : `, now ${percent(skill.mastery)}`;
    return `${names.skillOf(skill.skill_id)} (${signed(Math.round(100 * skill.expected_gain))}${now})`;
  });
  return el("p", { class: "muted small", text: `Expected to raise: ${words.join("; ")}.` });
}

function answerButtons(title, may, answer) {
  const button = (passed, sign, word) =>
    el(
      "button",
      {
        type: "button",
        class: passed ? "passed" : "failed",
        disabled: !may,
        "aria-label": `${word}: ${title}`,
        on: { click: () => answer(passed) },
      },
      el("span", { "aria-hidden": "true", text: sign }),
      ` ${word}`,
    );
  return el("div", { class: "answers" }, button(true, "✓", "Passed"), button(false, "✕", "Failed"));
}

/**
 * Show the item that would tell most.
 * @param {Object|null} item as answered by next-item
 * @param {Object} answering `may`, `answer(item, passed)`
 */
export function showItem(place, item, names, answering) {
  if (item === null) {
    fill(place, el("p", { class: "muted", text: "No questions can be chosen with this key and model." }));
    return;
  }
  const given = item.n_given === 0 ? null : `${count(item.n_given, "question")} answered so far.`;
  const enough = item.stop ? STOP[item.stop_reason] ?? "The test may stop here." : null;
  fill(
    place,
    el("p", { class: "muted", text: [given, enough].filter(Boolean).join(" ") || "As an adaptive test would ask it now." }),
    item.item_id === null ? el("p", { text: "No question would tell more." }) : question(item, names, answering),
  );
}

function question(item, names, answering) {
  return el(
    "div",
    { class: "question" },
    el("h4", { text: item.item_id }),
    el(
      "div",
      { class: "facts" },
      el("p", { class: "fact", text: `For ${names.skillOf(item.skill_id)}` }),
      el("p", { class: "fact" }, el("strong", { text: percent(item.success_probability) }), " chance of passing"),
    ),
    answerButtons(item.item_id, answering.may, (passed) => answering.answer(item, passed)),
  );
}

/**
 * Show what an answer changed.
 * @param {Element} place
 * @param {Object|null} changes null before the first answer
 * @param {string} said what was answered
 */
export function showChanges(place, changes, said) {
  if (changes === null) {
    fill(place, el("p", { class: "muted", text: HINT }));
    return;
  }
  fill(
    place,
    el("p", { class: "said", text: said }),
    el(
      "div",
      { class: "three" },
      el("div", {}, el("h4", { text: "Skills" }), skillMoves(changes.skills)),
      el("div", {}, el("h4", { text: "What comes next" }), moduleMoves(changes.modules)),
      el("div", {}, el("h4", { text: "The way" }), wayMoves(changes.way)),
    ),
  );
}

const HINT = "Say “Passed” or “Failed” for a module or a question below. What moves is told here.";
const MOST_MOVES = 4;

function skillMoves(skills) {
  if (skills.length === 0) return el("p", { class: "muted", text: "No mastery moved by a point." });
  const rows = skills.slice(0, MOST_MOVES).map((skill) =>
    el(
      "li",
      {},
      el("span", { class: "name", text: skill.name }),
      skill.isNew ? fromTo("not known", percent(skill.after), 1) : fromTo(percent(skill.before), percent(skill.after), skill.points),
      bar({ value: skill.after, interval: skill.interval, required: skill.required, before: skill.before }),
      skill.surer > 0 ? el("span", { class: "muted small", text: `surer: its range is ${count(skill.surer, "point")} narrower` }) : null,
    ),
  );
  const rest = skills.length - rows.length;
  return el(
    "div",
    {},
    el("ul", { class: "moves" }, ...rows),
    rest === 0 ? null : el("p", { class: "muted small", text: `and ${count(rest, "other skill")}` }),
  );
}

function fromTo(before, after, direction) {
  const way = direction > 0 ? "up" : direction < 0 ? "down" : "same";
  return el(
    "span",
    { class: `from-to ${way}` },
    el("span", { class: "muted", text: before }),
    el("span", { class: "unseen", text: " then " }),
    el("span", { class: "arrow", "aria-hidden": "true", text: " → " }),
    el("strong", { text: after }),
  );
}

function moduleMoves(modules) {
  const rows = modules.map(moduleMove).filter((row) => row !== null);
  if (rows.length === 0) return el("p", { class: "muted", text: "The same modules in the same order." });
  return el("ul", { class: "moves" }, ...rows);
}

/** Where a module went, or else how its chance of success moved; null where neither did. */
function moduleMove({ title, before, after, finished, chanceBefore, chance }) {
  const known = chanceBefore !== null && chance !== null;
  const moved = known ? points(chanceBefore, chance) : 0;
  if (before === after && moved === 0) return null;
  const elsewhere = finished ? "finished" : "not in the list";
  const place = (rank) => (rank === null ? elsewhere : ordinal(rank));
  return el(
    "li",
    {},
    el("span", { class: "name", text: title }),
    before === after ? null : fromTo(place(before), place(after), 0),
    moved === 0 ? null : el("span", { class: "from-to chances" }, "chance ", fromTo(percent(chanceBefore), percent(chance), moved)),
  );
}

function wayMoves(rows) {
  if (rows.length === 0) return el("p", { class: "muted", text: "Pick a target role to see its way change." });
  return el(
    "ul",
    { class: "moves" },
    ...rows.map(([name, before, after]) =>
      el(
        "li",
        {},
        el("span", { class: "name", text: name }),
        before === after ? el("span", { class: "from-to same" }, `stays ${after}`) : fromTo(before, after, 0),
      ),
    ),
  );
}
