import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { ChangeOrder } from "../generated/ts/synergos/archive/v1/change.js";
import type { ArchiveRecord } from "../generated/ts/synergos/archive/v1/records.js";
import { detailsShape } from "../src/archive/record-message.js";
import { recordType, recordTypes } from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { countTables } from "./support/database.js";
import { runDatabase, startDatabase } from "./support/databases.js";
import { createGrid, details, ids, keyOf, someDetails, View } from "./support/records.js";

const run = recordType("Run");
const grid = ids("1");

const withText = (length: number) => ({ ...details("Run", {}), attributes: { text: '"'.repeat(length) } });

const operation = (run_id: string, length: number) => {
  const value = { key: { ...keyOf(run, grid), run_id }, details: withText(length), ...unsaid };
  const record = { $case: "run", value } as unknown as ArchiveRecord["record"];
  return { operation: { $case: "create" as const, value: { record: { record } } } };
};

describe.each(inject("engines"))("what is too large for an answer on $name", (engine) => {
  const maxSendSize = 10_000;
  const tooLarge = { code: "RESOURCE_EXHAUSTED", reason: "RESPONSE_TOO_LARGE" };
  let archive: TestArchive;
  beforeAll(async () => {
    archive = await startArchive(engine, { maxSendSize });
    await createGrid(archive.client, grid);
  });
  afterAll(() => archive?.close());

  test("is not written, by whichever call", async () => {
    const { client, database } = archive;
    const before = await countTables(database);
    for (const type of recordTypes) {
      // The others are closed.
      if (!detailsShape(type).byName.has("attributes")) continue;
      const large = { ...someDetails(type.name), attributes: { text: "x".repeat(maxSendSize) } };
      const there = keyOf(type, grid);
      const fresh = { ...there, [type.key.at(-1) as string]: "fresh" };
      const stored = await client.get(type.name, there, { view: View.VIEW_BASIC });
      const calls = [
        () => client.create(type.name, { key: fresh, details: large }),
        () => client.update(type.name, { key: fresh, details: large, allow_missing: true }),
        () => client.update(type.name, { key: there, details: large }),
        () => client.update(type.name, { key: there, details: large, update_mask: ["attributes"] }),
      ];
      for (const call of calls) expect(await errorOf(call())).toMatchObject(tooLarge);
      expect(await client.get(type.name, there, { view: View.VIEW_BASIC })).toEqual(stored);
    }
    expect(await countTables(database)).toEqual(before);
  });

  test("is not written by a batch that would answer it", async () => {
    const { client, database } = archive;
    const before = await countTables(database);
    const operations = [operation("one", 6000), operation("two", 6000)];
    expect(await errorOf(client.batchWrite({ operations }))).toMatchObject(tooLarge);
    expect(await countTables(database)).toEqual(before);
  });

  test("is not what an import answers, however many it refuses", async () => {
    const records = Array.from({ length: 500 }, (_, index) => {
      const value = { key: { ...keyOf(run, grid), run_id: "" }, details: withText(index), ...unsaid };
      return { record: { $case: "run", value } as unknown as ArchiveRecord["record"] };
    });
    const { refusals, unlisted_refusals, counts } = await archive.client.import([records]);
    expect(refusals.length).toBeGreaterThan(10);
    expect(BigInt(refusals.length) + unlisted_refusals).toBe(500n);
    expect(counts).toMatchObject([{ refused: 500n }]);
  });
});

