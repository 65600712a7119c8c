/** What is kept of one call for a trace: it is told of each statement that was run for the call. */
export interface CallTrace {
  /** A statement has begun and ended, by performance.now, with an error of a kind if it failed. */
  statement(sql: string, began: number, ended: number, failure?: string): void;
}

/** The trace of work that several calls share: each that is kept gets all of it. None where none is kept. */
export function sharedTrace(calls: readonly { readonly trace: CallTrace | undefined }[]): CallTrace | undefined {
  const kept = calls.flatMap(({ trace }) => trace ?? []);
  if (kept.length < 2) return kept[0];
  return {
    statement(sql, began, ended, failure) {
      for (const trace of kept) trace.statement(sql, began, ended, failure);
    },
  };
}
