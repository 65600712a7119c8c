import { setImmediate as nextTurn } from "node:timers/promises";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { RecordMessage } from "../src/archive/record-message.js";
import type { DeleteResponse } from "../src/archive/requests.js";
import { type RecordName, recordType, recordTypeOfNumber, recordTypes } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import type { CallError } from "./support/client.js";
import { Cascade, createGrid, details, ids, type Key, keyOf, someDetails, View } from "./support/records.js";

/** How many records of each type an answer says that it deleted. */
const countsOf = ({ deleted }: DeleteResponse): Record<string, number> =>
  Object.fromEntries(deleted.map(({ record_type, count }) => [recordTypeOfNumber(record_type)?.name, count]));

/** The relations of an answer of view FULL. */
const relationsOf = ({ record }: DeleteResponse, name: RecordName) =>
  (record?.relations?.[recordType(name).plural] ?? []) as RecordMessage[];

/** How many records of each type an answer of view FULL has. */
const shownIn = (name: RecordName, answer: DeleteResponse): Record<string, number> => {
  const counts: Record<string, number> = { [name]: 1 };
  for (const { name: relation } of recordTypes) {
    const { length } = relationsOf(answer, relation);
    if (length > 0) counts[relation] = length;
  }
  return counts;
};

/** Finds reads that wait for a lock. */
const waitingLockSql =
  "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'SELECT t.record_id%' AND db = DATABASE()";

/** What may be in the way of a writer whose records are deleted. */
const lost = ["PARENT_NOT_FOUND", "RECORD_NOT_FOUND", "RECORD_EXISTS", "CONFLICT"];

