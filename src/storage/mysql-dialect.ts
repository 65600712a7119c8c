import { joinKey } from "../records/compare-keys.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import type { Dialect } from "./engine.js";
import type { Query } from "./query.js";
import { quote, repeated, table, values } from "./sql-parts.js";
import type { NewRecord } from "./store.js";
import { insertManySql, insertValues, returningSql } from "./write-sql.js";

/** What fails, or waits, where a server takes no writes, and does nothing else. */
export const tryWrite = ["START TRANSACTION READ WRITE", "COMMIT"] as const;

/** The SQL of a server of MySQL or MariaDB that calls itself so: "8.4.0", "10.11.6-MariaDB-1". */
export const mySqlDialect = (version: string): Dialect => ({
  idType: `VARCHAR(128) ${binary(version)}`,
  // Not JSON: MySQL's reorders keys and rewrites numbers, MariaDB's nests 31 levels. The JSON functions take text too.
  detailsType: "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
  timeType: "DATETIME(6)",
  etagType: "CHAR(16) CHARACTER SET ascii COLLATE ascii_bin",
  principalType: `VARCHAR(256) ${binary(version)}`,
  textType: "TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
  bigType: "BIGINT",
  numbered: (column) => `\`${column}\` BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY`,
  // UUIDs have their randomness, and their server's name, in places that differ: all of it counts.
  randomMark: "LEFT(SHA2(CONCAT(UUID(), RAND(), CONNECTION_ID()), 256), 16)",
  identity: (keyColumns) => [
    "`record_id` BIGINT NOT NULL AUTO_INCREMENT",
    `PRIMARY KEY (${keyColumns})`,
    "UNIQUE KEY `record_id` (`record_id`)",
  ],
  inlineIndexes: true,
  // MySQL has no IF NOT EXISTS here.
  createIndex: "CREATE INDEX",
  addsColumnsTogether: true,
  indexesEndWithKey: true,
  schemaInTransactions: false,
  markFile: [],
  tableOptions: " ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
  maxDeleted: undefined,
  insertTogether: isMariaDb(version) ? (returnsRows(version) ? insertAndReturn : undefined) : insertAndRead,
  deleteTogether: isMariaDb(version) ? deleteAtOnce : deleteChildless,
  forUpdate: " FOR UPDATE",
  // MariaDB has no FOR SHARE; TiDB refuses both (github.com/pingcap/tidb/pull/21005).
  forShare: /tidb/i.test(version) ? " FOR UPDATE" : " LOCK IN SHARE MODE",
  joinInOrder: "STRAIGHT_JOIN",
  // Not (a, b) > (?, ?): that scans from the start. Each line here is one range of the index.
  after: (columns, values) => ({
    sql: columns
      .map((column, index) =>
        [...columns.slice(0, index).map((before) => `${before} = ?`), `${column} > ?`].join(" AND "),
      )
      .map((range) => `(${range})`)
      .join(" OR "),
    bindings: columns.flatMap((_, index) => values.slice(0, index + 1)),
  }),
  hidden: undefined,
  among,
  preparesForAll: false,
  largestStatement: "SELECT @@max_allowed_packet AS size",
  columnsOf: (table) => ({
    sql: "SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
    bindings: [table],
  }),
  beginWrite: ["START TRANSACTION"],
  tryWrite,
  beginSnapshot: [
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
  ],
});

/** The one binary collation without padding that the server has. */
const binary = (version: string) =>
  `CHARACTER SET utf8mb4 COLLATE ${isMariaDb(version) ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin"}`;

const among = (columns: readonly string[], lists: number) =>
  `(${columns.join(", ")}) IN (${repeated(`(${repeated("?", columns.length)})`, lists)})`;

const isMariaDb = (version: string) => /mariadb/i.test(version);

/** MariaDB's inserts return rows since 10.5. */
function returnsRows(version: string): boolean {
  const [, major = 0, minor = 0] = /(\d+)\.(\d+)\.\d+-mariadb/i.exec(version) ?? [];
  return Number(major) > 10 || (Number(major) === 10 && Number(minor) >= 5);
}

const insertion = (type: RecordType, records: readonly NewRecord[]): Query => ({
  sql: insertManySql(type, records.length),
  bindings: records.flatMap(insertValues),
});

const insertAndReturn: Dialect["insertTogether"] = (type, records) => {
  const { sql, bindings } = insertion(type, records);
  return [atOnce({ sql: `${sql}${returningSql(type)}`, bindings })];
};

/** A statement of MariaDB that waits for no lock. */
const atOnce = ({ sql, ...query }: Query): Query => ({
  ...query,
  sql: `SET STATEMENT innodb_lock_wait_timeout = 0 FOR ${sql}`,
});

const deleteAtOnce: Dialect["deleteTogether"] = (_type, _keys, deletes) => deletes.map(atOnce);

/** MySQL has no such thing: children are looked for first, and their locks asked for. One that is there ends it. */
const deleteChildless: Dialect["deleteTogether"] = (type, keys, deletes) => [
  ...recordTypes.filter(({ parents }) => parents.includes(type)).map((child) => childSql(child, type, keys)),
  ...deletes,
];

const childSql = (child: RecordType, type: RecordType, keys: readonly Ids[]): Query => ({
  // Two rows where one is to be are an error.
  sql: `SELECT IF(COUNT(*) = 0, 0, (SELECT 1 UNION SELECT 2)) FROM (SELECT 1 FROM ${table(child)} WHERE ${among(type.key.map(quote), keys.length)} LIMIT 1 FOR UPDATE NOWAIT) found`,
  bindings: keys.flatMap((key) => values(type.key, key)),
  once: true,
});

/**
 * MySQL's inserts return no rows, and have no wait of their own: the locks that they would wait for are asked for first,
 * those of their parents and of records that others insert at the time.
 */
const insertAndRead: Dialect["insertTogether"] = (type, records) => {
  const keys = records.map(({ key }) => key);
  return [
    ...type.parents.map((parent) => lockAtOnce(parent, keys, "SHARE")),
    lockAtOnce(type, keys, "UPDATE"),
    insertion(type, records),
    ofKeys([...type.key, "record_id"].map(quote).join(", "), type, keys),
  ];
};

function lockAtOnce(type: RecordType, keys: readonly Ids[], lock: "SHARE" | "UPDATE"): Query {
  const different = [...new Map(keys.map((key) => [joinKey(type.key, key), key])).values()];
  const { sql, bindings } = ofKeys("COUNT(*)", type, different);
  return { sql: `${sql} FOR ${lock} NOWAIT`, bindings, once: true };
}

/** By the primary key: another index may have all that is asked for, and the lock would be on that alone. */
const ofKeys = (selected: string, type: RecordType, keys: readonly Ids[]): Query => ({
  sql: `SELECT ${selected} FROM ${table(type)} FORCE INDEX (PRIMARY) WHERE ${among(type.key.map(quote), keys.length)}`,
  bindings: keys.flatMap((key) => values(type.key, key)),
});
