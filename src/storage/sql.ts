import type { Sight } from "../records/caller.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { covers, narrowed } from "../records/scope.js";
import type { Dialect } from "./engine.js";
import type { Query } from "./query.js";
import { scopeSql } from "./scope-sql.js";
import type { ListQuery, Page } from "./store.js";
import { walkedIndex } from "./walked-index.js";

// All SQL is built here, from the record types alone: ids and details are always parameters. What most calls run is
// built once for each type.

/** A statement whose parameters are ids: the names of their fields. */
interface Template {
  readonly sql: string;
  readonly fields: readonly string[];
}

const filled = ({ sql, fields }: Template, key: Ids): Query => ({ sql, bindings: values(fields, key) });

/** Makes something for each type once. */
function perType<Made>(make: (type: RecordType) => Made): (type: RecordType) => Made {
  const made = new Map<RecordType, Made>();
  return (type) => {
    const known = made.get(type);
    if (known !== undefined) return known;
    const fresh = make(type);
    made.set(type, fresh);
    return fresh;
  };
}

/** The most fields of a key, and the most ids of a link, of any record type. */
const maxKeyFields = Math.max(...recordTypes.map(({ key }) => key.length));
const maxLinks = Math.max(...recordTypes.map(({ links }) => links.length));

/** The names of the columns that hold a record's ids, and those of its link. */
const slotNames = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name}${index}`);
export const keySlots = slotNames("k", maxKeyFields);
export const linkSlots = slotNames("l", maxLinks);

const quote = (name: string) => `\`${name}\``;
const table = (type: RecordType) => quote(type.field);
const equals = (fields: readonly string[], alias = "t") =>
  fields.map((field) => `${alias}.${quote(field)} = ?`).join(" AND ");
const values = (fields: readonly string[], key: Ids) => fields.map((field) => key[field] as string);
const sameKey = (fields: readonly string[], one: string, other: string) =>
  fields.map((field) => `${one}.${quote(field)} = ${other}.${quote(field)}`).join(" AND ");
const slots = (count: number, expressions: readonly string[], names: readonly string[]) =>
  names.slice(0, count).map((name, index) => `${expressions[index] ?? "NULL"} AS ${name}`);
export const repeated = (text: string, times: number) => Array.from({ length: times }, () => text).join(", ");
const union = (parts: readonly Template[]): Template => ({
  sql: parts.map(({ sql }) => sql).join(" UNION ALL "),
  fields: parts.flatMap(({ fields }) => fields),
});

/** A record's ids as columns: k0, k1, … */
const keyColumns = (type: RecordType, count = type.key.length) =>
  slots(
    count,
    type.key.map((field) => `t.${quote(field)}`),
    keySlots,
  );

/** The ids of its link, as l0, l1, …: those that belong to records above it are read there, where they are true. */
const linkColumns = (type: RecordType, count = type.links.length) =>
  slots(
    count,
    type.links.map(({ link, type: owner }) =>
      owner === type
        ? `t.${quote(link)}`
        : `(SELECT o.${quote(link)} FROM ${table(owner)} o WHERE ${sameKey(owner.key, "o", "t")})`,
    ),
    linkSlots,
  );

const ownColumns = [
  "t.details",
  "t.record_id",
  "t.created_at",
  "t.updated_at",
  "t.etag",
  "t.created_by",
  "t.updated_by",
];

/** The columns of a record, its type known from the statement. Each costs as much as some ids do: no more than needed. */
const columns = perType((type) => [...keyColumns(type), ...linkColumns(type), ...ownColumns].join(", "));

/** The columns of a record of any type, the same for all, so that one UNION ALL can hold several types. */
const anyColumns = perType((type) =>
  [`${type.number} AS type`, ...keyColumns(type, maxKeyFields), ...linkColumns(type, maxLinks), ...ownColumns].join(
    ", ",
  ),
);

/** The records of a type of which some ids are given, in a union. */
const select = (type: RecordType, fields: readonly string[]): Template => ({
  sql: `SELECT ${anyColumns(type)} FROM ${table(type)} t WHERE ${equals(fields)}`,
  fields,
});

