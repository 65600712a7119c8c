import { randomBytes } from "node:crypto";
import type { Connection, RowDataPacket } from "mysql2";
import { StorageError } from "./store.js";

/**
 * What a connection must not take from the server's defaults, which are its operator's for all its clients: whether a
 * write is kept, checked, and read in full would depend on them. Never DEFAULT: that is the global value again.
 */
const settings = [
  "autocommit = 1",
  // A COMMIT must not begin another transaction, or end the connection.
  "completion_type = 0",
  "foreign_key_checks = 1",
  "unique_checks = 1",
  // No statement returns less than it should, sorts by less than a whole id, or is refused for its size.
  "sql_select_limit = 18446744073709551615",
  "max_sort_length = 1024",
  "max_join_size = 18446744073709551615",
  "sql_big_selects = 1",
  "sql_safe_updates = 0",
  "sql_auto_is_null = 0",
  "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
  "default_storage_engine = InnoDB",
  "character_set_client = utf8mb4",
  "character_set_connection = utf8mb4",
  "character_set_results = utf8mb4",
  "time_zone = '+00:00'",
  // Waiting is bounded here, in seconds; how long a statement or a transaction may take is the archive's to say.
  "innodb_lock_wait_timeout = 5",
  "lock_wait_timeout = 30",
  "wait_timeout = 28800",
  "net_read_timeout = 60",
  "net_write_timeout = 60",
].join(", ");

/** What only one of the servers has: each takes the other's for a comment. */
const ofOne = "/*!80000 , max_execution_time = 0 */ /*M!100101 , max_statement_time = 0 */";

/** What only some versions or builds have. */
const optional: Readonly<Record<string, string>> = {
  check_constraint_checks: "1",
  idle_transaction_timeout: "0",
  idle_readonly_transaction_timeout: "0",
  idle_write_transaction_timeout: "0",
  wsrep_dirty_reads: "0",
  // A page under 64 scopes: how many rows each has is not looked up in the index, which took as long as the page.
  eq_range_index_dive_limit: "10",
  // Galera: every read waits until its node has what any other node had committed before. This and the next come last, as
  // what comes after waits too.
  wsrep_sync_wait: "1",
  // Group Replication: the same; and a node that has lost its group's majority answers nothing rather than what was.
  group_replication_consistency: "'BEFORE'",
};

/**
 * Whether a server has it, and gains by it. MariaDB 10 reads the ranges anyway; MySQL 9 without looking them up reads the
 * whole index where they seem many, and of MariaDB 11 nobody has tried it.
 */
const looksUpLess = (version = "") => /^10\..*MariaDB/.test(version);

/** What cannot be set without rights that the archive need not have, but must be right. */
const binaryLog = ["log_bin", "binlog_format"];

const markers = new WeakMap<Connection, string>();

/**
 * The name of a lock that this connection alone holds, on its server alone. By it another connection finds the number
 * that its server knows it by, and finds none on another server, where that number may be a stranger's.
 */
export const markerOf = (connection: Connection): string | undefined => markers.get(connection);

const galeraNodes = new WeakSet<Connection>();

/**
 * Whether a connection's server is a node of a Galera cluster. There another node's write can roll back a transaction
 * between two statements; the first that would see it is told so, but of several that came as one text the others go on,
 * each by itself, and the text has succeeded.
 */
export const isGaleraNode = (connection: Connection): boolean => galeraNodes.has(connection);

/** How long setting up a connection may take, in milliseconds. */
const patience = 5000;

/** Sets up a new connection, once: for records, or for control, which asks how the server is, and waits for no other. */
export function prepareSession(
  purpose: "records" | "control",
  connection: Connection,
  done: (error: Error | null, connection: Connection) => void,
): void {
  const run = (sql: string, values: readonly string[] = []) =>
    new Promise<RowDataPacket[]>((resolve, reject) => {
      connection.query<RowDataPacket[]>(sql, [...values], (error, rows) => (error ? reject(error) : resolve(rows)));
    });
  const prepare = async () => {
    await run(`SET SESSION ${settings} ${ofOne}`);
    // Deadlocks are least where no gaps are locked; every read that needs a snapshot is one statement or says so.
    await run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE");
    const marker = `archive:${randomBytes(16).toString("hex")}`;
    // A server that knows no such locks is one on which no statement is ended from outside.
    const [lock] = await run("SELECT GET_LOCK(?, 0) AS held", [marker]).catch(() => []);
    if (Number(lock?.held) === 1) markers.set(connection, marker);
    const names = [...Object.keys(optional), ...binaryLog, "wsrep_on", "version"];
    const rows = await run(`SHOW SESSION VARIABLES WHERE Variable_name IN (${names.map(() => "?").join(", ")})`, names);
    const found = new Map(rows.map(({ Variable_name: name, Value: value }) => [String(name), String(value)]));
    if (found.get("log_bin") === "ON" && found.get("binlog_format") === "STATEMENT") throw statementFormat();
    if (found.get("wsrep_on") === "ON") galeraNodes.add(connection);
    const known = Object.entries(optional).filter(
      ([name]) =>
        found.has(name) &&
        !(purpose === "control" && name === "wsrep_sync_wait") &&
        (name !== "eq_range_index_dive_limit" || looksUpLess(found.get("version"))),
    );
    if (known.length > 0) await run(`SET SESSION ${known.map(([name, value]) => `${name} = ${value}`).join(", ")}`);
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error("the server stopped answering while it was connected to"), { fatal: true });
    timer = setTimeout(() => reject(error), patience);
  });
  Promise.race([prepare(), late])
    .then(
      () => done(null, connection),
      (error: Error) => {
        connection.destroy();
        done(error, connection);
      },
    )
    .finally(() => clearTimeout(timer));
}

const statementFormat = () =>
  new StorageError(
    "out-of-order",
    new Error(
      "the server writes its binary log in STATEMENT format, which cannot take READ COMMITTED (error 1665): set binlog_format to ROW or MIXED",
    ),
  );
