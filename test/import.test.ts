import { afterEach, beforeEach, describe, expect, inject, test } from "vitest";
import { OnConflict } from "../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveRecord } from "../generated/ts/synergos/archive/v1/records.js";
import type { RecordMessage } from "../src/archive/record-message.js";
import type { Message } from "../src/records/message-shape.js";
import { type RecordName, recordType, recordTypes } from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { countTables } from "./support/database.js";
import { details, ids, type Key, keyOf, someDetails, View } from "./support/records.js";

const { ON_CONFLICT_FAIL, ON_CONFLICT_REPLACE, ON_CONFLICT_SKIP } = OnConflict;

const at = (seconds: number, nanos = 0) => ({ seconds: BigInt(seconds), nanos });
const created = at(1_616_085_221);
const changed = at(1_616_085_300, 123_456_000);

interface Parts {
  key: Key;
  details: Message;
  link?: Record<string, string>;
  created_at?: RecordMessage["created_at"];
  updated_at?: RecordMessage["updated_at"];
}

/** A record as an import has it. */
const record = (name: RecordName, parts: Parts): ArchiveRecord => {
  const value = { link: undefined, ...unsaid, ...parts };
  return { record: { $case: recordType(name).field, value } as unknown as ArchiveRecord["record"] };
};

const linkId = (field: string, mark: string) => `${field}-of-${mark}`;
const linkOf = (name: RecordName, mark: string) =>
  Object.fromEntries(recordType(name).links.map(({ link }) => [link, linkId(link, mark)]));

/** One record of each type, with history. */
const gridRecords = (mark: string): ArchiveRecord[] =>
  recordTypes.map((type) =>
    record(type.name, {
      key: keyOf(type, ids(mark)),
      details: someDetails(type.name),
      ...(type.link ? { link: linkOf(type.name, mark) } : {}),
      created_at: created,
      updated_at: changed,
    }),
  );

const each = (outcome: string, count = 1) =>
  recordTypes.map((type) => expect.objectContaining({ record_type: type.number, [outcome]: BigInt(count) }));

