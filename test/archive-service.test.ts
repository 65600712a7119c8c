import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { WriteOperation } from "../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveKey, ArchiveRecord } from "../generated/ts/synergos/archive/v1/records.js";
import {
  type RecordName,
  type RecordType,
  recordType,
  recordTypeOfNumber,
  recordTypes,
} from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { type CallError, errorOf } from "./support/client.js";
import { countTables } from "./support/database.js";
import { Cascade, createGrid, details, ids, type Key, keyOf, someDetails } from "./support/records.js";
import { until } from "./support/wait.js";

const holder = (type: RecordType, value: unknown) => ({ $case: type.field, value }) as never;
const recordOf = (name: RecordName, key: Key, given: unknown = someDetails(name)): ArchiveRecord => ({
  record: holder(recordType(name), { key, details: given, ...unsaid }),
});
const anyKey = (name: RecordName, key: Key): ArchiveKey => ({ key: holder(recordType(name), key) });
const create = (name: RecordName, key: Key, given?: unknown): WriteOperation => ({
  operation: { $case: "create", value: { record: recordOf(name, key, given) } },
});
const update = (name: RecordName, key: Key, given?: unknown, allow_missing = true): WriteOperation => ({
  operation: {
    $case: "update",
    value: { record: recordOf(name, key, given), update_mask: undefined, allow_missing, etag: "" },
  },
});
const remove = (name: RecordName, key: Key, rest = {}): WriteOperation => ({
  operation: {
    $case: "delete",
    value: { key: anyKey(name, key), etag: "", allow_missing: false, cascade: Cascade.CASCADE_UNSPECIFIED, ...rest },
  },
});

const outcomeOf = (call: Promise<unknown>) =>
  call.then(
    () => "OK",
    ({ code }: CallError) => code,
  );

