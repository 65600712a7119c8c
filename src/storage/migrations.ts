import { type RecordName, recordType } from "../records/record-type.js";
import type { Dialect } from "./engine.js";
import { createTableSql } from "./schema.js";

/** A step from one version of the schema to the next: statements that can be repeated. */
export type Migration = (dialect: Dialect) => string[];

const tables =
  (...names: RecordName[]): Migration =>
  (dialect) =>
    names.flatMap((name) => createTableSql(recordType(name), dialect));

/**
 * The migrations, the first of which makes version 1. What one has made in a database somewhere stays made: never
 * change one that was released (a snapshot test pins their statements), add another.
 */
export const migrations: readonly Migration[] = [
  tables(
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
  ),
];

/** Where the version lies. */
export const versionTable =
  "CREATE TABLE IF NOT EXISTS `archive_schema` (`id` INTEGER NOT NULL PRIMARY KEY, `version` INTEGER NOT NULL)";
