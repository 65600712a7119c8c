import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, describe, expect, inject, test } from "vitest";
import { OnConflict } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { recordType } from "../src/records/record-type.js";
import { BehindProxy, isRetriable } from "./support/behind-proxy.js";
import { CallError } from "./support/client.js";
import { details, ids, type Key, keyOf } from "./support/records.js";
import { probe, recordOf } from "./support/writes.js";

const seconds = Number(process.env.ARCHIVE_TEST_FAULT_SECONDS ?? 4);
const seed = Number(process.env.ARCHIVE_TEST_SEED ?? Date.now() % 2 ** 31);
const writers = 8;

const figures = { faults: 0, writes: 0, lost: 0, doubled: 0, INTERNAL: 0, stall: 0 };

afterAll(() => {
  const { stall, writes, ...counts } = figures;
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  console.log(`${writes} writes under random faults, seed ${seed}`);
  console.log(`figures: ${parts.join(", ")}, longest stall ms ${Math.round(stall)}`);
});

const servers = inject("engines").filter(({ url }) => url);
if (servers.length === 0) throw new Error("these tests are about a server: run them on one (ARCHIVE_TEST_ENGINES)");

/** Runs that are written together, and the seeds that each may have at the end: undefined is that it is not there. */
interface Expected {
  readonly runs: readonly string[];
  readonly seeds: readonly (number | undefined)[];
  /** Whether the last write was acknowledged. */
  readonly acknowledged: boolean;
}

describe.concurrent.each(servers)("on $name", (engine) => {
  test(
    "what was acknowledged under random faults is there once, and what was not is there whole or not at all",
    async () => {
      const setting = new BehindProxy();
      await setting.start(engine);
      const { archive, proxy } = setting;
      const { client } = archive;
      const [faults, ...choices] = randomSources(writers + 1);
      const end = performance.now() + seconds * 1000;
      const expected: Expected[] = [];
      const grid = ids("1");
      const keyOfRun = (run_id: string): Key => ({ ...keyOf(recordType("Run"), grid), run_id });
      const given = (value: number) => details("Run", { seed: BigInt(value) });
      /** Whether a write was acknowledged. */
      const isDone = async (write: Promise<unknown>): Promise<boolean> => {
        const began = performance.now();
        figures.writes++;
        try {
          await answered(write);
          return true;
        } catch (error) {
          if (error instanceof CallError && error.code === "INTERNAL") figures.INTERNAL++;
          if (!isRetriable(error)) throw error;
          return false;
        } finally {
          figures.stall = Math.max(figures.stall, performance.now() - began);
        }
      };
      const work = async (writer: number, below: (bound: number) => number) => {
        for (let turn = 0; performance.now() < end; turn++) {
          const runs = Array.from(
            { length: [1, 1, 3, 5][below(4)] as number },
            (_, index) => `${writer} ${turn} ${index}`,
          );
          const records = runs.map((id) => recordOf("Run", keyOfRun(id), given(1)));
          const [first] = runs as [string];
          const limits = below(4) === 0 ? { deadline: 1 + below(100) } : {};
          const creates = records.map((record) => ({ operation: { $case: "create" as const, value: { record } } }));
          const created = await isDone(
            runs.length === 1
              ? client.create("Run", { key: keyOfRun(first), details: given(1) }, limits)
              : runs.length === 3
                ? client.batchWrite({ operations: creates }, limits)
                : client.import([records], { on_conflict: OnConflict.ON_CONFLICT_FAIL }, limits),
          );
          if (!created || runs.length > 1 || below(3) === 0) {
            expected.push({ runs, seeds: created ? [1] : [1, undefined], acknowledged: created });
            continue;
          }
          // What is unsure is left alone: it may be done later, when the network hands on what it held.
          const isUpdate = below(2) === 0;
          const done = await isDone(
            isUpdate
              ? client.update("Run", { key: keyOfRun(first), details: given(2) }, limits)
              : client.delete("Run", keyOfRun(first), {}, limits),
          );
          const after = isUpdate ? 2 : undefined;
          expected.push({ runs, seeds: done ? [after] : [1, after], acknowledged: done });
        }
      };
      const harm = async (below: (bound: number) => number) => {
        while (performance.now() < end) {
          await delay(20 + below(150));
          figures.faults++;
          const kind = below(10);
          if (kind < 3) proxy.cut("one");
          else if (kind === 3) proxy.cut("all");
          else if (kind < 6) {
            proxy.freeze();
            await delay(20 + below(700));
            proxy.thaw();
          } else {
            const how = (["cut", "half", "delay", "freeze"] as const)[below(4)] ?? "cut";
            proxy.arm({ at: 1 + below(20), when: below(2) === 0 ? "before" : "after", how });
            await delay(20 + below(300));
            proxy.thaw();
          }
        }
      };
      try {
        await Promise.all([harm(faults), ...choices.map((below, writer) => work(writer, below))]);
        proxy.arm();
        proxy.thaw();
        await setting.succeeds(() => probe(client));
        await setting.settled();
        const rows = await archive.database.sql("SELECT run_id, details FROM run");
        const found = new Map(rows.map((row) => [String(row.run_id), Number(JSON.parse(String(row.details)).seed)]));
        for (const { runs, seeds, acknowledged } of expected) {
          const their = runs.map((id) => found.get(id));
          if (their.every((value) => value === their[0]) && seeds.includes(their[0])) continue;
          if (acknowledged && seeds[0] !== undefined) figures.lost++;
          else figures.doubled++;
          expect.soft({ runs, seeds, acknowledged, found: their }, `seed ${seed}`).toBe("as it was answered");
        }
        expect(expected.filter(({ acknowledged }) => acknowledged).length).toBeGreaterThan(0);
      } finally {
        proxy.thaw();
        await setting.close();
      }
    },
    60_000 + seconds * 1000,
  );
});

/** A call, unless it has no answer for half a minute: the archive's own bounds are shorter. */
async function answered(call: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const late = delay(30_000, undefined, { signal: over.signal }).then(
    () => Promise.reject(new Error("a call has no answer")),
    () => undefined,
  );
  await Promise.race([call, late]).finally(() => over.abort());
}

/** Sources of random numbers below a bound, by the seed. */
function randomSources(count: number) {
  const sources = fc.sample(fc.infiniteStream(fc.nat({ max: 2 ** 30 })), { numRuns: count, seed });
  return sources.map((source) => (bound: number) => (source.next().value as number) % bound) as [
    (bound: number) => number,
    ...((bound: number) => number)[],
  ];
}
