import knex, { type Knex } from "knex";
import type { Connection } from "mysql2";
import { Places } from "../places.js";
import type { MySqlLocation } from "./database-url.js";
import type { Engine } from "./engine.js";
import { Generations } from "./generations.js";
import { Hosts } from "./hosts.js";
import { breakOff, clientWithLimits, type Response } from "./mysql-client.js";
import { mySqlDialect, tryWrite } from "./mysql-dialect.js";
import { translate } from "./mysql-errors.js";
import { isGaleraNode, markerOf, prepareSession } from "./mysql-session.js";
import { Standstill, type StandstillBounds, standstillBounds } from "./standstill.js";
import { StorageError } from "./store.js";

/** How the archive uses a database server. */
export interface MySqlOptions {
  readonly poolSize: number;
  /** How long a call waits for a connection, in milliseconds. */
  readonly acquireTimeout: number;
  /** The most bytes of rows that one statement may return. */
  readonly maxResultSize: number;
  /** When the server is taken to stand still, where it is not the usual. */
  readonly standstill?: StandstillBounds;
}

/** The most prepared statements of a process: each counts against a limit (16,382) that all clients of a server share. */
const maxPrepared = 2000;

/**
 * Opens connections to a MySQL or MariaDB server, and finds out which of them it is. Reads and writes share the pool, of
 * which writes leave a quarter to reads: those wait for no locks, however many writes do. Streams have a pool of a
 * quarter of the size. What looks after all these has two connections of its own.
 */
export async function openMySql(location: MySqlLocation, options: MySqlOptions): Promise<Engine> {
  const { acquireTimeout, poolSize, maxResultSize, standstill: bounds = standstillBounds } = options;
  const controlTimeout = bounds.patience;
  const maxStreams = Math.max(1, Math.ceil(poolSize / 4));
  const maxPaused = Math.max(1, Math.floor(poolSize / 4) - 1);
  const generations = new Generations();
  const hosts = new Hosts(location.hosts, () => generations.endAll());
  const pool = (max: number, patience: number, standstill?: Standstill): Knex =>
    knex({
      client: clientWithLimits({ maxResultSize, maxPaused, generations, hosts, ...(standstill ? { standstill } : {}) }),
      connection: {
        ...connectionSettings(location),
        maxPreparedStatements: Math.min(200, Math.max(20, Math.floor(maxPrepared / (poolSize + maxStreams)))),
      },
      pool: {
        min: 0,
        max,
        acquireTimeoutMillis: patience,
        createTimeoutMillis: patience,
        afterCreate(connection: Connection, done: (error: Error | null, connection: Connection) => void) {
          generations.join(connection);
          prepareSession(standstill ? "records" : "control", connection, done);
        },
      },
      acquireConnectionTimeout: patience,
      compileSqlOnError: false,
      log: silent,
    });
  const control = pool(2, controlTimeout);
  const ask = async () => {
    const { current } = hosts;
    await asked(control, controlTimeout, wouldWrite).catch((error: unknown) => {
      hosts.leave(current);
      // Nobody takes a connection any more that leads there, as those do that wait in the pool. Behind a balancer the next
      // question may be answered by another server, and would say nothing of them.
      if (hosts.count === 1) generations.endAll();
      throw error;
    });
  };
  const standstill = new Standstill(ask, bounds, (connection) => hosts.hasLeft(connection));
  const main = pool(poolSize, acquireTimeout, standstill);
  const snapshots = pool(maxStreams, acquireTimeout, standstill);
  const close = async () => {
    standstill.stop();
    await Promise.all([main, snapshots, control].map((each) => each.destroy()));
  };
  let version: string;
  try {
    const { rows }: Response = await main.raw("SELECT VERSION() AS version");
    version = String(rows[0]?.version);
  } catch (error) {
    await close();
    throw translate(error);
  }
  return {
    dialect: mySqlDialect(version),
    reads: main,
    groups: "statements",
    writes: main,
    writers: placesOfWriters(options),
    snapshots,
    control,
    controlTimeout,
    filesOfConnection: 1,
    outcome(response) {
      const { rows, header, truncated } = response as Response;
      return { rows, truncated, changed: header?.affectedRows ?? 0, insertId: header?.insertId ?? 0 };
    },
    takesTexts: (connection) => !isGaleraNode(connection as Connection),
    translate,
    abandon(connection) {
      const marker = markerOf(connection as Connection);
      breakOff(connection as Connection);
      // A server goes on with a statement whose client has gone; only KILL stops it and rolls back at once. Behind a
      // balancer this question may reach another server, to which the marker is nothing.
      if (marker) {
        asked(control, controlTimeout, async (ask) => {
          const { id } = await ask("SELECT IS_USED_LOCK(?) AS id", marker);
          if (id != null) await ask(`KILL ${Number(id)}`);
        }).catch(() => undefined);
      }
      return true;
    },
    // The server looks after that.
    examine() {},
    close,
  };
}

/** Writes leave a quarter of the pool to reads. */
function placesOfWriters({ poolSize, acquireTimeout }: MySqlOptions): Places {
  const size = Math.max(1, poolSize - Math.max(1, Math.floor(poolSize / 4)));
  const reason = `no turn to write, or no connection for it, within ${acquireTimeout} ms: ${size} write at a time`;
  return new Places(size, acquireTimeout, () => new StorageError("unavailable", new Error(reason)));
}

function connectionSettings({ hosts, user, password, database, tls }: MySqlLocation): Knex.MySql2ConnectionConfig {
  return {
    // Of which host it is, the client says for each connection.
    ...hosts[0],
    user,
    password,
    database,
    ...(tls ? { ssl: tls } : {}),
    charset: "utf8mb4",
    timezone: "Z",
    dateStrings: true,
    supportBigNumbers: true,
    // A write and what is noted of it go by one trip where that is safe: texts that have hexadecimal literals alone.
    multipleStatements: true,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    connectTimeout: hosts.length > 1 ? 1500 : 5000,
  };
}

/** Runs a short statement; its first row. */
type Ask = (sql: string, ...bindings: string[]) => Promise<Readonly<Record<string, unknown>>>;

/** Whether the server would take a write now: one that has lost its cluster's majority goes on answering all else. */
const wouldWrite = async (ask: Ask): Promise<void> => {
  for (const sql of tryWrite) await ask(sql);
};

/** Asks the server short questions on one connection, within a bound. Getting that counts too. */
async function asked(control: Knex, patience: number, questions: (ask: Ask) => Promise<void>): Promise<void> {
  const began = performance.now();
  const connection: Connection = await control.client.acquireConnection();
  const timer = setTimeout(() => breakOff(connection), patience - (performance.now() - began));
  try {
    await questions(async (sql, ...bindings) => {
      const { response } = (await control.client.query(connection, { sql, bindings })) as { response: Response };
      return response.rows[0] ?? {};
    });
  } finally {
    clearTimeout(timer);
    await control.client.releaseConnection(connection);
  }
}

const silent = { warn() {}, error() {}, debug() {}, deprecate() {} };
