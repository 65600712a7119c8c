import { CallContext } from "../call-context.js";
import { type Change, changeKindOf, type NumberedChange } from "../records/change.js";
import type { Ids } from "../records/ids.js";
import { changesOf, countsOf } from "./change.js";
import type { ChangeLog, ChangeQuery, HistoryState } from "./change-log.js";
import * as sql from "./change-log-sql.js";
import type { Dialect } from "./engine.js";
import type { Outcome, Query } from "./query.js";
import { StorageError } from "./store.js";
import { type Row, typeOf } from "./stored-record.js";

/** The most transactions, and about the most changes, that are numbered at a time: more at once hold up a Galera cluster. */
const maxNumbered = 500;

/** The most changes that are removed at a time. */
const maxRemoved = 1000;

/** How long, in milliseconds, what is left to others to number may stay so. */
const patience = 50;

/** What a log runs its statements on. */
export interface LogRunner {
  readonly dialect: Dialect;
  read(query: Query, context: CallContext): Promise<Outcome>;
  /** Runs a statement in a transaction that is no record's. */
  transaction(context: CallContext, query: Query): Promise<Outcome>;
  /** Runs some statements, and those that follow from their rows, in one transaction, by as few trips as can be. */
  inTwo(
    context: CallContext,
    first: readonly Query[],
    following: (rows: readonly Row[]) => readonly Query[],
  ): Promise<void>;
}

export class KnexChangeLog implements ChangeLog {
  readonly #listeners = new Set<() => void>();
  /** The last revision that is known here, and when another process was seen to have numbered. */
  #last: number | undefined;
  #othersAt = Number.NEGATIVE_INFINITY;
  /** The first change without a revision that was left to others, and since when. */
  #left: { readonly id: number; readonly since: number } | undefined;

  constructor(private readonly runner: LogRunner) {}

  async number(context: CallContext, isPatient = false): Promise<boolean> {
    const { rows } = await this.runner.read(sql.pendingSql(maxNumbered), context);
    let size = 0;
    const fitting = rows.findIndex((row) => {
      size += Number(row.size);
      return size > maxNumbered;
    });
    // Whole transactions, one at least.
    const count = fitting < 0 ? rows.length : Math.max(1, fitting);
    const last = rows[count - 1];
    if (!last || (isPatient && this.#isLeft(Number(rows[0]?.pending_id)))) return false;
    this.#left = undefined;
    if (!(await this.#number(Number(last.pending_id), context))) this.#othersAt = performance.now();
    return count < rows.length || rows.length === maxNumbered;
  }

  /** Whether to leave it to another process, which has done so just now and may be about to: this spares collisions alone. */
  #isLeft(id: number): boolean {
    const now = performance.now();
    if (this.#left && id <= this.#left.id) return now - this.#left.since < patience;
    this.#left = { id, since: now };
    return true;
  }

  othersNumber(within: number): boolean {
    return performance.now() - this.#othersAt < within;
  }

  /**
   * Gives revisions to the transactions up to one, which are committed; returns whether there were any left. Who numbers
   * at the same time waits for the one row, or is refused at its end. The order is that in which they were written down:
   * a transaction comes to that when it has locked all that it changes, so after all that it builds on was kept.
   */
  async #number(upTo: number, context: CallContext): Promise<boolean> {
    let isOwn = false;
    let last = 0;
    const first = [sql.lockHistorySql(this.runner.dialect), sql.notesUpToSql(upTo)];
    const following = ([history, ...rows]: readonly Row[]): Query[] => {
      const { changes, revision, marks } = numbered(rows, Number(history?.last));
      isOwn = marks.size > 0;
      last = revision;
      if (!isOwn) return [];
      const notes = rows.filter(({ mark }) => marks.has(mark as string));
      return [
        ...sql.insertChangesSql(changes),
        sql.dropNotesSql(notes.map((row) => Number(row.pending_id))),
        sql.advanceSql(revision),
      ];
    };
    try {
      await this.runner.inTwo(context, first, following);
    } catch (error) {
      if (!(error instanceof StorageError && error.kind === "conflict")) throw error;
      return false;
    }
    if (isOwn) this.#last = last;
    return isOwn;
  }

  async countUnnumbered(context: CallContext): Promise<number> {
    const { rows } = await this.runner.read(sql.countPendingSql, context);
    return Number(rows[0]?.count);
  }

  async read(from: number, limit: number, context: CallContext) {
    const { rows } = await this.runner.read(sql.readChangesSql(from, limit), context);
    const state = stateOf(rows[0] ?? {});
    if (state.last > (this.#last ?? state.last)) this.#othersAt = performance.now();
    this.#last = Math.max(state.last, this.#last ?? 0);
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
    await this.runner.transaction(context, sql.compactSql(revision));
    await this.runner.transaction(context, sql.dropChangesSql(revision));
    return old.length === maxRemoved;
  }

  async renew(): Promise<void> {
    await this.runner.transaction(new CallContext(), sql.renewHistorySql(this.runner.dialect));
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

/**
 * The changes of transactions in their order, after a revision, and the marks of these. A transaction is where its last
 * row is; one whose last row is not there comes later.
 */
function numbered(rows: readonly Row[], last: number) {
  const earlier = new Map<string, Change[]>();
  const changes: NumberedChange[] = [];
  const marks = new Set<string>();
  let revision = last;
  for (const row of rows) {
    const mark = row.mark as string;
    const own = [...(earlier.get(mark) ?? []), ...changesOf(row.changes as string)];
    if (Number(row.size) === 0) {
      earlier.set(mark, own);
      continue;
    }
    marks.add(mark);
    for (const change of own) changes.push({ ...change, revision: ++revision, mark });
  }
  return { changes, revision, marks };
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
