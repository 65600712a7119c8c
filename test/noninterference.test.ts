import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { accessText, clientOf, openAccess, type TestGrant } from "./support/access.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { type ArchiveClient, CallError } from "./support/client.js";
import { figures } from "./support/figures.js";
import { Random } from "./support/random.js";
import { makeRequest } from "./support/random-request.js";
import { fillWorlds } from "./support/two-worlds.js";

/** How many requests each principal makes. */
const requests = (url: string | undefined) => Number(process.env.ARCHIVE_TEST_REQUESTS ?? (url ? 15 : 100));
const seed = Number(process.env.ARCHIVE_TEST_SEED ?? 14);

const scope = { collab_id: "c0" };
const askers: Readonly<Record<string, readonly TestGrant[]>> = {
  orchestrator: [{ role: "orchestrator", scope }],
  participant: [{ role: "participant", scope, participant: "p0" }],
  reader: [{ role: "reader", scope }],
  projectReader: [{ role: "reader", scope: { collab_id: "c0", project_id: "j0" } }],
  // Sees runs and its own scores, and not who else takes part.
  scorer: [{ role: "scorer", scope, participant: "p0" }],
  // Sees the parents of what it writes, and nothing above those.
  runner: [{ role: "runner", scope }],
  several: [
    { role: "reader", scope: { collab_id: "c0", project_id: "j1" } },
    { role: "participant", scope: { collab_id: "c1" }, participant: "p1", sees: ["infrastructure"] },
  ],
};
const scorer = {
  may: {
    Run: { read: "scope", write: "scope" },
    Validation: { read: "own", write: "own", delete: "own" },
    Collaboration: { read: "scope", write: "scope" },
  },
};
const inScope = { read: "scope", write: "scope", delete: "scope" };
const runner = {
  may: {
    Experiment: { read: "scope" },
    Run: inScope,
    Model: inScope,
    Validation: { read: "scope" },
    Prediction: { read: "scope" },
  },
};
const text = accessText({ administrator: [{ role: "administrator" }], ...askers }, { roles: { scorer, runner } });

/** What no two archives have in common, whatever they hold. */
const chance = new Set(["record_id", "created_at", "updated_at", "etag", "requestId", "stack"]);

/** An answer without what is given by chance: links too, which are random. */
const steady = (answer: unknown): string =>
  JSON.stringify(answer, (name, value: unknown) => {
    if (chance.has(name)) return undefined;
    if (typeof value === "bigint") return String(value);
    return name === "link" && typeof value === "object" && value !== null ? Object.keys(value) : value;
  });

const outcome = async (call: () => Promise<unknown>): Promise<string> => {
  try {
    return steady(await call());
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    return steady({ ...error, said: error.message.replace(/[0-9a-f]{32}/g, "…") });
  }
};

describe.each(inject("engines"))("two archives on $name that differ in what a caller may not see", (engine) => {
  const opened = openAccess(text);
  let worlds: readonly TestArchive[] = [];
  beforeAll(async () => {
    worlds = await Promise.all([1, 2].map(() => startArchive(engine, { access: opened.access })));
  });
  afterAll(async () => {
    await Promise.all(worlds.map((world) => world.close()));
    opened.close();
  });

  test.each(Object.keys(askers))("answer the %s alike", { timeout: 120_000 }, async (name) => {
    const random = new Random(`${seed} ${name}`);
    const { rights } = await opened.access.authenticate({
      authorization: `Bearer token-of-${name}`,
      certificate: undefined,
    });
    const clients: ArchiveClient[] = worlds.map(({ address }) => clientOf(address, name));
    const administrators = worlds.map(({ address }) => clientOf(address, "administrator"));
    let denied = 0;
    let since = new Date();
    try {
      for (let done = 0; done < requests(engine.url); done++) {
        if (done % 50 === 0) await fillWorlds(administrators, rights, random);
        if (done === 0) {
          since = new Date(Date.now() + 1);
          await delay(2);
        }
        const request = makeRequest(random, rights);
        const [one, other] = await Promise.all(
          clients.map((client, index) => {
            const administrator = administrators[index] as ArchiveClient;
            return outcome(() => request.send(client, { index, administrator, since }));
          }),
        );
        if (one?.includes("ACCESS_DENIED")) denied++;
        expect([done, request.text, other]).toEqual([done, request.text, one]);
      }
    } finally {
      for (const client of [...clients, ...administrators]) client.close();
    }
    expect(denied).toBeLessThan(requests(engine.url));
    figures({ "requests compared": requests(engine.url) });
  });
});
