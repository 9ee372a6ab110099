// The page: who is looked at, what is asked for, what was answered. Data of learners live in this memory alone.

import { Api, couldBeKey, Problem, randomId } from "./api.js";
import { changesOf, inShort } from "./changes.js";
import { byId, el, fieldError, fill, say } from "./dom.js";
import { showChanges, showItem, showModules } from "./modules.js";
import { clearNotice, notice, tell } from "./notices.js";
import { showPathway } from "./pathway.js";
import { showSkills } from "./skills.js";
import { itemEvents, moduleEvents, standingOf } from "./standing.js";
import { count } from "./words.js";

const KEY = "api-key";
/** What was answered last: in words, and the module that was finished by it. */
const NOTHING = { words: "", finished: null };
const state = {
  api: null,
  listsRoles: false,
  skillNames: new Map(),
  titles: new Map(),
  mayRecord: true,
  agreed: new Set(),
  made: new Set(),
  given: [],
  before: null,
  said: NOTHING,
  now: null,
  turn: 0,
  busy: false,
};
const names = {
  skillOf: (id) => state.skillNames.get(id) ?? id,
  titleOf: (id) => state.titles.get(id) ?? id,
};

// The key

async function connect(key) {
  if (!couldBeKey(key)) {
    askForKey(key === "" ? "Enter a key." : "A key has no spaces and no letters with accents.");
    return;
  }
  const api = new Api(key);
  let model;
  try {
    model = await api.get("v1/model");
    if (model.bundle_id !== null) await nameThings(api);
  } catch (error) {
    notLetIn(error, key);
    return;
  }
  clearNotice();
  sessionStorage.setItem(KEY, key);
  Object.assign(state, { api, mayRecord: true });
  byId("sign-in").hidden = true;
  showKey(key);
  showModel(model);
  if (model.bundle_id === null) {
    noModel(model.refused);
    return;
  }
  byId("asking").hidden = false;
  byId("learner").focus();
}

function notLetIn(error, key) {
  if (!(error instanceof Problem)) {
    byId("sign-in").hidden = false;
    notice(error, () => connect(key));
  } else if (error.status === 401) {
    askForKey("This key is unknown, wrong or revoked.");
  } else if (error.scope !== "") {
    askForKey(`This key works but lacks the scope ${error.scope}, without which nothing can be shown.`);
  } else {
    byId("sign-in").hidden = false;
    notice(error, () => connect(key));
  }
}

function askForKey(error = "") {
  sessionStorage.removeItem(KEY);
  byId("sign-in").hidden = false;
  fieldError(byId("key"), byId("key-error"), error);
  byId("key").focus();
}

function forget() {
  state.turn += 1;
  Object.assign(state, { api: null, before: null, said: NOTHING, now: null, given: [] });
  state.made.clear();
  state.agreed.clear();
  for (const id of ["asking", "shown", "key-held", "simulated"]) byId(id).hidden = true;
  for (const id of ["skills-body", "modules-body", "check-body", "changes-body", "pathway-body"]) fill(byId(id));
  for (const id of ["person-title", "person-about", "status"]) byId(id).textContent = "";
  byId("model").textContent = "\u00a0";
  for (const id of ["key", "learner", "role-id", "minutes"]) byId(id).value = "";
  clearNotice();
  askForKey();
}

function showKey(key) {
  byId("key").value = "";
  byId("key-end").textContent = `Key …${key.slice(-4)}`;
  byId("key-held").hidden = false;
}

function showModel(model) {
  byId("simulated").hidden = model.simulated !== true;
  byId("model").textContent = model.bundle_id === null ? "No model" : `Model ${model.bundle_id.slice(0, 12)} (${model.alias})`;
}

function noModel(refused) {
  const why = refused ? `The last one was refused: ${refused}.` : "Promote one; it is then served by itself.";
  tell("No model is loaded, so nothing can be recommended.", why, () => connect(state.api.key));
}

