import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Outcome, Query, Run } from "./query.js";
import { StorageError } from "./store.js";

const leaseTable =
  "CREATE TABLE IF NOT EXISTS `archive_migration` (`id` INTEGER NOT NULL PRIMARY KEY, `holder` CHAR(36) NOT NULL, `expires_at` DATETIME(6) NOT NULL)";
const freeLease =
  "INSERT IGNORE INTO `archive_migration` (`id`, `holder`, `expires_at`) VALUES (1, '', UTC_TIMESTAMP(6))";
// The database's clock says when a lease ends, so those of the processes need not agree.
const takeLease =
  "UPDATE `archive_migration` SET `holder` = ?, `expires_at` = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND WHERE `id` = 1 AND (`holder` = '' OR `expires_at` < UTC_TIMESTAMP(6))";
const renewLease =
  "UPDATE `archive_migration` SET `expires_at` = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND WHERE `id` = 1 AND `holder` = ?";
const endLease = "UPDATE `archive_migration` SET `holder` = '' WHERE `id` = 1 AND `holder` = ?";

export interface LeaseOptions {
  /** Runs statements beside the work, to renew the lease. */
  readonly aside: Run;
  /** How long the lease of a process that is gone keeps others waiting, and how long to wait for it, in milliseconds. */
  readonly duration?: number;
  readonly patience?: number;
}

/**
 * Does work while no other process does, on any node of a cluster: who changes a row from free to its own has the lease,
 * and renews it until it is done. Locks by name (GET_LOCK) would be those of one node. The work asks before each step
 * whether it still holds the lease; what it does must bear that another begins where the lease was lost unseen.
 */
export async function withMigrationLease<Result>(
  run: Run,
  { aside, duration = 15_000, patience = 60_000 }: LeaseOptions,
  work: (assertHeld: () => void) => Promise<Result>,
): Promise<Result> {
  const holder = randomUUID();
  const microseconds = duration * 1000;
  await insist(run, { sql: leaseTable, bindings: [] });
  await insist(run, { sql: freeLease, bindings: [] });
  let taken = performance.now();
  for (const began = taken; ; taken = performance.now()) {
    if ((await insist(run, { sql: takeLease, bindings: [holder, microseconds] })).changed === 1) break;
    if (taken - began > patience) throw new StorageError("unavailable", new Error("another process migrates"));
    await delay(50 + Math.random() * 200);
  }
  let lost = false;
  let renewal: Promise<void> | undefined;
  const renew = async () => {
    const asked = performance.now();
    const { changed } = await aside({ sql: renewLease, bindings: [microseconds, holder] });
    if (changed === 1) taken = asked;
    else lost = true;
  };
  const timer = setInterval(() => {
    // One that fails is tried again, until the time is over.
    renewal ??= renew()
      .catch(() => undefined)
      .finally(() => {
        renewal = undefined;
      });
  }, duration / 3);
  try {
    return await work(() => {
      if (lost || performance.now() - taken > duration)
        throw new StorageError("unavailable", new Error("the migration was overtaken by another: run it again"));
    });
  } finally {
    clearInterval(timer);
    await renewal;
    await run({ sql: endLease, bindings: [holder] }).catch(() => undefined);
  }
}

/** Runs a statement again where others were in the way, which nodes of a cluster may find out at its end. */
export async function insist(run: Run, query: Query): Promise<Outcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(query);
    } catch (error) {
      if (!(error instanceof StorageError && error.kind === "conflict") || attempt === 10) throw error;
    }
    await delay(Math.random() * 100);
  }
}
