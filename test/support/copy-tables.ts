import { createConnection, type RowDataPacket } from "mysql2/promise";

const rowsOfStatement = 500;

/**
 * Copies all tables of a database server's database to an empty one, as they are at one moment, while others write: in
 * the same way as mysqldump --single-transaction, from one snapshot, and without the checks of foreign keys.
 */
export async function copyTables(from: string, to: string): Promise<void> {
  const options = { dateStrings: true, jsonStrings: true, supportBigNumbers: true, bigNumberStrings: true };
  const [source, target] = await Promise.all([from, to].map((uri) => createConnection({ uri, ...options })));
  if (!source || !target) throw new Error("there are two");
  try {
    await source.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    await source.query("START TRANSACTION /*!40100 WITH CONSISTENT SNAPSHOT */");
    await target.query("SET SESSION foreign_key_checks = 0");
    const [tables] = await source.query<RowDataPacket[]>("SHOW TABLES");
    for (const name of tables.flatMap((row) => Object.values<string>(row))) {
      const [[made]] = await source.query<RowDataPacket[]>(`SHOW CREATE TABLE \`${name}\``);
      await target.query(made?.["Create Table"]);
      const [rows] = await source.query<RowDataPacket[]>(`SELECT * FROM \`${name}\``);
      for (let at = 0; at < rows.length; at += rowsOfStatement) {
        const some = rows.slice(at, at + rowsOfStatement).map((row) => Object.values(row));
        await target.query(`INSERT INTO \`${name}\` VALUES ?`, [some]);
      }
    }
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}
