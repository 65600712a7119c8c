import { CallContext } from "../call-context.js";
import { type Change, changeKindOf, type NumberedChange } from "../records/change.js";
import type { Ids } from "../records/ids.js";
import { changesOf, countsOf } from "./change.js";
import type { ChangeLog, ChangeQuery, HistoryState } from "./change-log.js";
import * as sql from "./change-log-sql.js";
import type { Dialect } from "./engine.js";
import type { Outcome, Query, Run } from "./query.js";
import { StorageError } from "./store.js";
import { type Row, typeOf } from "./stored-record.js";

/** The most transactions, and about the most changes, that are numbered at a time: more at once hold up a Galera cluster. */
const maxNumbered = 500;

/** The most changes that are removed at a time. */
const maxRemoved = 1000;

/** What a log runs its statements on. */
export interface LogRunner {
  readonly dialect: Dialect;
  read(query: Query, context: CallContext): Promise<Outcome>;
  /** Does work in one transaction, which is no record's. */
  transaction<Result>(context: CallContext, work: (run: Run) => Promise<Result>): Promise<Result>;
}

export class KnexChangeLog implements ChangeLog {
  readonly #listeners = new Set<() => void>();

  constructor(private readonly runner: LogRunner) {}

  async number(context: CallContext): Promise<boolean> {
    const { rows } = await this.runner.read(sql.pendingSql(maxNumbered), context);
    let size = 0;
    const fitting = rows.findIndex((row) => {
      size += Number(row.size);
      return size > maxNumbered;
    });
    // Whole transactions, one at least.
    const count = fitting < 0 ? rows.length : Math.max(1, fitting);
    const last = rows[count - 1];
    if (!last) return false;
    try {
      await this.runner.transaction(context, (run) => this.#number(run, Number(last.pending_id)));
    } catch (error) {
      // Another process did it.
      if (!(error instanceof StorageError && error.kind === "conflict")) throw error;
      return true;
    }
    return count < rows.length || rows.length === maxNumbered;
  }

  /**
   * Gives revisions to the transactions up to one, which are committed. Who numbers at the same time waits for the one
   * row, or is refused at its end. The order is that in which they were written down: a transaction comes to that when it
   * has locked all that it changes, so after all that it builds on was kept.
   */
  async #number(run: Run, upTo: number): Promise<void> {
    const [history] = (await run(sql.lockHistorySql(this.runner.dialect))).rows;
    let revision = Number(history?.last);
    const { rows } = await run(sql.notesUpToSql(upTo));
    if (rows.length === 0) return;
    const numbered = rows.flatMap((row) =>
      changesOf(row.changes as string).map((change: Change) => ({
        ...change,
        revision: ++revision,
        mark: row.mark as string,
      })),
    );
    for (const insertion of sql.insertChangesSql(numbered)) await run(insertion);
    await run(sql.dropNotesSql(rows.map((row) => Number(row.pending_id))));
    await run(sql.advanceSql(revision));
  }

  async countUnnumbered(context: CallContext): Promise<number> {
    const { rows } = await this.runner.read(sql.countPendingSql, context);
    return Number(rows[0]?.count);
  }

  async read(from: number, limit: number, context: CallContext) {
    const { rows } = await this.runner.read(sql.readChangesSql(from, limit), context);
    const state = stateOf(rows[0] ?? {});
    return { state, changes: rows.flatMap((row) => (row.revision === null ? [] : [numberedChange(row)])) };
  }

  async list(query: ChangeQuery, limit: number, context: CallContext): Promise<NumberedChange[]> {
    const { rows } = await this.runner.read(sql.listChangesSql(query, limit, this.runner.dialect), context);
    return rows.map(numberedChange);
  }

  async compact(before: string, context: CallContext): Promise<boolean> {
    const { rows } = await this.runner.read(sql.oldestChangesSql(maxRemoved + 1), context);
    // The last of all stays: by it, whoever goes on from it is known.
    const young = rows.findIndex((row) => String(row.changed_at) >= before);
    const old = rows.slice(0, Math.min(young < 0 ? rows.length - 1 : young, rows.length - 1));
    const last = old.at(-1);
    if (!last) return false;
    const revision = Number(last.revision);
    // Said before it is done: who reads on finds either all or that.
    await this.runner.transaction(context, (run) => run(sql.compactSql(revision)));
    await this.runner.transaction(context, (run) => run(sql.dropChangesSql(revision)));
    return old.length === maxRemoved;
  }

  async renew(): Promise<void> {
    const query = sql.renewHistorySql(this.runner.dialect);
    await this.runner.transaction(new CallContext(), (run) => run(query));
  }

  onWrite(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Says that something was written. */
  written(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What is known of all changes, from a row that says so. */
export const stateOf = (row: Row): HistoryState => ({
  historyId: String(row.history_id),
  last: Number(row.last),
  compacted: Number(row.compacted),
});

function numberedChange(row: Row): NumberedChange {
  const type = typeOf({ type: row.record_type });
  const key: Ids = Object.fromEntries(type.key.map((field) => [field, row[field] as string]));
  return {
    revision: Number(row.revision),
    mark: row.mark as string,
    kind: changeKindOf(Number(row.kind)),
    type,
    key,
    previousEtag: row.previous_etag as string,
    etag: row.etag as string,
    deleted: row.deleted === null ? undefined : countsOf(row.deleted as string),
    at: row.changed_at as string,
    principal: (row.principal as string | null) ?? "",
    requestId: row.request_id as string,
  };
}
