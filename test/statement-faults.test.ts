import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { BehindProxy, isRetriable } from "./support/behind-proxy.js";
import { CallError } from "./support/client.js";
import { View } from "./support/records.js";
import type { Fault } from "./support/statement-proxy.js";
import { tableState } from "./support/table-state.js";
import { changedRun, type KindOfWrite, kindsOfWrites, probe } from "./support/writes.js";

/**
 * At every statement all that can happen, before and after it; or each in turn, and what takes long only at the first
 * and the last statement of each write.
 */
const isThorough = process.env.ARCHIVE_TEST_FAULTS === "all";
const slow: readonly Fault["how"][] = ["delay", "freeze", "silence"];
const all: readonly Fault["how"][] = ["cut", "half", ...slow];

/** How long a call may take whose connection is frozen, in milliseconds: it is its own deadline that ends it. */
const deadline = 400;

const figures = { faults: 0, lost: 0, doubled: 0, INTERNAL: 0, stall: 0 };

afterAll(() => {
  const { stall, ...counts } = figures;
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  console.log(`figures: ${parts.join(", ")}, longest stall ms ${Math.round(stall)}`);
});

/** Readies a write: as many connections as it is to find. Resolves to the etag of the run that it may change. */
async function readied(setting: BehindProxy, { connects }: KindOfWrite): Promise<string> {
  const read = () => setting.archive.client.get("Run", changedRun, { view: View.VIEW_BASIC });
  if (!connects) {
    setting.proxy.cut("all");
    return (await setting.succeeds(read)).etag;
  }
  const { etag } = await setting.succeeds(read);
  setting.proxy.cut("all");
  return etag;
}

/** What came of a write that met a fault. One that ended before it came to that is done again: it was slow, or unlucky. */
async function struck(setting: BehindProxy, write: KindOfWrite, fault: Fault): Promise<unknown> {
  const { archive, proxy } = setting;
  for (let times = 0; times < 20; times++) {
    const etag = await readied(setting, write);
    proxy.arm(fault);
    const began = performance.now();
    const outcome = await write.run(archive.client, etag, fault.how === "freeze" ? { deadline } : {}).then(
      () => done,
      (error: unknown) => error,
    );
    if (proxy.struck) {
      figures.stall = Math.max(figures.stall, performance.now() - began);
      figures.faults++;
      return outcome;
    }
    expect(isRetriable(outcome), `${outcome}`).toBe(true);
  }
  throw new Error("the write never has so many statements");
}

const done = Symbol("done");

/**
 * Does a write with a fault, and finds that it was done once or not at all, and that all goes on. What is only delayed is
 * done; but a machine that has much else to do may be later than the service waits, and has so many tries more.
 */
async function strike(
  setting: BehindProxy,
  write: KindOfWrite,
  after: readonly string[],
  fault: Fault,
  tries = 2,
): Promise<void> {
  const { archive, proxy, state } = setting;
  const what = `${write.name}, ${fault.how} ${fault.when} statement ${fault.at}`;
  const outcome = await struck(setting, write, fault);
  proxy.arm();
  proxy.thaw();
  if (outcome !== done) {
    if (outcome instanceof CallError && outcome.code === "INTERNAL") figures.INTERNAL++;
    // It met what it had done itself.
    else if (!isRetriable(outcome)) figures.doubled++;
    expect(isRetriable(outcome), `${what}: ${outcome}`).toBe(true);
  }
  if (fault.how === "delay" && tries === 0) expect(outcome, what).toBe(done);
  await setting.succeeds(() => probe(archive.client));
  await setting.settled();
  const found = await tableState(archive.database);
  if (outcome === done && !isSame(found, after)) figures.lost++;
  else if (!isSame(found, after) && !isSame(found, state)) figures.doubled++;
  expect(outcome === done ? [after] : [after, state], what).toContainEqual(found);
  if (!isSame(found, state)) await setting.reset();
  if (fault.how === "delay" && outcome !== done) await strike(setting, write, after, fault, tries - 1);
}

const isSame = (one: readonly string[], other: readonly string[]) => JSON.stringify(one) === JSON.stringify(other);

const servers = inject("engines").filter(({ url }) => url);
if (servers.length === 0) throw new Error("these tests are about a server: run them on one (ARCHIVE_TEST_ENGINES)");

// They wait most of the time.
vi.setConfig({ maxConcurrency: 20 });

describe.concurrent.each(servers)("on $name", (engine) => {
  const settings = new Map(kindsOfWrites.map((write) => [write, new BehindProxy()]));
  beforeAll(() => Promise.all([...settings.values()].map((setting) => setting.start(engine))));
  afterAll(() => Promise.all([...settings.values()].map((setting) => setting.close())));

  test.each(kindsOfWrites)(
    "$name is done once or not at all, whatever befalls any of its statements",
    async (write) => {
      const setting = settings.get(write) as BehindProxy;
      const { archive, proxy } = setting;
      await setting.succeeds(async () => {
        const etag = await readied(setting, write);
        proxy.arm();
        await write.run(archive.client, etag, {});
      });
      const { statements } = proxy;
      const after = await tableState(archive.database);
      await setting.reset();
      expect(statements).toBeGreaterThan(0);
      for (let at = 1; at <= statements; at++) {
        const isEdge = at === 1 || at === statements;
        for (const when of ["before", "after"] as const) {
          const one: Fault["how"] = (at % 2 === 0) === (when === "before") ? "cut" : "half";
          for (const how of isThorough ? all : isEdge ? [one, ...slow] : [one]) {
            await strike(setting, write, after, { at, when, how });
          }
        }
      }
    },
    300_000,
  );
});
