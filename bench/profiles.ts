import { renameSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "./database.js";
import { type Loader, startServer } from "./processes.js";
import { breakDown } from "./profile.js";
import { mostOfRound, nextRound, type Scenario } from "./scenarios.js";

/** What a call costs, by what it is spent on: microseconds of CPU time, of the archive and of the floor. */
export interface ProfileResult {
  readonly scenario: string;
  readonly database: string;
  readonly archive: Readonly<Record<string, number>>;
  readonly floor: Readonly<Record<string, number>>;
}

const concurrency = 16;
const warmUp = 2;
const measured = 4;

/** Profiles a kind of call in servers of its own. Their CPU profiles stay in the folder. */
export async function profile(
  scenario: Scenario,
  setting: { url: string; database: Database; databaseName: string; folder: string; loader: Loader },
): Promise<ProfileResult> {
  const { url, database, databaseName, folder, loader } = setting;
  const costs = async (which: "archive" | "floor") => {
    const server = await startServer(which, url, folder, { profiled: true });
    let calls = 0;
    try {
      for (const seconds of [warmUp, measured]) {
        const round = nextRound();
        const most = mostOfRound(1);
        await scenario.prepare?.(database, round, most);
        const { address } = server;
        const job = {
          address,
          calls: scenario.calls(round, most),
          repeat: scenario.repeat,
          concurrency,
          connections: 4,
          seconds,
        };
        const load = await loader.run(job);
        if (load.failed > 0) throw new Error(load.error);
        calls = load.calls;
      }
    } finally {
      await server.stop();
    }
    const file = join(
      folder,
      `${databaseName.split(" ")[0]}-${which}-${scenario.name.replace(/\W+/g, "-")}.cpuprofile`,
    );
    renameSync(join(folder, `${which}.cpuprofile`), file);
    return Object.fromEntries(
      [...breakDown(file, measured)].map(([part, milliseconds]) => [part, (milliseconds * 1000) / calls]),
    );
  };
  return {
    scenario: scenario.name,
    database: databaseName,
    archive: await costs("archive"),
    floor: await costs("floor"),
  };
}
