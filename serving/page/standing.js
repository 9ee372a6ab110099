// How a learner stands: everything that is shown of them, asked for in as few turns as it takes.

import { ofLearner, Problem } from "./api.js";

export const SHOWN = 5;

/**
 * Ask for everything.
 * @param {Api} api
 * @param {Object} wish
 * @param {string} wish.learnerId
 * @param {string} wish.roleId "" means the one of the profile
 * @param {string} wish.minutes a week, "" means those of the profile
 * @param {string} wish.challenge
 * @param {string[]} wish.given items given in this test so far
 * @returns {Promise<Object>} `mastery` and `item` are null where there are none, `pathway` without a role
 * @throws {Problem|Unreachable}
 */
export async function standingOf(api, { learnerId, roleId, minutes, challenge, given }) {
  const role = roleId || null;
  const [mastery, { gaps, pathway }, next, item] = await Promise.all([
    unless(api.get(ofLearner(learnerId, "mastery")), (problem) => problem.kind === "unknown-learner"),
    wayOf(api, learnerId, role, minutes),
    api.post("v1/recommendations", recommendationWish(learnerId, role, challenge)),
    // A model without attempts gives no items, a token for one learner no tests: the rest is told all the same.
    unless(
      api.post(ofLearner(learnerId, "next-item"), { given }),
      (problem) => problem.status === 403 || problem.status === 503,
    ),
  ]);
  return { learnerId, mastery, gaps, pathway, next, item };
}

function recommendationWish(learnerId, role, challenge) {
  const wish = { learner_id: learnerId, k: SHOWN, challenge };
  return role === null ? wish : { ...wish, target_role_id: role };
}

async function wayOf(api, learnerId, roleId, minutes) {
  const gaps = await api.get(ofLearner(learnerId, "gaps", { role_id: roleId }));
  if (gaps.role === null) return { gaps, pathway: null };
  const wish = { role_id: gaps.role.role_id, weekly_minutes: minutes };
  return { gaps, pathway: await api.get(ofLearner(learnerId, "pathway", wish)) };
}

/** What is answered, null instead of problems that do not matter. */
async function unless(answer, doesNotMatter) {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Problem && doesNotMatter(error)) return null;
    throw error;
  }
}

/** Mastery by skill: what there is evidence of, and what the role asks for. */
export function skillsOf({ mastery, gaps }) {
  const skills = new Map();
  for (const skill of mastery?.skills ?? []) skills.set(skill.skill_id, { ...skill, required: null, gap: null });
  for (const skill of gaps.skills) {
    const known = skills.get(skill.skill_id) ?? { trend: null, last_practised_at: null };
    skills.set(skill.skill_id, { ...known, ...skill });
  }
  return skills;
}

/** Events that say that a learner passed or failed a module; a failed one stays to be done. */
export function moduleEvents(learnerId, module, passed, eventId) {
  const attempt = {
    kind: "attempt",
    event_id: `${eventId}-attempt`,
    learner_id: learnerId,
    item_id: module.module_id,
    module_id: module.module_id,
    score: passed ? 1 : 0,
    passed,
  };
  const finished = {
    kind: "completion",
    event_id: `${eventId}-completion`,
    learner_id: learnerId,
    module_id: module.module_id,
    status: "completed",
  };
  return passed ? [attempt, finished] : [attempt];
}

/** The event that says that a learner passed or failed an item. */
export function itemEvents(learnerId, item, passed, eventId) {
  return [
    {
      kind: "attempt",
      event_id: eventId,
      learner_id: learnerId,
      item_id: item.item_id,
      score: passed ? 1 : 0,
      passed,
    },
  ];
}
