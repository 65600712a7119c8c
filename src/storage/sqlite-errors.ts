import { StorageError } from "./store.js";

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? "");

/** Whether another process holds the lock that a statement needs: it did nothing, and can be tried again. */
export const isBusy = (error: unknown): boolean => /^SQLITE_BUSY(_RECOVERY)?$/.test(codeOf(error));

/** SQLite's result codes, with the extended ones that begin with them; the first that fits counts. */
const kinds: readonly (readonly [RegExp, StorageError["kind"]])[] = [
  [/^SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY)$/, "duplicate"],
  [/^SQLITE_CONSTRAINT_FOREIGNKEY$/, "foreign-key"],
  [/^SQLITE_(BUSY_SNAPSHOT|LOCKED)/, "conflict"],
  // After as long a wait as for any connection; see whenFree.
  [/^SQLITE_BUSY/, "unavailable"],
  [/^SQLITE_TOOBIG/, "value-too-large"],
  [/^SQLITE_(CORRUPT|NOTADB|IOERR_CORRUPTFS)/, "damaged"],
  // What an operator can change while the program runs: space, rights, a mount, memory.
  [/^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|PERM|AUTH|NOMEM|NOLFS|PROTOCOL|INTERRUPT)/, "unavailable"],
];

/** What an error of the driver or of Knex means. */
export function translate(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if ((error as Error).name === "KnexTimeoutError") return new StorageError("unavailable", error);
  // A file that cannot be opened has no code, only the driver's own words.
  if (/^ConnectionFailed\(/.test((error as Error).message)) return new StorageError("unavailable", error);
  // Nor has what is wrong with a statement a code of its own.
  if (/ - duplicate column name: \w+$/.test((error as Error).message)) return new StorageError("duplicate", error);
  const code = codeOf(error);
  return new StorageError(kinds.find(([codes]) => codes.test(code))?.[1] ?? "unknown", error);
}
