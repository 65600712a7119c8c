import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { ArchiveServiceService } from "../generated/ts/synergos/archive/v1/archive_service.js";
import type { Setting } from "./bench.js";
import { bulks } from "./bulk.js";
import { runKeys } from "./data.js";
import { type Database, openDatabase } from "./database.js";
import { cpuSeconds, endingWithThis, residentMegabytes, type Server, startServer } from "./processes.js";
import { median, percentile } from "./quantiles.js";
import { call, create, nextRound, prepareScenarios, writes } from "./scenarios.js";
import type { Watched, WatchJob } from "./watchers.js";

/** One figure of how changes are told. */
export interface ChangesResult {
  readonly database: string;
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  readonly rounds: number;
  /** What it must be. */
  readonly target?: { readonly most: number } | { readonly least: number };
}

/** What a figure must be, to read; nothing where it need not be anything. */
export const asked = ({ target }: ChangesResult): string =>
  target ? ("most" in target ? `≤ ${target.most}` : `≥ ${target.least}`) : "";

export const isAsAsked = ({ value, target }: ChangesResult): boolean | undefined =>
  target && ("most" in target ? value <= target.most : value >= target.least);

/** How many changes a second are made while delays are measured, and while many watch. */
const [busy, quiet] = [500, 100];

/** Watches in a process of their own. */
async function startWatches(job: WatchJob): Promise<{ end(): Promise<Watched>; ended: Promise<Watched> }> {
  const child: ChildProcess = endingWithThis(fork("dist/bench/bench/watchers.js", { serialization: "advanced" }));
  child.send(job);
  const [first] = (await once(child, "message")) as ["begun" | Watched];
  const ended = (
    first === "begun" ? once(child, "message").then(([watched]) => watched) : Promise.resolve(first)
  ).finally(() => child.kill()) as Promise<Watched>;
  return {
    ended,
    end: () => {
      child.send("end");
      return ended;
    },
  };
}

/** Measures how late watches are told, what a thousand of them cost, and how fast one catches up. */
export async function* measureChanges(setting: Setting): AsyncGenerator<ChangesResult> {
  const { url, name, folder, loader, rounds, seconds } = setting;
  const database = openDatabase(url);
  const archive = await startServer("archive", url, folder);
  await prepareScenarios(database);
  // Several processes may not share a file that one of them writes to all the time.
  const copy = url.startsWith("sqlite:") ? undefined : await startServer("archive", url, folder);
  const result = (what: string, unit: string, values: readonly number[], target?: ChangesResult["target"]) => ({
    database: name,
    what,
    unit,
    value: median(values),
    rounds: values.length,
    ...(target ? { target } : {}),
  });
  /** Creates so many runs a second, or as many as can be, for some seconds; returns how many there were a second. */
  const write = async (concurrency: number, rate?: number, lasting = seconds) => {
    const calls = runKeys(writes, 2, 40_000, nextRound() * 40_000).map(create);
    const pause = rate && { pause: (1000 * concurrency) / rate - 3 };
    const job = { address: archive.address, calls, repeat: false, concurrency, connections: Math.min(4, concurrency) };
    const load = await loader.run({ ...job, seconds: lasting, ...pause });
    if (load.failed > 0) throw new Error(`${load.failed} calls failed, the first with ${load.error}`);
    return load.calls / load.seconds;
  };
  try {
    await write(16);
    yield* delays(archive, "in the same process", 20);
    if (copy) yield* delays(copy, "through another copy", 100);
    yield* crowd();
    yield* catchingUp(database);
  } finally {
    await copy?.stop();
    await archive.stop();
    await database.close();
  }

  async function* delays(server: Server, where: string, most: number): AsyncGenerator<ChangesResult> {
    const [rates, middles, slowest]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      const watched = await startWatches({ address: server.address, watches: 1, isDecoded: true });
      rates.push(await write(16, busy, 5 * seconds));
      await delay(300);
      const sorted = (await watched.end()).delays.sort();
      middles.push(percentile(sorted, 50));
      slowest.push(percentile(sorted, 99));
    }
    yield result(`writes meanwhile, watched ${where}`, "/s", rates);
    yield result(`from a write to its delivery ${where}, p50`, "ms", middles, { most });
    yield result(`… p99`, "ms", slowest, { most: 250 });
  }

  /** A thousand watches of everything. */
  async function* crowd(): AsyncGenerator<ChangesResult> {
    const watched = await startWatches({ address: archive.address, watches: 1000, isDecoded: false });
    const before = cpuSeconds(archive.pid);
    const lasting = 10 * seconds;
    const began = performance.now();
    const rate = await write(4, quiet, lasting);
    const cores = (cpuSeconds(archive.pid) - before) / ((performance.now() - began) / 1000);
    const memory = residentMegabytes(archive.pid);
    await watched.end();
    yield result("changes meanwhile, for 1,000 watches of everything", "/s", [rate]);
    yield result("… cores", "", [cores], { most: 1 });
    yield result("… resident memory", "MB", [memory], { most: 300 });
  }

  /** Changes that nobody asked for until now, and then all again. */
  async function* catchingUp(database: Database): AsyncGenerator<ChangesResult> {
    const last = async () => Number((await database.run("SELECT last FROM archive_history", [])).rows[0]?.last);
    const imported = bulks.find(({ name }) => name.startsWith("Import"));
    const [numbering, reading]: [number[], number[]] = [[], []];
    for (let round = 0; imported && round < Math.min(3, rounds); round++) {
      await (await startWatches({ address: archive.address, watches: 1, isDecoded: false })).end();
      const collab = `changes${nextRound()}`;
      await imported.prepare(database, collab);
      const before = await last();
      const job = { address: archive.address, repeat: false, concurrency: 1, connections: 1, seconds: 600 };
      await loader.run({ ...job, calls: [imported.call(collab)] });
      let began = performance.now();
      // One that begins now waits until all is numbered, for two seconds at the most.
      for (let end = before; end < before + imported.records; end = await last()) {
        await loader.run({ ...job, calls: [listed] });
      }
      numbering.push((imported.records * 1000) / (performance.now() - began));
      began = performance.now();
      const until = before + imported.records;
      await (await startWatches({ address: archive.address, watches: 1, after: before, until, isDecoded: true })).ended;
      reading.push((imported.records * 1000) / (performance.now() - began));
      await imported.clean(database, collab);
    }
    yield result("numbering changes that nobody asked for", "changes/s", numbering, { least: 20_000 });
    yield result("a watch that catches up", "changes/s", reading, { least: 20_000 });
  }
}

const listed = call(ArchiveServiceService.listChanges, {
  key: undefined,
  record_types: [],
  kinds: [],
  principal: undefined,
  start_time: undefined,
  end_time: undefined,
  order: 0,
  page_size: 1,
  page_token: "",
});
