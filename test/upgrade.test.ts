import { describe, expect, inject, test } from "vitest";
import { fillCollaboration, fillRegistrations } from "../bench/data.js";
import { recordTypes } from "../src/records/record-type.js";
import { accessText, clientOf, openAccess } from "./support/access.js";
import { startArchive } from "./support/archive.js";
import { countTables, createDatabase } from "./support/database.js";
import { figures } from "./support/figures.js";
import { makeTablesOfLastRelease, methodOfLastRelease } from "./support/last-release.js";
import { ids, keyOf, someDetails } from "./support/records.js";

/** How many runs the archive of the last release has. */
const runs = Number(process.env.ARCHIVE_TEST_UPGRADE_RECORDS ?? 200);

describe.each(inject("engines"))("an archive of the last release on $name", (engine) => {
  test("opens as it was, with nobody's name on its records, and its clients go on", { timeout: 600_000 }, async () => {
    const database = await createDatabase(engine);
    await makeTablesOfLastRelease(database);
    const run = async (sql: string, values: readonly (string | number)[] = []) => ({
      rows: await database.sql(sql, [...values]),
      id: 0,
    });
    await fillCollaboration({ run }, "c", 10, runs);
    await fillRegistrations({ run }, "c", 10);
    const before = await countTables(database);
    const opened = openAccess(
      accessText({ orchestrator: [{ role: "orchestrator", scope: {} }], administrator: [{ role: "administrator" }] }),
    );
    const began = performance.now();
    const archive = await startArchive(engine, { database, access: opened.access });
    figures({ "longest opening of an archive of the last release ms": performance.now() - began });
    const [client, administrator] = ["orchestrator", "administrator"].map((name) => clientOf(archive.address, name));
    if (!client || !administrator) throw new Error("there is no client");
    try {
      expect(await countTables(database)).toEqual(before);
      let streamed = 0;
      for await (const { records } of client.stream()) {
        for (const { record } of records) expect(record?.value).toMatchObject({ created_by: "", updated_by: "" });
        streamed += records.length;
      }
      expect(streamed).toBe(Object.values(before).reduce((sum, count) => sum + count, 0));
      const call = (type: (typeof recordTypes)[number], verb: string, request: object) =>
        client.call(methodOfLastRelease(type.name, verb), request) as Promise<{ record: Record<string, unknown> }>;
      for (const type of recordTypes) {
        const key = keyOf(type, ids("old"));
        await administrator.create(type.name, { key, details: someDetails(type.name) });
        const { record } = await call(type, "Get", { key });
        expect(Object.keys(record)).not.toContain("created_by");
        const { details } = record;
        // It cannot tell that some is masked: it gives back what it saw.
        expect((await call(type, "Update", { key, details })).record.details).toEqual(details);
        expect(await administrator.get(type.name, key)).toMatchObject({
          details: someDetails(type.name),
          created_by: "administrator",
          updated_by: "orchestrator",
        });
        expect(await call(type, "List", { filter: key })).toMatchObject({ records: [{ key }] });
      }
      await call(recordTypes[0] as (typeof recordTypes)[number], "Delete", { key: { collab_id: "c" } });
      expect((await client.counts()).Run).toBe(1);
    } finally {
      for (const each of [client, administrator]) each.close();
      await archive.close();
      opened.close();
    }
  });
});
