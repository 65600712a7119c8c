import type { Sight } from "../records/caller.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { covers, narrowed } from "../records/scope.js";
import type { Dialect } from "./engine.js";
import type { Query } from "./query.js";
import { scopeSql } from "./scope-sql.js";
import {
  also,
  columns,
  equals,
  filled,
  filledUp,
  isUsual,
  linkColumns,
  one,
  ownColumns,
  perType,
  quote,
  select,
  type Template,
  table,
  union,
  unionOf,
  values,
} from "./sql-parts.js";

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
export const readSql = (type: RecordType, key: Ids): Query => ({ ...filled(read(type), key), one: true });

/** The same with no details. */
export const readHeadSql = (type: RecordType, key: Ids): Query => ({ ...filled(readHead(type), key), one: true });

/** The records of some keys. */
export function readManySql(type: RecordType, keys: readonly Ids[], dialect: Dialect, take: number): Query {
  const { among, preparesForAll } = dialect;
  const count = preparesForAll ? 2 ** Math.ceil(Math.log2(keys.length)) : keys.length;
  return {
    sql: `SELECT ${columns(type)} FROM ${table(type)} t WHERE ${among(type.key.map(quote), count)}`,
    bindings: filledUp(keys, count).flatMap((key) => values(type.key, key)),
    once: !preparesForAll,
    take,
  };
}

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
  const read = readSql(type, key);
  return { ...read, sql: `${read.sql}${dialect.forUpdate}` };
}

/** Locks the records of one type below a record, without reading more than a number. */
export const lockRelationSql = (relation: RecordType, type: RecordType, key: Ids, { forUpdate }: Dialect): Query => ({
  sql: `SELECT t.record_id FROM ${table(relation)} t WHERE ${equals(type.key)}${forUpdate}`,
  bindings: values(type.key, key),
});

/** Keeps a record as it is, but lets others come below it. */
export const keepSql = (type: RecordType, key: Ids, { forShare }: Dialect): Query => ({
  sql: `SELECT t.record_id FROM ${table(type)} t WHERE ${equals(type.key)}${forShare}`,
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
