import { type RecordName, recordType } from "../records/record-type.js";
import { createChangeTables } from "./change-schema.js";
import type { Dialect } from "./engine.js";
import { addColumnsSql, createIndexSql, createTableSql, firstIndexes, type Index, relationIndexes } from "./schema.js";

/** A step from one version of the schema to the next: statements that can be repeated. */
export type Migration = (dialect: Dialect) => string[];

/** Makes the tables of some record types. */
export const tables =
  (...names: RecordName[]): Migration =>
  (dialect) =>
    names.flatMap((name) => createTableSql(recordType(name), dialect));

/** The record types of version 1. */
const firstTypes = (
  [
    "Collaboration",
    "Project",
    "Experiment",
    "Run",
    "Participant",
    "Registration",
    "Tag",
    "Alignment",
    "Model",
    "Validation",
    "Prediction",
    "MLFlow",
  ] as const
).map(recordType);

/**
 * The migrations, the first of which makes version 1. What one has made in a database somewhere stays made: never
 * change one that was released (a snapshot test pins their statements), add another.
 */
export const migrations: readonly Migration[] = [
  (dialect) => firstTypes.flatMap((type) => createTableSql(type, dialect, firstIndexes(type, dialect))),
  // Indexes for all relations in place of those for parents; and the mark by which a file is known as an archive's.
  (dialect) => [
    ...firstTypes.flatMap((type) => {
      const [before, after] = [firstIndexes(type, dialect), relationIndexes(type, dialect)];
      return [
        ...without(after, before).map((index) => createIndexSql(type, index, dialect)),
        ...without(before, after).map(({ name }) => `DROP INDEX IF EXISTS \`${name}\``),
      ];
    }),
    ...dialect.markFile,
  ],
  // Who wrote a record, which is unknown of those that are there: columns that copies of the version before pass over.
  (dialect) =>
    firstTypes.flatMap((type) =>
      addColumnsSql(
        type,
        ["created_by", "updated_by"].map((name) => `\`${name}\` ${dialect.principalType}`),
        dialect,
      ),
    ),
  // What changes are kept in.
  (dialect) => createChangeTables(firstTypes, dialect),
];

/** Those indexes that are not on the same fields as one of others. */
const without = (indexes: readonly Index[], others: readonly Index[]) =>
  indexes.filter(({ fields }) => !others.some((other) => other.fields.join() === fields.join()));