describe.each(inject("engines"))("the ArchiveService on $name", (engine) => {
  let archive: TestArchive;
  beforeAll(async () => {
    archive = await startArchive(engine);
  });
  afterAll(() => archive?.close());

  describe("BatchWrite", () => {
    test("writes records of all types at once, each seeing those before it", async () => {
      const { client } = archive;
      const grid = ids("batch");
      const operations = recordTypes.map((type) => create(type.name, keyOf(type, grid)));
      const { results } = await client.batchWrite({ operations });
      expect(results.map(({ record }) => record?.record?.$case)).toEqual(recordTypes.map(({ field }) => field));
      for (const [index, type] of recordTypes.entries()) {
        const { relations: _r, ancestors: _a, ...read } = await client.get(type.name, keyOf(type, grid));
        expect(results[index]?.record?.record?.value).toMatchObject(read);
      }
      const run = keyOf(recordType("Run"), grid);
      const { results: more } = await client.batchWrite({
        operations: [
          remove("Run", run),
          create("Run", run, details("Run", { lr: 0.5 })),
          update("Run", run, details("Run", { lr: 1.5 }), false),
          remove("Tag", { ...keyOf(recordType("Tag"), grid), participant_id: "nobody" }, { allow_missing: true }),
        ],
      });
      expect(more[0]?.deleted).toHaveLength(4);
      expect(more[3]).toEqual({ record: undefined, deleted: [] });
      const read = await client.get("Run", run);
      expect(read.details).toMatchObject({ lr: 1.5 });
      expect(read.relations?.models).toEqual([]);
    });

    test.each([
      ["what exists", () => create("Collaboration", { collab_id: "all" }), "ALREADY_EXISTS", []],
      [
        "what lacks a parent",
        () => create("Project", { collab_id: "none", project_id: "p" }),
        "FAILED_PRECONDITION",
        [],
      ],
      [
        "what is malformed",
        () => create("Collaboration", { collab_id: "" }, details("Collaboration", { mq: { ports: { main: 99999n } } })),
        "INVALID_ARGUMENT",
        ["create.record.collaboration.key.collab_id", "create.record.collaboration.details.mq.ports.main"],
      ],
      [
        "a malformed update",
        () => update("Run", { collab_id: "c", project_id: "", expt_id: "", run_id: "" }),
        "INVALID_ARGUMENT",
        ["update.record.run.key.project_id", "update.record.run.key.expt_id", "update.record.run.key.run_id"],
      ],
      ["what is missing", () => remove("Participant", { participant_id: "nobody" }), "NOT_FOUND", []],
      [
        "a malformed delete",
        () => remove("Participant", { participant_id: "" }),
        "INVALID_ARGUMENT",
        ["delete.key.participant.participant_id"],
      ],
      ["nothing", () => ({ operation: undefined }), "INVALID_ARGUMENT", ["operation"]],
      [
        "no record",
        () => ({ operation: { $case: "create", value: { record: undefined } } }),
        "INVALID_ARGUMENT",
        ["create.record"],
      ],
    ] as [string, () => WriteOperation, string, string[]][])(
      "does nothing at all when one operation writes %s",
      async (_, wrong, code, fields) => {
        const { client, database } = archive;
        await client.update("Collaboration", { key: { collab_id: "all" }, details: undefined, allow_missing: true });
        const before = await countTables(database);
        const operations = [
          create("Collaboration", { collab_id: "new" }),
          update("Collaboration", { collab_id: "all" }),
          wrong(),
        ];
        const error = await errorOf(client.batchWrite({ operations }));
        expect(error).toMatchObject({ code, metadata: { operation: "2" } });
        expect(Object.keys(error.fields)).toEqual(fields.map((field) => `operations[2].${field}`));
        expect(await countTables(database)).toEqual(before);
      },
    );

    // On SQLite nobody else writes meanwhile.
    test.runIf(engine.url).each([
      ["creates it", (key: Key) => create("Participant", key), "OK"],
      ["changes it", (key: Key) => update("Participant", key, undefined, false), "NOT_FOUND"],
      ["deletes it", (key: Key) => remove("Participant", key), "NOT_FOUND"],
      [
        "creates what hangs on it",
        (key: Key) => create("Registration", { ...ids("above"), ...key }),
        "FAILED_PRECONDITION",
      ],
    ])("is done after others that make what it found missing, where it then %s", async (what, then, code) => {
      const { client, database, statements } = archive;
      const key = { participant_id: `missing, ${what}` };
      const held = { participant_id: `held, ${what}` };
      const above = ids("above");
      for (const name of ["Collaboration", "Project"] as const)
        await client.update(name, {
          key: keyOf(recordType(name), above),
          details: someDetails(name),
          allow_missing: true,
        });
      await client.create("Participant", { key: held, details: someDetails("Participant") });
      const stranger = await createConnection(database.url);
      try {
        await stranger.query("BEGIN");
        await stranger.query("SELECT * FROM participant WHERE participant_id = ? FOR UPDATE", [held.participant_id]);
        statements.length = 0;
        const operations = [
          remove("Participant", key, { allow_missing: true }),
          remove("Participant", held),
          then(key),
        ];
        const batch = outcomeOf(client.batchWrite({ operations }));
        const locked = () => statements.filter((sql) => /FROM `participant`.* FOR UPDATE/s.test(sql)).length;
        await until("the batch has found one missing and waits for the other", () => locked() === 2);
        await client.create("Participant", { key, details: someDetails("Participant") });
        await stranger.query("COMMIT");
        expect(await batch).toBe(code);
        expect(await outcomeOf(client.get("Participant", held))).toBe(code === "OK" ? "NOT_FOUND" : "OK");
      } finally {
        await stranger.end();
      }
    });

    test("takes at most 1,000 operations", async () => {
      const operations = Array.from({ length: 1001 }, (_, index) =>
        create("Participant", { participant_id: `p${index}` }),
      );
      const error = await errorOf(archive.client.batchWrite({ operations }));
      expect(error.fields).toEqual({ operations: "must be at most 1000, not 1001" });
      expect((await archive.client.batchWrite({ operations: operations.slice(1) })).results).toHaveLength(1000);
      expect(await archive.client.batchWrite({ operations: [] })).toEqual({ results: [] });
    });
  });

  describe("CountDescendants", () => {
    const counted = ids("counted");
    beforeAll(() => createGrid(archive.client, counted));

    test("counts a record of each type and all under it, as a delete would", async () => {
      for (const type of recordTypes) {
        const key = keyOf(type, counted);
        const { deleted } = await archive.client.delete(type.name, key, { validate_only: true });
        const chosen = { $case: type.field, value: key } as unknown as ArchiveKey["key"];
        const expected = deleted.map(({ record_type, count }) => [recordTypeOfNumber(record_type)?.name, count]);
        expect(await archive.client.counts(chosen)).toEqual(Object.fromEntries(expected));
      }
    });

    test("counts the whole archive", async () => {
      expect(await archive.client.counts()).toEqual(await countTables(archive.database));
    });

    test("refuses what is missing or malformed", async () => {
      const missing = archive.client.counts({ $case: "collaboration", value: { collab_id: "missing" } });
      expect(await errorOf(missing)).toMatchObject({ code: "NOT_FOUND", reason: "RECORD_NOT_FOUND" });
      const malformed = archive.client.counts({ $case: "collaboration", value: { collab_id: "" } });
      expect((await errorOf(malformed)).fields).toEqual({ "key.collaboration.collab_id": "must not be empty" });
    });
  });

  describe("StreamDescendants", () => {
    const streamed = async (request: Parameters<typeof archive.client.stream>[0]) => {
      const records: { type: string; key: Key }[] = [];
      for await (const batch of archive.client.stream(request)) {
        for (const { record } of batch.records)
          records.push({ type: record?.$case ?? "", key: record?.value.key as unknown as Key });
      }
      return records;
    };

    test("streams every record under a key, parents first", async () => {
      const { client } = archive;
      const [grid, other] = [ids("one"), ids("two")];
      await createGrid(client, grid);
      await createGrid(client, other);
      for (const type of recordTypes) {
        const key = anyKey(type.name, keyOf(type, grid));
        const expected = type.relations.map((relation) => ({ type: relation.field, key: keyOf(relation, grid) }));
        expect(await streamed({ key })).toEqual(expected);
        const root = { type: type.field, key: keyOf(type, grid) };
        expect(await streamed({ key, include_root: true })).toEqual([root, ...expected]);
      }
    });

    test("streams the whole archive in the order of types and keys, or some types of it", async () => {
      const { client, database } = archive;
      const grid = ids("many");
      await createGrid(client, grid, [...recordType("Run").ancestors]);
      for (let batch = 0; batch < 3; batch++) {
        const operations = Array.from({ length: 1000 }, (_, index) =>
          create("Run", { ...keyOf(recordType("Run"), grid), run_id: `run_${batch}_${index}` }, details("Run", {})),
        );
        await client.batchWrite({ operations });
      }
      const all = await streamed({});
      const counts = await countTables(database);
      for (const type of recordTypes) {
        const found = all.filter((each) => each.type === type.field);
        expect(found).toHaveLength(counts[type.name] ?? 0);
        expect(new Set(found.map(({ key }) => JSON.stringify(key))).size).toBe(found.length);
      }
      expect([...new Set(all.map(({ type }) => type))]).toEqual(recordTypes.map(({ field }) => field));
      const runs = await streamed({ relation_types: [recordType("Run").number] });
      expect(runs).toEqual(all.filter(({ type }) => type === "run"));
    });

    test("shows one state of the archive, however long it takes", async () => {
      const { client } = archive;
      const grid = ids("snapshot");
      await createGrid(client, grid);
      const stream = client.stream({
        key: anyKey("Collaboration", keyOf(recordType("Collaboration"), grid)),
        include_root: true,
      });
      const first = await stream.next();
      expect(first.value?.records).toHaveLength(1);
      await client.delete("Collaboration", keyOf(recordType("Collaboration"), grid));
      let rest = 0;
      for await (const batch of stream) rest += batch.records.length;
      expect(rest).toBe(recordType("Collaboration").relations.length);
    });

    test("streams records of very different sizes", async () => {
      const { client } = archive;
      const grid = ids("large");
      await createGrid(client, grid, [...recordType("Run").ancestors]);
      for (let index = 0; index < 30; index++) {
        const run_id = `run_${String(index).padStart(2, "0")}`;
        const given = details("Run", { blob: "x".repeat(index % 3 === 0 ? 2 ** 20 : 10) });
        await client.create("Run", { key: { ...keyOf(recordType("Run"), grid), run_id }, details: given });
      }
      const found = await streamed({ key: anyKey("Experiment", keyOf(recordType("Experiment"), grid)) });
      expect(found.map(({ key }) => key.run_id)).toEqual(
        Array.from({ length: 30 }, (_, index) => `run_${String(index).padStart(2, "0")}`),
      );
    });

    test("refuses what is missing or malformed", async () => {
      const nobody = streamed({ key: anyKey("Participant", { participant_id: "nobody" }) });
      expect(await errorOf(nobody)).toMatchObject({ code: "NOT_FOUND", reason: "RECORD_NOT_FOUND" });
      const malformed = streamed({ key: anyKey("Participant", { participant_id: "" }), relation_types: [1] });
      expect(Object.keys((await errorOf(malformed)).fields)).toEqual([
        "key.participant.participant_id",
        "relation_types[0]",
      ]);
      expect((await errorOf(streamed({ include_root: true }))).fields).toEqual({ include_root: "needs a key" });
      expect((await errorOf(streamed({ key: { key: undefined } }))).fields).toEqual({ key: "must be of some type" });
    });

    test("ends when the client cancels, and leaves the others what they need", async () => {
      const { client } = archive;
      for (let index = 0; index < 20; index++) {
        for await (const _ of client.stream({})) break;
      }
      const cancelled = new AbortController();
      const stream = client.stream({}, { signal: cancelled.signal });
      await stream.next();
      cancelled.abort();
      expect(
        await errorOf(
          (async () => {
            for await (const _ of stream);
          })(),
        ),
      ).toMatchObject({ code: "CANCELLED" });
      await client.get("Participant", { participant_id: "p1" });
    });
  });
});
