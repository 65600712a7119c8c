/** Finds the updates and deletes that wait for the lock of a row: each is one text, which begins with its note. */
export const waitingWriteSql =
  "SELECT 1 FROM information_schema.processlist WHERE info LIKE 'INSERT INTO `archive_pending`%' AND db = DATABASE()";
