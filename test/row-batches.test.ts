import Database from "libsql";
import { afterEach, expect, test } from "vitest";
import { recordType } from "../src/records/record-type.js";
import { type Row, RowBatches } from "../src/storage/row-batches.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { createGrid, details, ids, keyOf, View } from "./support/records.js";

let archive: TestArchive | undefined;
afterEach(async () => {
  await archive?.close();
  archive = undefined;
});

/** A table with so many rows of so many characters. */
function iterate(rows: number, characters: number): IterableIterator<Row> {
  const database = new Database(":memory:");
  database.exec("CREATE TABLE record (id INTEGER, details TEXT)");
  const insert = database.prepare("INSERT INTO record VALUES (?, ?)");
  for (let id = 0; id < rows; id++) insert.run([id, "x".repeat(characters)]);
  return database.prepare("SELECT * FROM record ORDER BY id").iterate([]) as IterableIterator<Row>;
}

test.each([
  [0, 10],
  [1, 10],
  [100, 10],
  [101, 10],
  [1000, 10],
  [300, 30_000],
])("all of %d rows of %d characters are read once, in their order", (count, characters) => {
  const batches = new RowBatches(iterate(count, characters));
  const read: unknown[] = [];
  for (let row = batches.next(); row; row = batches.next()) read.push(row.id);
  expect(read).toEqual(Array.from({ length: count }, (_, id) => id));
});

test("the driver reads large rows one at a time", () => {
  const rows = iterate(20, 300_000);
  const batches = new RowBatches(rows);
  for (let number = 0; number < 20; number++) {
    batches.next();
    expect(Reflect.get(rows, "nextRows")).toHaveLength(1);
  }
});

test("while a large result is read, others have their turn; and nothing else is done with its connection", async () => {
  archive = await startArchive({ name: "SQLite", url: undefined });
  const { client } = archive;
  await createGrid(client, ids("a"));
  const run = recordType("Run");
  for (let index = 0; index < 40; index++) {
    const key = { ...keyOf(run, ids("a")), run_id: `large_${index}` };
    await client.create("Run", { key, details: details("Run", { text: "x".repeat(500_000) }) });
  }
  const project = keyOf(recordType("Project"), ids("a"));
  const reading = client.get("Project", project, { view: View.VIEW_FULL });
  let isOver = false;
  reading.finally(() => {
    isOver = true;
  });
  let meanwhile = 0;
  while (!isOver) {
    await client.get("Project", project, { view: View.VIEW_BASIC });
    meanwhile++;
  }
  // 20 MB are twenty turns to read, and more to answer.
  expect(meanwhile).toBeGreaterThan(10);
  expect((await reading).relations?.[run.plural]).toHaveLength(41);
  // Clients that leave in the midst leave the connections to others as they were.
  for (let index = 0; index < 8; index++) {
    await client.get("Project", project, { view: View.VIEW_FULL }, { deadline: 5 + 10 * index }).catch(() => undefined);
    const key = { ...keyOf(run, ids("a")), run_id: `new_${index}` };
    await client.create("Run", { key, details: details("Run", {}) });
    expect((await client.get("Run", key)).key).toEqual(key);
  }
});