describe.each(inject("engines"))("deletes on $name", (engine) => {
  let archive: TestArchive;
  const rounds = engine.url ? 25 : 12;
  beforeAll(async () => {
    archive = await startArchive(engine, { poolSize: 24 });
  });
  afterAll(() => archive?.close());

  /** Undefined where others were faster. */
  const unlessLost = <Result>(call: Promise<Result>): Promise<Result | undefined> =>
    call.catch((error: CallError) => {
      expect(lost).toContain(error.reason);
      return undefined;
    });

  /** Lets writers write until the work is done. */
  const during = async (writers: number, write: (turn: number) => Promise<void>, work: () => Promise<void>) => {
    let done = false;
    const loop = async (writer: number) => {
      for (let turn = writer; !done; turn += writers) await write(turn);
    };
    const writing = Promise.all(Array.from({ length: writers }, (_, writer) => loop(writer)));
    try {
      await work();
    } finally {
      done = true;
      await writing;
    }
  };

  const above = (name: RecordName) => recordTypes.filter((type) => recordType(name).ancestors.includes(type));

  test("answer in view FULL what they delete, while records come and change below", async () => {
    const { client } = archive;
    const grid = ids("cascade");
    const [project, experiment] = [keyOf(recordType("Project"), grid), keyOf(recordType("Experiment"), grid)];
    await createGrid(client, grid, above("Project"));
    const renew = async () => {
      await client.create("Project", { key: project, details: someDetails("Project") });
      await client.create("Experiment", { key: experiment, details: undefined });
    };
    /** The versions of runs that their writers were told to be written, by record_id. */
    const written = new Map<bigint, string>();
    const gone = new Map<bigint, string>();
    await renew();
    const writeRun = async (turn: number) => {
      const key = { ...experiment, run_id: `run_${turn}` };
      const created = await unlessLost(client.create("Run", { key, details: undefined }));
      if (!created) return;
      written.set(created.record_id, created.etag);
      const updated = await unlessLost(client.update("Run", { key, details: details("Run", { lr: 0.5 }) }));
      if (updated) written.set(updated.record_id, updated.etag);
    };
    await during(8, writeRun, async () => {
      for (let round = 0; round < rounds; round++) {
        const before = written.size;
        while (written.size === before) await nextTurn();
        const answer = await client.delete("Project", project, { view: View.VIEW_FULL });
        expect(countsOf(answer)).toEqual(shownIn("Project", answer));
        for (const run of relationsOf(answer, "Run")) gone.set(run.record_id, run.etag);
        await renew();
      }
    });
    const left = await client.get("Project", project);
    for (const run of relationsOf({ record: left, deleted: [] }, "Run")) gone.set(run.record_id, run.etag);
    expect(gone.size).toBeGreaterThanOrEqual(rounds);
    expect(gone).toEqual(written);
  });

  test
    .runIf(engine.url)
    .each(recordTypes.filter(({ ancestors }) => ancestors.length > 0).map((type) => [type.name, type] as const))(
    "of %s answer in view FULL the ancestors as they are when it is gone",
    async (name, type) => {
      const { client, database } = archive;
      const grid = ids(`above_${type.field}`);
      await createGrid(client, grid);
      const stranger = await createConnection(database.url);
      try {
        await stranger.query("BEGIN");
        // As an update that is not committed yet.
        for (const { field, key } of type.ancestors) {
          const where = key.map((id) => `${id} = ?`).join(" AND ");
          const values = key.map((id) => grid[id]);
          await stranger.query(`UPDATE ${field} SET etag = 'abcdefabcdefabcd' WHERE ${where}`, values);
        }
        const answer = client.delete(name, keyOf(type, grid), { view: View.VIEW_FULL });
        const isOver = answer.then(() => true);
        const isWaiting = () => database.sql(waitingLockSql).then((rows) => rows.length > 0);
        while (!(await Promise.race([isOver, isWaiting()]))) await nextTurn();
        await stranger.query("COMMIT");
        const ancestors = Object.values((await answer).record?.ancestors ?? {}) as (RecordMessage | undefined)[];
        const etags = ancestors.filter((each) => each !== undefined).map(({ etag }) => etag);
        expect(etags).toEqual(type.ancestors.map(() => "abcdefabcdefabcd"));
      } finally {
        await stranger.end();
      }
    },
  );

  test("of models answer in view FULL the scores that they delete, while more come", async () => {
    const { client } = archive;
    const grid = ids("scores");
    const model = keyOf(recordType("Model"), grid);
    await createGrid(client, grid, [...above("Model"), recordType("Participant")]);
    const participants = Array.from({ length: 150 }, (_, index) => `participant_${index}`);
    for (const participant_id of participants) {
      await client.update("Participant", { key: { participant_id }, details: undefined, allow_missing: true });
    }
    const [written, gone] = [new Set<bigint>(), new Set<bigint>()];
    const writeScore = async (turn: number) => {
      const key: Key = { ...model, participant_id: participants[turn % participants.length] as string };
      const score = await unlessLost(client.create("Validation", { key, details: someDetails("Validation") }));
      if (score) written.add(score.record_id);
    };
    await during(8, writeScore, async () => {
      for (let round = 0; round < rounds; round++) {
        await client.create("Model", { key: model, details: someDetails("Model") });
        const answer = await client.delete("Model", model, { view: View.VIEW_FULL });
        expect(countsOf(answer)).toEqual(shownIn("Model", answer));
        for (const { record_id } of relationsOf(answer, "Validation")) gone.add(record_id);
      }
    });
    const { records } = await client.list("Validation", { filter: { ...model, id_prefix: "" }, page_size: 1000 });
    for (const { record_id } of records) gone.add(record_id);
    expect(gone.size).toBeGreaterThan(rounds);
    expect(gone).toEqual(written);
  });

  test("that are tried only answer from one snapshot, while the tree comes and goes", async () => {
    const { client } = archive;
    const grid = ids("tried");
    const types = above("Validation");
    const collaboration = keyOf(recordType("Collaboration"), grid);
    const project = keyOf(recordType("Project"), grid);
    await createGrid(client, grid, types);
    let [full, basic, restricted] = [0, 0, 0];
    const look = async (turn: number) => {
      const view = turn % 2 ? View.VIEW_FULL : View.VIEW_BASIC;
      const cascade = turn % 3 ? Cascade.CASCADE_RECURSIVE : Cascade.CASCADE_RESTRICT;
      const answer = await client
        .delete("Project", project, { validate_only: true, view, cascade })
        .catch((error: CallError) => error);
      if (answer instanceof Error) {
        if (answer.reason !== "HAS_RELATIONS") return expect(answer.reason).toBe("RECORD_NOT_FOUND");
        restricted++;
        return expect(answer.metadata.Experiment).toBe("1");
      }
      const counts = countsOf(answer);
      if (cascade === Cascade.CASCADE_RESTRICT) expect(counts).toEqual({ Project: 1 });
      expect(counts.Experiment ?? 0).toBeGreaterThanOrEqual(counts.Run ?? 0);
      if (view === View.VIEW_BASIC) basic++;
      else {
        full++;
        expect(shownIn("Project", answer)).toEqual(counts);
        expect(answer.record?.ancestors?.collaboration).toMatchObject({ key: collaboration });
      }
    };
    const below = types.filter(({ ancestors }) => ancestors.some(({ name }) => name === "Collaboration"));
    await during(
      6,
      (turn) => look(turn).then(() => undefined),
      async () => {
        for (let round = 0; round < rounds; round++) {
          await client.delete("Project", project);
          await createGrid(client, grid, below);
        }
      },
    );
    expect(Math.min(full, basic, restricted)).toBeGreaterThan(0);
  });
});
