import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import type { ArchiveRecord } from "../generated/ts/synergos/archive/v1/records.js";
import { messageShape } from "../src/records/message-shape.js";
import { type RecordType, recordType, recordTypes } from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import { idFault } from "../src/records/validate-key.js";
import { anyMessage } from "./support/any-message.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import type { ArchiveClient } from "./support/client.js";
import { runWithin } from "./support/command.js";
import { createGrid, ids, keyOf } from "./support/records.js";

const anyId = fc.string({ unit: "binary", minLength: 1, maxLength: 12 }).filter((id) => idFault(id) === undefined);

const anyTime = fc.record({
  seconds: fc.bigInt({ min: -30610224000n, max: 253402300798n }),
  nanos: fc.nat({ max: 999_999 }).map((micros) => micros * 1000),
});

const fields = [...new Set(recordTypes.flatMap(({ key }) => key))];

/** Any records of a type, of ids out of a few. */
const anyRecords = (type: RecordType, pool: Record<string, string[]>) => {
  const key = fc.record(Object.fromEntries(type.key.map((field) => [field, fc.constantFrom(...(pool[field] ?? []))])));
  const value = fc.record({
    key,
    details: anyMessage(messageShape(`${type.name}Details`)),
    own: fc.uuid(),
    times: fc.tuple(anyTime, anyTime),
  });
  return fc.uniqueArray(value, { minLength: 1, maxLength: 3, selector: ({ key }) => JSON.stringify(key) });
};

/** Any archive, parents before children. */
const anyArchive = fc
  .constantFrom(1, 2)
  .chain((maxLength) =>
    fc.record(Object.fromEntries(fields.map((field) => [field, fc.uniqueArray(anyId, { minLength: 1, maxLength })]))),
  )
  .chain((pool) => fc.tuple(...recordTypes.map((type) => anyRecords(type, pool))))
  .map((all) => {
    const present = new Set<string>();
    const nameOf = (type: RecordType, key: Record<string, string>) =>
      JSON.stringify([type.name, ...type.key.map((field) => key[field])]);
    return all.flatMap((values, index) => {
      const type = recordTypes[index] as RecordType;
      return values.flatMap(({ key, details, own, times }): ArchiveRecord[] => {
        if (!type.parents.every((parent) => present.has(nameOf(parent, key)))) return [];
        present.add(nameOf(type, key));
        const [created_at, updated_at] = [...times].sort((a, b) =>
          a.seconds === b.seconds ? a.nanos - b.nanos : a.seconds < b.seconds ? -1 : 1,
        );
        const link = Object.fromEntries(type.links.map((each) => [each.link, each.type === type ? own : ""]));
        const value = { ...unsaid, key, details, ...(type.link ? { link } : {}), created_at, updated_at };
        return [{ record: { $case: type.field, value } as unknown as ArchiveRecord["record"] }];
      });
    });
  });

async function empty(client: ArchiveClient): Promise<void> {
  for (const type of recordTypes.filter(({ parents }) => parents.length === 0)) {
    const { records } = await client.list(type.name);
    for (const { key } of records) await client.delete(type.name, key);
  }
}

describe.each(inject("engines"))("an export on $name", (engine) => {
  let archive: TestArchive;
  let folder: string;
  beforeAll(async () => {
    archive = await startArchive(engine);
    folder = mkdtempSync(join(tmpdir(), "archive-test-"));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await archive?.close();
  });
  afterEach(async () => {
    await empty(archive.client);
  });

  const at = (name: string) => join(folder, name);
  const exported = async (name: string, ...parameters: string[]) => {
    expect(await runWithin("export", ...parameters, "--file", at(name), "--address", archive.address)).toMatchObject({
      status: 0,
    });
    return readFileSync(at(name), "utf8");
  };

  test("of any archive is the same twice, and the same after its import into an empty archive", async () => {
    const { client, address } = archive;
    const types = new Set<string | undefined>();
    await fc.assert(
      fc.asyncProperty(anyArchive, async (records) => {
        await empty(client);
        for (const { record } of records) types.add(record?.$case);
        expect((await client.import([records])).refusals).toEqual([]);
        const first = await exported("first");
        expect(first.split("\n")).toHaveLength(records.length + 2);
        expect(await exported("again")).toBe(first);
        expect(await runWithin("import", at("first"), "--address", address)).toMatchObject({ status: 0 });
        await empty(client);
        expect(await runWithin("import", at("first"), "--address", address)).toMatchObject({ status: 0 });
        expect(await exported("second")).toBe(first);
      }),
      { numRuns: 20 },
    );
    expect(types.size).toBe(recordTypes.length);
  });

  test("says in its first line what it is, without which it would not be whole", async () => {
    const { client } = archive;
    await createGrid(client, ids("1"));
    const lines = (await exported("grid")).trimEnd().split("\n");
    expect(lines).toHaveLength(13);
    expect(JSON.parse(lines[0] as string)).toEqual({
      synergos_archive_export: 1,
      changed_at: expect.stringMatching(/^20.*Z$/),
      counts: Object.fromEntries(recordTypes.map(({ field }) => [field, 1])),
    });
    expect(lines.slice(1).map((line) => Object.keys(JSON.parse(line))[0])).toEqual(
      recordTypes.map(({ field }) => field),
    );
    for (const line of lines.slice(1)) {
      const [value] = Object.values(JSON.parse(line)) as [object];
      expect(Object.keys(value)).not.toContain("etag");
      expect(Object.keys(value)).not.toContain("record_id");
    }
  });

  test("can be of one record and everything downstream", async () => {
    await createGrid(archive.client, ids("a/b%"));
    const { collab_id = "", project_id } = keyOf(recordType("Project"), ids("a/b%"));
    const key = `${collab_id.replace("%", "%25").replace("/", "%2F")}/${project_id}`;
    const lines = (await exported("part", "project", key)).trimEnd().split("\n");
    const types = recordType("Project").relations.map(({ field }) => field);
    expect(lines.slice(1).map((line) => Object.keys(JSON.parse(line))[0])).toEqual(["project", ...types]);
  });
});
