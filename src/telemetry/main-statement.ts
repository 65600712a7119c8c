/** How a text begins that is a whole transaction: a write, and what is noted of it, before it or after. */
const wholeTransaction = "START TRANSACTION; ";
const note = "INSERT INTO `archive_pending`";

/** Of a text that is a whole transaction the statement that it is about; any other is itself. */
export function mainStatement(sql: string): string {
  if (!sql.startsWith(wholeTransaction)) return sql;
  const isNoteFirst = sql.startsWith(note, wholeTransaction.length);
  return sql.slice(isNoteFirst ? sql.indexOf("; ", wholeTransaction.length) + 2 : wholeTransaction.length);
}
