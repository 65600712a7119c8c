import type { RecordType } from "../records/record-type.js";
import type { Dialect } from "./engine.js";

const quote = (name: string) => `\`${name}\``;
const list = (names: readonly string[]) => names.map(quote).join(", ");

/**
 * The statements that make a record type's table. The foreign keys refuse (RESTRICT is the default of all engines) to
 * leave a record without a parent, whoever deletes. Each can be repeated: a migration may have been broken off.
 */
export function createTableSql(type: RecordType, dialect: Dialect): string[] {
  const indexes = type.parents
    .map((parent) => parent.key)
    .filter((fields) => fields.some((field, index) => type.key[index] !== field));
  const lines = [
    ...type.key.map((field) => `${quote(field)} ${dialect.idType} NOT NULL`),
    ...dialect.identity(list(type.key)),
    ...(type.link ? [`${quote(type.link)} ${dialect.idType} NOT NULL UNIQUE`] : []),
    `\`details\` ${dialect.detailsType} NOT NULL`,
    `\`created_at\` ${dialect.timeType} NOT NULL`,
    `\`updated_at\` ${dialect.timeType} NOT NULL`,
    `\`etag\` ${dialect.etagType} NOT NULL`,
    ...(dialect.inlineIndexes ? indexes.map((fields) => `KEY ${quote(fields.join("_"))} (${list(fields)})`) : []),
    ...type.parents.map(
      (parent) =>
        `CONSTRAINT ${quote(`${type.field}_${parent.field}`)} FOREIGN KEY (${list(parent.key)}) REFERENCES ${quote(parent.field)} (${list(parent.key)})`,
    ),
  ];
  // SQLite takes constraints only after all columns.
  const isConstraint = (line: string) => /^(PRIMARY|UNIQUE|KEY|CONSTRAINT)\b/.test(line);
  const body = [...lines.filter((line) => !isConstraint(line)), ...lines.filter(isConstraint)].join(",\n  ");
  return [
    `CREATE TABLE IF NOT EXISTS ${quote(type.field)} (\n  ${body}\n)${dialect.tableOptions}`,
    ...(dialect.inlineIndexes
      ? []
      : indexes.map(
          (fields) =>
            `CREATE INDEX IF NOT EXISTS ${quote(`${type.field}_${fields.join("_")}`)} ON ${quote(type.field)} (${list(fields)})`,
        )),
  ];
}
