import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { WriteOperation } from "../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveKey } from "../generated/ts/synergos/archive/v1/records.js";
import { archiveRecord, detailsShape, type RecordMessage } from "../src/archive/record-message.js";
import type { Message } from "../src/records/message-shape.js";
import { type RecordType, recordTypes } from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import { idFault } from "../src/records/validate-key.js";
import { anyAttempt, anyMessage, anyText } from "./support/any-message.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { canonical } from "./support/canonical.js";
import { type ArchiveClient, CallError } from "./support/client.js";
import { runWithin } from "./support/command.js";
import { createGrid, ids, type Key, keyOf, someDetails, View } from "./support/records.js";

/** Every way in which a record is written. */
const ways = ["create", "update", "create or replace", "batch", "mask"] as const;
type Way = (typeof ways)[number];

const fields = [...new Set(recordTypes.flatMap(({ key }) => key))];

const seed = Number(process.env.ARCHIVE_TEST_SEED ?? Date.now() % 2 ** 31);
const runs = Number(process.env.ARCHIVE_TEST_GRIDS ?? 12);

const anyId = fc
  .tuple(anyText, fc.string({ unit: "binary", minLength: 1, maxLength: 8 }))
  .map((parts) => parts.join(""))
  .filter((id) => idFault(id) === undefined);

/** A record of each type, with ids and details as odd as they may be. */
const anyGrid = fc.record({
  ids: fc.record(Object.fromEntries(fields.map((field) => [field, anyId]))) as fc.Arbitrary<Record<string, string>>,
  records: fc.tuple(
    ...recordTypes.map((type) => fc.record({ details: anyMessage(detailsShape(type)), way: fc.constantFrom(...ways) })),
  ),
});

type Grid = typeof anyGrid extends fc.Arbitrary<infer Drawn> ? Drawn : never;

const archiveKey = (type: RecordType, key: Key): ArchiveKey =>
  ({ key: { $case: type.field, value: key } }) as unknown as ArchiveKey;

/** Writes a record in one of the ways: what is answered. */
async function write(client: ArchiveClient, type: RecordType, key: Key, details: Message, way: Way) {
  const { name } = type;
  if (way === "create") return client.create(name, { key, details });
  if (way === "create or replace") return client.update(name, { key, details, allow_missing: true });
  if (way === "batch") {
    const record = archiveRecord(type, { key, details, ...unsaid });
    const create: WriteOperation = { operation: { $case: "create", value: { record } } };
    const { results } = await client.batchWrite({ operations: [create] });
    return results[0]?.record?.record?.value as unknown as RecordMessage;
  }
  await client.create(name, { key, details: someDetails(name) });
  const update_mask = way === "mask" ? detailsShape(type).fields.map((field) => field.name) : undefined;
  return client.update(name, { key, details, update_mask });
}

