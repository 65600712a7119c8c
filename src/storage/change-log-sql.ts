import { type ChangeKind, changeKinds, type NumberedChange } from "../records/change.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { narrowed } from "../records/scope.js";
import { storedCounts } from "./change.js";
import type { ChangeQuery } from "./change-log.js";
import { changeColumns, indexedKey, keyColumns } from "./change-schema.js";
import type { Dialect } from "./engine.js";
import type { Query } from "./query.js";
import { repeated } from "./sql-parts.js";
import { maxInserted } from "./store.js";

const quote = (name: string) => `\`${name}\``;
const columns = changeColumns.map(quote).join(", ");

/** The first transactions that have no revisions, with the numbers of their changes: of each the last row, which has that. */
export const pendingSql = (limit: number): Query => ({
  sql: "SELECT `pending_id`, `size` FROM `archive_pending` WHERE `size` > 0 ORDER BY `pending_id` LIMIT ?",
  bindings: [limit],
});

/** How many changes such transactions have; of very many transactions, some are looked at. */
export const countPendingSql: Query = {
  sql: "SELECT COALESCE(SUM(`size`), 0) AS count FROM (SELECT `size` FROM `archive_pending` LIMIT 10000) p",
  bindings: [],
};

/** The changes of those up to a number; and some of those after it that have several rows. */
export const notesUpToSql = (last: number): Query => ({
  sql: "SELECT `pending_id`, `mark`, `size`, `changes` FROM `archive_pending` WHERE `pending_id` <= ? ORDER BY `pending_id`",
  bindings: [last],
});

export const marksSql: Query = { sql: "SELECT `mark` FROM `archive_pending`", bindings: [] };

/** Takes the one row that all who number change. */
export const lockHistorySql = ({ forUpdate }: Dialect): Query => ({
  sql: `SELECT \`last\` FROM \`archive_history\` WHERE \`id\` = 1${forUpdate}`,
  bindings: [],
});

export const advanceSql = (last: number): Query => ({
  sql: "UPDATE `archive_history` SET `last` = ? WHERE `id` = 1",
  bindings: [last],
});

export const dropNotesSql = (ids: readonly number[]): Query => ({
  sql: `DELETE FROM \`archive_pending\` WHERE \`pending_id\` IN (${repeated("?", ids.length)})`,
  bindings: ids,
  once: ids.length > 1,
});

/** Stores changes, so many by a statement: fewer where their keys are long, so that every server takes it. */
export function* insertChangesSql(changes: readonly NumberedChange[]): Generator<Query> {
  let values: (string | number | null)[] = [];
  let [count, bytes] = [0, 0];
  for (const [index, change] of changes.entries()) {
    const own = valuesOf(change);
    values.push(...own);
    count++;
    for (const value of own) bytes += typeof value === "string" ? Buffer.byteLength(value) : 8;
    if (count < maxInserted && bytes < bytesInserted && index < changes.length - 1) continue;
    yield { sql: insertSql(count), bindings: values, once: ![1, maxInserted].includes(count) };
    values = [];
    [count, bytes] = [0, 0];
  }
}

const bytesInserted = 2 ** 17;
const insertedRow = `(${repeated("?", changeColumns.length)})`;
const insertSql = (rows: number) => `INSERT INTO \`archive_change\` (${columns}) VALUES ${repeated(insertedRow, rows)}`;

const valuesOf = (change: NumberedChange) => [
  change.revision,
  change.mark,
  changeKinds[change.kind],
  change.type.number,
  ...keyColumns.map((field) => change.key[field] ?? null),
  change.previousEtag,
  change.etag,
  change.deleted ? storedCounts(change.deleted) : null,
  change.at,
  change.principal || null,
  change.requestId,
];

/**
 * What is known of all changes; and of the first from a revision on: one statement, so one snapshot. Those are limited
 * before they are joined: else all that follow are read, and sorted.
 */
export const readChangesSql = (from: number, limit: number): Query => ({
  sql: `SELECT h.\`history_id\`, h.\`last\`, h.\`compacted\`, c.* FROM \`archive_history\` h LEFT JOIN (SELECT ${columns} FROM \`archive_change\` WHERE \`revision\` >= ? ORDER BY \`revision\` LIMIT ?) c ON 1 = 1 WHERE h.\`id\` = 1 ORDER BY c.\`revision\``,
  bindings: [from, limit],
});

/**
 * The changes of a query. What it says of types is exact but for deletions, of which the counts tell. Those under a key
 * are looked up type by type, each by an index: all together would be walked through from one end, however few they are.
 */
