import { setTimeout as delay } from "node:timers/promises";
import type { WriteOperation } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import { ChangeOracle } from "./change-oracle.js";
import { type ArchiveClient, CallError } from "./client.js";
import { someDetails } from "./records.js";
import { startStatementProxy } from "./statement-proxy.js";
import { recordOf } from "./writes.js";

/** Writers and watchers of several copies of a service, of which some may be away. */
export interface Storm {
  /** The client of a copy, as it is now. */
  client(copy: number): ArchiveClient;
  readonly copies: number;
  /** How many writes there are. */
  readonly writes: number;
  /** What befalls them meanwhile; each time so many more were done. */
  readonly faults: readonly (() => Promise<void>)[];
}

const passing = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED", "ABORTED"]);
/** A copy that is away; its client may be closed already. */
const isPassing = (error: unknown) =>
  error instanceof CallError
    ? passing.has(error.code)
    : error instanceof Error && /closed|shut down/i.test(error.message);

const collaboration = (number: number) => ({ collab_id: `storm_${number}` });

const updated = (key: Record<string, string>): WriteOperation => ({
  operation: {
    $case: "update",
    value: { record: recordOf("Collaboration", key), update_mask: undefined, allow_missing: true, etag: "" },
  },
});

/** One of many writes to few records, so that they meet; deletions that take others along; some of several at once. */
function write(client: ArchiveClient, number: number, bulk: number): Promise<unknown> {
  const key = collaboration(number % 5);
  if (number % 20 === 7) {
    const ids = Array.from({ length: bulk }, (_, index) => `storm_import_${number}_${index}`);
    const records = ids.map((collab_id) => recordOf("Collaboration", { collab_id }));
    return client.import([records], {}, { deadline: 10_000 });
  }
  if (number % 2 === 1) {
    // Its commit comes by itself, so that something on the way can hold it.
    const own = [0, 1].map((turn) => updated({ collab_id: `storm_own_${(number + turn) % 32}` }));
    const operations = number % 4 === 1 ? own : [updated(key), ...own];
    return client.batchWrite({ operations }, { deadline: 10_000 });
  }
  if (number % 11 === 0) return client.delete("Collaboration", key, { allow_missing: true }, { deadline: 10_000 });
  if (number % 3 > 0) {
    return client.update("Collaboration", { key, details: undefined, allow_missing: true }, { deadline: 10_000 });
  }
  const below = { ...key, project_id: `project_${number % 4}` };
  const request = { key: below, details: someDetails("Project"), allow_missing: true };
  return client.update("Project", request, { deadline: 10_000 });
}

/**
 * A way to a server's database on which half of the commits are held for a while: transactions are open between their
 * change and their commit, and come to be seen long after others that began later.
 */
export async function withLateCommits(url: string): Promise<{ url: string; close(): Promise<void> }> {
  const way = new URL(url);
  const isLate = (statement: string) => statement === "COMMIT" && Math.random() < 0.5;
  const proxy = await startStatementProxy(Number(way.port), (each) => (isLate(each) ? 20 + Math.random() * 100 : 0));
  way.port = String(proxy.port);
  return { url: way.href, close: () => proxy.close() };
}

/**
 * Does it, and resolves to what each of some watchers has seen, all of it, and to what was read of the tables when no change
 * came: of a write whose answer got lost the commit may come after all others.
 */
export async function changeStorm(
  { client, copies, writes, faults }: Storm,
  tables: () => Promise<string[]>,
  watchers = copies,
): Promise<{ readonly oracles: ChangeOracle[]; readonly lines: string[] }> {
  const oracles = Array.from({ length: watchers }, () => new ChangeOracle());
  let end = Number.POSITIVE_INFINITY;
  const watched = oracles.map(async (oracle, index) => {
    for (let copy = index; oracle.revision < end; copy++) {
      const start =
        oracle.token === ""
          ? ({ $case: "after_revision", value: 0n } as const)
          : ({ $case: "resume_token", value: oracle.token } as const);
      // Goes on elsewhere, at random.
      let messages = 1 + Math.floor(Math.random() * 100);
      try {
        for await (const response of client(copy % copies).watch({ start })) {
          // What comes after the end is not compared.
          const changes = response.changes.filter(({ revision }) => revision <= end);
          oracle.take({ ...response, changes });
          if (--messages === 0 || oracle.revision >= end) break;
        }
      } catch (error) {
        if (!isPassing(error)) throw error;
        await delay(50);
      }
    }
  });
  let begun = 0;
  let done = 0;
  // The longer, the more changes at a time.
  const bulk = writes < 10_000 ? 5 : 200;
  const writers = Array.from({ length: 16 }, async (_, writer) => {
    while (done < writes) {
      const number = begun++;
      try {
        await write(client((writer + number) % copies), number, bulk);
        done++;
      } catch (error) {
        if (error instanceof CallError && error.reason === "PARENT_NOT_FOUND") continue;
        // What became of it nobody knows; but the changes do. It does not count: a copy that is away fails many at once.
        if (!isPassing(error)) throw error;
        await delay(20);
      }
    }
  });
  const befall = async () => {
    for (const [index, fault] of faults.entries()) {
      while (done < ((index + 1) * writes) / (faults.length + 1)) await delay(20);
      await fault();
    }
  };
  // Whoever fails of them ends it.
  await Promise.race([Promise.all([...writers, befall()]), Promise.all(watched)]);
  const newest = async () => {
    for (let copy = 0; ; copy++) {
      const { changes } = await client(copy % copies)
        .listChanges({ page_size: 1 })
        .catch(() => ({ changes: [] }));
      if (changes[0]) return Number(changes[0].revision);
      await delay(100);
    }
  };
  let lines: string[] = [];
  let before = -1;
  for (let now = await newest(); now !== before; now = await newest()) {
    before = now;
    lines = await tables();
  }
  end = before;
  // A watch that is at its end already hears of that by its next message, which may be a bookmark.
  const key = { participant_id: "end" };
  const last = () => client(0).update("Participant", { key, details: undefined, allow_missing: true });
  await last().catch(() => undefined);
  await Promise.all(watched);
  return { oracles, lines };
}
