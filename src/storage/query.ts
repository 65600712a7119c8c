/** A statement and its parameters. */
export interface Query {
  readonly sql: string;
  readonly bindings: readonly (string | number)[];
  /** The most characters of details to take; further rows are left out. Without it, too many fail the statement. */
  readonly take?: number;
  /** Whether its text depends on how many values it has, so that it is not worth preparing. */
  readonly once?: boolean;
}

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