describe.each(inject("engines"))("what is accepted on $name", (engine) => {
  let archive: TestArchive;
  let other: TestArchive;
  let folder: string;
  beforeAll(async () => {
    archive = await startArchive(engine);
    other = await startArchive(engine);
    folder = mkdtempSync(join(tmpdir(), "archive-test-"));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await archive?.close();
    await other?.close();
  });

  /** The details of everything downstream of a record, or of all that is there, by type and key. */
  const streamed = async ({ client }: TestArchive, key?: ArchiveKey) => {
    const found = new Map<string, string>();
    for await (const { records } of client.stream({ key, include_root: key !== undefined })) {
      for (const { record } of records) {
        if (!record) continue;
        const value = record.value as unknown as RecordMessage;
        found.set(canonical([record.$case, value.key]), canonical(value.details));
      }
    }
    return found;
  };

  test("reads back equal, wherever it is read, and out of another archive", async () => {
    const { client } = archive;
    const check = async ({ ids, records }: Grid) => {
      /** What is read of the grid's records by each of the ways to read. */
      const expectRead = (reader: string, type: RecordType, record: RecordMessage | undefined) => {
        expect(canonical(record?.key)).toBe(canonical(keyOf(type, ids)));
        const given = canonical(records[recordTypes.indexOf(type)]?.details);
        expect(`${type.name} by ${reader}: ${canonical(record?.details)}`).toBe(`${type.name} by ${reader}: ${given}`);
      };
      // What an earlier grid has of the same ids goes.
      for (const type of recordTypes.filter(({ parents }) => parents.length === 0)) {
        await client.delete(type.name, keyOf(type, ids), { allow_missing: true });
      }
      for (const [index, type] of recordTypes.entries()) {
        const { details, way } = records[index] as Grid["records"][number];
        expectRead(way, type, await write(client, type, keyOf(type, ids), details, way));
      }
      for (const type of recordTypes) {
        const key = keyOf(type, ids);
        expectRead("Get", type, await client.get(type.name, key, { view: View.VIEW_BASIC }));
        const whole = await client.get(type.name, key, { view: View.VIEW_FULL });
        const { records: listed } = await client.list(type.name, {
          filter: { ...key, id_prefix: "" },
          view: View.VIEW_FULL,
        });
        expect(listed).toHaveLength(1);
        for (const [reader, record] of Object.entries({ Get: whole, List: listed[0] })) {
          expectRead(reader, type, record);
          for (const relation of type.relations) {
            const related = record?.relations?.[relation.plural] as RecordMessage[] | undefined;
            expectRead(`${reader} as a relation of ${type.name}`, relation, related?.[0]);
          }
          for (const ancestor of type.ancestors) {
            const above = record?.ancestors?.[ancestor.field] as RecordMessage | undefined;
            expectRead(`${reader} as an ancestor of ${type.name}`, ancestor, above);
          }
        }
        const found = await streamed(archive, archiveKey(type, key));
        for (const each of [type, ...type.relations]) {
          const name = canonical([each.field, keyOf(each, ids)]);
          const given = canonical(records[recordTypes.indexOf(each)]?.details);
          expect(`${each.name} streamed: ${found.get(name)}`).toBe(`${each.name} streamed: ${given}`);
        }
      }
    };
    await fc.assert(fc.asyncProperty(anyGrid, check), { seed, numRuns: runs });

    const before = await streamed(archive);
    expect(before.size).toBeGreaterThanOrEqual(recordTypes.length);
    const file = join(folder, "export");
    for (const parameters of [
      ["export", "--file", file, "--address", archive.address],
      ["import", file, "--address", other.address],
    ]) {
      expect(await runWithin(...parameters)).toMatchObject({ status: 0 });
    }
    expect(await streamed(other)).toEqual(before);
  }, 240_000);

  test("reads back equal, or is refused by its path", async () => {
    const { client } = archive;
    const grid = ids("attempts");
    await createGrid(client, grid);
    const outcomes = { kept: 0, refused: 0 };
    for (const type of recordTypes) {
      const key = keyOf(type, grid);
      const attempt = async (details: Message) => {
        const outcome = await client.update(type.name, { key, details }).catch((error: unknown) => error);
        if (outcome instanceof CallError) {
          expect(outcome).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
          for (const path of Object.keys(outcome.fields)) expect(path).toMatch(/^details\./);
          outcomes.refused++;
          return;
        }
        const { details: read } = await client.get(type.name, key, { view: View.VIEW_BASIC });
        expect(canonical(read)).toBe(canonical(details));
        outcomes.kept++;
      };
      await fc.assert(fc.asyncProperty(anyAttempt(detailsShape(type)), attempt), { seed, numRuns: 2 * runs });
    }
    expect(Math.min(outcomes.kept, outcomes.refused)).toBeGreaterThan(0);
    console.log(`${engine.name}: ${outcomes.kept} kept, ${outcomes.refused} refused, seed ${seed}`);
  }, 120_000);
});