const one = (type: RecordType, own: readonly string[]): Template => ({
  sql: `SELECT ${[...linkColumns(type), ...own].join(", ")} FROM ${table(type)} t WHERE ${equals(type.key)}`,
  fields: type.key,
});
const headColumns = ["'' AS details", ...ownColumns.slice(1)];
const read = perType((type) => one(type, ownColumns));
const readHead = perType((type) => one(type, headColumns));
/** The most bytes of details of a record that is read together with others. */
const largestTogether = 2 ** 15;
const withKey = (own: readonly string[]) =>
  perType((type) => [...type.key.map((field) => `t.${quote(field)}`), ...linkColumns(type), ...own].join(", "));
const ofOne = withKey([
  `IF(LENGTH(t.details) > ${largestTogether}, NULL, t.details) AS details`,
  ...ownColumns.slice(1),
]);
const headOfOne = withKey(headColumns);

/** Some records of one type, with their keys; with no details, if those are not needed, and with NULL for large ones. */
export const readGroupSql = (type: RecordType, keys: readonly Ids[], isHead: boolean, { among }: Dialect): Query => ({
  sql: `SELECT ${(isHead ? headOfOne : ofOne)(type)} FROM ${table(type)} t WHERE ${among(
    type.key.map((field) => `t.${quote(field)}`),
    keys.length,
  )}`,
  bindings: keys.flatMap((key) => values(type.key, key)),
});

/** One record, without its key. */
export const readSql = (type: RecordType, key: Ids): Query => filled(read(type), key);

/** The same with no details. */
export const readHeadSql = (type: RecordType, key: Ids): Query => filled(readHead(type), key);

/** The records of some keys. */
export const readManySql = (type: RecordType, keys: readonly Ids[], { among }: Dialect, take: number): Query => ({
  sql: `SELECT ${columns(type)} FROM ${table(type)} t WHERE ${among(type.key.map(quote), keys.length)}`,
  bindings: keys.flatMap((key) => values(type.key, key)),
  once: true,
  take,
});

/** The keys of those of some records that are there, with the own ids of their links. */
export const ownLinksSql = (type: RecordType, keys: readonly Ids[], { among }: Dialect): Query => ({
  sql: `SELECT ${[...type.key, ...(type.link ? [type.link] : [])].map(quote).join(", ")} FROM ${table(type)} WHERE ${among(type.key.map(quote), keys.length)}`,
  bindings: keys.flatMap((key) => values(type.key, key)),
  once: true,
});

export const takenLinksSql = (type: RecordType, ids: readonly string[], { among }: Dialect): Query => ({
  sql: `SELECT ${quote(type.link ?? "")} AS link FROM ${table(type)} WHERE ${among([quote(type.link ?? "")], ids.length)}`,
  bindings: ids,
  once: true,
});

export function lockSql(type: RecordType, key: Ids, dialect: Dialect): Query {
  const { sql, bindings } = readSql(type, key);
  return { sql: `${sql}${dialect.forUpdate}`, bindings };
}

/** Locks the records of one type below a record, without reading more than a number. */
export const lockRelationSql = (relation: RecordType, type: RecordType, key: Ids, dialect: Dialect): Query => ({
  sql: `SELECT t.record_id FROM ${table(relation)} t WHERE ${equals(type.key)}${dialect.forUpdate}`,
  bindings: values(type.key, key),
});

const tree = (type: RecordType, relations: readonly RecordType[]): Template =>
  union([
    select(type, type.key),
    ...type.ancestors.map((ancestor) => select(ancestor, ancestor.key)),
    ...relations.map((relation) => select(relation, type.key)),
  ]);

const wholeTree = perType((type) => tree(type, type.relations));

/** A record with its ancestors and relations, as far as there are those: one statement, so one snapshot. */
export function treeSql(type: RecordType, key: Ids, relations: readonly RecordType[], sight?: Sight): Query {
  if (sight) return visibleTreeSql(type, key, relations, sight);
  return isUsual(type, relations)
    ? filled(wholeTree(type), key)
    : { ...filled(tree(type, relations), key), once: relations.length > 0 };
}

function visibleTreeSql(type: RecordType, key: Ids, relations: readonly RecordType[], sight: Sight): Query {
  const ancestors = type.ancestors.filter((ancestor) => covers(sight.visible(ancestor), key));
  const parts = [type, ...ancestors].map((each) => filled(select(each, each.key), key));
  const equal = Object.fromEntries(type.key.map((field) => [field, key[field] as string]));
  for (const relation of relations) {
    const scope = narrowed(sight.visible(relation), equal);
    if (scope?.length === 0) continue;
    parts.push(also(filled(select(relation, type.key), key), scopeSql(scope)));
  }
  return { ...unionOf(parts), once: relations.length > 0 };
}

