import type { Bench } from "./bench.js";
import { type Comparison, compareRounds, measure } from "./compare.js";
import { startServer } from "./processes.js";
import { scenarios } from "./scenarios.js";

/** What costs the service more than the database: so a second process is of use. */
const measured = /^(get run, BASIC|get project, FULL|list 100 runs)/;
const concurrency = 64;
/** More than there are workers: each connection is one process's. */
const connections = 16;

/** Compares two worker processes with one, by calls over several connections. An embedded database is one process's. */
export async function* compareWorkers(bench: Bench): AsyncGenerator<Comparison> {
  const { url, name, loader, choices, isSqlite } = bench;
  if (isSqlite) return;
  const { only, rounds, seconds, folder } = choices;
  // It fills the database.
  await bench.pair();
  const start = (workers: number) => startServer("archive", url, folder, { options: [`--workers=${workers}`] });
  const servers = { archive: await start(2), yardstick: await start(1) };
  try {
    for (const scenario of scenarios.filter((each) => measured.test(each.name) && only.test(each.name))) {
      const round = (way: keyof typeof servers) => {
        const { address } = servers[way];
        const job = { address, calls: scenario.calls(0, 0), repeat: true, concurrency, connections, seconds };
        // The CPU time of several processes is not that of the one that was started.
        return measure(loader, undefined, job);
      };
      yield {
        scenario: `${scenario.name}, two workers to one`,
        database: name,
        concurrency,
        ...(await compareRounds(rounds, {
          archive: () => round("archive"),
          yardstick: () => round("yardstick"),
        })),
      };
    }
  } finally {
    await servers.archive.stop();
    await servers.yardstick.stop();
  }
}
