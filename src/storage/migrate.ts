import type { Dialect } from "./engine.js";
import { insist, type LeaseOptions, withMigrationLease } from "./migration-lease.js";
import { migrations } from "./migrations.js";
import type { Outcome, Run } from "./query.js";
import { readVersion, refuseForeignTables, versionTable } from "./schema-version.js";
import { StorageError } from "./store.js";

export interface MigrationRunner extends LeaseOptions {
  readonly dialect: Dialect;
  /** Runs a statement that is a transaction of its own. */
  readonly run: Run;
  /** Does work in one transaction. */
  together<Result>(work: (run: Run) => Promise<Result>): Promise<Result>;
}

export interface Migrated {
  readonly from: number;
  readonly to: number;
}

/**
 * Brings the schema to the version that this program knows, once, however many processes try. Where nothing is to be
 * done nothing is written, and the version is there for its readers all the time.
 */
export async function migrate({ dialect, run, together, ...lease }: MigrationRunner): Promise<Migrated> {
  const version = await readVersion(run, dialect);
  if (version !== undefined && version >= migrations.length) return { from: version, to: version };
  if (version === undefined) await refuseForeignTables(run, dialect);
  if (dialect.schemaInTransactions) return together((inside) => takeSteps(inside, dialect, () => {}));
  return withMigrationLease(run, lease, (assertHeld) => takeSteps((query) => insist(run, query), dialect, assertHeld));
}

async function takeSteps(run: Run, dialect: Dialect, assertHeld: () => void): Promise<Migrated> {
  const step = (sql: string, ...bindings: number[]) => {
    assertHeld();
    return run({ sql, bindings });
  };
  // Another process may have done it in the meantime.
  const from = (await readVersion(run, dialect)) ?? 0;
  if (from >= migrations.length) return { from, to: from };
  await step(versionTable);
  await unlessThere(step("INSERT INTO `archive_schema` (`id`, `version`) VALUES (1, 0)"));
  for (const [index, migration] of migrations.entries()) {
    if (index < from) continue;
    for (const sql of migration(dialect)) {
      if (/^(CREATE INDEX|ALTER TABLE \S+ ADD COLUMN) /.test(sql)) await unlessThere(step(sql));
      else await step(sql);
    }
    const { changed } = await step(
      "UPDATE `archive_schema` SET `version` = ? WHERE `id` = 1 AND `version` = ?",
      index + 1,
      index,
    );
    if (changed !== 1)
      throw new StorageError("unavailable", new Error("another process migrates as well: run it again"));
  }
  return { from, to: migrations.length };
}

/** A statement that makes what may be there already: a migration may have been broken off. */
async function unlessThere(made: Promise<Outcome>): Promise<void> {
  try {
    await made;
  } catch (error) {
    if (!(error instanceof StorageError && error.kind === "duplicate")) throw error;
  }
}
