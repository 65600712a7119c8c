import { type RecordType, recordTypes } from "../records/record-type.js";
import type { Dialect } from "./engine.js";

/** The fields of the keys of some types, each once: the columns of a change that say which record it is about. */
export const keyColumnsOf = (types: readonly RecordType[]): readonly string[] => [
  ...new Set(types.flatMap(({ key }) => key)),
];

/** Those of all types. */
export const keyColumns = keyColumnsOf(recordTypes);

/** Those that one index is about. */
export const indexedKey: readonly string[] = keyColumns.slice(0, 4);

/** The columns of a change, in the order in which it is stored. */
export const changeColumns = [
  "revision",
  "mark",
  "kind",
  "record_type",
  ...keyColumns,
  "previous_etag",
  "etag",
  "deleted",
  "changed_at",
  "principal",
  "request_id",
] as const;

/**
 * The statements that make what changes are kept in. Writers add a row to `archive_pending`, one a transaction, which
 * has no index but its number: they meet nowhere. Who numbers takes rows from there and adds one to `archive_change` for
 * each change. `archive_history` is a single row.
 */
export const createChangeTables = (types: readonly RecordType[], dialect: Dialect): string[] => {
  const { idType, textType, principalType, timeType, etagType, detailsType, tableOptions, createIndex } = dialect;
  const keys = keyColumnsOf(types);
  const table = (name: string, lines: readonly string[]) =>
    `CREATE TABLE IF NOT EXISTS \`${name}\` (\n  ${lines.join(",\n  ")}\n)${tableOptions}`;
  const index = (name: string, fields: readonly string[]) =>
    `${createIndex} \`archive_change_${name}\` ON \`archive_change\` (${fields.map((field) => `\`${field}\``).join(", ")})`;
  return [
    table("archive_pending", [
      dialect.numbered("pending_id"),
      `\`mark\` ${etagType} NOT NULL`,
      "`size` INTEGER NOT NULL",
      `\`changes\` ${detailsType} NOT NULL`,
    ]),
    table("archive_change", [
      `\`revision\` ${dialect.bigType} NOT NULL PRIMARY KEY`,
      `\`mark\` ${etagType} NOT NULL`,
      "`kind` INTEGER NOT NULL",
      "`record_type` INTEGER NOT NULL",
      ...keys.map((field) => `\`${field}\` ${idType}`),
      `\`previous_etag\` ${etagType} NOT NULL`,
      `\`etag\` ${etagType} NOT NULL`,
      `\`deleted\` ${textType}`,
      `\`changed_at\` ${timeType} NOT NULL`,
      `\`principal\` ${principalType}`,
      `\`request_id\` ${textType} NOT NULL`,
    ]),
    // The most of a key that an index can have, and the keys of what is not below a collaboration.
    index("by_key", indexedKey),
    ...types
      .filter(({ ancestors, key }) => ancestors.length === 0 && !key.some((field) => indexedKey.includes(field)))
      .map(({ field, key }) => index(`by_${field}`, key)),
    // Deletions of what may have taken something along, wherever that was.
    index("by_kind", ["record_type", "kind"]),
    table("archive_history", [
      "`id` INTEGER NOT NULL PRIMARY KEY",
      `\`history_id\` ${etagType} NOT NULL`,
      `\`last\` ${dialect.bigType} NOT NULL`,
      `\`compacted\` ${dialect.bigType} NOT NULL`,
    ]),
    `INSERT INTO \`archive_history\` (\`id\`, \`history_id\`, \`last\`, \`compacted\`) SELECT 1, ${dialect.randomMark}, 0, 0 FROM (SELECT 1 AS one) n WHERE NOT EXISTS (SELECT 1 FROM \`archive_history\`)`,
  ];
};
