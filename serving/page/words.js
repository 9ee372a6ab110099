// Numbers and codes in words. Sentences of the service itself come in the browser's language; these are English.

/** "42%", "under 1%", "–" where nothing tells: null is not 0. */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  if (share > 0 && share < 0.005) return "under 1%";
  if (share < 1 && share >= 0.995) return "over 99%";
  return `${Math.round(100 * share)}%`;
}

/** "31 to 54%" */
export function range([low, high]) {
  return `${Math.round(100 * low)} to ${Math.round(100 * high)}%`;
}

/** Points between two shares, as whole as they are shown. */
export function points(before, after) {
  return Math.round(100 * after) - Math.round(100 * before);
}

/** "1 point", "12 points" */
export const pointsOf = (n) => count(Math.abs(n), "point");

export const signed = (n) => (n > 0 ? `+${n}` : n < 0 ? `−${-n}` : "±0");

export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** "45 min", "2 h", "1 h 30 min" */
export function minutes(total) {
  const whole = Math.round(total), hours = Math.floor(whole / 60), left = whole % 60;
  if (hours === 0) return `${left} min`;
  return left === 0 ? `${hours} h` : `${hours} h ${left} min`;
}

export const weeks = (first, last) => (first === last ? `Week ${first}` : `Weeks ${first} to ${last}`);

export function ordinal(n) {
  const ending = { 1: "st", 2: "nd", 3: "rd" }[n % 10];
  return `${n}${n % 100 > 10 && n % 100 < 14 ? "th" : (ending ?? "th")}`;
}

export const FIT = {
  review: "Easy now, a review",
  on_level: "At the right level",
  stretch: "A stretch",
};

export const TREND = { rising: "rising", steady: "steady", falling: "falling" };

export const WHY_STEP = {
  gap: "closes a gap",
  prerequisite: "is needed first",
  review: "keeps a skill from fading",
  credential: "awards the credential",
};

export const WHY_OPEN = {
  not_taught: "no module teaches it",
  finished: "the modules that teach it are finished",
  blocked: "the modules that teach it cannot be started",
  not_enough: "the modules there are do not lead far enough",
};

export const STOP = {
  precise: "Enough is known of every skill, so a test may stop here.",
  max_items: "The test is as long as it may be.",
  exhausted: "No question would tell enough more.",
};

/** Why a rule removed modules. */
export function removedBy(rule, n) {
  const are = n === 1 ? "is" : "are";
  return {
    prerequisite: `${n} ${n === 1 ? "needs" : "need"} something else first`,
    finished: `${n} ${are} finished`,
    language: `${n} ${are} in another language`,
    format: `${n} ${are} of another format`,
    minutes: `${n} ${are} longer than wanted`,
    retired: `${n} ${are} no longer offered`,
    excluded: `${n} ${are} not wanted`,
  }[rule] ?? `${n} ${are} left out by the rule ${rule}`;
}
