import { ArchiveServiceService } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { startWatches } from "./changes.js";
import { runKeys } from "./data.js";
import { isRefusal, type Loader, residentMegabytes, type Server } from "./processes.js";
import { call, get, list, readProject, remove, replace } from "./scenarios.js";

/** The memory of a server under a mixed load. */
export interface SoakResult {
  readonly database: string;
  readonly minutes: number;
  readonly calls: number;
  /** Calls that were refused, as the machine had too much else to do. */
  readonly refused: number;
  /** The changes of which watches were told meanwhile. */
  readonly changes: number;
  /** Resident memory in MB every half minute. */
  readonly memory: readonly number[];
}

const slice = 30;

/** How many watch everything meanwhile. */
export const watches = 20;

/** All kinds of calls, 64 at a time, for some minutes, which are watched. */
export async function soak(setting: {
  databaseName: string;
  archive: Server;
  loader: Loader;
  minutes: number;
}): Promise<SoakResult> {
  const { databaseName, archive, loader, minutes } = setting;
  const keys = runKeys("soak", 0, 64);
  const stream = call(ArchiveServiceService.streamDescendants, {
    key: { key: { $case: "collaboration", value: { collab_id: "wide" } } },
    relation_types: [],
    include_root: false,
  });
  // Runs are replaced, read and deleted by many at once, so that nothing is sure to be there: deletes allow that.
  const calls = [
    ...runKeys("lists", 0, 1000).flatMap((key, index) => [
      get(key, View.VIEW_BASIC),
      get(key, View.VIEW_FULL),
      replace(keys[index % keys.length] ?? key),
      remove(keys[(index * 7) % keys.length] ?? key),
      ...(index % 10 === 0 ? [readProject, list] : []),
      ...(index % 100 === 0 ? [stream] : []),
    ]),
  ];
  const memory: number[] = [];
  const watched = await startWatches({ address: archive.address, watches });
  // A watch that ends before is met at the end.
  watched.ended.catch(() => undefined);
  let made = 0;
  let refused = 0;
  for (let round = 0; round < (minutes * 60) / slice; round++) {
    const job = { address: archive.address, calls, repeat: true, concurrency: 64, connections: 4, seconds: slice };
    const { calls: answered, failed, error } = await loader.run(job);
    if (failed > 0 && !isRefusal(error))
      throw new Error(`${failed} of ${answered} calls failed, the first with ${error}`);
    made += answered - failed;
    refused += failed;
    memory.push(residentMegabytes(archive.pid));
  }
  const { length: changes } = await watched.end(0);
  return { database: databaseName, minutes, calls: made, refused, changes, memory };
}
