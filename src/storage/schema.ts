import type { RecordType } from "../records/record-type.js";
import type { Dialect } from "./engine.js";

const quote = (name: string) => `\`${name}\``;
const list = (names: readonly string[]) => names.map(quote).join(", ");

/** An index beside that of the key. */
export interface Index {
  readonly name: string;
  readonly fields: readonly string[];
}

/** Whether an index of a type's key serves whoever looks for some of its fields. */
const keyServes = (type: RecordType, fields: readonly string[]) =>
  fields.every((field, index) => type.key[index] === field);

/**
 * The indexes by which the records of a type are found below those of other types, where its key does not begin with
 * theirs: every read, count, lock and delete of relations takes one. It goes on with the rest of the key, so that pages
 * come sorted; where the database adds the key to every index, it need not be said.
 */
export function relationIndexes(type: RecordType, { indexesEndWithKey }: Dialect): Index[] {
  const indexes = type.relationOf
    .filter((above) => !keyServes(type, above.key))
    .map((above) => {
      const rest = type.key.filter((field) => !above.key.includes(field));
      return {
        name: `${type.field}_by_${above.key.join("_")}`,
        fields: indexesEndWithKey ? above.key : [...above.key, ...rest],
      };
    });
  return [...new Map(indexes.map((index) => [index.name, index])).values()];
}

/** The indexes that version 1 had: of the keys of parents alone. */
export const firstIndexes = (type: RecordType, { inlineIndexes }: Dialect): Index[] =>
  type.parents
    .map((parent) => parent.key)
    .filter((fields) => !keyServes(type, fields))
    .map((fields) => ({ name: `${inlineIndexes ? "" : `${type.field}_`}${fields.join("_")}`, fields }));

/** The statements that make a record type's table with its indexes. */
export function createTableSql(
  type: RecordType,
  dialect: Dialect,
  indexes: readonly Index[] = relationIndexes(type, dialect),
): string[] {
  if (!dialect.inlineIndexes) {
    return [tableSql(type, dialect, []), ...indexes.map((index) => createIndexSql(type, index, dialect))];
  }
  const inline = indexes.map(({ name, fields }) => `KEY ${quote(name)} (${list(fields)})`);
  return [tableSql(type, dialect, inline)];
}

/** Makes an index. */
export const createIndexSql = (type: RecordType, { name, fields }: Index, { createIndex }: Dialect): string =>
  `${createIndex} ${quote(name)} ON ${quote(type.field)} (${list(fields)})`;

/** Adds columns to a table that may be empty. */
export function addColumnsSql(type: RecordType, columns: readonly string[], dialect: Dialect): string[] {
  const added = columns.map((column) => `ADD COLUMN ${column}`);
  return (dialect.addsColumnsTogether ? [added.join(", ")] : added).map(
    (change) => `ALTER TABLE ${quote(type.field)} ${change}`,
  );
}

/**
 * Makes a table. The foreign keys refuse (RESTRICT is the default of all engines) to leave a record without a parent,
 * whoever deletes. It can be repeated: a migration may have been broken off.
 */
function tableSql(type: RecordType, dialect: Dialect, indexes: readonly string[]): string {
  const lines = [
    ...type.key.map((field) => `${quote(field)} ${dialect.idType} NOT NULL`),
    ...dialect.identity(list(type.key)),
    ...(type.link ? [`${quote(type.link)} ${dialect.idType} NOT NULL UNIQUE`] : []),
    `\`details\` ${dialect.detailsType} NOT NULL`,
    `\`created_at\` ${dialect.timeType} NOT NULL`,
    `\`updated_at\` ${dialect.timeType} NOT NULL`,
    `\`etag\` ${dialect.etagType} NOT NULL`,
    ...indexes,
    ...type.parents.map(
      (parent) =>
        `CONSTRAINT ${quote(`${type.field}_${parent.field}`)} FOREIGN KEY (${list(parent.key)}) REFERENCES ${quote(parent.field)} (${list(parent.key)})`,
    ),
  ];
  // SQLite takes constraints only after all columns.
  const isConstraint = (line: string) => /^(PRIMARY|UNIQUE|KEY|CONSTRAINT)\b/.test(line);
  const body = [...lines.filter((line) => !isConstraint(line)), ...lines.filter(isConstraint)].join(",\n  ");
  return `CREATE TABLE IF NOT EXISTS ${quote(type.field)} (\n  ${body}\n)${dialect.tableOptions}`;
}
