import type { Ids } from "./ids.js";
import type { RecordType } from "./record-type.js";

/** What happened to a record, by the numbers of the enum ChangeKind. */
export const changeKinds = { created: 1, updated: 2, deleted: 3 } as const;
export type ChangeKind = keyof typeof changeKinds;

const kindsByNumber: ReadonlyMap<number, ChangeKind> = new Map(
  Object.entries(changeKinds).map(([kind, number]) => [number, kind as ChangeKind]),
);
export const changeKindOf = (number: number): ChangeKind => kindsByNumber.get(number) ?? "updated";

/** What a write does to a record. */
export interface NewChange {
  readonly kind: ChangeKind;
  readonly type: RecordType;
  readonly key: Ids;
  /** The etag that it had before; empty where there was none. */
  readonly previousEtag: string;
  /** The etag that it has since; empty where it is gone. */
  readonly etag: string;
  /** How many records a deletion took, itself included. */
  readonly deleted?: ReadonlyMap<RecordType, number> | undefined;
}

/** A change as writers leave it, before it has a revision. */
export interface Change extends NewChange {
  /** UTC, by the clock of whoever wrote. */
  readonly at: string;
  readonly principal: string;
  readonly requestId: string;
}

/** A change that has its place in the order of all. */
export interface NumberedChange extends Change {
  readonly revision: number;
  /** Random; the same for all changes of a transaction. It tells a change from one that has its revision elsewhere. */
  readonly mark: string;
}
