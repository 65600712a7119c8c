import { describe, expect, inject, test } from "vitest";
import { recordTypes } from "../src/records/record-type.js";
import { KnexStore } from "../src/storage/knex-store.js";
import { migrations } from "../src/storage/migrations.js";
import { openEngine } from "./support/archive.js";
import { createDatabase } from "./support/database.js";
import { output } from "./support/process.js";

describe.each(inject("engines"))("migrations on $name", (engine) => {
  const withStore = async (
    work: (store: KnexStore, url: string, sql: (text: string) => Promise<unknown>) => Promise<void>,
  ) => {
    const database = await createDatabase(engine);
    const store = new KnexStore(await openEngine(database.url));
    try {
      await work(store, database.url, database.sql);
    } finally {
      await store.close();
      await database.drop();
    }
  };

  test("are what they were", async () => {
    const database = await createDatabase(engine);
    const storage = await openEngine(database.url);
    await new KnexStore(storage).close();
    await database.drop();
    const kind = engine.url ? (/utf8mb4_nopad/.test(storage.dialect.idType) ? "mariadb" : "mysql") : "sqlite";
    for (const [index, migration] of migrations.entries()) {
      const statements = migration(storage.dialect).join(";\n\n");
      await expect(`${statements};\n`).toMatchFileSnapshot(`migrations/${kind}-${index + 1}.sql`);
    }
  });

  test("can be run by several processes at once, and again", async () => {
    await withStore(async (store, url) => {
      const migrate = () => output(["migrate", "--database-url", url]);
      const results = await Promise.all([1, 2, 3, 4].map(migrate));
      expect(results.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
      const fresh = results.filter(({ text }) => text.includes(`migrated from version 0 to ${migrations.length}`));
      expect(fresh).toHaveLength(1);
      expect((await migrate()).text).toBe(`schema: version ${migrations.length} already\n`);
      await store.check();
    });
  });

  test("go on where one was broken off", async () => {
    await withStore(async (store, _, sql) => {
      await store.migrate();
      await sql("DELETE FROM archive_schema");
      await sql(`DROP TABLE \`${recordTypes.at(-1)?.field}\``);
      expect(await store.migrate()).toEqual({ from: 0, to: migrations.length });
      await store.check();
    });
  });

  test("are missing from an empty database, and refused by a newer one", async () => {
    await withStore(async (store, _, sql) => {
      const needed = `version 0, this program needs ${migrations.length}: run synergos-archive migrate`;
      await expect(store.check()).rejects.toThrow(needed);
      await store.migrate();
      await sql("UPDATE archive_schema SET version = 999");
      await expect(store.check()).rejects.toThrow(/version 999.*newer/);
      expect(await store.migrate()).toEqual({ from: 999, to: 999 });
      await expect(store.check()).rejects.toThrow(/newer/);
    });
  });

  test("refuse whoever would leave an orphan, whatever program it is", async () => {
    await withStore(async (store, _, sql) => {
      await store.migrate();
      const values = "'2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', 'e'";
      await expect(
        sql(
          `INSERT INTO project (collab_id, project_id, details, created_at, updated_at, etag) VALUES ('c', 'p', '{}', ${values})`,
        ),
      ).rejects.toThrow(/foreign key/i);
      await sql(
        `INSERT INTO collaboration (collab_id, details, created_at, updated_at, etag) VALUES ('c', '{}', ${values})`,
      );
      await sql(
        `INSERT INTO project (collab_id, project_id, details, created_at, updated_at, etag) VALUES ('c', 'p', '{}', ${values})`,
      );
      await expect(sql("DELETE FROM collaboration")).rejects.toThrow(/foreign key/i);
    });
  });
});
