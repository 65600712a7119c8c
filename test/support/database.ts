import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { type RecordType, recordTypes } from "../../src/records/record-type.js";
import type { Engine } from "./databases.js";

/** A database of a test's own. */
export interface TestDatabase {
  readonly url: string;
  /** Runs a statement as any other program could. */
  sql(text: string, parameters?: (string | number | null)[]): Promise<Record<string, unknown>[]>;
  drop(): Promise<void>;
}

/** Where files are in memory, on systems that have such a place: fewer waits for tests that write much. */
const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Makes an empty database. A file can be in memory, if it stays small: containers often have no more than 64 MB. */
export async function createDatabase(engine: Engine, place: "disk" | "memory" = "disk"): Promise<TestDatabase> {
  if (!engine.url) {
    const folder = mkdtempSync(join(place === "memory" ? memory : tmpdir(), "archive-test-"));
    const file = join(folder, "archive.db");
    return {
      url: `sqlite:${file}`,
      async sql(text, parameters = []) {
        const database = new Database(file, { timeout: 5000 });
        try {
          database.exec("PRAGMA foreign_keys = ON");
          const statement = database.prepare(text);
          if (statement.reader) return statement.all(parameters) as Record<string, unknown>[];
          statement.run(parameters);
          return [];
        } finally {
          database.close();
        }
      },
      async drop() {
        rmSync(folder, { recursive: true, force: true });
      },
    };
  }
  const url = new URL(engine.url);
  const name = `archive_${randomBytes(6).toString("hex")}`;
  const server = await createConnection({ uri: url.href, dateStrings: true });
  // Whatever the server's defaults are, what a test sees and does is all there is.
  await server.query("SET SESSION autocommit = 1, sql_select_limit = 18446744073709551615, wait_timeout = 28800");
  await server.query("SET SESSION completion_type = 0, sql_big_selects = 1, sql_mode = 'STRICT_ALL_TABLES'");
  await server.query("SET SESSION sql_safe_updates = 0 /*!80000 , max_execution_time = 0 */");
  await server.query("SET SESSION foreign_key_checks = 1 /*M!100101 , max_statement_time = 0 */");
  await server.query("SET SESSION TRANSACTION READ WRITE");
  await server.query(`CREATE DATABASE ${name}`);
  url.pathname = `/${name}`;
  await server.query(`USE ${name}`);
  return {
    url: url.href,
    async sql(text, parameters = []) {
      const [rows] = await server.query<RowDataPacket[]>(text, parameters);
      return Array.isArray(rows) ? rows : [];
    },
    async drop() {
      await server.query(`DROP DATABASE ${name}`);
      await server.end();
    },
  };
}

/** How many records of each type there are; types of which there are none are left out. */
export async function countTables(database: TestDatabase): Promise<Record<string, number>> {
  const counts = await Promise.all(
    recordTypes.map(async (type) => {
      const [row] = await database.sql(`SELECT COUNT(*) AS count FROM \`${type.field}\``);
      return [type.name, Number(row?.count)] as const;
    }),
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** How many records of a type lack one of its parents: found by anti-joins on all foreign keys. */
export async function countOrphans(database: TestDatabase, type: RecordType): Promise<number> {
  let orphans = 0;
  for (const parent of type.parents) {
    const same = parent.key.map((field) => `p.\`${field}\` = c.\`${field}\``).join(" AND ");
    const [row] = await database.sql(
      `SELECT COUNT(*) AS count FROM \`${type.field}\` c LEFT JOIN \`${parent.field}\` p ON ${same} WHERE p.record_id IS NULL`,
    );
    orphans += Number(row?.count);
  }
  return orphans;
}