/** Roles to pick from and names of skills; a key that may not list them goes without. */
async function nameThings(api) {
  let roles = null;
  try {
    const [listed, skills] = await Promise.all([api.list("roles"), api.list("skills")]);
    roles = listed;
    state.skillNames = new Map(skills.map((skill) => [skill.skill_id, skill.name]));
  } catch (error) {
    if (!(error instanceof Problem && error.status === 403)) throw error;
    state.skillNames = new Map();
  }
  state.listsRoles = roles !== null;
  const picked = byId("role");
  picked.hidden = roles === null;
  byId("role-id").hidden = roles !== null;
  byId("role-help").hidden = roles !== null;
  document.querySelector("label[for^=role]").htmlFor = roles === null ? "role-id" : "role";
  const rows = [...(roles ?? [])].sort((a, b) => a.title.localeCompare(b.title));
  fill(
    picked,
    el("option", { value: "", text: "As in the profile" }),
    ...rows.map((role) => el("option", { value: role.role_id, text: role.title })),
  );
}

// The learner

function look(learnerId) {
  load({ learnerId, given: [], before: null, said: NOTHING }, () => byId("person-title").focus());
}

/**
 * Ask for everything anew and show it; an answer that a later question has overtaken is dropped.
 * @param {Object} whom `learnerId`, the items `given` in this test, what was `said` last, the standing `before`
 * @param {Function} then what to do once it is shown
 */
async function load(whom, then) {
  state.turn += 1;
  const { turn } = state;
  busy(true);
  try {
    const now = await standingOf(state.api, {
      learnerId: whom.learnerId,
      roleId: roleWanted(),
      minutes: byId("minutes").value.trim(),
      challenge: byId("challenge").value,
      given: whom.given,
    });
    if (turn !== state.turn) return;
    clearNotice();
    Object.assign(state, { now, given: whom.given, before: whom.before, said: whom.said });
    remember(now);
    const changes = show();
    busy(false);
    then(changes);
  } catch (error) {
    if (turn !== state.turn) return;
    busy(false);
    failed(error, () => load(whom, then));
  }
}

const roleWanted = () => byId(state.listsRoles ? "role" : "role-id").value.trim();

function busy(is) {
  state.busy = is;
  byId("main").setAttribute("aria-busy", String(is));
}

function failed(error, again) {
  if (!(error instanceof Problem)) {
    notice(error, again);
  } else if (error.status === 401) {
    forget();
    askForKey("This key works no longer.");
  } else if (error.status === 422 && fieldOf(error) !== null) {
    const [field, place] = fieldOf(error);
    fieldError(field, place, error.sentence);
    field.focus();
  } else {
    notice(error, error.status === 429 || error.status >= 500 ? again : null);
  }
}

/** The field of the page that a fault is about. */
function fieldOf(error) {
  const named = error.errors.map((fault) => fault.field);
  const is = (name) => named.some((field) => field === name || field.endsWith(`.${name}`));
  if (is("role_id") || is("target_role_id")) return [byId(state.listsRoles ? "role" : "role-id"), byId("role-error")];
  if (is("weekly_minutes")) return [byId("minutes"), byId("minutes-error")];
  if (is("learner_id")) return [byId("learner"), byId("learner-error")];
  return null;
}

/** Keep titles and names, to tell of what is told by its id. */
function remember({ next, pathway, mastery, gaps }) {
  for (const module of [...next.recommendations, ...(pathway?.steps ?? [])]) state.titles.set(module.module_id, module.title);
  for (const skill of [...(mastery?.skills ?? []), ...gaps.skills]) state.skillNames.set(skill.skill_id, skill.name);
  const near = [gaps.role, gaps.present, gaps.target, ...gaps.neighbours].filter((role) => role !== null);
  const unique = new Map(near.map((role) => [role.role_id, role.title]));
  fill(byId("roles-near"), ...[...unique].map(([id, title]) => el("option", { value: id, text: title })));
}

// Showing

function show() {
  const { now, before, said } = state;
  const changes = before === null ? null : changesOf(before, now, said.finished);
  for (const [field, place] of [["role", "role-error"], ["role-id", "role-error"], ["minutes", "minutes-error"], ["learner", "learner-error"]]) fieldError(byId(field), byId(place), "");
  byId("shown").hidden = false;
  byId("simulated").hidden = now.gaps.model.simulated !== true;
  showPerson(now);
  byId("changes-title").textContent = changes === null ? "What an answer changes" : "What changed";
  showChanges(byId("changes-body"), changes, said.words);
  showSkills(byId("skills-body"), now, before);
  showModules(byId("modules-body"), now, names, changes, { may: mayAnswer(), answer: answerModule });
  byId("modules-body").prepend(...recording());
  showItem(byId("check-body"), now.item, names, { may: mayAnswer(), answer: answerItem });
  showPathway(byId("pathway-body"), now.pathway, names);
  return changes;
}

