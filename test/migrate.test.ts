import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import Database from "libsql";
import { describe, expect, inject, test } from "vitest";
import { CallContext } from "../src/call-context.js";
import { recordType } from "../src/records/record-type.js";
import { KnexStore } from "../src/storage/knex-store.js";
import { withMigrationLease } from "../src/storage/migration-lease.js";
import { migrations } from "../src/storage/migrations.js";
import type { Run } from "../src/storage/query.js";
import { openEngine } from "./support/archive.js";
import { createDatabase, type TestDatabase } from "./support/database.js";
import { makeTablesOfLastRelease } from "./support/last-release.js";

const to = migrations.length;

describe.each(inject("engines"))("migrating on $name", (engine) => {
  const withStores = async (
    count: number,
    work: (stores: readonly KnexStore[], database: TestDatabase) => Promise<void>,
  ) => {
    const database = await createDatabase(engine);
    const stores: KnexStore[] = [];
    try {
      for (let index = 0; index < count; index++)
        stores.push(new KnexStore(await openEngine(database.url, { poolSize: 2 })));
      await work(stores, database);
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await database.drop();
    }
  };

  test("with nothing to do writes nothing, and nobody misses the version meanwhile", async () => {
    const database = await createDatabase(engine);
    const storage = await openEngine(database.url);
    const statements: string[] = [];
    for (const pool of new Set([storage.reads, storage.writes, storage.snapshots])) {
      pool.on("query", ({ sql }: { sql: string }) => statements.push(sql));
    }
    const [store, reader] = [new KnexStore(storage), new KnexStore(await openEngine(database.url))];
    try {
      await store.migrate();
      statements.length = 0;
      let migrating = true;
      const reads = async () => {
        while (migrating) {
          await reader.check();
          await delay(0);
        }
      };
      const readers = [reads(), reads(), reads()];
      for (let round = 0; round < 20; round++) expect(await store.migrate()).toEqual({ from: to, to });
      migrating = false;
      await Promise.all(readers);
      expect(statements.filter((sql) => !sql.startsWith("SELECT"))).toEqual([]);
    } finally {
      await Promise.all([store.close(), reader.close()]);
      await database.drop();
    }
  });

  test("by eight at once is done by one, and all of them can serve", async () => {
    await withStores(8, async (stores) => {
      const results = await Promise.all(
        stores.map(async (store) => {
          const result = await store.migrate();
          await store.check();
          return result;
        }),
      );
      expect(results.filter(({ from }) => from === 0)).toHaveLength(1);
      expect(results.filter(({ from }) => from === to)).toHaveLength(7);
    });
  });

  test("goes on from each version, with the records that are there", async () => {
    await withStores(1, async ([store], database) => {
      await store?.migrate();
      const key = { participant_id: "p" };
      const time = "2026-01-01 00:00:00.000000";
      const record = { type: recordType("Participant"), key, link: undefined, details: "{}", etag: "e" };
      const statements = store?.statements(new CallContext());
      await statements?.insert({ ...record, createdAt: time, updatedAt: time, createdBy: "", updatedBy: "" });
      for (let version = 0; version < to; version++) {
        await database.sql(`UPDATE archive_schema SET version = ${version}`);
        expect(await store?.migrate()).toEqual({ from: version, to });
      }
      expect(await statements?.read(record.type, key)).toMatchObject({ key, details: "{}" });
    });
  });

  test("adds to the records of the last release that nobody is known to have written them", async () => {
    await withStores(1, async ([store], database) => {
      await makeTablesOfLastRelease(database);
      const time = "2026-01-01 00:00:00.000000";
      const insert = "INSERT INTO `participant` (`participant_id`, `details`, `created_at`, `updated_at`, `etag`)";
      await database.sql(`${insert} VALUES ('p', '{}', '${time}', '${time}', 'e')`);
      expect(await store?.migrate()).toEqual({ from: 2, to });
      await store?.check();
      const statements = store?.statements(new CallContext());
      const type = recordType("Participant");
      expect(await statements?.read(type, { participant_id: "p" })).toMatchObject({ createdBy: "", updatedBy: "" });
      // A copy of the version before goes on writing while it is replaced.
      await database.sql(`${insert} VALUES ('q', '{}', '${time}', '${time}', 'e')`);
      expect(await statements?.read(type, { participant_id: "q" })).toMatchObject({ createdBy: "", updatedBy: "" });
    });
  });

  test.each([
    ["a table of one of its names", "CREATE TABLE `run` (`pace` INTEGER)", "run"],
    ["a table archive_schema of another shape", "CREATE TABLE `archive_schema` (`name` INTEGER)", "archive_schema"],
  ])("leaves a database as it is that has %s of another program's", async (_, sql, table) => {
    await withStores(1, async ([store], database) => {
      await database.sql(sql);
      const failure = await store?.migrate().catch((error) => error);
      expect(failure).toMatchObject({
        kind: "unavailable",
        cause: { message: expect.stringMatching(/another program's/) },
      });
      if (engine.url) expect(failure.cause.message).toContain(table);
      const list = engine.url ? "SHOW TABLES" : "SELECT name FROM sqlite_master";
      expect((await database.sql(list)).flatMap((row) => Object.values(row))).toEqual([table]);
    });
  });

  test.runIf(engine.url)("beside tables of other names does not mind them", async () => {
    await withStores(1, async ([store], database) => {
      await database.sql("CREATE TABLE customers (id INTEGER)");
      expect(await store?.migrate()).toEqual({ from: 0, to });
    });
  });

  test.runIf(engine.url)("waits for another, on whatever node, but not for one that is gone", async () => {
    await withStores(2, async ([store, other], database) => {
      await store?.migrate();
      await database.sql("UPDATE archive_schema SET version = 0");
      await database.sql(
        "UPDATE archive_migration SET holder = 'gone', expires_at = UTC_TIMESTAMP(6) + INTERVAL 1 SECOND",
      );
      const [before] = await database.sql("SELECT expires_at FROM archive_migration");
      const results = await Promise.all([store?.migrate(), other?.migrate()]);
      expect(results.map((result) => result?.from).sort()).toEqual([0, to]);
      const [after] = await database.sql("SELECT holder, expires_at FROM archive_migration");
      expect(String(after?.expires_at) > String(before?.expires_at)).toBe(true);
      expect(after?.holder).toBe("");
    });
  });

  test.runIf(engine.url)("keeps its lease as long as it lasts, and stops where it has lost it", async () => {
    await withStores(0, async (_, database) => {
      const storage = await openEngine(database.url);
      const run: Run = async ({ sql, bindings }) => storage.outcome(await storage.writes.raw(sql, [...bindings]));
      try {
        const options = { aside: run, duration: 400, patience: 20_000 };
        const order: string[] = [];
        let started = () => {};
        const begun = new Promise<void>((resolve) => {
          started = resolve;
        });
        const long = withMigrationLease(run, options, async (assertHeld) => {
          started();
          await delay(1500);
          assertHeld();
          order.push("long");
        });
        await begun;
        await withMigrationLease(run, options, async () => void order.push("next"));
        await long;
        expect(order).toEqual(["long", "next"]);

        const robbed = withMigrationLease(run, options, async (assertHeld) => {
          await database.sql("UPDATE archive_migration SET holder = 'robber'");
          await delay(600);
          assertHeld();
        });
        await expect(robbed).rejects.toMatchObject({ cause: { message: expect.stringContaining("overtaken") } });
        const [lease] = await database.sql("SELECT holder FROM archive_migration");
        expect(lease?.holder).toBe("robber");
      } finally {
        await storage.close();
      }
    });
  });
});

describe("a file of SQLite", () => {
  test.each([
    ["with another program's mark", "PRAGMA application_id = 1196444487"],
    ["with tables of another program's", "CREATE TABLE moz_places (id INTEGER)"],
    ["that is no database", undefined],
  ])("%s is left as it is", async (_, sql) => {
    const folder = mkdtempSync(join(tmpdir(), "archive-foreign-"));
    const file = join(folder, "other.db");
    const database = new Database(file);
    if (sql) database.exec(sql);
    database.close();
    if (!sql) writeFileSync(file, "Dear diary, ".repeat(1000));
    const before = readFileSync(file);
    const store = new KnexStore(await openEngine(`sqlite:${file}`));
    try {
      await expect(store.migrate()).rejects.toMatchObject({
        cause: { message: expect.stringMatching(/another program's|not a database/) },
      });
    } finally {
      await store.close();
    }
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(existsSync(`${file}-wal`)).toBe(false);
    rmSync(folder, { recursive: true });
  });

  test("of an archive from before the mark is opened, and marked", async () => {
    const database = await createDatabase({ name: "SQLite", url: undefined });
    const store = new KnexStore(await openEngine(database.url));
    await store.migrate();
    await database.sql("PRAGMA application_id = 0");
    await database.sql("UPDATE archive_schema SET version = 1");
    await store.close();
    const again = new KnexStore(await openEngine(database.url));
    expect(await again.migrate()).toEqual({ from: 1, to });
    await again.close();
    expect(await database.sql("PRAGMA application_id")).toEqual([{ application_id: 0x53594e41 }]);
    await database.drop();
  });
});
