/** How a text begins that is a transaction: a write with what is noted of it, and what is asked beside. */
const wholeTransaction = "START TRANSACTION; ";
const isBeside = /^(SELECT |INSERT INTO `archive_pending`)/;

/** Of a text of a transaction the statement that it is about, or the first; any other is itself. */
export function mainStatement(sql: string): string {
  if (!sql.startsWith(wholeTransaction)) return sql;
  for (let at = wholeTransaction.length; at > 1; at = sql.indexOf("; ", at) + 2) {
    if (!isBeside.test(sql.slice(at, at + 40))) return sql.slice(at);
  }
  return sql.slice(wholeTransaction.length);
}
