import BetterSqlite3Client from "knex/lib/dialects/better-sqlite3/index.js";
import Database from "libsql";
import { NoRoom } from "../answer-memory.js";
import { limits } from "../limits.js";
import { Turns } from "../turns.js";
import { LargeCommits } from "./large-commits.js";
import { ResultSize } from "./result-size.js";
import { bytesOf, type Row, RowBatches } from "./row-batches.js";
import { applicationId } from "./sqlite-dialect.js";
import { isBusy } from "./sqlite-errors.js";
import { StorageError } from "./store.js";
import { whenFree } from "./when-free.js";

/** What a statement returned: rows, or what it changed. */
export type Response = { rows?: Record<string, unknown>[]; truncated?: boolean } & Partial<Database.RunResult>;

/** What is kept of each connection that is fit for use. */
interface Kept {
  readonly statements: Map<string, Database.Statement>;
  /** Those that have one row at the most, which is a list of the values of some columns. */
  readonly ofOneRow: Map<string, { readonly statement: Database.Statement; readonly columns: readonly string[] }>;
  readonly commits: LargeCommits;
  /** Ends the wait for another process's lock, while there is one. */
  waiting: AbortController | undefined;
  /** Resolves when the rows of a large result have been read, while they are: nothing else is done with it before. */
  reading: Promise<unknown> | undefined;
}

/** The bytes of a result that are read without giving others a turn. */
const bytesOfTurn = limits.bytesOfSmallResult;

/**
 * Knex's dialect for better-sqlite3, on libsql, which has the same interface and comes prebuilt through npm. What waits
 * for another process's lock waits here, for so many milliseconds, and not in the driver, which is synchronous. A
 * connection that has waited in vain is not used again: the driver leaves the statement halfway, and while it is there
 * SQLite commits nothing else that the connection is told to write.
 */
