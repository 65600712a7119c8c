import type { Dialect } from "./engine.js";
import { repeated } from "./sql-parts.js";

/** What a file's header says that it is: "SYNA". Files from before that was written have none. */
export const applicationId = 0x53594e41;

/** The SQL of SQLite. */
export const sqliteDialect: Dialect = {
  idType: "TEXT",
  detailsType: "TEXT",
  timeType: "TEXT",
  etagType: "TEXT",
  principalType: "TEXT",
  textType: "TEXT",
  bigType: "INTEGER",
  numbered: (column) => `\`${column}\` INTEGER PRIMARY KEY AUTOINCREMENT`,
  randomMark: "lower(hex(randomblob(8)))",
  // Only a rowid can be numbered without ever using a number again, and only as the primary key; nothing else is lost
  // by having the natural key as a unique one.
  identity: (keyColumns) => ["`record_id` INTEGER PRIMARY KEY AUTOINCREMENT", `UNIQUE (${keyColumns})`],
  inlineIndexes: false,
  createIndex: "CREATE INDEX IF NOT EXISTS",
  addsColumnsTogether: false,
  indexesEndWithKey: false,
  schemaInTransactions: true,
  markFile: [`PRAGMA application_id = ${applicationId}`],
  tableOptions: " STRICT",
  maxDeleted: 500,
  largestStatement: "SELECT 1000000000 AS size",
  insertTogether: undefined,
  deleteTogether: (_type, _keys, deletes) => deletes,
  forUpdate: "",
  forShare: "",
  joinInOrder: "CROSS JOIN",
  after: (columns, values) => ({
    sql: `(${columns.join(", ")}) > (${columns.map(() => "?").join(", ")})`,
    bindings: values,
  }),
  hidden: (column) => `+${column}`,
  among: (columns, lists) =>
    `(${columns.join(", ")}) IN (VALUES ${repeated(`(${repeated("?", columns.length)})`, lists)})`,
  preparesForAll: true,
  columnsOf: (table) => ({ sql: "SELECT name FROM pragma_table_info(?)", bindings: [table] }),
  beginWrite: ["BEGIN IMMEDIATE"],
  beginSnapshot: ["BEGIN"],
  tryWrite: [],
};