describe.each([
  ["mariadb", "16M"],
  ["mariadb", "1M"],
  ["mysql", "1M"],
])("what is too large for %s that takes statements of %s", (kind, packet) => {
  const home = mkdtempSync(join(tmpdir(), "archive-test-"));
  const megabytes = Number.parseInt(packet, 10) * 2 ** 20;
  let archive: TestArchive;
  beforeAll(async () => {
    const { url } = await startDatabase(kind, home, "fast", undefined, [`--max-allowed-packet=${packet}`]);
    archive = await startArchive({ name: kind, url });
    await createGrid(archive.client, grid);
  });
  afterAll(async () => {
    await archive?.close();
    runDatabase("stop", home);
    rmSync(home, { recursive: true, force: true });
  });

  const recordOf = (run_id: string, length: number): ArchiveRecord => {
    const value = { key: { ...keyOf(run, grid), run_id }, details: withText(length), ...unsaid };
    return { record: { $case: "run", value } as unknown as ArchiveRecord["record"] };
  };
  const refusalOf = (run_id: string, index: number) =>
    expect.objectContaining({
      index: BigInt(index),
      reason: "RECORD_TOO_LARGE",
      message: expect.stringContaining(run_id),
      key: { key: { $case: "run", value: { ...keyOf(run, grid), run_id } } },
    });
  const runs = async (id_prefix: string) =>
    (await archive.client.list("Run", { filter: { id_prefix }, page_size: 1, with_total: true })).total_size;

  test.each([false, true])("is refused by name in an import, which goes on (dry run: %s)", async (validate_only) => {
    const mark = `import_${validate_only}_`;
    const records = Array.from({ length: 300 }, (_, index) => recordOf(`${mark}${index}`, 10));
    // A quotation mark is stored as two bytes.
    records.splice(7, 1, recordOf(`${mark}large`, megabytes / 2 + 1000));
    records.splice(200, 1, recordOf(`${mark}larger`, megabytes));
    const { counts, refusals } = await archive.client.import([records, [recordOf(`${mark}last`, 10)]], {
      validate_only,
    });
    expect(counts).toMatchObject([{ created: 299n, refused: 2n }]);
    expect(refusals).toEqual([refusalOf(`${mark}large`, 7), refusalOf(`${mark}larger`, 200)]);
    expect(await runs(mark)).toBe(validate_only ? 0 : 299);
  });

  test("is no reason to refuse many that fit, and one that just fits", async () => {
    const records = Array.from({ length: 500 }, (_, index) => recordOf(`fits_${index}`, 4000));
    records.push(recordOf("fits_just", megabytes / 2 - 500));
    const { counts, refusals } = await archive.client.import([records]);
    expect(refusals).toEqual([]);
    expect(counts).toMatchObject([{ created: 501n }]);
  });

  test("is refused by name where the server that was asked takes more", async () => {
    // It is asked before the first batch, and the real one once that is written.
    const isWritten = "EXISTS (SELECT 1 FROM run WHERE run_id = 'first')";
    const dialect = { largestStatement: `SELECT IF(${isWritten}, @@max_allowed_packet, ${2 ** 30}) AS size` };
    const other = await startArchive({ name: kind, url: archive.database.url }, { dialect });
    try {
      await createGrid(other.client, grid);
      const large = [3, 120, 121].map((index) => [index, megabytes + index] as const);
      const records = Array.from({ length: 200 }, (_, index) => recordOf(`other_${index}`, 4000));
      for (const [index, length] of large) records[index] = recordOf(`other_${index}`, length);
      const { counts, refusals } = await other.client.import([[recordOf("first", 1)], records]);
      expect(counts).toMatchObject([{ created: 198n, refused: 3n }]);
      expect(refusals).toEqual(large.map(([index]) => refusalOf(`other_${index}`, index + 1)));
    } finally {
      await other.close();
    }
  });

  test.skipIf(megabytes > 2 ** 20)("is not what a transaction leaves of changes, which stay together", async () => {
    const { client } = archive;
    const long = (start: string) => start + "\u{20000}".repeat(128 - start.length);
    const key = { collab_id: long("c"), project_id: long("p"), expt_id: long("e") };
    for (const name of ["Collaboration", "Project", "Experiment"] as const) {
      await client.create(name, { key: keyOf(recordType(name), key), details: someDetails(name) });
    }
    const operations = Array.from({ length: 550 }, (_, index) => {
      const value = { key: { ...key, run_id: long(`${index}`) }, details: details("Run", {}), ...unsaid };
      const record = { $case: "run", value } as unknown as ArchiveRecord["record"];
      return { operation: { $case: "create" as const, value: { record: { record } } } };
    });
    let isOver = false;
    const others = Array.from({ length: 2 }, async (_, writer) => {
      const other = { participant_id: `beside_${writer}` };
      while (!isOver) await client.update("Participant", { key: other, details: undefined, allow_missing: true });
    });
    await client.batchWrite({ operations });
    isOver = true;
    await Promise.all(others);
    const found: { revision: number; id: string }[] = [];
    for (let page_token = ""; ; ) {
      const { changes, next_page_token } = await client.listChanges({
        key: { key: { $case: "experiment", value: key } },
        record_types: [run.number],
        order: ChangeOrder.CHANGE_ORDER_OLDEST_FIRST,
        page_size: 300,
        page_token,
      });
      for (const { revision, key: changed } of changes) {
        const id = changed?.key?.$case === "run" ? changed.key.value.run_id : "";
        found.push({ revision: Number(revision), id });
      }
      page_token = next_page_token;
      if (page_token === "") break;
    }
    const first = found[0]?.revision ?? 0;
    const expected = operations.map((_, index) => ({ revision: first + index, id: long(`${index}`) }));
    expect(found).toEqual(expected);
  });

  test("is named by its operation in a batch", async () => {
    const operations = [operation("batch_1", 10), operation("batch_2", megabytes)];
    const error = await errorOf(archive.client.batchWrite({ operations }));
    // A server may end the connection before its error is read.
    expect(["RECORD_TOO_LARGE", "DATABASE_UNAVAILABLE"]).toContain(error.reason);
    expect(error.metadata.operation).toBe("1");
    expect(error.message).toMatch(/^operations\[1\]: /);
    expect(await runs("batch_")).toBe(0);
  });
});
