import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { type RecordType, recordType, recordTypes } from "../src/records/record-type.js";
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

  /** The statements since the test began, but for those that begin and end transactions. */
  const work = () => archive.statements.filter((sql) => !isTransaction.test(sql) && !/archive_schema/.test(sql));

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
      expect(archive.statements).toHaveLength(2);
      archive.statements.length = 0;

      // A lock, then one delete a table.
      await client.delete(name, key);
      expect(work()).toHaveLength(1 + 1 + type.relations.length);
      archive.statements.length = 0;

      // One insert; those that carry links of others read them too.
      await client.create(name, { key, details: someDetails(name) });
      expect(work()).toHaveLength(type.links.length > 1 ? 2 : 1);
      await createGrid(client, grid, type.relations as RecordType[]);
    },
  );

  test("of a deletion are one a table, also of many records", async () => {
    const { deleted } = await archive.client.delete("Collaboration", keyOf(recordType("Collaboration"), large));
    expect(deleted.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(250);
    expect(work()).toHaveLength(2 + recordType("Collaboration").relations.length);
  });
});
