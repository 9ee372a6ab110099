// Drives a statement resource with @xapi/xapi as it comes, and prints what it got, as JSON by step.
// Arguments: endpoint, key id, key, name of the library's adapter.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { setTimeout } from "node:timers/promises";

// The library is installed where this is run, not beside this file.
const XAPI = createRequire(`${process.cwd()}/`)("@xapi/xapi");

const [endpoint, username, password, adapter] = process.argv.slice(2);
const auth = XAPI.toBasicAuth(username, password);
const client = (version, credentials = auth) => new XAPI({ endpoint, auth: credentials, version, adapter });
const lrs = client("1.0.3");

const HOME = "https://lms.example.org";
const somebody = () => ({ objectType: "Agent", account: { homePage: HOME, name: randomUUID() } });
const activity = () => ({ objectType: "Activity", id: `${HOME}/activities/${randomUUID()}` });
const said = (parts) => ({ actor: somebody(), verb: XAPI.Verbs.COMPLETED, object: activity(), ...parts });

const told = {};
const ids = (response) => response.data.statements.map((statement) => statement.id);
const found = (params) => lrs.getStatements(params).then(ids);
// With axios an error holds the answer; with fetch its message is the body, which tells the status too.
const refusal = async (call) => {
  try {
    return { status: (await call).status };
  } catch (error) {
    const { status, type } = error.response?.data ?? JSON.parse(error.message);
    return { status, type };
  }
};

async function sends() {
  const sent = said({ id: randomUUID(), timestamp: "2026-01-02T03:04:05.678Z" });
  const once = await lrs.sendStatement({ statement: sent });
  const again = await lrs.sendStatement({ statement: sent });
  const got = (await lrs.getStatement({ statementId: sent.id })).data;
  told.one = { id: sent.id, sent, once: once.data, again: again.data, got, kept: await found({ agent: sent.actor }) };

  const nameless = said();
  const { data } = await lrs.sendStatement({ statement: nameless });
  told.nameless = { data, kept: await found({ agent: nameless.actor }) };

  const other = said({ id: sent.id });
  told.conflict = {
    one: await refusal(lrs.sendStatement({ statement: other })),
    batch: await refusal(lrs.sendStatements({ statements: [said(), other] })),
    kept: await found({ agent: other.actor }),
  };
  told.refused = await refusal(lrs.sendStatement({ statement: said({ verb: { id: "completed" } }) }));
}

async function pages() {
  const actor = somebody();
  const statements = Array.from({ length: 5 }, () => said({ actor }));
  const { data } = await lrs.sendStatements({ statements });
  const pages = [];
  let page = await lrs.getStatements({ agent: actor, limit: 2, ascending: true });
  for (;;) {
    pages.push(ids(page));
    if (!page.data.more) break;
    page = await lrs.getMoreStatements({ more: page.data.more });
  }
  told.pages = { sent: data, pages };
}

async function voids() {
  const sent = said({ id: randomUUID() });
  await lrs.sendStatement({ statement: sent });
  const actor = somebody();
  const { data } = await lrs.voidStatement({ actor, statementId: sent.id });
  const several = [said({ id: randomUUID() }), said({ id: randomUUID() })];
  await lrs.sendStatements({ statements: several });
  await lrs.voidStatements({ actor, statementIds: several.map((statement) => statement.id) });
  told.voided = {
    sent: sent.id,
    voiding: data,
    gone: await refusal(lrs.getStatement({ statementId: sent.id })),
    got: (await lrs.getVoidedStatement({ voidedStatementId: sent.id })).data.id,
    several: await Promise.all(several.map((one) => refusal(lrs.getStatement({ statementId: one.id })))),
  };
}

async function filters() {
  const [who, course, registration] = [somebody(), activity(), randomUUID()];
  const statements = [
    said({ actor: who, object: course }),
    said({ context: { registration, instructor: who, contextActivities: { parent: [course] } } }),
    said({ object: who, verb: XAPI.Verbs.ANSWERED }),
  ];
  const { data } = await lrs.sendStatements({ statements });
  const { stored } = (await lrs.getStatement({ statementId: data[0] })).data;
  const later = said({ actor: who });
  // Stored is told to a thousandth of a second.
  await setTimeout(5);
  const [last] = (await lrs.sendStatement({ statement: later })).data;
  const inOrder = { ascending: true };
  told.filters = {
    sent: [...data, last],
    agent: await found({ agent: who, ...inOrder }),
    relatedAgents: await found({ agent: who, related_agents: true, ...inOrder }),
    verb: await found({ agent: who, verb: XAPI.Verbs.ANSWERED.id }),
    activity: await found({ activity: course.id }),
    relatedActivities: await found({ activity: course.id, related_activities: true, ...inOrder }),
    registration: await found({ registration }),
    since: await found({ agent: who, since: stored }),
    until: await found({ agent: who, until: stored, ...inOrder }),
    limit: await found({ agent: who, limit: 1 }),
  };
}

async function formats() {
  const definition = { name: { "en-US": "Ratios" }, description: { "en-US": "Of two numbers" } };
  const sent = said({ object: { ...activity(), definition } });
  const [statementId] = (await lrs.sendStatement({ statement: sent })).data;
  const of = async (format) => (await lrs.getStatement({ statementId, format })).data.object;
  told.formats = { sent: sent.object, exact: await of("exact"), ids: await of("ids"), canonical: await of("canonical") };
  // In parts: the first is the statement, and attachments would follow.
  const parts = (await lrs.getStatement({ statementId, attachments: true })).data;
  told.parts = { id: statementId, n: parts.length, got: parts[0]?.id };
  told.attached = await refusal(
    lrs.sendStatement({
      statement: said({ attachments: [attachment] }),
      attachments: [new TextEncoder().encode("text").buffer],
    }),
  );
}

const attachment = {
  usageType: "https://example.org/usage",
  display: { "en-US": "Text" },
  contentType: "text/plain",
  length: 4,
  sha2: "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
};

async function headers() {
  const about = await lrs.getAbout();
  told.about = about.data;
  const version = (response) =>
    response.headers.get?.("x-experience-api-version") ?? response.headers["x-experience-api-version"];
  told.version = version(about);
  told.stranger = await refusal(client("1.0.3", XAPI.toBasicAuth("nobody", "secret")).getStatements());
  told.nobody = await refusal(client("1.0.3", "").getStatements());
  told.cacheBuster = await refusal(lrs.getStatements({ useCacheBuster: true }));
}

for (const step of [sends, pages, voids, filters, formats, headers]) await step();
console.log(JSON.stringify(told));
