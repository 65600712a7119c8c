import type { Socket } from "node:net";
import knex, { type Knex } from "knex";
import MySql2Client from "knex/lib/dialects/mysql2/index.js";
import type { Connection, ResultSetHeader, RowDataPacket } from "mysql2";
import type { MySqlLocation } from "./database-url.js";
import { type Dialect, type Engine, rowSize } from "./engine.js";
import { repeated } from "./sql.js";
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
      client: clientWithLimits(options),
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
    dialect: dialect(isMariaDb ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin"),
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

const dialect = (collation: string): Dialect => ({
  idType: `VARCHAR(128) CHARACTER SET utf8mb4 COLLATE ${collation}`,
  // Not JSON: MySQL's reorders keys and rewrites numbers, MariaDB's nests 31 levels. The JSON functions take text too.
  detailsType: "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
  timeType: "DATETIME(6)",
  etagType: "CHAR(16) CHARACTER SET ascii COLLATE ascii_bin",
  identity: (keyColumns) => [
    "`record_id` BIGINT NOT NULL AUTO_INCREMENT",
    `PRIMARY KEY (${keyColumns})`,
    "UNIQUE KEY `record_id` (`record_id`)",
  ],
  inlineIndexes: true,
  tableOptions: " ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
  maxDeleted: undefined,
  forUpdate: " FOR UPDATE",
  joinInOrder: "STRAIGHT_JOIN",
  // Not (a, b) > (?, ?): that scans from the start. Each line here is one range of the index.
  after: (columns, values) => ({
    sql: columns
      .map((column, index) =>
        [...columns.slice(0, index).map((before) => `${before} = ?`), `${column} > ?`].join(" AND "),
      )
      .map((range) => `(${range})`)
      .join(" OR "),
    bindings: columns.flatMap((_, index) => values.slice(0, index + 1)),
  }),
  among: (columns, lists) => `(${columns.join(", ")}) IN (${repeated(`(${repeated("?", columns.length)})`, lists)})`,
  tableExists: (name) => ({
    sql: "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?",
    bindings: [name],
  }),
  beginWrite: ["START TRANSACTION"],
  beginSnapshot: [
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
  ],
});

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

/** Ends a connection in the middle of whatever it does. Nothing more is read of it, and no error comes of it. */
function breakOff(connection: Connection): void {
  const { stream } = connection as Connection & { readonly stream: Socket };
  connection.destroy();
  stream.destroy();
}

/** What a statement returned: rows, or what it changed. */
interface Response {
  readonly rows: RowDataPacket[];
  header?: ResultSetHeader;
  truncated: boolean;
}

/**
 * Knex's dialect for mysql2, with two changes. Statements with parameters are prepared: the server parses each once a
 * connection, and doubles are exact. And a result is cut or broken off before it fills the memory.
 */
function clientWithLimits({ maxResultSize }: MySqlOptions) {
  return class extends MySql2Client {
    override async destroyRawConnection(connection: Connection): Promise<void> {
      // A connection that is closed cannot say goodbye: trying to would end in an error that nobody catches.
      if (await this.validateConnection(connection)) await super.destroyRawConnection(connection);
    }

    override _query(connection: Connection, query: KnexQuery): Promise<KnexQuery> {
      const { sql, bindings, options } = query;
      const most = options?.take ?? maxResultSize;
      let done = () => {};
      return new Promise<KnexQuery>((resolve, reject) => {
        const response: Response = { rows: [], truncated: false };
        let size = 0;
        // A connection that is lost tells its own listeners, not the command that it was at or that comes too late.
        connection.on("error", reject);
        done = () => connection.off("error", reject);
        const command =
          bindings?.length && !options?.once
            ? connection.execute(sql, bindings as string[])
            : connection.query(sql, bindings as string[]);
        command.on("error", reject);
        command.on("result", (result: RowDataPacket | ResultSetHeader) => {
          if (result.constructor.name === "ResultSetHeader") {
            response.header = result as ResultSetHeader;
            return;
          }
          const row = result as RowDataPacket;
          size += rowSize(row);
          if (size <= most || response.rows.length === 0) response.rows.push(row);
          else if (options?.take) response.truncated = true;
          else {
            breakOff(connection);
            reject(new StorageError("result-too-large", undefined));
          }
        });
        command.on("end", () => {
          query.response = response;
          resolve(query);
        });
      }).finally(() => done());
    }
  };
}

const silent = { warn() {}, error() {}, debug() {}, deprecate() {} };

const kinds: Readonly<Record<number, StorageError["kind"]>> = {
  1062: "duplicate", // ER_DUP_ENTRY
  1216: "foreign-key", // ER_NO_REFERENCED_ROW
  1217: "foreign-key", // ER_ROW_IS_REFERENCED
  1451: "foreign-key", // ER_ROW_IS_REFERENCED_2
  1452: "foreign-key", // ER_NO_REFERENCED_ROW_2
  1020: "conflict", // ER_CHECKREAD: changed since last read
  1205: "conflict", // ER_LOCK_WAIT_TIMEOUT
  1213: "conflict", // ER_LOCK_DEADLOCK, also a conflict between the nodes of a cluster
  3101: "conflict", // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: refused by Group Replication
  1153: "value-too-large", // ER_NET_PACKET_TOO_LARGE
  1021: "unavailable", // ER_DISK_FULL
  1040: "unavailable", // ER_CON_COUNT_ERROR
  1044: "unavailable", // ER_DBACCESS_DENIED_ERROR
  1045: "unavailable", // ER_ACCESS_DENIED_ERROR
  1047: "unavailable", // ER_UNKNOWN_COM_ERROR: a node that has left its cluster
  1049: "unavailable", // ER_BAD_DB_ERROR
  1053: "unavailable", // ER_SERVER_SHUTDOWN
  1114: "unavailable", // ER_RECORD_FILE_FULL
  1129: "unavailable", // ER_HOST_IS_BLOCKED
  1203: "unavailable", // ER_TOO_MANY_USER_CONNECTIONS
  1290: "unavailable", // ER_OPTION_PREVENTS_STATEMENT: read-only, as a replica is
  1317: "unavailable", // ER_QUERY_INTERRUPTED
  1461: "unavailable", // ER_MAX_PREPARED_STMT_COUNT_REACHED
  1836: "unavailable", // ER_READ_ONLY_MODE
  1927: "unavailable", // ER_CONNECTION_KILLED
  3100: "unavailable", // ER_RUN_HOOK_ERROR: Group Replication has no majority
};

function translate(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const { errno, fatal, name, code, message } = error as NodeJS.ErrnoException & { fatal?: boolean };
  const kind = errno === undefined ? undefined : kinds[errno];
  if (kind) return new StorageError(kind, error);
  // Lost connections have a code of the system's or of the driver's, and are fatal; so are those that end in a queue.
  const lost =
    fatal === true ||
    name === "KnexTimeoutError" ||
    /^(E[A-Z]+|PROTOCOL_.*|HANDSHAKE_.*)$/.test(code?.startsWith("ER_") ? "" : (code ?? "")) ||
    /closed state|Connection lost|aborted/i.test(message);
  return new StorageError(lost ? "unavailable" : "unknown", error);
}
