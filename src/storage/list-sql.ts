import type { Sight } from "../records/caller.js";
import type { RecordType } from "../records/record-type.js";
import { narrowed } from "../records/scope.js";
import type { Dialect } from "./engine.js";
import type { Query } from "./query.js";
import { scopeSql } from "./scope-sql.js";
import {
  also,
  anyColumns,
  columnsBeside,
  isUsual,
  keySlots,
  linkSlots,
  maxKeyFields,
  maxLinks,
  ownColumns,
  quote,
  sameKey,
  slots,
  table,
  unionOf,
  values,
} from "./sql-parts.js";
import type { ListQuery, Page } from "./store.js";
import { walkedIndex } from "./walked-index.js";

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

/** A page of records, of whose ids only those are read that are not given. */
export const listSql = (type: RecordType, query: ListQuery, page: Page, dialect: Dialect): Query =>
  pageSql(
    type,
    query,
    page,
    dialect,
    columnsBeside(type, (field) => query.equal[field] !== undefined),
  );

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
