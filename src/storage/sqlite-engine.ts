import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import knex, { type Knex } from "knex";
import BetterSqlite3Client from "knex/lib/dialects/better-sqlite3/index.js";
import Database from "libsql";
import { type Dialect, type Engine, rowSize } from "./engine.js";
import { repeated } from "./sql.js";
import { StorageError } from "./store.js";

/** How long a statement waits for another process's lock, in milliseconds. */
const busyTimeout = 5000;

/** How the archive uses an embedded database. */
export interface SqliteOptions {
  /** How long a call waits for a connection, in milliseconds. */
  readonly acquireTimeout: number;
  /** The most characters of details that one statement may return. */
  readonly maxResultSize: number;
}

/**
 * Opens an embedded database, which is made where there is none. One connection writes, so that no statement of this
 * process ever waits for another's lock: the driver is synchronous, and the wait would stop everything. Others read,
 * each from its own snapshot (write-ahead log).
 */
export function openSqlite(file: string, { acquireTimeout, maxResultSize }: SqliteOptions): Engine {
  mkdirSync(dirname(file), { recursive: true });
  const pool = (max: number): Knex =>
    knex({
      client: clientWithLimit(maxResultSize),
      connection: { filename: file },
      useNullAsDefault: true,
      pool: { min: 0, max, acquireTimeoutMillis: acquireTimeout },
      acquireConnectionTimeout: acquireTimeout,
      compileSqlOnError: false,
      log: { warn() {}, error() {}, debug() {}, deprecate() {} },
    });
  const pools = { reads: pool(2), writes: pool(1), snapshots: pool(4), control: pool(1) };
  return {
    dialect,
    ...pools,
    controlTimeout: acquireTimeout,
    outcome(response) {
      const { rows = [], truncated = false, changes = 0, lastInsertRowid = 0 } = response as Response;
      return { rows, truncated, changed: changes, insertId: Number(lastInsertRowid) };
    },
    translate,
    abandon: () => false,
    // The transaction that a migration runs in keeps all others out.
    exclusively: (_run, work) => work(),
    async close() {
      await Promise.all(Object.values(pools).map((each) => each.destroy()));
    },
  };
}

const dialect: Dialect = {
  idType: "TEXT",
  detailsType: "TEXT",
  timeType: "TEXT",
  etagType: "TEXT",
  // Only a rowid can be numbered without ever using a number again, and only as the primary key; nothing else is lost
  // by having the natural key as a unique one.
  identity: (keyColumns) => ["`record_id` INTEGER PRIMARY KEY AUTOINCREMENT", `UNIQUE (${keyColumns})`],
  inlineIndexes: false,
  tableOptions: " STRICT",
  maxDeleted: 500,
  forUpdate: "",
  joinInOrder: "CROSS JOIN",
  after: (columns, values) => ({
    sql: `(${columns.join(", ")}) > (${columns.map(() => "?").join(", ")})`,
    bindings: values,
  }),
  among: (columns, lists) =>
    `(${columns.join(", ")}) IN (VALUES ${repeated(`(${repeated("?", columns.length)})`, lists)})`,
  tableExists: (name) => ({ sql: "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", bindings: [name] }),
  beginWrite: ["BEGIN IMMEDIATE"],
  beginSnapshot: ["BEGIN"],
  tryWrite: [],
};

/** What a statement returned: rows, or what it changed. */
type Response = { rows?: Record<string, unknown>[]; truncated?: boolean } & Partial<Database.RunResult>;

/** Knex's dialect for better-sqlite3, on libsql, which has the same interface and comes prebuilt through npm. */
function clientWithLimit(maxResultSize: number) {
  const prepared = new WeakMap<Database.Database, Map<string, Database.Statement>>();
  return class extends BetterSqlite3Client {
    override _driver(): unknown {
      return Database;
    }

    override async acquireRawConnection(): Promise<unknown> {
      const { filename } = this.connectionSettings as { filename: string };
      const connection = new Database(filename, { timeout: busyTimeout });
      connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
      prepared.set(connection, new Map());
      return connection;
    }

    override async _query(connection: Database.Database, query: KnexQuery): Promise<KnexQuery> {
      const statements = prepared.get(connection) ?? new Map<string, Database.Statement>();
      const statement = statements.get(query.sql) ?? connection.prepare(query.sql);
      // Pages and their filters make many statements; only so many are worth keeping.
      if (statements.size < 500 && !query.options?.once) statements.set(query.sql, statement);
      const bindings = query.bindings ?? [];
      if (!statement.reader) {
        query.response = statement.run(bindings);
        return query;
      }
      const take = query.options?.take;
      const response: Response & { rows: Record<string, unknown>[] } = { rows: [], truncated: false };
      let size = 0;
      // Always to the end: a statement that is left before keeps its connection in the snapshot that it read.
      for (const row of statement.iterate(bindings) as Iterable<Record<string, unknown>>) {
        size += rowSize(row);
        if (size <= (take ?? maxResultSize) || response.rows.length === 0) response.rows.push(row);
        else response.truncated = true;
      }
      if (response.truncated && take === undefined) throw new StorageError("result-too-large", undefined);
      query.response = response;
      return query;
    }
  };
}

function translate(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { code, name } = error as { code?: string; name?: string };
  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY")
    return new StorageError("duplicate", error);
  if (code === "SQLITE_CONSTRAINT_FOREIGNKEY") return new StorageError("foreign-key", error);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code ?? "")) return new StorageError("conflict", error);
  if (code === "SQLITE_TOOBIG") return new StorageError("value-too-large", error);
  const unavailable = /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|CORRUPT|NOTADB|PERM)/.test(code ?? "");
  return new StorageError(unavailable || name === "KnexTimeoutError" ? "unavailable" : "unknown", error);
}
