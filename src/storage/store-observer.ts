import type { StorageError } from "./store.js";

/** Who is told of what the storage does, such as metrics. */
export interface StoreObserver {
  /** A statement has ended after so many milliseconds, with an error of a kind if it failed. */
  statement(sql: string, milliseconds: number, failure?: StorageError["kind"]): void;
  /** A unit of work ended in a conflict with others; whether it is done again. */
  conflict(isRetried: boolean): void;
}

/** The connections of a pool. */
export interface PoolState {
  readonly name: string;
  readonly used: number;
  readonly idle: number;
  /** Who waits for one. */
  readonly waiting: number;
  readonly most: number;
}
