import Libsql from "libsql";
import { createPool, type ResultSetHeader, type RowDataPacket } from "mysql2/promise";

export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement: by `execute`, or by `query` where its text holds so many rows that preparing it would be a loss. */
export type Run = (
  sql: string,
  values?: readonly (string | number)[],
  once?: boolean,
) => Promise<{ rows: Row[]; id: number }>;

/** A database as one uses it by hand, through its driver and nothing else. */
export interface Database {
  readonly kind: "mysql" | "sqlite";
  readonly run: Run;
  transaction<Result>(work: (run: Run) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

/** Opens a database with as many connections as the archive has. */
export function openDatabase(url: string): Database {
  return url.startsWith("sqlite:") ? openSqlite(url.slice("sqlite:".length)) : openMySql(url);
}

function openMySql(url: string): Database {
  const pool = createPool({ uri: url, connectionLimit: 16, dateStrings: true, charset: "utf8mb4" });
  // As the archive does: how much a server locks, and what MariaDB writes to its binary log, depends on it.
  pool.on("connection", (connection) => connection.query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"));
  type Answer = RowDataPacket[] | ResultSetHeader;
  const running =
    (connection: Pick<typeof pool, "execute" | "query">): Run =>
    async (sql, values = [], once = values.length === 0) => {
      const [result] = once
        ? await connection.query<Answer>(sql, [...values])
        : await connection.execute<Answer>(sql, [...values]);
      return Array.isArray(result) ? { rows: result, id: 0 } : { rows: [], id: result.insertId };
    };
  return {
    kind: "mysql",
    run: running(pool),
    async transaction(work) {
      const connection = await pool.getConnection();
      try {
        await connection.query("START TRANSACTION");
        const result = await work(running(connection));
        await connection.query("COMMIT");
        return result;
      } catch (error) {
        await connection.query("ROLLBACK");
        throw error;
      } finally {
        connection.release();
      }
    },
    close: () => pool.end(),
  };
}

function openSqlite(file: string): Database {
  const database = new Libsql(file, { timeout: 5000 });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  const prepared = new Map<string, Libsql.Statement>();
  const run: Run = async (sql, values = [], once = false) => {
    const statement = prepared.get(sql) ?? database.prepare(sql);
    if (!once) prepared.set(sql, statement);
    if (statement.reader) return { rows: statement.all([...values]) as Row[], id: 0 };
    return { rows: [], id: Number(statement.run([...values]).lastInsertRowid) };
  };
  return {
    kind: "sqlite",
    run,
    async transaction(work) {
      database.exec("BEGIN IMMEDIATE");
      try {
        const result = await work(run);
        database.exec("COMMIT");
        return result;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    close: async () => void database.close(),
  };
}
