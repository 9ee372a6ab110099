// What changed between two standings of a learner. Nothing here knows the page.

import { minutes, ordinal, percent, points } from "./words.js";
import { skillsOf } from "./standing.js";

/**
 * Tell what changed.
 * @param {Object} before standing
 * @param {Object} after standing
 * @param {string|null} finished id of the module that was finished between them
 * @returns {Object} `skills`: those that moved, most first; `modules`: places in the list; `way`: figures of the
 *   role as [name, before, after]
 */
export function changesOf(before, after, finished) {
  return {
    skills: skillChanges(before, after),
    modules: moduleChanges(before.next.recommendations, after.next.recommendations, finished),
    way: wayChanges(before, after),
  };
}

/** Skills whose mastery or certainty moved by at least a point as it is shown. */
function skillChanges(before, after) {
  const old = skillsOf(before);
  const found = [];
  for (const [id, now] of skillsOf(after)) {
    const was = old.get(id);
    if (now.mastery === null || now.mastery === undefined) continue;
    const known = was !== undefined && was.mastery !== null && was.mastery !== undefined;
    const moved = known ? points(was.mastery, now.mastery) : 0;
    const width = ([low, high]) => high - low;
    const surer = known ? points(width(now.interval), width(was.interval)) : 0;
    if (!known || moved !== 0 || Math.abs(surer) >= 1) {
      found.push({
        id,
        name: now.name,
        before: known ? was.mastery : null,
        beforeInterval: known ? was.interval : null,
        after: now.mastery,
        interval: now.interval,
        required: now.required,
        points: moved,
        surer,
        isNew: !known,
      });
    }
  }
  return found.sort((a, b) => b.isNew - a.isNew || Math.abs(b.points) - Math.abs(a.points) || b.surer - a.surer);
}

/** Of each module in either list: where it was and is (1 is first), null where it is not in the list. */
function moduleChanges(before, after, finished) {
  const was = new Map(before.map((module) => [module.module_id, module]));
  const is = new Map(after.map((module) => [module.module_id, module]));
  const told = (id) => ({
    id,
    title: (is.get(id) ?? was.get(id)).title,
    before: was.get(id)?.rank ?? null,
    after: is.get(id)?.rank ?? null,
    finished: id === finished,
    chanceBefore: was.get(id)?.success_probability ?? null,
    chance: is.get(id)?.success_probability ?? null,
  });
  return [...new Set([...is.keys(), ...was.keys()])].map(told);
}

/** Where a module of the list stood before, in a few words, "" where it stood there too. */
export function movedWords(change) {
  if (change === undefined || change.before === change.after) return "";
  if (change.before === null) return "new in the list";
  return `${change.after < change.before ? "up" : "down"} from ${ordinal(change.before)}`;
}

function wayChanges(before, after) {
  const [was, is] = [before.gaps.role, after.gaps.role];
  if (was === null || is === null || was.role_id !== is.role_id) return [];
  const rows = [["Readiness", percent(was.readiness), percent(is.readiness)]];
  const [old, now] = [before.pathway, after.pathway];
  if (old !== null && now !== null) {
    rows.push(["Modules on the way", String(old.steps.length), String(now.steps.length)]);
    rows.push(["Time it takes", minutes(old.total_minutes), minutes(now.total_minutes)]);
    rows.push(["Weeks", String(old.weeks), String(now.weeks)]);
  }
  return rows;
}

/** All of it in a sentence or two, for who listens. */
export function inShort(changes) {
  const parts = [];
  const [most] = changes.skills;
  if (most === undefined) parts.push("No mastery moved by a point.");
  else if (most.isNew) parts.push(`Mastery of ${most.name} is now known: ${percent(most.after)}.`);
  else parts.push(`Mastery of ${most.name} went from ${percent(most.before)} to ${percent(most.after)}.`);
  const moved = changes.modules.filter((module) => module.before !== module.after).length;
  parts.push(moved === 0 ? "The modules that come next stay in their order." : movedSentence(changes.modules));
  return parts.join(" ");
}

function movedSentence(modules) {
  const first = modules.find((module) => module.after === 1);
  if (first === undefined) return "No module comes next now.";
  return first.before === 1
    ? `${first.title} still comes first; others moved.`
    : `${first.title} comes first now.`;
}
