import type { Database } from "./database.js";
import type { Job, Load } from "./load.js";
import { cpuSeconds, isRefusal, type Loader, type Server } from "./processes.js";
import { median, percentile } from "./quantiles.js";
import { mostOfRound, nextRound, type Scenario } from "./scenarios.js";
import { type Target, targetOf } from "./targets.js";

/** One round of one server. Times in milliseconds, CPU in microseconds of the server's process a call. */
export interface Round {
  readonly throughput: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly slowest: number;
  readonly cpu: number;
}

/** The medians of some rounds against those of the yardstick. */
export interface Comparison {
  readonly scenario: string;
  readonly database: string;
  readonly concurrency: number;
  readonly rounds: number;
  readonly archive: Round;
  readonly yardstick: Round;
  /** The medians of the rounds' ratios: throughput, and the time that 99 of 100 calls take. */
  readonly ratio: number;
  readonly p99Ratio: number;
  /** The least and the greatest ratio of throughputs of any round. */
  readonly range: readonly [number, number];
  readonly target?: Target;
}

/** What takes part in a comparison. */
export interface Setting {
  readonly database: Database;
  /** Where the floor's records are: the same, unless it is another commit's server. */
  readonly floorDatabase: Database;
  readonly databaseName: string;
  readonly archive: Server;
  readonly floor: Server;
  readonly loader: Loader;
  readonly rounds: number;
  readonly seconds: number;
}

/** Measures a scenario in alternating rounds of the archive and the floor. */
export async function compare(scenario: Scenario, concurrency: number, setting: Setting): Promise<Comparison> {
  const { archive, floor, floorDatabase, databaseName, loader, rounds, seconds } = setting;
  const round = async (server: Server, database: Database) => {
    const number = nextRound();
    const most = mostOfRound(seconds);
    await scenario.prepare?.(database, number, most);
    return measure(loader, server, {
      address: server.address,
      calls: scenario.calls(number, most),
      repeat: scenario.repeat,
      concurrency,
      // As many clients share the calls: grpc-js and HTTP/2 take some for each connection.
      connections: Math.min(4, concurrency),
      seconds,
    });
  };
  return {
    scenario: scenario.name,
    database: databaseName,
    concurrency,
    ...(await compareRounds(rounds, {
      archive: () => round(archive, setting.database),
      yardstick: () => round(floor, floorDatabase),
    })),
    ...targetOf(scenario.targets, setting.database.kind === "sqlite", concurrency),
  };
}

/** Rounds that alternate, with each of the two first in turn, after one of each that does not count. */
export async function compareRounds(
  rounds: number,
  ways: { archive(): Promise<Round>; yardstick(): Promise<Round> },
): Promise<Pick<Comparison, "rounds" | "archive" | "yardstick" | "ratio" | "p99Ratio" | "range">> {
  const measured = { archive: [] as Round[], yardstick: [] as Round[] };
  for (let round = 0; round <= rounds; round++) {
    for (const way of round % 2 ? (["archive", "yardstick"] as const) : (["yardstick", "archive"] as const)) {
      const result = await unlessRefused(ways[way]);
      if (round > 0) measured[way].push(result);
    }
  }
  const { archive, yardstick } = measured;
  const ratios = (name: "throughput" | "p99") =>
    archive.map((each, index) => each[name] / (yardstick[index]?.[name] ?? 0));
  const throughputs = ratios("throughput");
  return {
    rounds,
    archive: medians(archive),
    yardstick: medians(yardstick),
    ratio: median(throughputs),
    p99Ratio: median(ratios("p99")),
    range: [Math.min(...throughputs), Math.max(...throughputs)],
  };
}

/** How often a round is done again in which calls were refused, as the machine had too much else to do. */
const patience = 5;

async function unlessRefused(round: () => Promise<Round>): Promise<Round> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await round();
    } catch (error) {
      if (!(error instanceof CallsFailed && error.wereRefused) || attempt === patience) throw error;
    }
  }
}

/** Some calls of a round failed. */
class CallsFailed extends Error {
  override readonly name = "CallsFailed";
  readonly wereRefused: boolean;

  constructor({ calls, failed, error }: Load) {
    super(`${failed} of ${calls} calls failed, the first with ${error}`);
    this.wereRefused = isRefusal(error);
  }
}

/** One round; throws if a call failed. */
export async function measure(loader: Loader, server: Server | undefined, job: Job): Promise<Round> {
  const cpu = () => (server ? cpuSeconds(server.pid) : Number.NaN);
  const before = cpu();
  const load = await loader.run(job);
  const { calls, failed, seconds, latencies } = load;
  if (failed > 0) throw new CallsFailed(load);
  return roundOf(latencies, seconds, ((cpu() - before) * 1e6) / calls);
}

/** A round of calls that took so long each, and so much CPU time, if that is known. */
export function roundOf(latencies: Float64Array, seconds: number, cpu = Number.NaN): Round {
  const sorted = latencies.sort();
  return {
    throughput: sorted.length / seconds,
    p50: percentile(sorted, 50),
    p95: percentile(sorted, 95),
    p99: percentile(sorted, 99),
    slowest: percentile(sorted, 100),
    cpu,
  };
}

export const medians = (rounds: readonly Round[]): Round => {
  const of = (name: keyof Round) => median(rounds.map((round) => round[name]));
  return {
    throughput: of("throughput"),
    p50: of("p50"),
    p95: of("p95"),
    p99: of("p99"),
    slowest: of("slowest"),
    cpu: of("cpu"),
  };
};
