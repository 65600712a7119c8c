import { recordTypes } from "../records/record-type.js";
import type { Dialect } from "./engine.js";
import { migrations } from "./migrations.js";
import type { Run } from "./query.js";
import { StorageError } from "./store.js";

/** The schema is not the one that this program knows. The message is for operators. */
export class SchemaVersionError extends Error {
  override readonly name = "SchemaVersionError";
}

/** Where the version lies. */
export const versionTable =
  "CREATE TABLE IF NOT EXISTS `archive_schema` (`id` INTEGER NOT NULL PRIMARY KEY, `version` INTEGER NOT NULL)";

const notOurs = (what: string) =>
  new StorageError("unavailable", new Error(`${what} is another program's: choose a database that is not`));

/** The version of the schema: 0 before the first migration has ended, undefined where there never was one. */
export async function readVersion(run: Run, dialect: Dialect): Promise<number | undefined> {
  const columns = (await run(dialect.columnsOf("archive_schema"))).rows.map(({ name }) => String(name).toLowerCase());
  if (columns.length === 0) return undefined;
  if (columns.sort().join() !== "id,version") throw notOurs("the database's table archive_schema");
  const { rows } = await run({ sql: "SELECT `version` FROM `archive_schema` WHERE `id` = 1", bindings: [] });
  return Number(rows[0]?.version ?? 0);
}

/** Throws if the schema's version is not the one that this program knows. */
export async function checkVersion(run: Run, dialect: Dialect): Promise<void> {
  const version = (await readVersion(run, dialect)) ?? 0;
  if (version === migrations.length) return;
  throw new SchemaVersionError(
    version < migrations.length
      ? `the database's schema is at version ${version}, this program needs ${migrations.length}: run synergos-archive migrate`
      : `the database's schema is at version ${version}, this program knows ${migrations.length}: run a newer synergos-archive`,
  );
}

/**
 * Throws if a database without a version has a table that an archive's would be taken for. Tables of other names may
 * lie beside those of an archive.
 */
export async function refuseForeignTables(run: Run, dialect: Dialect): Promise<void> {
  for (const { field } of recordTypes) {
    if ((await run(dialect.columnsOf(field))).rows.length === 0) continue;
    // Unless another process has begun to migrate since.
    if ((await readVersion(run, dialect)) !== undefined) return;
    throw notOurs(`the database's table ${field}`);
  }
}
