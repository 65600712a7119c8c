import { ArchiveServiceService } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { CollaborationServiceService } from "../generated/ts/synergos/archive/v1/collaboration_service.js";
import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { archiveRecord } from "../src/archive/record-message.js";
import { recordType } from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import { measure, medians, type Round } from "./compare.js";
import {
  clear,
  detailsOf,
  fill,
  fillCollaboration,
  id,
  insertSql,
  type Key,
  rowsOf,
  rowsOfStatement,
  runKeys,
} from "./data.js";
import type { Database } from "./database.js";
import type { Call } from "./load.js";
import { type Loader, residentMegabytes, type Server } from "./processes.js";
import { median } from "./quantiles.js";
import { call, get } from "./scenarios.js";

/** One large call, which is measured against the same work by plain statements. */
export interface Bulk {
  readonly name: string;
  readonly records: number;
  /** What must be there before; the round's number makes what it is about its own. */
  prepare(database: Database, round: string): Promise<void>;
  call(round: string): Call;
  /** The same by hand. */
  byHand(database: Database, round: string): Promise<void>;
  clean(database: Database, round: string): Promise<void>;
  /** The most of the time by hand that it may take. */
  readonly target?: number;
  /** Whether reads are measured meanwhile. */
  readonly meanwhile?: boolean;
}

export interface BulkResult {
  readonly scenario: string;
  readonly database: string;
  readonly rounds: number;
  readonly records: number;
  /** Medians, in seconds. */
  readonly archive: number;
  readonly byHand: number;
  /** The median of the rounds' ratios of times, the least and the greatest. */
  readonly ratio: number;
  readonly range: readonly [number, number];
  readonly target?: number;
  /** The reads that were answered meanwhile. */
  readonly meanwhile?: Round;
  /** The most memory of the server after a round, in MB. */
  readonly memory: number;
}

const run = recordType("Run");

/** A collaboration of so many records: a quarter of them runs, the others what comes of runs. */
async function fillDeep(database: Database, collab: string, records: number): Promise<void> {
  const runs = Math.round(records / 4);
  await fillCollaboration(database, collab, 10, runs);
  await fill(database, "Participant", [{ participant_id: collab }]);
  for (let expt = 0; expt < 10; expt++) {
    const keys = runKeys(collab, expt, runs / 10);
    await fill(database, "Model", keys);
    const scores = keys.map((key) => ({ ...key, participant_id: collab }));
    await fill(database, "Validation", scores);
    await fill(database, "Prediction", scores);
  }
}

const cascade = (records: number, target?: number): Bulk => ({
  name: `cascade of ${records.toLocaleString("en")} records`,
  records,
  prepare: (database, round) => fillDeep(database, round, records),
  call: (round) =>
    call(CollaborationServiceService.deleteCollaboration, {
      key: { collab_id: round },
      etag: "",
      allow_missing: false,
      cascade: 0,
      validate_only: false,
      view: 0,
    }),
  byHand: (database, round) =>
    database.transaction(async (run) => {
      const lock = database.kind === "mysql" ? " FOR UPDATE" : "";
      await run(
        `SELECT details, record_id, created_at, updated_at, etag FROM collaboration WHERE collab_id = ?${lock}`,
        [round],
      );
      await clear({ run }, round);
    }),
  clean: async (database, round) => {
    await database.run("DELETE FROM participant WHERE participant_id = ?", [round]);
  },
  ...(target ? { target, meanwhile: true } : {}),
});

const batchSize = 500;
const imported = 100_000;
const importedTo = (round: string): Key[] =>
  Array.from({ length: 100 }, (_, expt) => runKeys(round, expt, imported / 100)).flat();

const runMessage = (key: Key) =>
  archiveRecord(run, {
    key,
    details: detailsOf("Run"),
    ...unsaid,
  });

