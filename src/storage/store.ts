import type { CallContext } from "../call-context.js";
import type { Caller } from "../records/caller.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { Scope } from "../records/scope.js";
import type { ChangeLog, HistoryState } from "./change-log.js";
import type { PoolState } from "./store-observer.js";

/** A record as it is stored. */
export interface StoredRecord {
  readonly type: RecordType;
  /** Its ids, by the names of the key's fields. */
  readonly key: Ids;
  /** The ids of its link, in the order of its type's links; empty where the type has none. */
  readonly links: readonly string[];
  /** Its details, as JSON. */
  readonly details: string;
  /** Set by the storage at insertion. */
  readonly recordId: number;
  /** UTC, as "YYYY-MM-DD HH:MM:SS.ffffff". */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly etag: string;
  /** Who created and who changed it, by name; empty where nobody had to say so. */
  readonly createdBy: string;
  readonly updatedBy: string;
}

/** A record that is not stored yet: with its own link at most. */
export type NewRecord = Omit<StoredRecord, "links" | "recordId"> & { readonly link: string | undefined };

/** A record with what is around it. */
export interface RecordTree {
  readonly record: StoredRecord;
  /** The nearest the root first. */
  readonly ancestors: readonly StoredRecord[];
  /** Those that were asked for: parents before children, each type in the order of keys. */
  readonly relations: readonly StoredRecord[];
}

/** A record with the numbers of its relations, of all types. */
export interface CountedRecord {
  readonly record: StoredRecord;
  readonly relations: ReadonlyMap<RecordType, number>;
}

/** Which records to list. */
export interface ListQuery {
  /** The ids that must match, by the names of the key's fields. */
  readonly equal: Ids;
  /** What the last id must begin with; empty for anything. */
  readonly prefix: string;
  /** Of which of these records: the storage sets what there is for the caller. */
  readonly scope?: Scope | undefined;
}

/** Which of the listed records to return. */
export interface Page {
  /** The most records. */
  readonly size: number;
  /** The key after which the page begins; undefined for the first. */
  readonly after: Ids | undefined;
}

/** A page of records, and whether more follow. */
export interface Listed<Item> {
  readonly items: readonly Item[];
  readonly more: boolean;
}

/** The most records that one statement inserts. Statements of so many are prepared: those are half as fast again. */
export const maxInserted = 250;

