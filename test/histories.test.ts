import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { recordTypes } from "../src/records/record-type.js";
import { described, isExplained, smallest } from "./model/history.js";
import { type Plan, plan } from "./model/plans.js";
import { PlanRun } from "./model/run-plan.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { countOrphans, createDatabase, type TestDatabase } from "./support/database.js";
import { figures } from "./support/figures.js";
import { firstFailure } from "./support/first-failure.js";
import { inLanes } from "./support/lanes.js";
import { startTcpProxy, type TcpProxy } from "./support/tcp-proxy.js";

/** How many histories are made at least, and how many of them at a time. */
const histories = Number(process.env.ARCHIVE_TEST_HISTORIES ?? 40);
const lanes = 3;

describe.each(inject("engines"))("clients of two copies on $name", (engine) => {
  const copies: TestArchive[] = [];
  let database: TestDatabase;
  let proxy: TcpProxy | undefined;
  let started = 0;
  beforeAll(async () => {
    database = await createDatabase(engine, "memory");
    const url = new URL(database.url);
    if (engine.url) {
      proxy = await startTcpProxy(Number(url.port));
      url.port = String(proxy.port);
    }
    for (let index = 0; index < 2; index++) {
      const shared = { ...database, url: url.href, drop: async () => undefined };
      copies.push(await startArchive(engine, { database: shared }));
    }
  });
  afterAll(async () => {
    for (const copy of copies) await copy.close();
    await proxy?.close();
    await database?.drop();
  });

  /** Makes histories, and fails at the first that no order of its calls explains. */
  async function explained(count: number, faults: () => number): Promise<void> {
    let done = 0;
    let calls = 0;
    let longest = 0;
    const said = firstFailure("calls of histories");
    const run = async (each: Plan) => {
      const made = new PlanRun(
        copies.map(({ client }) => client),
        `h${started++}`,
      );
      const history = await made.done(each);
      done++;
      calls += history.calls.length;
      longest = Math.max(longest, made.longest);
      if (isExplained(history)) return;
      said(calls);
      throw new Error(`No order of these calls explains their answers:\n${described(smallest(history))}`);
    };
    const seed = await inLanes(
      lanes,
      () => done >= count,
      (_, seed) => fc.assert(fc.asyncProperty(plan, run), { seed, numRuns: 10 }),
    );
    let orphans = 0;
    for (const type of recordTypes) orphans += await countOrphans(database, type);
    console.log(`${engine.name}: ${done} histories of ${calls} calls, seed ${seed}`);
    figures({ histories: done, "calls of histories": calls, faults: faults(), orphans, "longest stall ms": longest });
    expect(orphans).toBe(0);
  }

  test("are answered as if one call was done after the other", () => explained(histories, () => 0), 600_000);

  if (!engine.url) return;
  test("are, too, while their connections to the database are cut", async () => {
    let cuts = 0;
    let isOver = false;
    const cutting = async () => {
      while (!isOver) {
        await delay(20 + Math.random() * 100);
        // Every other time what the database answers is lost first: what it did is done, and nobody is told.
        if (cuts % 2 === 1) {
          proxy?.mute();
          await delay(10);
        }
        proxy?.cut();
        cuts++;
      }
    };
    const cutter = cutting();
    try {
      await explained(histories / 2, () => cuts);
    } finally {
      isOver = true;
      await cutter;
    }
  }, 600_000);
});
