/* Shows a learner's next modules in any page, by one script tag; docs/guides/widget.md says how.
   Text from outside becomes text nodes, never markup. The token stays in memory and goes to the engine alone. */
(() => {
  "use strict";
  const NAME = "recommender-modules";
  const script = document.currentScript;
  // An image of that name, put into the page by somebody, would be found in the script's place.
  if (!(script instanceof HTMLScriptElement)) throw new Error("recommender: load widget.js by a classic script tag");
  const ENGINE = new URL(".", script.src).href;

  // The host's own go over these: window.recommenderWords = {de: {heading: "Als Nächstes"}, en: {open: "Go"}}.
  const WORDS = {
    heading: "Next for you", loading: "Looking for what suits you",
    empty: "There is nothing to suggest right now.",
    failed: "The suggestions could not be loaded.",
    offline: "You are offline. The suggestions come back when you are connected.",
    expired: "Your session has ended. Reload the page to go on.",
    forbidden: "These suggestions are for somebody else. Reload the page, or sign in again.",
    unsaved: "That could not be saved. Please try again.", retry: "Try again",
    review: "Easy for you", on_level: "Right for you", stretch: "A stretch for you",
    others: "{percent} of people pass", chance: "{percent} chance of success",
    open: "Start", choose: "Choose", chosen: "Chosen", dismiss: "Not for me",
    dismissed: "“{title}” will not be suggested for now.",
    simulated: "From simulated data: for trying out only.",
  };

  // A constructed sheet is no inline style: the page's policy needs no style-src for it.
  const STYLE = new CSSStyleSheet();
  STYLE.replaceSync("widget.css"); // which is put here when this file is served

  /* What the learner is told as `state`, one of WORDS, and the host in full. */
  const failure = (state, message, status = 0) => Object.assign(new Error(message), { state, status });

  const make = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  /* The learner whom a token is for; null for what must not be in a page: a key, or a token for all. */
  const learnerOf = (token) => {
    try {
      const claims = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
      const bytes = Uint8Array.from(claims, (letter) => letter.charCodeAt(0));
      return JSON.parse(new TextDecoder().decode(bytes)).learner_id ?? null;
    } catch {
      return null;
    }
  };

  class RecommenderModules extends HTMLElement {
    static engine = ENGINE;
    static observedAttributes = ["learner", "token", "k", "role", "lang", "link", "heading"].map((n) => `data-${n}`);
    #token = "";
    #renewing = null; // one question to the host, however many calls wait for its answer
    #turn = 0; // counts loads: what an earlier one brings is late
    #due = false;
    #state = "loading";
    #unwanted = new Set();
    #seen = null;
    #onLine = () => this.#state === "offline" && this.#later();

    constructor() {
      super();
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [STYLE];
    }

    connectedCallback() {
      addEventListener("online", this.#onLine);
      this.#later();
    }

    disconnectedCallback() {
      removeEventListener("online", this.#onLine);
      this.#seen?.disconnect();
      this.#turn += 1;
    }

    attributeChangedCallback(name, before, value) {
      if (before === value) return;
      if (name === "data-token") {
        if (!value) return;
        // Not left in the page, where tools that record pages would find it.
        this.removeAttribute(name);
        return this.setToken(value);
      }
      if (name === "data-learner" && before !== null) {
        this.#unwanted.clear();
        this.#renewing = null;
        if (learnerOf(this.#token) !== value) this.#token = "";
      }
      this.#later();
    }

    /* Take a new token; what waited for one goes on. */
    setToken(token) {
      this.#token = String(token).trim();
      if (!["loading", "shown"].includes(this.#state)) this.#later();
    }

    reload = () => this.#load();

    get #wished() {
      const tag = this.dataset.lang || document.documentElement.lang || navigator.language;
      return /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(tag) ? tag : "en";
    }

    /* Ours with the host's over them, and the language they are in. */
    get #words() {
      const own = window.recommenderWords ?? {};
      const language = [this.#wished, this.#wished.split("-")[0]].find((tag) => own[tag]) ?? "en";
      return { ...WORDS, ...own.en, ...own[language], language };
    }

    #say(word, values = {}) {
      return (this.#words[word] ?? "").replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
    }

    #whole(name, otherwise, most) {
      const given = Number(this.dataset[name]);
      return Number.isInteger(given) && given >= 1 && given <= most ? given : otherwise;
    }

    /* Heading, cards, status, note and retry; made once, so that a change of the status is announced. */
    #parts() {
      const root = this.shadowRoot;
      if (!root.firstChild) {
        const level = this.#whole("level", 2, 5);
        const heading = make(`h${level}`, { class: "heading", id: "heading", tabindex: "-1" });
        const cards = make("ul", { class: "cards", role: "list" });
        const status = make("p", { class: "status", role: "status" });
        const retry = make("button", { class: "retry", type: "button" });
        retry.addEventListener("click", () => this.#load().then(() => heading.focus()));
        root.append(make("section", { "aria-labelledby": "heading" }, heading, cards, status, make("p", {}), retry));
      }
      return root.firstChild.children;
    }

    /* Show a state in words, and cards; those that are there stay where none are given. */
    #show(state, text, newCards, simulated = false) {
      const [heading, cards, status, note, retry] = this.#parts();
      this.#state = state;
      cards.parentNode.lang = this.#words.language;
      cards.parentNode.setAttribute("aria-busy", state === "loading");
      heading.textContent = this.dataset.heading || this.#say("heading");
      if (newCards) cards.replaceChildren(...newCards);
      status.textContent = text;
      note.textContent = simulated ? this.#say("simulated") : "";
      retry.textContent = this.#say("retry");
      retry.hidden = state !== "failed";
    }

    #card(module, answer) {
      const { module_id, title } = module;
      const dismiss = this.#say("dismiss");
      const no = make("button", { type: "button", "aria-label": `${dismiss}: ${title}` }, dismiss);
      const [reason] = [...module.reasons].sort((one, other) => other.weight - one.weight);
      const facts = this.#facts(module).map((fact) => make("li", {}, ...fact));
      const level = this.#whole("level", 2, 5) + 1;
      const card = make("li", { class: "card" },
        make(`h${level}`, { class: "title", dir: "auto", tabindex: "-1" }, title),
        make("ul", { class: "facts", role: "list" }, ...facts),
        make("p", { class: "reason", dir: "auto" }, reason?.text ?? ""),
        make("div", { class: "actions" }, this.#go(module_id, title, answer), no));
      no.addEventListener("click", () => this.#dismiss(module, answer, card));
      return card;
    }

    #facts({ duration_minutes: minutes, difficulty, difficulty_fit: fit, success_probability: chance }) {
      const number = (value, options) => value.toLocaleString(this.#words.language, options);
      const percent = (share) => ({ percent: number(share, { style: "percent" }) });
      const [amount, unit, maximumFractionDigits] = minutes < 120 ? [minutes, "minute", 0] : [minutes / 60, "hour", 1];
      const facts = [];
      if (minutes !== null) facts.push([number(amount, { style: "unit", unit, maximumFractionDigits })]);
      if (fit !== null) {
        const bars = [1, 2, 3].map(() => make("i", {}));
        facts.push([make("span", { class: `bars ${fit}`, "aria-hidden": "true" }, ...bars), this.#say(fit)]);
      } else if (difficulty !== null) facts.push([this.#say("others", percent(1 - difficulty))]);
      if (chance !== null) facts.push([this.#say("chance", percent(chance))]);
      return facts;
    }

    /* The link to a module, or, without a template, a button whose event the host hears. */
    #go(module_id, title, answer) {
      const href = this.#link(module_id);
      const go = make(href ? "a" : "button", href ? { class: "go", href } : { class: "go", type: "button" });
      const name = (word) => {
        go.textContent = this.#say(word);
        go.setAttribute("aria-label", `${go.textContent}: ${title}`);
      };
      const accept = (event) => {
        if (event.button > 1 || go.hasAttribute("aria-disabled")) return;
        // Sent before the page is left, and kept alive when it is.
        this.#tell(answer, { kind: "accepted", module_id }, true).catch((error) => this.#report(error));
        if (!this.#fire("accepted", answer, { module_id, href })) event.preventDefault();
        if (href) return;
        name("chosen");
        go.setAttribute("aria-disabled", "true");
      };
      name(href ? "open" : "choose");
      go.addEventListener("click", accept);
      if (href) go.addEventListener("auxclick", accept);
      return go;
    }

    #link(module_id) {
      const address = this.dataset.link?.replaceAll("{module_id}", () => encodeURIComponent(module_id));
      const url = address ? new URL(address, document.baseURI) : null;
      return /^https?:$/.test(url?.protocol) ? url.href : null;
    }

    #later() {
      if (this.#due || !this.isConnected) return;
      this.#due = true;
      queueMicrotask(() => {
        this.#due = false;
        if (this.isConnected) this.#load();
      });
    }

    /* Ask for modules and show them; after a dismissal the cards stay meanwhile. */
    async #load(dismissed = null) {
      const turn = ++this.#turn;
      const { learner, role } = this.dataset;
      const k = this.#whole("k", 3, 20);
      const ghost = () => make("li", { class: "card ghost", "aria-hidden": "true" }, make("i", {}), make("i", {}));
      if (!dismissed) this.#show("loading", this.#say("loading"), Array.from({ length: k }, ghost));
      try {
        if (!learner) throw failure("failed", "data-learner is missing; give the learner's id");
        const wish = { learner_id: learner, k, exclude: [...this.#unwanted], ...(role && { target_role_id: role }) };
        const answer = await this.#call("v1/recommendations", wish);
        if (turn === this.#turn) this.#shown(answer, dismissed);
      } catch (error) {
        if (turn !== this.#turn) return;
        if (dismissed) this.#parts()[0].focus();
        dismissed?.card.remove();
        const state = this.#report(error);
        this.#show(state, this.#say(state), dismissed ? null : []);
      }
    }

    #shown(answer, dismissed) {
      const cards = answer.recommendations.map((module) => this.#card(module, answer));
      const said = [dismissed && this.#say("dismissed", dismissed), !cards.length && this.#say("empty")];
      this.#show("shown", said.filter(Boolean).join(" "), cards, cards.length > 0 && answer.model?.simulated);
      const next = cards[Math.min(dismissed?.place, cards.length - 1)];
      if (dismissed) (next?.querySelector(".title") ?? this.#parts()[0]).focus();
      const module_ids = answer.recommendations.map((module) => module.module_id);
      this.#fire("loaded", answer, { module_ids, fallback: answer.fallback });
      this.#seen?.disconnect();
      this.#seen = new IntersectionObserver(([entry]) => {
        if (!entry.isIntersecting) return;
        this.#seen.disconnect();
        this.#tell(answer, { kind: "shown" }).catch((error) => this.#report(error));
      }, { threshold: 0.5 });
      if (cards.length) this.#seen.observe(cards[0]);
    }

    async #dismiss({ module_id, title }, answer, card) {
      if (card.classList.contains("leaving")) return;
      card.classList.add("leaving");
      try {
        await this.#tell(answer, { kind: "dismissed", module_id });
      } catch (error) {
        card.classList.remove("leaving");
        const state = this.#report(error);
        this.#parts()[2].textContent = this.#say(state === "failed" ? "unsaved" : state);
        return;
      }
      this.#unwanted.add(module_id);
      this.#fire("dismissed", answer, { module_id });
      await this.#load({ card, title, place: [...card.parentNode.children].indexOf(card) });
    }

    #tell(answer, feedback, keepalive = false) {
      return this.#call(`v1/recommendations/${answer.recommendation_id}/feedback`, feedback, keepalive);
    }

    /* Post to the engine; where the token has ended, once more with another of the host. */
    async #call(path, body, keepalive = false, again = false) {
      const token = this.#token || (await (this.#renewing ??= this.#renewed()));
      if (learnerOf(token) === null) throw failure("failed", "this is no token for one learner; keys stay on servers");
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      const answer = await fetch(ENGINE + path, {
        method: "POST", credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer",
        headers: { ...headers, "Accept-Language": this.#wished }, body: JSON.stringify(body),
        keepalive, signal: AbortSignal.timeout(20_000),
      });
      if (answer.ok) return answer.json();
      const { detail } = await answer.json().catch(() => ({}));
      const state = { 401: "expired", 403: "forbidden" }[answer.status] ?? "failed";
      if (answer.status === 401 && this.#token === token) this.#token = "";
      if (answer.status !== 401 || again) throw failure(state, detail ?? answer.statusText, answer.status);
      this.#fire("token-expired", { learner_id: this.dataset.learner });
      return this.#call(path, body, keepalive, true);
    }

    async #renewed() {
      try {
        const { learner } = this.dataset;
        const token = (await this.#fromHost(learner)) || this.#token;
        if (!token) throw failure("expired", "there is no token, and the page gave no new one", 401);
        if (learner === this.dataset.learner) this.#token = token;
        return token;
      } finally {
        this.#renewing = null;
      }
    }

    async #fromHost(learner) {
      if (typeof window.recommenderToken === "function") return window.recommenderToken(learner);
      if (!this.dataset.tokenUrl) return "";
      const url = new URL(this.dataset.tokenUrl, document.baseURI);
      if (url.origin !== location.origin) throw failure("failed", "data-token-url is of another origin than the page");
      const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(20_000) });
      if (!answer.ok) throw failure("expired", `data-token-url answered ${answer.status}`, answer.status);
      return (await answer.json()).access_token;
    }

    #fire(name, { learner_id, recommendation_id }, more = {}) {
      const detail = { learner_id, recommendation_id, ...more };
      const how = { detail, bubbles: true, composed: true, cancelable: true };
      return this.dispatchEvent(new CustomEvent(`recommender:${name}`, how));
    }

    /* Tell the host what went wrong, and return the state that it is. */
    #report(error) {
      const { state = navigator.onLine ? "failed" : "offline", status = 0, message } = error;
      console.error(`recommender: ${message}`);
      this.#fire("error", { learner_id: this.dataset.learner }, { state, status, message });
      return state;
    }
  }

  const defined = customElements.get(NAME);
  if (defined && defined.engine !== ENGINE) throw new Error("recommender: a page can show one engine's modules only");
  if (!defined) customElements.define(NAME, RecommenderModules);

  // Without a learner the script only defines the element, and the page makes it.
  if (!script.dataset.learner) return;
  const { target, ...data } = script.dataset;
  const place = target ? document.querySelector(target) : null;
  if (target && !place) throw new Error(`recommender: nothing in the page is ${target}; load the script with defer`);
  const element = document.createElement(NAME);
  Object.assign(element.dataset, data);
  script.removeAttribute("data-token");
  if (place) place.append(element);
  else script.after(element);
})();
