import type { RecordType } from "../records/record-type.js";
import type { Dialect } from "./engine.js";
import type { ListQuery, Page } from "./store.js";

/**
 * A statement and where its parameters come from. All SQL is built here, from the record types alone: ids and details
 * are always parameters. Rows have the same columns for every type, so that one UNION ALL can hold several types.
 */
export interface Query {
  readonly sql: string;
  readonly bindings: readonly (string | number)[];
  /** The most characters of details to take; further rows are left out. Without it, too many fail the statement. */
  readonly take?: number;
  /** Whether its text depends on how many values it has, so that it is not worth preparing. */
  readonly once?: boolean;
}

type Key = Readonly<Record<string, string>>;

/** The most fields of a key, and the most ids of a link, of any record type. */
const maxKeyFields = 5;
const maxLinks = 3;

const quote = (name: string) => `\`${name}\``;
const table = (type: RecordType) => quote(type.field);
const equals = (fields: readonly string[], alias = "t") =>
  fields.map((field) => `${alias}.${quote(field)} = ?`).join(" AND ");
const values = (fields: readonly string[], key: Key) => fields.map((field) => key[field] as string);
const sameKey = (fields: readonly string[], one: string, other: string) =>
  fields.map((field) => `${one}.${quote(field)} = ${other}.${quote(field)}`).join(" AND ");
const slots = (count: number, expressions: readonly string[], name: string) =>
  Array.from({ length: count }, (_, index) => `${expressions[index] ?? "NULL"} AS ${name}${index}`);
export const repeated = (text: string, times: number) => Array.from({ length: times }, () => text).join(", ");
const union = (queries: readonly Query[]): Query => ({
  sql: queries.map(({ sql }) => sql).join(" UNION ALL "),
  bindings: queries.flatMap(({ bindings }) => bindings),
});

/** The columns of a record: those of its link that belong to records above it are read there, where they are true. */
function columns(type: RecordType): string {
  const links = type.links.map(({ link, type: owner }) =>
    owner === type
      ? `t.${quote(link)}`
      : `(SELECT o.${quote(link)} FROM ${table(owner)} o WHERE ${sameKey(owner.key, "o", "t")})`,
  );
  return [
    `${type.number} AS type`,
    ...slots(
      maxKeyFields,
      type.key.map((field) => `t.${quote(field)}`),
      "k",
    ),
    ...slots(maxLinks, links, "l"),
    "t.details",
    "t.record_id",
    "t.created_at",
    "t.updated_at",
    "t.etag",
  ].join(", ");
}

/** The records of a type of which some ids are given. */
const select = (type: RecordType, fields: readonly string[], key: Key): Query => ({
  sql: `SELECT ${columns(type)} FROM ${table(type)} t WHERE ${equals(fields)}`,
  bindings: values(fields, key),
});

export const readSql = (type: RecordType, key: Key): Query => select(type, type.key, key);

/** The records of some keys. */
export const readManySql = (type: RecordType, keys: readonly Key[], { among }: Dialect, take: number): Query => ({
  sql: `SELECT ${columns(type)} FROM ${table(type)} t WHERE ${among(type.key.map(quote), keys.length)}`,
  bindings: keys.flatMap((key) => values(type.key, key)),
  once: true,
  take,
});

/** The keys of those of some records that are there, with the own ids of their links. */
export const ownLinksSql = (type: RecordType, keys: readonly Key[], { among }: Dialect): Query => ({
  sql: `SELECT ${[...type.key, ...(type.link ? [type.link] : [])].map(quote).join(", ")} FROM ${table(type)} WHERE ${among(type.key.map(quote), keys.length)}`,
  bindings: keys.flatMap((key) => values(type.key, key)),
  once: true,
});

export const takenLinksSql = (type: RecordType, ids: readonly string[], { among }: Dialect): Query => ({
  sql: `SELECT ${quote(type.link ?? "")} AS link FROM ${table(type)} WHERE ${among([quote(type.link ?? "")], ids.length)}`,
  bindings: ids,
  once: true,
});

export function lockSql(type: RecordType, key: Key, dialect: Dialect): Query {
  const { sql, bindings } = readSql(type, key);
  return { sql: `${sql}${dialect.forUpdate}`, bindings };
}

/** Locks the records of one type below a record, without reading more than a number. */
export const lockRelationSql = (relation: RecordType, type: RecordType, key: Key, dialect: Dialect): Query => ({
  sql: `SELECT t.record_id FROM ${table(relation)} t WHERE ${equals(type.key)}${dialect.forUpdate}`,
  bindings: values(type.key, key),
});

/** A record with its ancestors and relations: one statement, so one snapshot. */
export const treeSql = (type: RecordType, key: Key, relations: readonly RecordType[]): Query =>
  union([
    readSql(type, key),
    ...type.ancestors.map((ancestor) => readSql(ancestor, key)),
    ...relations.map((relation) => select(relation, type.key, key)),
  ]);

/** The least string that sorts, by code points, after every string with a prefix; undefined if there is none. */
export function afterPrefix(prefix: string): string | undefined {
  const points = [...prefix];
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    const point = last.codePointAt(0) as number;
    if (point === 0x10ffff) continue;
    return points.join("") + String.fromCodePoint(point === 0xd7ff ? 0xe000 : point + 1);
  }
  return undefined;
}

