import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { Dialect } from "./engine.js";
import type { Query } from "./query.js";
import { equals, filled, perType, quote, repeated, table, union, values } from "./sql-parts.js";
import type { NewRecord } from "./store.js";

/** The columns of an insert, in the order of its parameters. */
export const insertColumns = (type: RecordType): readonly string[] => [
  ...type.key,
  ...(type.link ? [type.link] : []),
  "details",
  "created_at",
  "updated_at",
  "etag",
  "created_by",
  "updated_by",
];

export const insertSql = perType((type) => insertManySql(type, 1));

export function insertManySql(type: RecordType, rows: number): string {
  const names = insertColumns(type);
  const row = `(${repeated("?", names.length)})`;
  return `INSERT INTO ${table(type)} (${names.map(quote).join(", ")}) VALUES ${repeated(row, rows)}`;
}

/** The parameters of an insert. */
export const insertValues = ({ type, key, link, details, createdAt, updatedAt, etag, ...record }: NewRecord) => [
  ...type.key.map((field) => key[field] as string),
  ...(link === undefined ? [] : [link]),
  details,
  createdAt,
  updatedAt,
  etag,
  record.createdBy || null,
  record.updatedBy || null,
];

/** Has an insert return the keys and record_ids of what it inserts. */
export const returningSql = perType((type) => ` RETURNING ${[...type.key, "record_id"].map(quote).join(", ")}`);

const inheritedLinks = perType((type) =>
  union(
    type.links.slice(0, -1).map(({ link, type: owner }) => ({
      sql: `SELECT ${owner.number} AS type, t.${quote(link)} AS link FROM ${table(owner)} t WHERE ${equals(owner.key)}`,
      fields: owner.key,
    })),
  ),
);

/** The ids of a record's link that belong to records above it. */
export const inheritedLinksSql = (type: RecordType, key: Ids): Query => filled(inheritedLinks(type), key);

/** What a statement without an alias is about. */
const whereKey = perType((type) => type.key.map((field) => `${quote(field)} = ?`).join(" AND "));

/** Parameters: details, created_at, updated_at, etag and updated_by, the key, the etag that it must still have. */
export const replaceSql = perType(
  (type) =>
    `UPDATE ${table(type)} SET details = ?, created_at = ?, updated_at = ?, etag = ?, updated_by = ? WHERE ${whereKey(type)} AND etag = ?`,
);

/** What follows a SELECT of the row that has a key and an etag. */
export const fromRowSql = (type: RecordType, key: Ids, etag: string): Query => ({
  sql: `FROM ${table(type)} WHERE ${whereKey(type)} AND etag = ?`,
  bindings: [...type.key.map((field) => key[field] as string), etag],
});

/** What follows a SELECT of the rows that have some keys, each once, and the etags. By the primary key, which is locked. */
export const fromRowsSql = (
  type: RecordType,
  keys: readonly Ids[],
  etags: readonly string[],
  { among }: Dialect,
): Query => ({
  sql: `FROM ${table(type)} FORCE INDEX (PRIMARY) WHERE ${among(type.key.map(quote), keys.length)} AND etag IN (${repeated("?", etags.length)})`,
  bindings: [...keys.flatMap((key) => values(type.key, key)), ...etags],
});

/** Parameters: the key, the etag that it must still have. */
export const deleteOneSql = perType((type) => `DELETE FROM ${table(type)} WHERE ${whereKey(type)} AND etag = ?`);

/** Deletes the records of one type below a record, or so many of them. */
export const deleteSql = (deleted: RecordType, type: RecordType, key: Ids, { maxDeleted }: Dialect): Query => ({
  sql: maxDeleted
    ? `DELETE FROM ${table(deleted)} WHERE record_id IN (SELECT record_id FROM ${table(deleted)} WHERE ${whereKey(type)} LIMIT ${maxDeleted})`
    : `DELETE FROM ${table(deleted)} WHERE ${whereKey(type)}`,
  bindings: values(type.key, key),
});
