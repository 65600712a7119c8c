/** A statement and its parameters. */
export interface Query {
  readonly sql: string;
  readonly bindings: readonly (string | number | null)[];
  /** The most bytes of rows to take; further ones are left out. Without it, too many fail the statement. */
  readonly take?: number;
  /** Whether rows that the memory for a result has no room for are left out, too. Not within a transaction. */
  readonly cut?: boolean;
  /** Whether it has one row at the most. */
  readonly one?: boolean;
  /** Whether its text depends on how many values it has, so that it is not worth preparing. */
  readonly once?: boolean;
}

/** A statement without parameters. */
export const plain = (sql: string): Query => ({ sql, bindings: [] });

/** What a statement did. */
export interface Outcome {
  readonly rows: readonly Record<string, unknown>[];
  /** Whether rows were left out. */
  readonly truncated: boolean;
  /** How many rows were changed, deleted or inserted. */
  readonly changed: number;
  /** The record_id that an insert was given. */
  readonly insertId: number;
}

/** Runs one statement. */
export type Run = (query: Query) => Promise<Outcome>;
