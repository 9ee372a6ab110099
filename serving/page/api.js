// Calls of the API, and what can go wrong with them.

/** The service answered with a problem (RFC 9457). */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.detail ?? body.title ?? `The service answered ${status}.`);
    this.status = status;
    this.kind = String(body.type ?? "").split("#")[1] ?? "";
    this.errors = Array.isArray(body.errors) ? body.errors : [];
    this.retryAfter = retryAfter;
  }

  /** The scope that the key lacks, "" where that is not what is wrong. */
  get scope() {
    return this.status === 403 ? (/lacks the scope ([\w:]+)/.exec(this.message)?.[1] ?? "") : "";
  }

  /** The first fault in a sentence, else what is wrong in all. */
  get sentence() {
    const [fault] = this.errors;
    return fault ? `${fault.message}; ${fault.remedy}` : this.message;
  }
}

/** No answer came. */
export class Unreachable extends Error {}

const SECONDS_TO_ANSWER = 30;

export class Api {
  /** @param {string} key sent with each call, and kept nowhere here but in this object */
  constructor(key) {
    this.key = key;
  }

  get(path) {
    return this.call("GET", path);
  }

  post(path, body) {
    return this.call("POST", path, body);
  }

  /** @throws {Problem|Unreachable} */
  async call(method, path, body) {
    const headers = { Authorization: `Bearer ${this.key}`, Accept: "application/json" };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response, text;
    try {
      response = await fetch(new URL(path, document.baseURI), {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: AbortSignal.timeout(1000 * SECONDS_TO_ANSWER),
      });
      text = await response.text();
    } catch (error) {
      throw new Unreachable("no answer came", { cause: error });
    }
    const content = parsed(text);
    if (response.ok) return content;
    throw new Problem(response.status, content, secondsOf(response.headers.get("Retry-After")));
  }

  /** Every row of a list of the catalogue, as far as `mostPages` pages of 1,000 go. */
  async list(name, mostPages = 5) {
    const rows = [];
    let cursor = null;
    for (let page = 0; page < mostPages; page += 1) {
      const more = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const answer = await this.get(`v1/${name}?limit=1000${more}`);
      rows.push(...answer.rows);
      cursor = answer.next_cursor;
      if (cursor === null) break;
    }
    return rows;
  }
}

/** A key is sent in a header, which holds no other characters. */
export const couldBeKey = (text) => /^[\x21-\x7e]+$/.test(text);

/** Address of something of a learner, whose id may hold anything. */
export function ofLearner(learnerId, part, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== "");
  const query = new URLSearchParams(given).toString();
  return `v1/learners/${encodeURIComponent(learnerId)}/${part}${query && `?${query}`}`;
}

/** An id that nobody has: random, and made without what only secure contexts have. */
export function randomId(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return prefix + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

function secondsOf(header) {
  const seconds = Number.parseInt(header ?? "", 10);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}