function showPerson({ learnerId, mastery, gaps: { present, target } }) {
  const isMade = state.made.has(learnerId);
  byId("person-title").textContent = isMade ? "Somebody new" : learnerId;
  const told = [mastery === null ? "Nothing was recorded of this id yet." : `${count(mastery.n_events, "event")} recorded.`];
  if (present !== null) told.unshift(`${present.title}.`);
  if (target !== null) told.unshift(present === null ? `Aims at ${target.title}.` : `Aims at ${target.title}, now`);
  if (isMade) told.push(`Made up for this page, as ${learnerId}.`);
  byId("person-about").textContent = told.join(" ");
}

const isReal = () => state.now.mastery !== null && !state.made.has(state.now.learnerId);
const mayAnswer = () => state.mayRecord && (!isReal() || state.agreed.has(state.now.learnerId));

/** What must be said before somebody answers. */
function recording() {
  if (!state.mayRecord) return [el("p", { class: "hint", text: "This key can look, not answer: it lacks the scope events." })];
  if (!isReal()) return [];
  const box = el("input", { type: "checkbox", id: "agree" });
  const { learnerId } = state.now;
  box.checked = state.agreed.has(learnerId);
  box.addEventListener("change", () => {
    if (box.checked) state.agreed.add(learnerId);
    else state.agreed.delete(learnerId);
    for (const button of document.querySelectorAll(".answers button")) button.disabled = !box.checked;
  });
  const text = "Record answers. They count as evidence about this person and cannot be taken back here.";
  return [el("p", { class: "agree" }, box, el("label", { for: "agree", text }))];
}

// Answers

const word = (passed) => (passed ? "passed" : "failed");

function answerModule(module, passed) {
  const events = moduleEvents(state.now.learnerId, module, passed, randomId("page-"));
  const words = `Answered: ${word(passed)} “${module.title}”.`;
  record(events, { words, finished: passed ? module.module_id : null }, state.given, state.now);
}

function answerItem(item, passed) {
  const events = itemEvents(state.now.learnerId, item, passed, randomId("page-"));
  const words = `Answered: ${word(passed)} question ${item.item_id}, for ${names.skillOf(item.skill_id)}.`;
  record(events, { words, finished: null }, [...state.given, item.item_id], state.now);
}

/** Send events, and show what they changed; the same events sent again are recorded once. */
async function record(events, said, given, before) {
  if (state.busy || state.now !== before) return;
  busy(true);
  try {
    await state.api.post("v1/events", { events });
  } catch (error) {
    busy(false);
    notRecorded(error, () => record(events, said, given, before));
    return;
  }
  await load({ learnerId: before.learnerId, given, before, said }, (changes) => {
    byId("changes-title").focus();
    say(`${said.words} ${inShort(changes)}`);
  });
}

function notRecorded(error, again) {
  if (error instanceof Problem && error.scope === "events") {
    state.mayRecord = false;
    show();
    notice(error);
  } else {
    failed(error, again);
  }
}

// What is done by hand

function onSubmit(form, act) {
  byId(form).addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
}

function changeWish() {
  if (state.now === null) return;
  if (!byId("minutes").checkValidity()) {
    fieldError(byId("minutes"), byId("minutes-error"), "Give whole minutes, 1 to 10,080, or leave it empty.");
    return;
  }
  const { learnerId } = state.now;
  load({ learnerId, given: state.given, before: null, said: NOTHING }, () => say("Shown anew."));
}

onSubmit("key-form", () => connect(byId("key").value.trim()));
onSubmit("learner-form", () => {
  const wanted = byId("learner").value.trim();
  fieldError(byId("learner"), byId("learner-error"), wanted === "" ? "Enter the id of a learner, or take somebody new." : "");
  if (wanted === "") byId("learner").focus();
  else look(wanted);
});
onSubmit("wish-form", changeWish);
for (const id of ["role", "role-id", "minutes", "challenge"]) byId(id).addEventListener("change", changeWish);
byId("somebody-new").addEventListener("click", () => {
  const made = randomId("try-");
  state.made.add(made);
  byId("learner").value = made;
  look(made);
});
byId("forget").addEventListener("click", forget);

const held = sessionStorage.getItem(KEY);
if (held === null) askForKey();
else connect(held);
