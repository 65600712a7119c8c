import type { Knex } from "knex";
import type { CallContext } from "../call-context.js";
import type { Places } from "../places.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { Outcome, Query } from "./query.js";
import type { NewRecord, StorageError } from "./store.js";

/** In what the databases' SQL differs. */
export interface Dialect {
  /** The type of ids: compared byte by byte, without padding. */
  readonly idType: string;
  readonly detailsType: string;
  readonly timeType: string;
  readonly etagType: string;
  /** The type of principals' names: at most 256 characters, compared byte by byte. */
  readonly principalType: string;
  /** The types of short texts, and of numbers beyond 32 bits. */
  readonly textType: string;
  readonly bigType: string;
  /** The definition of a column that numbers its table's rows. */
  numbered(column: string): string;
  /** Makes 16 random hexadecimal digits. */
  readonly randomMark: string;
  /** The definitions of record_id and of the key's uniqueness; the natural key is the primary key where it can be. */
  identity(keyColumns: string): readonly string[];
  /** Whether an index can be a part of CREATE TABLE. */
  readonly inlineIndexes: boolean;
  /** What begins a statement that makes an index; one that is there already is no error, or a "duplicate". */
  readonly createIndex: string;
  /** Whether one statement adds several columns to a table; else each needs its own. Those that are there are a "duplicate". */
  readonly addsColumnsTogether: boolean;
  /** Whether every index ends with the key by itself. */
  readonly indexesEndWithKey: boolean;
  /** Whether changes of the schema are part of a transaction; else each of them is one. */
  readonly schemaInTransactions: boolean;
  /** What marks a database's file as an archive's. */
  readonly markFile: readonly string[];
  readonly tableOptions: string;
  /** The most records that one statement deletes, where a statement keeps everything else waiting. */
  readonly maxDeleted: number | undefined;
  /**
   * Inserts several records of a type, by statements of one transaction: none waits for another's lock, but fails, and
   * their rows have the keys and record_ids of what was inserted. Undefined where there is no such thing.
   */
  readonly insertTogether: ((type: RecordType, records: readonly NewRecord[]) => readonly Query[]) | undefined;
  /** Statements that delete records of some keys, made such that none waits for the lock of a child, but fails. */
  deleteTogether(type: RecordType, keys: readonly Ids[], deletes: readonly Query[]): readonly Query[];
  /** What locks the rows that a SELECT reads, and what does so together with others who do. */
  readonly forUpdate: string;
  readonly forShare: string;
  /** A join that reads its left side first. */
  readonly joinInOrder: string;
  /** The rows that come after the given values of some columns, in such a way that an index serves it. */
  after(columns: readonly string[], values: readonly string[]): Query;
  /**
   * A column for which no index is to be taken, where the database would else take one that it must sort the rows of;
   * undefined where it does not.
   */
  readonly hidden: ((column: string) => string) | undefined;
  /** The rows of which some columns have the values of one of so many lists, as parameters. */
  among(columns: readonly string[], lists: number): string;
  /** Whether a statement is prepared within this process, so that those of many sizes may be, too. */
  readonly preparesForAll: boolean;
  /** Reads the bytes of a statement that the database takes at the most, as `size`. */
  readonly largestStatement: string;
  /** The names of a table's columns, as `name`; none if there is no such table. */
  columnsOf(table: string): Query;
  /** What begins a transaction that writes, and one that reads from one snapshot. */
  readonly beginWrite: readonly string[];
  readonly beginSnapshot: readonly string[];
  /** What fails where the server takes no writes, and does nothing else. */
  readonly tryWrite: readonly string[];
}

/** A kind of database, behind Knex. */
export interface Engine {
  readonly dialect: Dialect;
  /** Connections for single reads, for everything that writes, and for snapshots that may be held for long. */
  readonly reads: Knex;
  readonly writes: Knex;
  readonly snapshots: Knex;
  /** Connections for who looks after the others, whatever those do; and how long they may wait, in milliseconds. */
  readonly control: Knex;
  /** That of `readRow`, where there is such. */
  readonly standing?: Knex;
  readonly controlTimeout: number;
  /** The most files that one connection has open at a time, itself included. */
  readonly filesOfConnection: number;
  /** The places of those who write, where they must not take all connections that reads need too. */
  readonly writers?: Places;
  /**
   * How what is asked for at the same time goes together: reads, and writes, of single records by one trip;
   * or, where the driver is synchronous and no statement saves a trip, short writes in one transaction.
   */
  readonly groups: "statements" | "transactions";
  /**
   * Reads one row at once, where the driver is synchronous, on a connection that is always open: without a wait, the lease of
   * one costs more than the statement. Undefined where it is to be read on one of `reads`.
   */
  readRow?(query: Query, context: CallContext): unknown;
  /**
   * Whether leases have followed each other for so long that others should have a turn, where the driver is synchronous: those
   * who wait for a connection would else get it without a pause, and nothing that came meanwhile would be read.
   */
  isRoundLong?(): boolean;
  outcome(response: unknown): Outcome;
  /**
   * Whether a connection's server takes several statements as one text that is a transaction, of which none is done once
   * one has failed.
   */
  takesTexts(connection: unknown): boolean;
  /** What a driver's or Knex's error means. */
  translate(error: unknown): StorageError;
  /** Ends a connection and whatever its server still does for it, transaction included; false if it lives on. */
  abandon(connection: unknown): boolean;
  /** Throws where the database is known not to be right, although it may answer. */
  examine(): void;
  /** Closes all connections, and leaves the database as one that nobody uses. */
  close(): Promise<void>;
}