export function sqliteClient(maxResultSize: number, maxWait: number) {
  const kept = new WeakMap<Database.Database, Kept>();
  const copying = new Map<Database.Database, LargeCommits>();
  const client = class extends BetterSqlite3Client {
    override _driver(): unknown {
      return Database;
    }

    override async acquireRawConnection(): Promise<unknown> {
      const { filename } = this.connectionSettings as { filename: string };
      const connection = new Database(filename, { timeout: 0 });
      try {
        await whenFree(() => refuseForeignFile(connection, filename), maxWait);
        await whenFree(
          () => connection.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON"),
          maxWait,
        );
      } catch (error) {
        connection.close();
        throw error;
      }
      const commits = new LargeCommits(connection, filename);
      kept.set(connection, {
        statements: new Map(),
        ofOneRow: new Map(),
        commits,
        waiting: undefined,
        reading: undefined,
      });
      copying.set(connection, commits);
      return connection;
    }

    override async validateConnection(connection: Database.Database): Promise<boolean> {
      return kept.has(connection);
    }

    override async destroyRawConnection(connection: Database.Database): Promise<void> {
      kept.delete(connection);
      copying.delete(connection);
      connection.close();
    }

    override async releaseConnection(connection: Database.Database): Promise<void> {
      const reading = kept.get(connection)?.reading;
      if (reading) await reading;
      await super.releaseConnection(connection);
    }

    override async _query(connection: Database.Database, query: KnexQuery): Promise<KnexQuery> {
      const own = kept.get(connection);
      if (own?.reading) await own.reading;
      const once = () => {
        if (own && query.options?.one) return firstRow(connection, own.ofOneRow, query);
        const response = run(connection, own?.statements ?? new Map(), query);
        if (own && response instanceof Promise) {
          own.reading = response
            .catch(() => undefined)
            .finally(() => {
              own.reading = undefined;
            });
        }
        return response;
      };
      const attempt = own && query.sql === "COMMIT" ? () => own.commits.commit(once) : once;
      try {
        const response = attempt();
        query.response = response instanceof Promise ? await response : response;
      } catch (error) {
        if (!own || !isBusy(error)) throw error;
        const waiting = new AbortController();
        own.waiting = waiting;
        try {
          query.response = await whenFree(attempt, maxWait, waiting.signal);
        } catch (failure) {
          if (isBusy(failure)) kept.delete(connection);
          throw failure;
        } finally {
          own.waiting = undefined;
        }
      }
      if (query.sql === "ROLLBACK") own?.commits.reset();
      if (!own || query.sql === "COMMIT") return query;
      const { changes } = query.response as Response;
      const synced = changes ? own.commits.changed(changes, query.bindings) : undefined;
      if (synced) await synced;
      return query;
    }
  };
  /** Ends what a connection waits for, if it does. A statement itself is never broken off: it runs to its end at once. */
  const stopWaiting = (connection: Database.Database) => {
    const waiting = kept.get(connection)?.waiting;
    if (!waiting) return;
    kept.delete(connection);
    waiting.abort();
  };

  function run(
    connection: Database.Database,
    statements: Map<string, Database.Statement>,
    { sql, bindings = [], options }: KnexQuery,
  ): Response | Promise<Response> {
    const statement = statements.get(sql) ?? connection.prepare(sql);
    // Pages and their filters make many statements; only so many are worth keeping.
    if (statements.size < 500 && !options?.once) statements.set(sql, statement);
    if (!statement.reader) return statement.run(bindings);
    const batches = new RowBatches(statement.iterate(bindings) as Iterator<Row>);
    const response: Response & { rows: Row[] } = { rows: [], truncated: false };
    const size = new ResultSize(options?.call);
    let hasRoom = true;
    const take = (row: Row): void => {
      if (!hasRoom || response.truncated) return;
      if (!size.add(row)) {
        hasRoom = false;
        // Nobody needs them any more.
        response.rows.length = 0;
      } else if (size.bytes <= (options?.take ?? maxResultSize) || response.rows.length === 0) response.rows.push(row);
      else response.truncated = true;
    };
    /** Reads for one turn; whether that was all. Always to the end: a statement that is left before keeps its snapshot. */
    const read = (): boolean => {
      for (let bytes = 0; bytes < bytesOfTurn; ) {
        const row = batches.next();
        if (!row) return true;
        take(row);
        bytes += bytesOf(row);
      }
      return false;
    };
    const readOn = async (): Promise<Response> => {
      const turns = new Turns();
      do await turns.next();
      while (!read());
      return taken();
    };
    const taken = (): Response => {
      if (!hasRoom) {
        size.giveUp();
        throw new NoRoom(size.bytes);
      }
      if (response.truncated && options?.take === undefined && !options?.cut)
        throw new StorageError("result-too-large", undefined);
      return response;
    };
    return read() ? taken() : readOn();
  }

  /** One row by itself, and as a list of values: in 0.6 of the time that an iterator takes, which makes an object. */
  function firstRow(
    connection: Database.Database,
    prepared: Kept["ofOneRow"],
    { sql, bindings = [], options }: KnexQuery,
  ): Response {
    const { statement, columns } = prepared.get(sql) ?? ofOneRow(connection.prepare(sql));
    prepared.set(sql, { statement, columns });
    const values = statement.get(bindings) as unknown[] | undefined;
    if (!values) return { rows: [] };
    const row: Row = {};
    for (const [index, name] of columns.entries()) row[name] = values[index];
    const size = new ResultSize(options?.call);
    if (!size.add(row)) throw new NoRoom(size.bytes);
    return { rows: [row] };
  }

  /** Reads one row at once; undefined on a connection that is not to be used any more, or that another process keeps waiting. */
  function rowNow(connection: Database.Database, query: KnexQuery): Response | undefined {
    const own = kept.get(connection);
    if (!own) return undefined;
    try {
      return firstRow(connection, own.ofOneRow, query);
    } catch (error) {
      if (!isBusy(error)) throw error;
      kept.delete(connection);
      return undefined;
    }
  }

  /** Waits until no thread has to do with the file. */
  const settled = async () => {
    for (const commits of copying.values()) await commits.settled();
  };

  return { client, rowNow, stopWaiting, settled };
}

const ofOneRow = (statement: Database.Statement) => ({
  statement,
  columns: statement
    .raw()
    .columns()
    .map(({ name }) => name),
});

/** Throws if a file is another program's, before anything is changed in it. Archives from before the mark have none. */
export function refuseForeignFile(connection: Database.Database, file: string): void {
  const { mark, tables, known } = connection
    .prepare(
      "SELECT (SELECT application_id FROM pragma_application_id) AS mark, COUNT(*) AS tables, TOTAL(name = 'archive_schema') AS known FROM sqlite_master",
    )
    .get([]) as { mark: number; tables: number; known: number };
  if (mark === applicationId || (mark === 0 && (tables === 0 || known > 0))) return;
  throw new StorageError("unavailable", new Error(`${file} is another program's: choose another file`));
}