export function listChangesSql(query: ChangeQuery, limit: number, dialect: Dialect): Query {
  const { key, kinds, principal, from, to, newestFirst, after } = query;
  const parts: Query[] = [];
  const add = (sql: string, ...bindings: (string | number)[]) => parts.push({ sql, bindings });
  if (kinds.length > 0) add(`\`kind\` IN (${repeated("?", kinds.length)})`, ...kinds.map((kind) => changeKinds[kind]));
  if (principal !== undefined) add("COALESCE(`principal`, '') = ?", principal);
  if (from !== undefined) add("`changed_at` >= ?", from);
  if (to !== undefined) add("`changed_at` < ?", to);
  if (after !== undefined) add(`\`revision\` ${newestFirst ? "<" : ">"} ?`, after);
  const order = `ORDER BY \`revision\`${newestFirst ? " DESC" : ""} LIMIT ?`;
  const first = (selected: string, where: Query): Query => ({
    sql: `SELECT ${selected} FROM \`archive_change\` WHERE ${[where, ...parts].map(({ sql }) => sql).join(" AND ")} ${order}`,
    bindings: [...[where, ...parts].flatMap(({ bindings }) => bindings), limit],
  });
  const isKeyed = Object.keys(key).length > 0;
  const types = concerned(query, isKeyed, dialect);
  if (!isKeyed || types.length === 0) return { ...first(columns, anyOf(types)), once: true };
  const found = types.map((type) => first("`revision` AS found", type));
  const all = found.map(({ sql }) => `SELECT found FROM (${sql}) one`).join(" UNION ALL ");
  return {
    sql: `SELECT ${columns} FROM (${all}) p ${dialect.joinInOrder} \`archive_change\` ON \`revision\` = found ${order}`,
    bindings: [...found.flatMap(({ bindings }) => bindings), limit],
    once: true,
  };
}

const anyOf = (parts: readonly Query[]): Query => ({
  sql: parts.length === 0 ? "1 = 0" : `(${parts.map(({ sql }) => `(${sql})`).join(" OR ")})`,
  bindings: parts.flatMap(({ bindings }) => bindings),
});

/** The changes that can concern a key, type by type. */
const concerned = ({ key, types, sight }: ChangeQuery, isKeyed: boolean, dialect: Dialect): Query[] =>
  recordTypes.flatMap((type) => {
    const isOwn = types.includes(type);
    if (!isOwn && !type.relations.some((relation) => types.includes(relation))) return [];
    const given = Object.fromEntries(
      type.key.flatMap((field) => (key[field] === undefined ? [] : [[field, key[field]]])),
    );
    // Of what the caller may see, what is left to ask.
    const scope = (sight ? narrowed(sight.visible(type), given) : undefined) ?? [{}];
    if (scope.length === 0) return [];
    const kind = isOwn ? undefined : "deleted";
    return [anyOf(scope.map((part) => ofType(type, { ...given, ...part }, kind, isKeyed, dialect)))];
  });

function ofType(
  type: RecordType,
  key: Ids,
  kind: ChangeKind | undefined,
  isKeyed: boolean,
  { hidden }: Dialect,
): Query {
  const given = type.key.filter((field) => key[field] !== undefined);
  // So that an index leads to the type's own alone.
  const others = given.some((field) => indexedKey.includes(field))
    ? indexedKey.filter((field) => !type.key.includes(field))
    : [];
  return {
    sql: [
      // Who lists all walks through them; by a key there are fewer than of a type.
      `${(isKeyed && given.length === 0 ? undefined : hidden)?.("`record_type`") ?? "`record_type`"} = ${type.number}`,
      ...(kind ? [`\`kind\` = ${changeKinds[kind]}`] : []),
      ...given.map((field) => `${quote(field)} = ?`),
      ...others.map((field) => `${quote(field)} IS NULL`),
    ].join(" AND "),
    bindings: given.map((field) => key[field] as string),
  };
}

/** The times of the oldest changes. */
export const oldestChangesSql = (limit: number): Query => ({
  sql: "SELECT `revision`, `changed_at` FROM `archive_change` ORDER BY `revision` LIMIT ?",
  bindings: [limit],
});

/** Says that nothing is to be read up to a revision. */
export const compactSql = (revision: number): Query => ({
  sql: "UPDATE `archive_history` SET `compacted` = ? WHERE `id` = 1 AND `compacted` < ?",
  bindings: [revision, revision],
});

export const dropChangesSql = (revision: number): Query => ({
  sql: "DELETE FROM `archive_change` WHERE `revision` <= ?",
  bindings: [revision],
});

export const renewHistorySql = ({ randomMark }: Dialect): Query => ({
  sql: `UPDATE \`archive_history\` SET \`history_id\` = ${randomMark} WHERE \`id\` = 1`,
  bindings: [],
});