describe.each(inject("engines"))("an import on $name", (engine) => {
  let archive: TestArchive;
  beforeEach(async () => {
    archive = await startArchive(engine);
  });
  afterEach(() => archive?.close());

  test("keeps times to the microsecond, and refuses finer ones", async () => {
    const [fine, exact] = [at(1_616_085_221, 123_456_789), at(1_616_085_221, 123_456_000)];
    const collaboration = (collab_id: string, time: RecordMessage["created_at"]) =>
      record("Collaboration", { key: { collab_id }, details: someDetails("Collaboration"), created_at: time });
    const { refusals } = await archive.client.import([[collaboration("fine", fine), collaboration("exact", exact)]]);
    expect(refusals).toMatchObject([{ index: 0n, violations: [{ field: "created_at" }] }]);
    expect(await archive.client.get("Collaboration", { collab_id: "exact" })).toMatchObject({ created_at: exact });
  });

  const byNumber = (counts: { record_type: number }[]) =>
    recordTypes.map((type) => counts.find((count) => count.record_type === type.number));

  test("writes every type with its history, and again changes nothing", async () => {
    const { client } = archive;
    const first = await client.import([gridRecords("1")]);
    expect([byNumber(first.counts), first.refusals]).toEqual([each("created"), []]);
    const read = () =>
      Promise.all(recordTypes.map((type) => client.get(type.name, keyOf(type, ids("1")), { view: View.VIEW_BASIC })));
    const before = await read();
    for (const [index, type] of recordTypes.entries()) {
      expect(before[index]).toMatchObject({
        key: keyOf(type, ids("1")),
        details: someDetails(type.name),
        created_at: created,
        updated_at: changed,
        ...(type.link ? { link: linkOf(type.name, "1") } : {}),
      });
    }
    for (const on_conflict of [ON_CONFLICT_FAIL, ON_CONFLICT_SKIP, ON_CONFLICT_REPLACE]) {
      const again = await client.import(
        gridRecords("1").map((one) => [one]),
        { on_conflict },
      );
      expect([byNumber(again.counts), again.refusals]).toEqual([each("unchanged"), []]);
    }
    expect(await read()).toEqual(before);
  });

  test("costs few statements", async () => {
    const runs = Array.from({ length: 500 }, (_, index) =>
      record("Run", {
        key: keyOf(recordType("Run"), { ...ids("1"), run_id: `run_${index}` }),
        details: someDetails("Run"),
      }),
    );
    const before = archive.statements.length;
    const { refusals } = await archive.client.import([[...gridRecords("1"), ...runs.slice(0, 480)]]);
    expect(refusals).toEqual([]);
    expect(archive.statements.length - before).toBeLessThan(40);
  });

  test("takes what it does not give from now, and from the server", async () => {
    const { client } = archive;
    const before = BigInt(Math.floor(Date.now() / 1000));
    const bare = recordTypes.map((type) =>
      record(type.name, { key: keyOf(type, ids("1")), details: someDetails(type.name) }),
    );
    await client.import([bare]);
    const tag = await client.get("Tag", keyOf(recordType("Tag"), ids("1")));
    expect(tag.created_at?.seconds).toBeGreaterThanOrEqual(before);
    expect(tag.link?.tag_id).toMatch(/^[0-9a-f]{32}$/);
    const again = await client.import([bare]);
    expect(byNumber(again.counts)).toEqual(each("unchanged"));
    await client.import([
      [
        record("Participant", {
          key: { participant_id: "p" },
          details: someDetails("Participant"),
          created_at: created,
        }),
      ],
    ]);
    expect(await client.get("Participant", { participant_id: "p" })).toMatchObject({ updated_at: created });
  });

  test("decides by its option what a taken key does", async () => {
    const { client } = archive;
    await client.import([gridRecords("1")]);
    const key = keyOf(recordType("Run"), ids("1"));
    const before = await client.get("Run", key);
    const other = record("Run", { key, details: details("Run", { rounds: 9n }), created_at: at(5), updated_at: at(6) });
    const failed = await client.import([[other]]);
    expect(failed).toMatchObject({
      counts: [{ refused: 1n, created: 0n }],
      refusals: [{ index: 0n, key: { key: { $case: "run", value: key } }, reason: "RECORD_EXISTS" }],
    });
    const skipped = await client.import([[other]], { on_conflict: ON_CONFLICT_SKIP });
    expect(skipped).toMatchObject({ counts: [{ skipped: 1n }], refusals: [] });
    expect(await client.get("Run", key)).toEqual(before);
    const replaced = await client.import([[other]], { on_conflict: ON_CONFLICT_REPLACE });
    expect(replaced).toMatchObject({ counts: [{ replaced: 1n }], refusals: [] });
    const after = await client.get("Run", key);
    expect(after).toMatchObject({ record_id: before.record_id, created_at: at(5), updated_at: at(6) });
    expect(after.details).toMatchObject({ rounds: 9n });
    expect(after.etag).not.toBe(before.etag);
  });

  test("takes a key that comes twice as two imports would", async () => {
    const twice = [7n, 7n, 8n].map((rounds) =>
      record("Run", { key: keyOf(recordType("Run"), ids("1")), details: details("Run", { rounds }) }),
    );
    const { counts } = await archive.client.import([
      [...gridRecords("1").filter(({ record }) => record?.$case !== "run"), ...twice],
    ]);
    const run = counts.find(({ record_type }) => record_type === recordType("Run").number);
    // The run comes after its model here, which is refused: parents come first.
    expect(run).toMatchObject({ created: 1n, unchanged: 1n, refused: 1n });
  });

  test("names what is wrong with each record, and writes the others", async () => {
    const { client, database } = archive;
    await client.import([gridRecords("1")]);
    const tables = await countTables(database);
    const grid = ids("2");
    const run = keyOf(recordType("Run"), grid);
    const registration = { ...keyOf(recordType("Registration"), ids("1")), participant_id: "new" };
    const { counts, refusals } = await client.import([
      [
        { record: undefined },
        record("Run", { key: { ...run, run_id: " " }, details: { ...details("Run", {}), reduction: 99 } }),
        record("Run", { key: run, details: someDetails("Run"), created_at: at(10), updated_at: at(9) }),
        record("Run", { key: run, details: someDetails("Run"), created_at: at(2 ** 40) }),
        record("Run", { key: run, details: someDetails("Run") }),
        record("Participant", { key: { participant_id: "new" }, details: someDetails("Participant") }),
        record("Registration", {
          key: registration,
          details: someDetails("Registration"),
          link: { registration_id: linkId("registration_id", "1") },
        }),
        record("Tag", { key: registration, details: someDetails("Tag") }),
      ],
      [
        record("Registration", {
          key: registration,
          details: someDetails("Registration"),
          link: { registration_id: "r" },
        }),
        record("Tag", { key: registration, details: someDetails("Tag"), link: { registration_id: "q", tag_id: "t" } }),
      ],
      [record("Tag", { key: registration, details: someDetails("Tag"), link: { registration_id: "r", tag_id: "t" } })],
    ]);
    const shown = refusals.map(({ index, reason, violations, missing }) => [
      Number(index),
      reason,
      violations.map(({ field, description }) => `${field} ${description}`),
      missing.map(({ key }) => key?.$case),
    ]);
    const id = linkId("registration_id", "1");
    expect(shown).toEqual([
      [0, "INVALID_FIELD", ["record is required"], []],
      [
        1,
        "INVALID_FIELD",
        [
          "key.run_id must not begin or end with white space",
          "details.reduction must be one of REDUCTION_NONE, REDUCTION_MEAN, REDUCTION_SUM",
        ],
        [],
      ],
      [2, "INVALID_FIELD", ["updated_at must not be before created_at"], []],
      [3, "INVALID_FIELD", ["created_at must be from 1000-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z"], []],
      [4, "PARENT_NOT_FOUND", [], ["collaboration", "project", "experiment"]],
      [
        6,
        "LINK_EXISTS",
        [`link.registration_id is ${id}, the id of another Registration than Registration "collab_1/project/new"`],
        [],
      ],
      [7, "PARENT_NOT_FOUND", [], ["registration"]],
      [9, "LINK_MISMATCH", ['link.registration_id must be r, as that of Registration "collab_1/project/new" is'], []],
    ]);
    expect(counts.reduce((sum, count) => sum + count.created, 0n)).toBe(3n);
    expect(await countTables(database)).toEqual({
      ...tables,
      Participant: 2,
      Registration: 2,
      Tag: 2,
    });
    const other = await client.import(
      [
        [
          record("Tag", {
            key: registration,
            details: someDetails("Tag"),
            link: { registration_id: "", tag_id: "other" },
          }),
        ],
      ],
      { on_conflict: ON_CONFLICT_REPLACE },
    );
    expect(other.refusals).toMatchObject([{ reason: "LINK_MISMATCH", violations: [{ field: "link.tag_id" }] }]);
  });

  test("can be tried: it answers the same, and changes nothing", async () => {
    const { client, database } = archive;
    const batches = () => [
      gridRecords("1").slice(0, 5),
      gridRecords("1").slice(5),
      [record("Project", { key: { collab_id: "none", project_id: "p" }, details: someDetails("Project") })],
    ];
    const tried = await client.import(batches(), { validate_only: true });
    expect(await countTables(database)).toEqual({});
    expect(tried).toEqual(await client.import(batches()));
    expect(tried.refusals).toHaveLength(1);
  });

  test("refuses what no import is", async () => {
    const { client } = archive;
    const [collaboration] = gridRecords("1") as [ArchiveRecord];
    const large = Array.from({ length: 1001 }, () => collaboration);
    const calls: [() => Promise<unknown>, string][] = [
      [() => client.import([[collaboration]], { on_conflict: 7 as OnConflict }), "options.on_conflict"],
      [() => client.import([large]), "records"],
    ];
    for (const [call, field] of calls) {
      const error = await errorOf(call());
      expect([error.code, Object.keys(error.fields)]).toEqual(["INVALID_ARGUMENT", [field]]);
    }
    expect(await countTables(archive.database)).toEqual({});
    expect(await client.import([])).toEqual({ counts: [], refusals: [], unlisted_refusals: 0n });
  });

  test("lists as many refusals as every client takes, and counts the others", async () => {
    const batch = Array.from({ length: 1000 }, (_, index) =>
      record("Run", {
        key: keyOf(recordType("Run"), { ...ids("1"), run_id: String(index) }),
        details: someDetails("Run"),
      }),
    );
    const { counts, refusals, unlisted_refusals } = await archive.client.import(Array(20).fill(batch));
    expect(unlisted_refusals).toBeGreaterThan(0n);
    expect(BigInt(refusals.length) + unlisted_refusals).toBe(counts[0]?.refused);
    expect(refusals.length).toBeGreaterThan(1000);
  });
});
