import knex, { type Knex } from "knex";
import type { Connection } from "mysql2";
import type { MySqlLocation } from "./database-url.js";
import type { Engine } from "./engine.js";
import { breakOff, clientWithLimits, type Response } from "./mysql-client.js";
import { mySqlDialect } from "./mysql-dialect.js";
import { translate } from "./mysql-errors.js";
import { StorageError } from "./store.js";

/** How the archive uses a database server. */
export interface MySqlOptions {
  readonly poolSize: number;
  /** How long a call waits for a connection, in milliseconds. */
  readonly acquireTimeout: number;
  /** The most characters of details that one statement may return. */
  readonly maxResultSize: number;
}

/** Opens pools of connections to a MySQL or MariaDB server, and finds out which of them it is. */
export async function openMySql(location: MySqlLocation, options: MySqlOptions): Promise<Engine> {
  const { acquireTimeout, poolSize } = options;
  const pool = (max: number): Knex =>
    knex({
      client: clientWithLimits(options.maxResultSize),
      connection: connectionSettings(location),
      pool: {
        min: 0,
        max,
        acquireTimeoutMillis: acquireTimeout,
        createTimeoutMillis: acquireTimeout,
        afterCreate: prepare,
      },
      acquireConnectionTimeout: acquireTimeout,
      compileSqlOnError: false,
      log: silent,
    });
  const main = pool(poolSize);
  const snapshots = pool(Math.max(1, Math.ceil(poolSize / 2)));
  try {
    const { rows }: Response = await main.raw("SELECT VERSION() AS version");
    return engine(main, snapshots, /mariadb/i.test(String(rows[0]?.version)));
  } catch (error) {
    await Promise.all([main.destroy(), snapshots.destroy()]);
    throw translate(error);
  }
}

function engine(main: Knex, snapshots: Knex, isMariaDb: boolean): Engine {
  return {
    dialect: mySqlDialect(isMariaDb ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin"),
    reads: main,
    writes: main,
    snapshots,
    outcome(response) {
      const { rows, header, truncated } = response as Response;
      return { rows, truncated, changed: header?.affectedRows ?? 0, insertId: header?.insertId ?? 0 };
    },
    translate,
    abandon(connection) {
      const { threadId } = connection as Connection;
      // A server goes on with a statement whose client has gone; only KILL stops it and rolls back at once.
      breakOff(connection as Connection);
      main.raw(`KILL ${Number(threadId)}`).catch(() => undefined);
      return true;
    },
    async exclusively(run, work) {
      const bindings = ["synergos_archive_migration"];
      const lock = await run({ sql: "SELECT GET_LOCK(?, 60) AS locked", bindings });
      if (Number(lock.rows[0]?.locked) !== 1)
        throw new StorageError("unavailable", new Error("another migration runs"));
      try {
        return await work();
      } finally {
        await run({ sql: "SELECT RELEASE_LOCK(?) AS released", bindings });
      }
    },
  };
}

function connectionSettings({ host, port, user, password, database, tls }: MySqlLocation): Knex.MySql2ConnectionConfig {
  return {
    host,
    port,
    user,
    password,
    database,
    ...(tls ? { ssl: tls } : {}),
    charset: "utf8mb4",
    timezone: "Z",
    dateStrings: true,
    supportBigNumbers: true,
    enableKeepAlive: true,
    connectTimeout: 5000,
    // Each counts against a limit that the server has for all its clients.
    maxPreparedStatements: 200,
  };
}

/** Sets up each new connection. */
function prepare(connection: Connection, done: (error: Error | null, connection: Connection) => void): void {
  const settings = [
    // Deadlocks are least where no gaps are locked; every read that needs a snapshot is one statement or says so.
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION time_zone = '+00:00', innodb_lock_wait_timeout = 5, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
  ];
  const next = (error: Error | null): void => {
    const sql = settings.shift();
    if (error || !sql) done(error, connection);
    else connection.query(sql, next);
  };
  next(null);
}

const silent = { warn() {}, error() {}, debug() {}, deprecate() {} };
