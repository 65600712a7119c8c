import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { recordType, recordTypes } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { createGrid, ids, keyOf, someDetails, View } from "./support/records.js";

const isTransaction = /^(START TRANSACTION|BEGIN|COMMIT|ROLLBACK|SET )/;

describe.each(inject("engines"))("statements on $name", (engine) => {
  let archive: TestArchive;
  const grid = ids("1");
  const large = ids("2");
  beforeAll(async () => {
    archive = await startArchive(engine);
    const { client } = archive;
    await createGrid(client, grid);
    await createGrid(client, large);
    for (let index = 0; index < 50; index++) {
      const more = { ...large, run_id: `run_${index}`, participant_id: `other_${index}` };
      const types = [
        "Run",
        "Participant",
        "Registration",
        "Tag",
        "Alignment",
        "Model",
        "Validation",
        "Prediction",
      ] as const;
      await createGrid(
        client,
        more,
        recordTypes.filter(({ name }) => (types as readonly string[]).includes(name)),
      );
    }
  });
  afterAll(() => archive?.close());
  beforeEach(() => {
    archive.statements.length = 0;
  });

  /** The statements since the test began, but for those that begin and end transactions, and what is noted of changes. */
  const work = () =>
    archive.statements
      .flatMap((text) => text.split("; "))
      .filter((sql) => !isTransaction.test(sql) && !/archive_(schema|pending)/.test(sql));
  /** How often the database was asked; on SQLite, where that costs nothing, as often as should be. */
  const trips = (should: number) => (engine.url ? archive.statements.length : should);

  test.each(recordTypes.map((type) => [type.name, type] as const))(
    "of %s are few, however many records there are",
    async (name, type) => {
      const { client } = archive;
      const key = keyOf(type, grid);

      await client.get(name, key, { view: View.VIEW_BASIC });
      expect(work()).toHaveLength(1);
      archive.statements.length = 0;

      await client.get(name, key);
      expect(work()).toHaveLength(1);
      archive.statements.length = 0;

      await client.list(name);
      expect(work()).toHaveLength(1);
      archive.statements.length = 0;

      await client.list(name, { view: View.VIEW_FULL });
      expect(work()).toHaveLength(1);
      archive.statements.length = 0;

      await client.update(name, { key, details: someDetails(name) });
      expect(work()).toHaveLength(2);
      expect(trips(2)).toBe(2);
      archive.statements.length = 0;

      // With something below it: what a leaf would take, in vain; then a lock and one delete a table. A model has its
      // scores below it only by rule, which no foreign key knows.
      const isLeaf = type.relations.length === 0;
      await client.delete(name, key);
      expect(work()).toHaveLength(isLeaf ? 2 : (name === "Model" ? 0 : 2) + 1 + 1 + type.relations.length);
      archive.statements.length = 0;

      // One insert; those that carry links of others read them too.
      await client.create(name, { key, details: someDetails(name) });
      expect(work()).toHaveLength(type.links.length > 1 ? 2 : 1);
      const created = type.links.length > 1 ? 5 : 1;
      expect(trips(created)).toBe(created);
      archive.statements.length = 0;

      // A leaf: one read and one delete. A model: a transaction, which ends with what is noted of it.
      await client.delete(name, key);
      const most = name === "Model" ? work().length + 3 : 2;
      expect(trips(most)).toBe(most);
      await createGrid(client, grid, [type, ...type.relations]);
    },
  );

  test("of a deletion are one a table, also of many records", async () => {
    const { deleted } = await archive.client.delete("Collaboration", keyOf(recordType("Collaboration"), large));
    expect(deleted.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(250);
    expect(work()).toHaveLength(4 + recordType("Collaboration").relations.length);
  });

  test.each(["Collaboration", "Project", "Experiment"] as const)(
    "of a list of the runs of one %s read by the key and sort nothing",
    async (name) => {
      const filter = keyOf(recordType(name), large);
      await archive.client.list("Run", { filter: { ...filter, id_prefix: "" } });
      const explain = engine.url ? "EXPLAIN FORMAT=TRADITIONAL" : "EXPLAIN QUERY PLAN";
      const plan = await archive.database.sql(`${explain} ${work()[0]}`, [...Object.values(filter), 50]);
      expect(JSON.stringify(plan)).not.toMatch(/filesort|TEMP B-TREE/i);
      expect(JSON.stringify(plan)).toMatch(/PRIMARY|INDEX/i);
    },
  );
});
