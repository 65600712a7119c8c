import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { createAttacker } from "./attacker.js";
import { attacks, prepareAttacks, victim } from "./attacks.js";
import type { Setting } from "./bench.js";
import { openDatabase } from "./database.js";
import type { Call } from "./load.js";
import { residentMegabytes, startLoader, startServer } from "./processes.js";
import { percentile } from "./quantiles.js";
import { get } from "./scenarios.js";

/** What another client notices of the worst that one can do, and what it costs the server. */
export interface HostileResult {
  readonly request: string;
  readonly database: string;
  /** Latencies of another client's small gets, in milliseconds: while nothing else happens, meanwhile, and afterwards. */
  readonly quiet: Latencies;
  readonly meanwhile: Latencies;
  readonly after: Latencies;
  /** What 99 of 100 may take meanwhile. */
  readonly most: number;
  /** The other client's calls that failed. */
  readonly failed: number;
  /** The most resident memory of the server, and that afterwards, in MB. */
  readonly memory: number;
  readonly memoryAfter: number;
  /** The calls that were answered with an error that nobody foresaw. */
  readonly internal: number;
  /** What the requests were answered with, and how often. */
  readonly answers: Readonly<Record<string, number>>;
}

interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
}

/** How long the other client calls before and afterwards, in seconds. */
const secondsOfQuiet = 3;

/** Each kind of attack for some seconds, on a server of its own, while another client makes small gets. */
export async function* measureHostile(setting: Setting): AsyncGenerator<HostileResult> {
  const { url, name, folder, loader, only, hostileSeconds: seconds } = setting;
  const first = await startServer("archive", url, folder);
  const database = openDatabase(url);
  await prepareAttacks(database);
  await database.close();
  await first.stop();
  const flooder = startLoader();
  try {
    for (const { name: request, most = 100, prepare, run } of attacks.filter((attack) => only.test(attack.name))) {
      const server = await startServer("archive", url, folder, { options: ["--http-port=0"] });
      const small = { address: server.address, calls: [get(victim, View.VIEW_BASIC)], repeat: true, connections: 2 };
      const gets = async (duration: number) => {
        const load = await loader.run({ ...small, concurrency: 2, pause: 5, seconds: duration });
        return { ...load, latencies: latenciesOf(load.latencies) };
      };
      const flood = (calls: readonly Call[], how: { rate?: number; concurrency: number; seconds: number }) =>
        flooder.run({ address: server.address, calls, repeat: true, connections: 20, ...how });
      const edges = { grpc: server.address, http: server.http ?? "" };
      // What it does is compiled before it is measured.
      await gets(2);
      const quiet = await gets(secondsOfQuiet);
      const before = createAttacker(edges, seconds, flood);
      await prepare?.(before.attacker);
      before.close();
      let memory = 0;
      const watch = setInterval(() => {
        memory = Math.max(memory, residentMegabytes(server.pid));
      }, 20);
      const meanwhile = gets(seconds);
      const { attacker, close } = createAttacker(edges, seconds, flood);
      const answers: Record<string, number> = {};
      do {
        const answer = await run(attacker);
        answers[answer] = (answers[answer] ?? 0) + 1;
      } while (!attacker.isOver());
      const during = await meanwhile;
      clearInterval(watch);
      close();
      // What was cancelled is over, and what was on its way has arrived.
      await delay(1000);
      const after = await gets(secondsOfQuiet);
      const memoryAfter = residentMegabytes(server.pid);
      await server.stop();
      yield {
        request,
        database: name,
        quiet: quiet.latencies,
        meanwhile: during.latencies,
        after: after.latencies,
        most,
        failed: during.failed + after.failed,
        memory,
        memoryAfter,
        internal: internalErrors(`${folder}/archive.log`),
        answers,
      };
    }
  } finally {
    flooder.stop();
  }
}

function latenciesOf(latencies: Float64Array): Latencies {
  const sorted = latencies.sort();
  return { p50: percentile(sorted, 50), p99: percentile(sorted, 99), slowest: percentile(sorted, 100) };
}

/** How many calls the log says were answered with an error that nobody foresaw. */
function internalErrors(file: string): number {
  const log = readFileSync(file);
  const mark = '"code":"INTERNAL"';
  let count = 0;
  for (let at = log.indexOf(mark); at >= 0; at = log.indexOf(mark, at + 1)) count++;
  return count;
}