/** A SELECT that ends with its conditions, with further ones. */
const also = ({ sql, bindings }: Query, condition: Query | undefined): Query =>
  condition
    ? { sql: `${sql} AND ${condition.sql}`, bindings: [...bindings, ...condition.bindings] }
    : { sql, bindings };

const unionOf = (parts: readonly Query[]): Query => ({
  sql: parts.map(({ sql }) => sql).join(" UNION ALL "),
  bindings: parts.flatMap(({ bindings }) => bindings),
});

/** All relations, or none: the choices between are too many for each to be worth preparing. */
const isUsual = (type: RecordType, relations: readonly RecordType[]) => relations.length === type.relations.length;

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

function condition(
  type: RecordType,
  { equal, prefix, scope }: ListQuery,
  column = (field: string) => `t.${quote(field)}`,
): Query {
  const fields = type.key.filter((field) => equal[field] !== undefined);
  const last = column(type.key.at(-1) as string);
  const end = afterPrefix(prefix);
  const visible = scopeSql(scope, column);
  return {
    sql: [
      "1 = 1",
      ...fields.map((field) => `${column(field)} = ?`),
      ...(prefix === "" ? [] : [`${last} >= ?`]),
      ...(end === undefined ? [] : [`${last} < ?`]),
      ...(visible ? [visible.sql] : []),
    ].join(" AND "),
    bindings: [
      ...values(fields, equal),
      ...(prefix === "" ? [] : [prefix]),
      ...(end === undefined ? [] : [end]),
      ...(visible?.bindings ?? []),
    ],
  };
}

export function countSql(type: RecordType, query: ListQuery): Query {
  const { sql, bindings } = condition(type, query);
  return { sql: `SELECT COUNT(*) AS count FROM ${table(type)} t WHERE ${sql}`, bindings };
}

/** A page of records, or another part of the list: `selected` of them, in the order of keys. */
function pageSql(
  type: RecordType,
  query: ListQuery,
  page: Page,
  dialect: Dialect,
  selected: string,
  limit = "?",
): Query {
  const isGiven = (field: string) => query.equal[field] !== undefined;
  const { given, rest } = walkedIndex(type, isGiven, dialect);
  // The beginning of the last id is a range of the index that ends with it, unless others come before.
  const hides = dialect.hidden && (rest.some(isGiven) || (query.prefix !== "" && rest.length > 1));
  const column = (field: string) => `t.${quote(field)}`;
  const where = hides
    ? condition(type, query, (field) =>
        given.includes(field) ? column(field) : (dialect.hidden?.(column(field)) ?? ""),
      )
    : condition(type, query);
  // Without the ids that are given: MariaDB sorts all rows, instead of reading them by the key, if it is told of those.
  const free = hides ? rest : type.key.filter((field) => !isGiven(field));
  const after =
    page.after && free.length > 0
      ? dialect.after(
          free.map(column),
          free.map((field) => query.equal[field] ?? (page.after?.[field] as string)),
        )
      : undefined;
  const order = free.length > 0 ? ` ORDER BY ${free.map(column).join(", ")}` : "";
  return {
    sql: `SELECT ${selected} FROM ${table(type)} t WHERE ${where.sql}${after ? ` AND (${after.sql})` : ""}${order} LIMIT ${limit}`,
    bindings: [...where.bindings, ...(after?.bindings ?? []), page.size],
  };
}

export const listSql = (type: RecordType, query: ListQuery, page: Page, dialect: Dialect): Query =>
  pageSql(type, query, page, dialect, columns(type));

/** The type of a row that says only that more records follow those of a page. */
export const moreRecords = 0;

const more = [
  `${moreRecords} AS type`,
  ...slots(maxKeyFields, [], keySlots),
  ...slots(maxLinks, [], linkSlots),
  ...ownColumns.map(() => "NULL"),
].join(", ");

/**
 * A page of records with their ancestors and relations, and whether more follow: one statement, so one snapshot. Of the
 * one that follows nothing is read.
 */
