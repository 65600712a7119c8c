import type { CallContext } from "../call-context.js";
import type { Sight } from "../records/caller.js";
import type { ChangeKind, NumberedChange } from "../records/change.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";

/** What is known of all changes. */
export interface HistoryState {
  /** Random: what tells the history of one database from that of another, or from its own before a backup came back. */
  readonly historyId: string;
  /** The last revision; 0 where there is none. */
  readonly last: number;
  /** The last revision of those that are not kept any more; 0 where all are. */
  readonly compacted: number;
}

/** Which changes to list. */
export interface ChangeQuery {
  /** The ids that must not differ, by their names. */
  readonly key: Ids;
  /** The types that must be concerned. */
  readonly types: readonly RecordType[];
  /** What the caller may see. */
  readonly sight: Sight | undefined;
  /** All kinds where there is none. */
  readonly kinds: readonly ChangeKind[];
  readonly principal: string | undefined;
  /** From a time on, and before one, as they are stored. */
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly newestFirst: boolean;
  /** The revision after which, in that order, to go on. */
  readonly after: number | undefined;
}

/**
 * The changes in the order of their revisions. Writers leave theirs without one; who needs revisions gives them, to what
 * is committed. So nothing that is committed later, or not yet, ever comes before what was read.
 */
export interface ChangeLog {
  /**
   * Gives revisions to some of the changes that have none; returns whether there are more. Where another process does the
   * same, one of the two does nothing. Who is patient leaves it to others that seem to do so, for a moment.
   */
  number(context: CallContext, isPatient?: boolean): Promise<boolean>;
  /** How many changes have no revision yet: of very many, about how many at least. */
  countUnnumbered(context: CallContext): Promise<number>;
  /** Whether another process was seen to give any within the last milliseconds. */
  othersNumber(within: number): boolean;
  /** The changes from a revision on, at most so many, and the state that they are of. */
  read(from: number, limit: number, context: CallContext): Promise<{ state: HistoryState; changes: NumberedChange[] }>;
  /** The changes of a query, at most so many. Of deletions it has those that may have taken what is asked for. */
  list(query: ChangeQuery, limit: number, context: CallContext): Promise<NumberedChange[]>;
  /** Removes some of those that were made before a time; returns whether there may be more. */
  compact(before: string, context: CallContext): Promise<boolean>;
  /** Begins another history: whoever goes on from the one before is told. */
  renew(): Promise<void>;
  /** Has something done after each write of this process; returns what ends that. */
  onWrite(listener: () => void): () => void;
}
