import { randomMark } from "../records/random-mark.js";
import type { Query } from "./query.js";

const insertNotes = "INSERT INTO `archive_pending` (`mark`, `size`, `changes`)";
const valuesOf = (changes: readonly string[]) => [randomMark(), changes.length, `[${changes.join(",")}]`] as const;

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
 * A write with its changes as a transaction of one trip: for a server that takes several statements as one text. One that
 * changes a record, if that is still what it was, notes so first, out of the row, which it locks by that. The server's own
 * count of what the write changed would not do: it is -1 where the client is gone by then, and the text goes on.
 */
export function transactionSql(write: Query, changes: readonly string[], row?: Query): Query {
  const values = valuesOf(changes).map(literal).join(", ");
  const statements = row
    ? [`${insertNotes} SELECT ${values} ${withLiterals(row)} FOR UPDATE`, withLiterals(write)]
    : [withLiterals(write), `${insertNotes} VALUES (${values})`];
  return { sql: ["START TRANSACTION", ...statements, "COMMIT"].join("; "), bindings: [] };
}
