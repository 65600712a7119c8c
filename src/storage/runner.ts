import type { Caller } from "../records/caller.js";
import type { NewChange } from "../records/change.js";
import type { Outcome, Query, Run } from "./query.js";
import type { NewRecord, Statements } from "./store.js";
import type { Conditional } from "./update-groups.js";

/** A piece of work in a transaction: the changes that it leaves are noted. */
export type NotedWork<Result> = (run: Run, note: (change: NewChange) => void) => Promise<Result>;

/** What statements run on: connections of their own each, or one that has a transaction open. */
export interface Runner {
  readonly read: Run;
  /** Reads single records together with others, where that is faster. */
  readonly readOne?: Pick<Statements, "read" | "readHead"> | undefined;
  /** Runs a statement that is part of a change which is noted elsewhere, or of none. */
  readonly write: Run;
  /** Runs a statement that leaves a change for each record; both are kept or neither is. */
  changed(query: Query, changes: readonly NewChange[]): Promise<Outcome>;
  /** Runs one that changes or deletes a record if that has still the etag that it had; false if not. */
  changedIf(kind: Conditional["kind"], query: Query, change: NewChange): Promise<boolean>;
  /** Inserts a record together with others, where that is faster, and returns its record_id. */
  readonly insert?: ((record: NewRecord) => Promise<number>) | undefined;
  /** Does a short piece of work in one transaction: a new one, one that it shares, or the one that is open. */
  shortly<Result>(work: NotedWork<Result>): Promise<Result>;
  /** Notes a change of the transaction that is open. */
  note(change: NewChange): void;
  /** Whether the same work ended in a conflict before. */
  readonly repeated: boolean;
  readonly caller: Caller;
}