function condition(type: RecordType, { equal, prefix }: ListQuery): Query {
  const fields = type.key.filter((field) => equal[field] !== undefined);
  const last = `t.${quote(type.key.at(-1) as string)}`;
  const end = afterPrefix(prefix);
  return {
    sql: [
      "1 = 1",
      ...fields.map((field) => `t.${quote(field)} = ?`),
      ...(prefix === "" ? [] : [`${last} >= ?`]),
      ...(end === undefined ? [] : [`${last} < ?`]),
    ].join(" AND "),
    bindings: [...values(fields, equal), ...(prefix === "" ? [] : [prefix]), ...(end === undefined ? [] : [end])],
  };
}

export function countSql(type: RecordType, query: ListQuery): Query {
  const { sql, bindings } = condition(type, query);
  return { sql: `SELECT COUNT(*) AS count FROM ${table(type)} t WHERE ${sql}`, bindings };
}

/** A page of records: `selected` of them, in the order of keys. */
function pageSql(type: RecordType, query: ListQuery, page: Page, dialect: Dialect, selected: string): Query {
  const free = type.key.filter((field) => query.equal[field] === undefined);
  const where = condition(type, query);
  const after =
    page.after && free.length > 0
      ? dialect.after(
          free.map((field) => `t.${quote(field)}`),
          values(free, page.after),
        )
      : undefined;
  const order = type.key.map((field) => `t.${quote(field)}`).join(", ");
  return {
    sql: `SELECT ${selected} FROM ${table(type)} t WHERE ${where.sql}${after ? ` AND (${after.sql})` : ""} ORDER BY ${order} LIMIT ${page.size}`,
    bindings: [...where.bindings, ...(after?.bindings ?? [])],
  };
}

export const listSql = (type: RecordType, query: ListQuery, page: Page, dialect: Dialect): Query =>
  pageSql(type, query, page, dialect, columns(type));

/** A page of records with their ancestors and relations: one statement, so one snapshot. */
export function listTreesSql(
  type: RecordType,
  query: ListQuery,
  page: Page,
  relations: readonly RecordType[],
  dialect: Dialect,
): Query {
  const keys = pageSql(type, query, page, dialect, type.key.map((field) => `t.${quote(field)}`).join(", "));
  const joined = (related: RecordType, fields: readonly string[]) => {
    const names = fields.map(quote).join(", ");
    return `SELECT ${columns(related)} FROM (SELECT DISTINCT ${names} FROM page) p ${dialect.joinInOrder} ${table(related)} t ON ${sameKey(fields, "t", "p")}`;
  };
  const parts = [
    joined(type, type.key),
    ...type.ancestors.map((ancestor) => joined(ancestor, ancestor.key)),
    ...relations.map((relation) => joined(relation, type.key)),
  ];
  return { sql: `WITH page AS (${keys.sql}) ${parts.join(" UNION ALL ")}`, bindings: keys.bindings };
}

export const countRelationsSql = (type: RecordType, key: Key): Query =>
  union(
    type.relations.map((relation) => ({
      sql: `SELECT ${relation.number} AS type, COUNT(*) AS count FROM ${table(relation)} t WHERE ${equals(type.key)}`,
      bindings: values(type.key, key),
    })),
  );

export const missingAncestorsSql = (type: RecordType, key: Key): Query =>
  union(
    type.ancestors.map((ancestor) => ({
      sql: `SELECT ${ancestor.number} AS type FROM (SELECT 1 AS one) n WHERE NOT EXISTS (SELECT 1 FROM ${table(ancestor)} t WHERE ${equals(ancestor.key)})`,
      bindings: values(ancestor.key, key),
    })),
  );

/** The columns of an insert, in the order of its parameters. */
export const insertColumns = (type: RecordType): readonly string[] => [
  ...type.key,
  ...(type.link ? [type.link] : []),
  "details",
  "created_at",
  "updated_at",
  "etag",
];

export function insertSql(type: RecordType, rows = 1): string {
  const names = insertColumns(type);
  const row = `(${repeated("?", names.length)})`;
  return `INSERT INTO ${table(type)} (${names.map(quote).join(", ")}) VALUES ${repeated(row, rows)}`;
}

/** The ids of a record's link that belong to records above it. */
export const inheritedLinksSql = (type: RecordType, key: Key): Query =>
  union(
    type.links.slice(0, -1).map(({ link, type: owner }) => ({
      sql: `SELECT ${owner.number} AS type, t.${quote(link)} AS link FROM ${table(owner)} t WHERE ${equals(owner.key)}`,
      bindings: values(owner.key, key),
    })),
  );

/** Parameters: details, created_at, updated_at and etag, the key, the etag that it must still have. */
export const replaceSql = (type: RecordType): string =>
  `UPDATE ${table(type)} SET details = ?, created_at = ?, updated_at = ?, etag = ? WHERE ${type.key.map((field) => `${quote(field)} = ?`).join(" AND ")} AND etag = ?`;

export const deleteSql = (deleted: RecordType, type: RecordType, key: Key): Query => ({
  sql: `DELETE FROM ${table(deleted)} WHERE ${type.key.map((field) => `${quote(field)} = ?`).join(" AND ")}`,
  bindings: values(type.key, key),
});
