import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, inject, test } from "vitest";
import { recordType } from "../src/records/record-type.js";
import type { CallError } from "./support/client.js";
import { createDatabase, type TestDatabase } from "./support/database.js";
import { runDatabase, startDatabase } from "./support/databases.js";
import { figures } from "./support/figures.js";
import { type ServerProcess, startProcess } from "./support/process.js";
import { createGrid, details, ids, keyOf } from "./support/records.js";

/** How often each is killed. */
const kills = Number(process.env.ARCHIVE_TEST_KILLS ?? 1);
const callers = 64;
const patience = 60_000 + 30_000 * kills;

const run = recordType("Run");
const grid = ids("1");

/** 64 callers that create runs of their own, one after the other, on whatever server there is. */
class Creators {
  /** What was acknowledged: each run's record_id. */
  readonly acknowledged = new Map<string, bigint>();
  /** What may have been done, and nobody knows. */
  readonly unknown = new Set<string>();
  /** What failed in another way than a call may whose server is killed. */
  readonly faults: unknown[] = [];
  #isOver = false;
  readonly #all: Promise<void>[];

  constructor(private readonly server: () => ServerProcess | undefined) {
    this.#all = Array.from({ length: callers }, (_, caller) => this.#loop(caller));
  }

  async #loop(caller: number): Promise<void> {
    for (let count = 0; !this.#isOver; ) {
      const { client } = this.server() ?? {};
      if (!client) {
        await delay(5);
        continue;
      }
      const id = `run_${caller}_${count++}`;
      const key = { ...keyOf(run, grid), run_id: id };
      try {
        const { record_id } = await client.create("Run", { key, details: details("Run", { caller, count }) });
        this.acknowledged.set(id, record_id);
      } catch (error) {
        const { code, reason } = error as CallError;
        // Refused by a machine that has too much to do: nothing was done.
        if (reason !== "OVERLOADED") this.unknown.add(id);
        if (!/UNAVAILABLE|CANCELLED|ABORTED/.test(code) && reason !== "OVERLOADED") this.faults.push(error);
        await delay(5);
      }
    }
  }

  /** Waits until so many more were acknowledged. */
  async more(count: number): Promise<void> {
    const enough = this.acknowledged.size + count;
    while (this.acknowledged.size < enough) await delay(1);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#all);
  }
}

/** Compares the table with what its creators were told. */
async function compare(database: TestDatabase, { acknowledged, unknown, faults }: Creators): Promise<void> {
  const rows = await database.sql("SELECT run_id, record_id FROM run");
  const there = new Map(rows.map(({ run_id, record_id }) => [String(run_id), BigInt(Number(record_id))]));
  const lost = [...acknowledged].filter(([id, recordId]) => there.get(id) !== recordId);
  const doubled = rows.length - new Set(rows.map(({ record_id }) => record_id)).size + (rows.length - there.size);
  const uncalled = [...there.keys()].filter((id) => !acknowledged.has(id) && !unknown.has(id));
  figures({ kills, lost: lost.length, doubled });
  expect({ lost, doubled, uncalled, faults }).toEqual({ lost: [], doubled: 0, uncalled: [], faults: [] });
}

describe.each(inject("engines"))("kill -9 of the server while 64 callers create on $name", (engine) => {
  test("loses nothing that was acknowledged, and does nothing twice", { timeout: patience }, async () => {
    const database = await createDatabase(engine);
    let server: ServerProcess | undefined = await startProcess(database.url, ["--migrate"]);
    await createGrid(server.client, grid, run.ancestors);
    const creators = new Creators(() => server);
    try {
      for (let kill = 0; kill < kills; kill++) {
        await creators.more(100 + 200 * Math.random());
        const killed = server as ServerProcess;
        server = undefined;
        await killed.end("SIGKILL");
        server = await startProcess(database.url);
      }
      await creators.more(callers);
      await creators.end();
      await compare(database, creators);
    } finally {
      await creators.end();
      await server?.end();
      await database.drop();
    }
  });
});

const servers = inject("engines").flatMap(({ url, name }) =>
  url ? [name.startsWith("MySQL") ? "mysql" : "mariadb"] : [],
);

describe.each(servers)("kill -9 of %s while 64 callers create", (kind) => {
  test("loses nothing that was acknowledged, and does nothing twice", { timeout: patience }, async () => {
    const folder = mkdtempSync(join(tmpdir(), "archive-killed-"));
    const home = join(folder, kind);
    const { url, port } = await startDatabase(kind, home, "durable");
    let database = await createDatabase({ name: kind, url });
    const name = new URL(database.url).pathname.slice(1);
    const server = await startProcess(database.url, ["--migrate"]);
    await createGrid(server.client, grid, run.ancestors);
    const creators = new Creators(() => server);
    try {
      for (let kill = 0; kill < kills; kill++) {
        await creators.more(100 + 200 * Math.random());
        runDatabase("stop", home, "KILL");
        await startDatabase(kind, home, "durable", port);
      }
      await creators.more(callers);
      await creators.end();
      database = await createDatabase({ name: kind, url });
      await database.sql(`USE \`${name}\``);
      await compare(database, creators);
    } finally {
      await creators.end();
      await server.end();
      runDatabase("stop", home, "KILL");
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
