import { newMark } from "./change.js";
import type { Query } from "./query.js";

const insertNotes = "INSERT INTO `archive_pending` (`mark`, `size`, `changes`)";
const valuesOf = (changes: readonly string[]) => [newMark(), changes.length, `[${changes.join(",")}]`] as const;

/** Writes down the changes of a transaction: its last statement. */
export const notesSql = (changes: readonly string[]): Query => ({
  sql: `${insertNotes} VALUES (?, ?, ?)`,
  bindings: valuesOf(changes),
});

/** A text as a literal that ends nowhere else than it should, whatever the text is. */
const literal = (value: string | number | null): string =>
  value === null
    ? "NULL"
    : typeof value === "number"
      ? String(value)
      : value === ""
        ? "''"
        : `_utf8mb4 X'${Buffer.from(value).toString("hex")}'`;

/** A statement with its parameters in its text. No other question mark is in any. */
function withLiterals({ sql, bindings }: Query): string {
  let next = 0;
  return sql.replaceAll("?", () => literal(bindings[next++] ?? null));
}

/**
 * A write with its changes as a transaction of one trip: for a server that takes several statements as one text. Where
 * the write changes nothing, nothing is noted.
 */
export const transactionSql = (write: Query, changes: readonly string[]): Query => ({
  sql: [
    "START TRANSACTION",
    withLiterals(write),
    `${insertNotes} SELECT ${valuesOf(changes).map(literal).join(", ")} FROM DUAL WHERE ROW_COUNT() <> 0`,
    "COMMIT",
  ].join("; "),
  bindings: [],
});
