import { existsSync, statSync } from "node:fs";
import knex, { type Knex } from "knex";
import type Database from "libsql";
import { limits } from "../limits.js";
import { checkWritable } from "./check-writable.js";
import { collectStatements } from "./collect-statements.js";
import type { Engine } from "./engine.js";
import { type Response, sqliteClient } from "./sqlite-client.js";
import { sqliteDialect } from "./sqlite-dialect.js";
import { translate } from "./sqlite-errors.js";
import { StorageError } from "./store.js";

/** How the archive uses an embedded database. */
export interface SqliteOptions {
  /** How long a call waits for a connection, and for other processes' locks, in milliseconds. */
  readonly acquireTimeout: number;
  /** The most bytes of rows that one statement may return. */
  readonly maxResultSize: number;
}

/**
 * Opens an embedded database, which is made where there is none. One connection writes, so that no statement of this
 * process ever waits for another's lock. Others read, each from its own snapshot (write-ahead log). Other processes may
 * use the same file: whatever correctness depends on is in the database.
 */
export function openSqlite(file: string, { acquireTimeout, maxResultSize }: SqliteOptions): Engine {
  checkWritable(file);
  const { client, rowNow, stopWaiting, settled } = sqliteClient(maxResultSize, acquireTimeout);
  const pool = (max: number): Knex =>
    knex({
      client,
      connection: { filename: file },
      useNullAsDefault: true,
      pool: { min: 0, max, acquireTimeoutMillis: acquireTimeout },
      acquireConnectionTimeout: acquireTimeout,
      compileSqlOnError: false,
      log: { warn() {}, error() {}, debug() {}, deprecate() {} },
    });
  const pools = { reads: pool(2), writes: pool(1), snapshots: pool(4), control: pool(1), standing: pool(1) };
  const standing = new StandingConnection(pools.standing);
  let damage: StorageError | undefined;
  let opened: string | undefined;
  return {
    dialect: sqliteDialect,
    ...pools,
    readRow({ sql, bindings, ...options }, call) {
      const connection = standing.get();
      if (!connection) return undefined;
      const response = rowNow(connection, { sql, bindings: [...bindings], options: { ...options, call } });
      if (!response) standing.end();
      return response;
    },
    groups: "transactions",
    controlTimeout: acquireTimeout,
    // The database and its log, one of them with the index of the log, and now and then something temporary.
    filesOfConnection: 4,
    outcome(response) {
      const { rows = [], truncated = false, changes = 0, lastInsertRowid = 0 } = response as Response;
      return { rows, truncated, changed: changes, insertId: Number(lastInsertRowid) };
    },
    isRoundLong,
    takesTexts: () => false,
    translate(error) {
      const translated = translate(error);
      if (translated.kind === "damaged") damage ??= translated;
      return translated;
    },
    abandon(connection) {
      stopWaiting(connection as Database.Database);
      return false;
    },
    // Reading a few pages says nothing of the others, and reading all takes too long: so what is found is remembered.
    examine() {
      if (damage) throw damage;
      const found = identity(file);
      opened ??= found;
      if (found === opened) return;
      const text = `${file} was removed or replaced while it was in use: start again on the right file`;
      throw new StorageError("unavailable", new Error(text));
    },
    async close() {
      const { writes, ...others } = pools;
      await standing.close();
      await Promise.all(Object.values(others).map((each) => each.destroy()));
      await settled();
      // All that is in the log goes to the file, unless another process still reads from it: a copy of the file alone
      // is the whole archive. Where it fails, nothing is lost: whoever opens the file next reads the log as well.
      await writes.raw("PRAGMA wal_checkpoint(TRUNCATE)").catch(() => undefined);
      await writes.destroy();
      if (existsSync(`${file}-wal`)) await collectStatements();
    },
  };
}

/** When the first lease of this round of the event loop was taken; undefined before. */
let began: number | undefined;

function isRoundLong(): boolean {
  const now = performance.now();
  if (began === undefined) {
    began = now;
    setImmediate(() => {
      began = undefined;
    });
  }
  return now - began > limits.millisecondsOfRound;
}

/** A connection that is nobody's for long: whoever uses it is done at once. */
class StandingConnection {
  #connection: Database.Database | undefined;
  #opening: Promise<void> | undefined;

  constructor(private readonly pool: Knex) {}

  /** The connection; undefined as long as it is not open, which it is to be then. */
  get(): Database.Database | undefined {
    if (!this.#connection) this.#opening ??= this.#open();
    return this.#connection;
  }

  /** Another one is to take its place. */
  end(): void {
    if (this.#connection) void this.pool.client.releaseConnection(this.#connection);
    this.#connection = undefined;
  }

  async close(): Promise<void> {
    await this.#opening;
    this.end();
  }

  async #open(): Promise<void> {
    // What is wrong is found by whoever asks meanwhile, on a connection of their own.
    this.#connection = await this.pool.client.acquireConnection().catch(() => undefined);
    this.#opening = undefined;
  }
}

/** What tells a file from another that is put in its place; undefined where there is none. */
function identity(file: string): string | undefined {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev}:${found.ino}`;
}
