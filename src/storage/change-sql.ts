import { randomMark } from "../records/random-mark.js";
import { plain, type Query } from "./query.js";

const insertNotes = "INSERT INTO `archive_pending` (`mark`, `size`, `changes`)";

/** The most bytes of changes in one row: a statement of several rows' bytes is one that every server takes. */
const bytesOfNote = 2 ** 16;

type NoteValues = readonly [mark: string, size: number, changes: string];

/**
 * What is written down of a transaction's changes: one row, or several, where they are many. Those have the same mark; the
 * size is that of all, and in the last: the others have none.
 */
function noteValues(changes: readonly string[]): NoteValues[] {
  const mark = randomMark();
  const parts: string[][] = [[]];
  let bytes = 0;
  for (const change of changes) {
    const size = Buffer.byteLength(change);
    if (bytes > 0 && bytes + size > bytesOfNote) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(change);
    bytes += size;
  }
  return parts.map((part, index) => [mark, index === parts.length - 1 ? changes.length : 0, `[${part.join(",")}]`]);
}

/** Writes down the changes of a transaction: its last statements. */
export const notesSql = (changes: readonly string[]): Query[] =>
  noteValues(changes).map((bindings) => ({ sql: `${insertNotes} VALUES (?, ?, ?)`, bindings }));

/**
 * Texts that are the same in quotes, whatever the server takes for a character; and that have no semicolon, so that who
 * reads a text of several statements finds where each ends.
 */
const isPlain = /^[ !"#-&(-:<-[\]-~]*$/;

/** A text as a literal that ends nowhere else than it should, whatever the text is. */
const literal = (value: string | number | null): string => {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  return isPlain.test(value) ? `'${value}'` : `_utf8mb4 X'${Buffer.from(value).toString("hex")}'`;
};

/** A statement with its parameters in its text. No other question mark is in any. */
function withLiterals({ sql, bindings }: Query): string {
  let next = 0;
  return sql.replaceAll("?", () => literal(bindings[next++] ?? null));
}

/** Several statements as one text. */
export const textSql = (queries: readonly Query[]): Query => ({
  sql: queries.map(withLiterals).join("; "),
  bindings: [],
});

/** The most bytes of parameters that are sent as text rather than as those of prepared statements. */
const largestText = 2 ** 17;

/** Whether statements are small enough for a text. */
export function fitsText(queries: readonly Query[]): boolean {
  let bytes = 0;
  for (const { bindings } of queries) {
    for (const value of bindings) bytes += typeof value === "string" ? Buffer.byteLength(value) : 8;
  }
  return bytes <= largestText;
}

/**
 * Writes with their changes likewise, each of which depends on a row; `rows` is what follows a SELECT of these. All are
 * locked first, without waiting: where one is not there, the note has no size, which its column does not take, and the
 * text ends.
 */
export function allChangedSql(writes: readonly Query[], changes: readonly string[], rows: Query): Query | undefined {
  const notes = notesSql(changes);
  const [note] = notes;
  if (!note || notes.length > 1 || !fitsText([rows, ...writes, note])) return undefined;
  const [mark = "", size = 0, text = ""] = note.bindings;
  const statements = [
    { sql: `SELECT COUNT(*) INTO @found ${rows.sql} FOR UPDATE NOWAIT`, bindings: rows.bindings },
    // Not out of the rows, as a lone one: that locks the numbering of notes, for which it would not wait either.
    {
      sql: `${insertNotes} VALUES (?, IF(@found = ?, ?, NULL), ?)`,
      bindings: [mark, changes.length, size, text],
    },
  ];
  return textSql([plain("START TRANSACTION"), ...statements, ...writes, plain("COMMIT")]);
}

/**
 * A write with its changes as a transaction of one trip, for a server that takes several statements as one text;
 * undefined where that were too large. One that changes a record, if that is still what it was, notes so first, out of
 * the row, which it locks by that. The server's own count of what the write changed would not do: it is -1 where the
 * client is gone by then, and the text goes on.
 */
export function transactionSql(writes: readonly Query[], changes: readonly string[], row?: Query): Query | undefined {
  const notes = notesSql(changes);
  if (!fitsText([...writes, ...notes])) return undefined;
  const [note] = notes;
  const fromRow = note &&
    row && {
      sql: `${insertNotes} SELECT ?, ?, ? ${row.sql} FOR UPDATE`,
      bindings: [...note.bindings, ...row.bindings],
    };
  const statements = fromRow ? [fromRow, ...writes] : [...writes, ...notes];
  return textSql([plain("START TRANSACTION"), ...statements, plain("COMMIT")]);
}