/** The single statements. Each throws a StorageError, or the call's error once it has ended. None that failed is tried again. */
export interface Statements {
  /** Whether the work that they belong to ended in a conflict before, and is done again. */
  readonly repeated: boolean;
  /** Whom they are for. */
  readonly caller: Caller;
  /** One record. */
  read(type: RecordType, key: Ids): Promise<StoredRecord | undefined>;
  /** One record, but with no details: those may be large, and are not needed by who replaces them. */
  readHead(type: RecordType, key: Ids): Promise<StoredRecord | undefined>;
  /** One record with its ancestors and some of its relations, from one snapshot. */
  readTree(type: RecordType, key: Ids, relations: readonly RecordType[]): Promise<RecordTree | undefined>;
  /** The records of a page in the order of keys, as far as memory goes, but at least one; and whether more follow. */
  list(type: RecordType, query: ListQuery, page: Page): Promise<Listed<StoredRecord>>;
  /** The records of a page as far as they fit in so many bytes, at least one; and whether the page ends there. */
  scan(
    type: RecordType,
    query: ListQuery,
    page: Page,
    size: number,
  ): Promise<{ records: StoredRecord[]; whole: boolean }>;
  /** The records of a page, with their ancestors and some of their relations, and whether more follow: one snapshot. */
  listTrees(
    type: RecordType,
    query: ListQuery,
    page: Page,
    relations: readonly RecordType[],
  ): Promise<Listed<RecordTree>>;
  /** The number of records that a list without pages would have. */
  count(type: RecordType, query: ListQuery): Promise<number>;
  /** One record with the numbers of its relations, from one snapshot. */
  readCounted(type: RecordType, key: Ids): Promise<CountedRecord | undefined>;
  /** The numbers of a record (0 or 1) and of each of its relations, from one snapshot. */
  countTree(type: RecordType, key: Ids): Promise<Map<RecordType, number>>;
  /** The numbers of all records, from one snapshot. */
  countAll(): Promise<Map<RecordType, number>>;
  /** Those of its ancestors that are not there. */
  missingAncestors(type: RecordType, key: Ids): Promise<RecordType[]>;
  /** Stores a record and returns it. Fails as "duplicate" or, where a parent is missing, as "foreign-key". */
  insert(record: NewRecord): Promise<StoredRecord>;
  /** Those of some records that are there, part by part. */
  readMany(type: RecordType, keys: readonly Ids[]): AsyncGenerator<StoredRecord[]>;
  /** The own ids of the links of those of some records that are there (empty where there is none), by joinKey. */
  ownLinks(type: RecordType, keys: readonly Ids[]): Promise<Map<string, string>>;
  /** Those of some ids that are the own ones of some records' links. */
  takenLinks(type: RecordType, ids: readonly string[]): Promise<Set<string>>;
  /** The bytes of a statement, parameters included, that the database takes at the most. */
  largestStatement(): Promise<number>;
  /** Stores records of one type, at most `maxInserted` and a few megabytes: all, or none where it fails as insert does. */
  insertMany(type: RecordType, records: readonly NewRecord[]): Promise<void>;
  /** Stores details, times, etag and who changed it over those of the record that still has the given etag. False if none has. */
  replace(record: StoredRecord, etag: string): Promise<boolean>;
  /** Deletes the record that still has the given etag; false if none has. Fails as "foreign-key" if it has children. */
  deleteOne(type: RecordType, key: Ids, etag: string): Promise<boolean>;
  /** Reads a record and keeps everybody else from changing it, deleting it, or giving it children. */
  lock(type: RecordType, key: Ids): Promise<StoredRecord | undefined>;
  /** Locks those of a record's relations that can have children, parents first. */
  lockRelations(type: RecordType, key: Ids): Promise<void>;
  /**
   * Locks a record and all of its relations, parents first, and whatever keeps more relations from coming; and keeps its
   * ancestors as they are.
   */
  lockTree(type: RecordType, key: Ids): Promise<void>;
  /** Notes, in a transaction, that a record was deleted with so many of each type, itself included. */
  deleted(record: StoredRecord, counts: ReadonlyMap<RecordType, number>): void;
  /** Where the history is, the mark of its last revision, and those of the transactions that are kept but not numbered. */
  changesSeen(): Promise<{ readonly state: HistoryState; readonly mark: string; readonly marks: ReadonlySet<string> }>;
  /** Deletes the records of one type below a record, or the record itself, and returns how many there were. */
  delete(deleted: RecordType, type: RecordType, key: Ids): Promise<number>;
}

/** What a unit of work consists of. */
export interface UnitOfWork {
  /** Statements that are each a transaction of their own. */
  readonly single: Statements;
  /** Does all of some work in one transaction, or none of it. */
  together<Result>(work: (statements: Statements) => Promise<Result>): Promise<Result>;
}

/** Where records are kept. */
export interface Store {
  /** Statements that are each a transaction of their own. */
  statements(context: CallContext): Statements;
  /**
   * Does a unit of work, and does it again from its beginning after a conflict with others, as often as is sensible and
   * the call lasts. Nothing else in the archive tries anything again.
   */
  retried<Result>(context: CallContext, work: (unit: UnitOfWork) => Promise<Result>): Promise<Result>;
  /** The same for work that is one transaction. */
  transaction<Result>(context: CallContext, work: (statements: Statements) => Promise<Result>): Promise<Result>;
  /** What was done to all records. */
  readonly changes: ChangeLog;
  /** Reads in one snapshot for as long as it takes, without keeping others from anything. */
  snapshot<Result>(
    context: CallContext,
    work: (statements: Statements) => AsyncGenerator<Result>,
  ): AsyncGenerator<Result>;
  /** How many snapshots can be read at a time. */
  readonly maxSnapshots: number;
  /** The most files and connections that it has open at a time. */
  readonly maxFiles: number;
  /** The connections to the database, by pool. */
  pools(): readonly PoolState[];
  /** Whether the database answers and its schema is the one that this program knows: throws if not. */
  check(): Promise<void>;
  /** Brings the schema to the version that this program knows. Safe from several processes at once. */
  migrate(): Promise<{ readonly from: number; readonly to: number }>;
  close(): Promise<void>;
}

/** What went wrong in the storage, in the archive's terms. The cause is for the log alone. */
export class StorageError extends Error {
  override readonly name = "StorageError";

  constructor(
    readonly kind:
      | "duplicate"
      | "foreign-key"
      | "conflict"
      | "unavailable"
      | "out-of-order"
      | "damaged"
      | "result-too-large"
      | "value-too-large"
      | "unknown",
    cause: unknown,
  ) {
    super(`storage: ${kind}`, { cause });
  }
}
