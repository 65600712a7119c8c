import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { ArchiveServiceService } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { ListChangesRequest } from "../generated/ts/synergos/archive/v1/change.js";
import type { Setting } from "./bench.js";
import { bulks } from "./bulk.js";
import { runKeys } from "./data.js";
import { type Database, openDatabase } from "./database.js";
import { cpuSeconds, endingWithThis, residentMegabytes, type Server, startServer } from "./processes.js";
import { median, percentile } from "./quantiles.js";
import { call, create, nextRound, prepareScenarios, writes } from "./scenarios.js";
import type { WatchEnd, Watched, WatchJob } from "./watchers.js";

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

/** Watches in a process of their own, once they have all begun. Their end resolves to the delays of the first. */
export async function startWatches(
  job: WatchJob,
): Promise<{ end(changes: number): Promise<Float64Array>; ended: Promise<Float64Array> }> {
  const child: ChildProcess = endingWithThis(fork("dist/bench/bench/watchers.js", { serialization: "advanced" }));
  const message = async () => ((await once(child, "message")) as ["begun" | Watched])[0];
  child.send(job);
  const first = await message();
  const ended = (async () => {
    const watched = first === "begun" ? ((await message()) as Watched) : first;
    child.kill();
    if ("error" in watched) throw new Error(watched.error);
    return watched.delays;
  })();
  return {
    ended,
    end: (changes) => {
      child.send({ changes } satisfies WatchEnd);
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
  /** Creates about so many runs a second, or as many as can be, for some seconds. */
  const write = async (concurrency: number, rate?: number, lasting = seconds) => {
    const calls = runKeys(writes, 2, 40_000, nextRound() * 40_000).map(create);
    const pause = rate && { pause: (1000 * concurrency) / rate - 3 };
    const job = { address: archive.address, calls, repeat: false, concurrency, connections: Math.min(4, concurrency) };
    const load = await loader.run({ ...job, seconds: lasting, ...pause });
    if (load.failed > 0) throw new Error(`${load.failed} calls failed, the first with ${load.error}`);
    return { changes: load.calls, rate: load.calls / load.seconds };
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
      const watched = await startWatches({ address: server.address, watches: 1 });
      const { changes, rate } = await write(16, busy, 5 * seconds);
      rates.push(rate);
      const sorted = (await watched.end(changes)).sort();
      middles.push(percentile(sorted, 50));
      slowest.push(percentile(sorted, 99));
    }
    yield result(`writes meanwhile, watched ${where}`, "/s", rates);
    yield result(`from a write to its delivery ${where}, p50`, "ms", middles, { most });
    yield result(`… p99`, "ms", slowest, { most: 250 });
  }

  /** A thousand watches of everything. */
  async function* crowd(): AsyncGenerator<ChangesResult> {
    const watched = await startWatches({ address: archive.address, watches: 1000 });
    const before = cpuSeconds(archive.pid);
    const began = performance.now();
    const { changes, rate } = await write(4, quiet, 10 * seconds);
    const cores = (cpuSeconds(archive.pid) - before) / ((performance.now() - began) / 1000);
    const memory = residentMegabytes(archive.pid);
    await watched.end(changes);
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
      await (await startWatches({ address: archive.address, watches: 1 })).end(0);
      const collab = `changes${nextRound()}`;
      await imported.prepare(database, collab);
      const before = await last();
      const job = { address: archive.address, repeat: false, concurrency: 1, connections: 1, seconds: 600 };
      const made = await loader.run({ ...job, calls: [imported.call(collab)] });
      if (made.failed > 0) throw new Error(`the import failed with ${made.error}`);
      let began = performance.now();
      // One that begins now waits until all is numbered, for two seconds at the most.
      for (let end = before; end < before + imported.records; end = await last()) {
        await loader.run({ ...job, calls: [listed] });
      }
      numbering.push((imported.records * 1000) / (performance.now() - began));
      began = performance.now();
      const until = before + imported.records;
      await (await startWatches({ address: archive.address, watches: 1, after: before, until })).ended;
      reading.push((imported.records * 1000) / (performance.now() - began));
      await imported.clean(database, collab);
    }
    yield result("numbering changes that nobody asked for", "changes/s", numbering, { least: 20_000 });
    yield result("a watch that catches up", "changes/s", reading, { least: 20_000 });
  }
}

const listed = call(ArchiveServiceService.listChanges, ListChangesRequest.fromPartial({ page_size: 1 }));