export function listTreesSql(
  type: RecordType,
  query: ListQuery,
  page: Page,
  relations: readonly RecordType[],
  dialect: Dialect,
  sight?: Sight,
): Query {
  const keys = pageSql(type, query, page, dialect, type.key.map((field) => `t.${quote(field)}`).join(", "));
  const joined = (related: RecordType, fields: readonly string[]): Query => {
    const names = fields.map(quote).join(", ");
    const sql = `SELECT ${anyColumns(related)} FROM (SELECT DISTINCT ${names} FROM page) p ${dialect.joinInOrder} ${table(related)} t ON ${sameKey(fields, "t", "p")}`;
    const scope = related === type ? undefined : narrowed(sight?.visible(related), query.equal);
    return also({ sql, bindings: [] }, scopeSql(scope));
  };
  const parts: Query[] = [
    joined(type, type.key),
    ...type.ancestors.map((ancestor) => joined(ancestor, ancestor.key)),
    ...relations.map((relation) => joined(relation, type.key)),
  ];
  // Whose size is where it begins.
  const next = pageSql(type, query, page, dialect, "1 AS one", "1 OFFSET ?");
  parts.push({ sql: `SELECT ${more} FROM (${next.sql}) n`, bindings: next.bindings });
  const all = unionOf(parts);
  return {
    sql: `WITH page AS (${keys.sql}) ${all.sql}`,
    bindings: [...keys.bindings, ...all.bindings],
    once: relations.length > 0 && !isUsual(type, relations),
  };
}

const countOf = (relation: RecordType, fields: readonly string[]) => ({
  sql: `SELECT ${relation.number} AS type, COUNT(*) AS count FROM ${table(relation)} t WHERE ${["1 = 1", ...fields.map((field) => `t.${quote(field)} = ?`)].join(" AND ")}`,
  fields,
});

const countTree = perType((type) => union([type, ...type.relations].map((each) => countOf(each, type.key))));
const countAll = union(recordTypes.map((type) => countOf(type, [])));

/** The numbers of a record (0 or 1) and of its relations, or of all records there are: one statement, so one snapshot. */
export const countTreeSql = (type: RecordType, key: Ids, sight?: Sight): Query =>
  sight ? visibleCountSql([type, ...type.relations], type.key, key, sight) : filled(countTree(type), key);
export const countAllSql = (sight?: Sight): Query =>
  sight ? visibleCountSql(recordTypes, [], {}, sight) : filled(countAll, {});

function visibleCountSql(types: readonly RecordType[], fields: readonly string[], key: Ids, sight: Sight): Query {
  const equal = Object.fromEntries(fields.map((field) => [field, key[field] as string]));
  return unionOf(
    types.map((each) => also(filled(countOf(each, fields), key), scopeSql(narrowed(sight.visible(each), equal)))),
  );
}

/** The columns of the numbers of a record's relations. */
export const countColumn = (relation: RecordType): string => `count_${relation.number}`;

const readCounted = perType((type): Template => {
  const counts = type.relations.map(
    (relation) =>
      `(SELECT COUNT(*) FROM ${table(relation)} r WHERE ${equals(type.key, "r")}) AS ${countColumn(relation)}`,
  );
  const { sql, fields } = one(type, [...counts, ...ownColumns]);
  return { sql, fields: [...type.relations.flatMap(() => type.key), ...fields] };
});

/** One record, without its key, and the numbers of its relations: one statement, so one snapshot. */
export const readCountedSql = (type: RecordType, key: Ids): Query => filled(readCounted(type), key);

export const missingAncestorsSql = (type: RecordType, key: Ids): Query =>
  filled(
    union(
      type.ancestors.map((ancestor) => ({
        sql: `SELECT ${ancestor.number} AS type FROM (SELECT 1 AS one) n WHERE NOT EXISTS (SELECT 1 FROM ${table(ancestor)} t WHERE ${equals(ancestor.key)})`,
        fields: ancestor.key,
      })),
    ),
    key,
  );

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

/** Parameters: the key, the etag that it must still have. */
export const deleteOneSql = perType((type) => `DELETE FROM ${table(type)} WHERE ${whereKey(type)} AND etag = ?`);

/** Deletes the records of one type below a record, or so many of them. */
export const deleteSql = (deleted: RecordType, type: RecordType, key: Ids, { maxDeleted }: Dialect): Query => ({
  sql: maxDeleted
    ? `DELETE FROM ${table(deleted)} WHERE record_id IN (SELECT record_id FROM ${table(deleted)} WHERE ${whereKey(type)} LIMIT ${maxDeleted})`
    : `DELETE FROM ${table(deleted)} WHERE ${whereKey(type)}`,
  bindings: values(type.key, key),
});
