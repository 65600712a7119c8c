import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { createDatabase } from "../test/support/database.js";
import type { Setting } from "./bench.js";
import { measure, medians, type Round } from "./compare.js";
import { fill, fillCollaboration, runKey, runKeys } from "./data.js";
import { openDatabase } from "./database.js";
import { startServer } from "./processes.js";
import { median } from "./quantiles.js";
import { create, get } from "./scenarios.js";

/** The same call in archives of several sizes. */
export interface SizeResult {
  readonly scenario: string;
  readonly database: string;
  readonly concurrency: number;
  readonly rounds: number;
  /** By the number of records in the archive. */
  readonly sizes: { readonly records: number; readonly round: Round; readonly ratio: number }[];
}

const runsOfExperiment = 1000;

/** Measures get and create in archives of 1,000 to 1,000,000 records, in rounds that alternate between them. */
export async function* compareSizes(setting: Setting): AsyncGenerator<SizeResult> {
  const { url, name, folder, loader, rounds, seconds } = setting;
  const isSqlite = url.startsWith("sqlite:");
  const archives = [];
  try {
    for (const records of [1000, ...(isSqlite ? [10_000] : []), 100_000, 1_000_000]) {
      const home = await createDatabase({ name, url: isSqlite ? undefined : url });
      const server = await startServer("archive", home.url, folder);
      archives.push({ records, home, server });
      const database = openDatabase(home.url);
      const experiments = Math.ceil(records / runsOfExperiment);
      await fillCollaboration(database, "sizes", experiments, 0);
      for (let expt = 0; expt < experiments; expt++)
        await fill(database, "Run", runKeys("sizes", expt, runsOfExperiment));
      await database.close();
    }
    let created = runsOfExperiment;
    for (const concurrency of [1, 16]) {
      const kinds = {
        "get run, BASIC": (records: number) =>
          Array.from({ length: 5000 }, () => {
            const [expt, run] = [Math.random() * (records / runsOfExperiment), Math.random() * runsOfExperiment];
            return get(runKey("sizes", Math.floor(expt), Math.floor(run)), View.VIEW_BASIC);
          }),
        "create run": (records: number) =>
          Array.from({ length: 15_000 }, () => {
            const expt = Math.floor(Math.random() * (records / runsOfExperiment));
            return create(runKey("sizes", expt, created++));
          }),
      };
      for (const [scenario, calls] of Object.entries(kinds)) {
        const measured = archives.map((): Round[] => []);
        for (let round = 0; round <= rounds; round++) {
          const order = archives.map((_, index) => (index + round) % archives.length);
          for (const index of order) {
            const { server, records } = archives[index] as (typeof archives)[number];
            const job = {
              address: server.address,
              calls: calls(records),
              repeat: scenario.startsWith("get"),
              concurrency,
            };
            const result = await measure(loader, server, { ...job, connections: Math.min(4, concurrency), seconds });
            if (round > 0) measured[index]?.push(result);
          }
        }
        const times = measured.map((of) => of.map(({ throughput }) => 1 / throughput));
        yield {
          scenario,
          database: name,
          concurrency,
          rounds,
          sizes: archives.map(({ records }, index) => ({
            records,
            round: medians(measured[index] ?? []),
            ratio: median((times[index] ?? []).map((time, round) => time / (times[0]?.[round] ?? 0))),
          })),
        };
      }
    }
  } finally {
    for (const { server, home } of archives) {
      await server.stop();
      await home.drop();
    }
  }
}