export const bulks: readonly Bulk[] = [
  cascade(1000),
  cascade(100_000, 1.3),
  {
    name: `BatchWrite of ${batchSize} creates`,
    records: batchSize,
    prepare: (database, round) => fillCollaboration(database, round, 1, 0),
    call: (round) =>
      call(ArchiveServiceService.batchWrite, {
        operations: runKeys(round, 0, batchSize).map((key) => ({
          operation: { $case: "create", value: { record: runMessage(key) } },
        })),
      }),
    byHand: (database, round) =>
      database.transaction(async (insert) => {
        for (const key of runKeys(round, 0, batchSize)) await insert(insertSql(run, 1), rowsOf(run, [key]));
      }),
    clean: clear,
  },
  {
    name: `Import of ${imported.toLocaleString("en")} records`,
    records: imported,
    prepare: (database, round) => fillCollaboration(database, round, 100, 0),
    call: (round) => {
      const keys = importedTo(round);
      const bodies: Buffer[] = [];
      for (let from = 0; from < keys.length; from += rowsOfStatement) {
        const records = keys.slice(from, from + rowsOfStatement).map(runMessage);
        const options = from === 0 ? { on_conflict: 0, validate_only: false } : undefined;
        bodies.push(call(ArchiveServiceService.import, { options, records }).body);
      }
      return { path: ArchiveServiceService.import.path, body: Buffer.concat(bodies) };
    },
    byHand: async (database, round) => {
      const keys = importedTo(round);
      const sql = insertSql(run, rowsOfStatement);
      for (let from = 0; from < keys.length; from += rowsOfStatement) {
        await database.run(sql, rowsOf(run, keys.slice(from, from + rowsOfStatement)));
      }
    },
    clean: clear,
    target: 2,
  },
  {
    name: `StreamDescendants of ${imported.toLocaleString("en")} records`,
    records: imported,
    prepare: async (database, round) => {
      await fillCollaboration(database, round, 100, imported);
    },
    call: (round) =>
      call(ArchiveServiceService.streamDescendants, {
        key: { key: { $case: "collaboration", value: { collab_id: round } } },
        relation_types: [],
        include_root: false,
      }),
    // Only the statements, page by page: nothing is made of the rows.
    byHand: async (database, round) => {
      let after = ["", ""];
      for (;;) {
        const { rows } = await database.run(
          "SELECT collab_id, project_id, expt_id, run_id, details, record_id, created_at, updated_at, etag FROM run WHERE collab_id = ? AND project_id = ? AND expt_id >= ? AND (expt_id > ? OR run_id > ?) ORDER BY expt_id, run_id LIMIT 1000",
          [round, "project", after[0] as string, ...(after as [string, string])],
        );
        const last = rows.at(-1);
        if (!last) return;
        after = [last.expt_id as string, last.run_id as string];
      }
    },
    clean: clear,
  },
];

let roundsSoFar = 0;

/** Measures one large call in rounds that alternate between the archive and the work by hand. */
export async function compareBulk(
  bulk: Bulk,
  setting: {
    database: Database;
    databaseName: string;
    archive: Server;
    loader: Loader;
    reader: Loader;
    rounds: number;
  },
): Promise<BulkResult> {
  const { database, databaseName, archive, loader, reader, rounds } = setting;
  const times = { archive: [] as number[], byHand: [] as number[] };
  const meanwhile: Round[] = [];
  let memory = 0;
  const once = { address: archive.address, repeat: false, concurrency: 1, connections: 1, seconds: 600 };
  const ways = {
    archive: async (name: string) => {
      const load = await loader.run({ ...once, calls: [bulk.call(name)] });
      if (load.failed > 0) throw new Error(`${bulk.name} failed with ${load.error}`);
      memory = Math.max(memory, residentMegabytes(archive.pid));
      return load.seconds;
    },
    byHand: async (name: string) => {
      const began = performance.now();
      await bulk.byHand(database, name);
      return (performance.now() - began) / 1000;
    },
  };
  // Both ways have the same readers beside them: four, each of which asks the archive every 10 ms.
  const polling = { ...once, repeat: true, concurrency: 4, pause: 10, seconds: 60 };
  const reads = runKeys("lists", 0, 1000).map((key) => get(key, View.VIEW_BASIC));
  for (let round = 0; round < rounds; round++) {
    for (const way of round % 2 ? (["archive", "byHand"] as const) : (["byHand", "archive"] as const)) {
      const name = id("bulk", roundsSoFar++);
      await bulk.prepare(database, name);
      const during = bulk.meanwhile ? measure(reader, archive, { ...polling, calls: reads }) : undefined;
      // Its failure is met where it is waited for.
      during?.catch(() => undefined);
      times[way].push(await ways[way](name).finally(() => reader.end()));
      if (during) (way === "archive" ? meanwhile : []).push(await during);
      await bulk.clean(database, name);
    }
  }
  const ratios = times.archive.map((time, index) => time / (times.byHand[index] ?? 0));
  return {
    scenario: bulk.name,
    database: databaseName,
    rounds,
    records: bulk.records,
    archive: median(times.archive),
    byHand: median(times.byHand),
    ratio: median(ratios),
    range: [Math.min(...ratios), Math.max(...ratios)],
    memory,
    ...(bulk.target ? { target: bulk.target } : {}),
    ...(meanwhile.length > 0 ? { meanwhile: medians(meanwhile) } : {}),
  };
}
