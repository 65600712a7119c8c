import { setTimeout as delay } from "node:timers/promises";
import type { Knex } from "knex";
import { CallContext } from "../call-context.js";
import type { Places } from "../places.js";
import type { NewChange } from "../records/change.js";
import { noted } from "./change.js";
import type { Engine } from "./engine.js";
import { InsertGroups } from "./insert-groups.js";
import { KnexChangeLog } from "./knex-change-log.js";
import { KnexStatements } from "./knex-statements.js";
import { Leases } from "./leases.js";
import { type Migrated, migrate } from "./migrate.js";
import { type Outcome, plain, type Query } from "./query.js";
import { ReadGroups } from "./read-groups.js";
import { checkVersion } from "./schema-version.js";
import { type Statements, StorageError, type Store, type UnitOfWork } from "./store.js";
import type { PoolState, StoreObserver } from "./store-observer.js";
import { changedWithin, noting, Transactions } from "./transactions.js";
import { UpdateGroups } from "./update-groups.js";
import { type Transaction, WriteGroups } from "./write-groups.js";
import { fromRowSql } from "./write-sql.js";

/** How often and how long, in milliseconds, work is tried before its conflict is the caller's; but always twice. */
const maxAttempts = 10;
const maxRetryTime = 10_000;

/** Work that belongs to no call is never broken off. */
const background = new CallContext();

/** A store in a database behind Knex. */
export class KnexStore implements Store {
  readonly #leases: Leases;
  readonly #transactions: Transactions;
  readonly #reads: ReadGroups | undefined;
  readonly #inserts: InsertGroups | undefined;
  readonly #updates: UpdateGroups | undefined;
  readonly #writes: WriteGroups | undefined;
  readonly changes: KnexChangeLog;

  constructor(
    private readonly engine: Engine,
    private readonly observer?: StoreObserver | undefined,
  ) {
    const { dialect, groups, writes } = engine;
    this.#leases = new Leases(engine, observer);
    this.#transactions = new Transactions(engine, this.#leases, () => this.changes.written());
    this.changes = new KnexChangeLog({
      dialect,
      read: (query, context) => this.#read(query, context),
      transaction: (context, query) => this.#transactions.run(context, ({ run }) => run(query)),
      inTwo: (context, first, following) => this.#transactions.inTwo(context, first, following),
    });
    if (groups === "transactions") {
      this.#writes = new WriteGroups((work, context) =>
        this.#leases.during(writes, context, (lease) =>
          work((part) => this.#transactions.committed(lease, context, part)),
        ),
      );
      return;
    }
    this.#reads = new ReadGroups(dialect, (query, context) => this.#read(query, context));
    this.#updates = new UpdateGroups({
      dialect,
      changed: async ({ type, key, etag, query, change }, context) => {
        const row = fromRowSql(type, key, etag);
        return (await this.#transactions.changed([query], [change], context, row)).changed > 0;
      },
      allChanged: (queries, changes, rows, context) => this.#transactions.allChanged(queries, changes, rows, context),
    });
    const { insertTogether } = dialect;
    if (!insertTogether) return;
    this.#inserts = new InsertGroups({
      insertTogether,
      changed: (queries, changes, context) => this.#transactions.changed(queries, changes, context),
    });
  }

  statements(context: CallContext): Statements {
    return this.#single(context, false);
  }

  transaction<Result>(context: CallContext, work: (statements: Statements) => Promise<Result>): Promise<Result> {
    return this.retried(context, ({ together }) => together(work));
  }

  async retried<Result>(context: CallContext, work: (unit: UnitOfWork) => Promise<Result>): Promise<Result> {
    const began = performance.now();
    for (let attempt = 1; ; attempt++) {
      const repeated = attempt > 1;
      try {
        return await work({
          single: this.#single(context, repeated),
          together: (part) =>
            this.#transactions.run(context, (transaction) => part(this.#within(transaction, context, repeated))),
        });
      } catch (error) {
        const last = attempt === maxAttempts || (repeated && performance.now() - began >= maxRetryTime);
        const isConflict = error instanceof StorageError && error.kind === "conflict";
        if (isConflict) this.observer?.conflict(!last);
        if (last || !isConflict) throw error;
      }
      // What was read is not kept.
      if (context.room) context.room.used = 0;
      // Full jitter: those who collided are unlikely to collide again.
      const pause = Math.random() * Math.min(500, 5 * 2 ** attempt);
      await delay(pause, undefined, { signal: context.signal }).catch(() => context.throwIfEnded());
    }
  }

  async *snapshot<Result>(
    context: CallContext,
    work: (statements: Statements) => AsyncGenerator<Result>,
  ): AsyncGenerator<Result> {
    const lease = await this.#leases.take(this.engine.snapshots, context);
    try {
      for (const sql of this.engine.dialect.beginSnapshot) await lease.run(plain(sql));
      yield* work(this.#within({ run: lease.run, changes: [] }, context));
    } finally {
      await lease.release("ROLLBACK");
    }
  }

  get maxSnapshots(): number {
    return Number(this.engine.snapshots.client.pool.max);
  }

  get maxFiles(): number {
    const { reads, writes, snapshots, control, standing = control, filesOfConnection } = this.engine;
    const pools = new Set([reads, writes, snapshots, control, standing]);
    return [...pools].reduce((sum, { client }) => sum + Number(client.pool.max), 0) * filesOfConnection;
  }

  pools(): readonly PoolState[] {
    const { reads, writes, snapshots, control, writers } = this.engine;
    const state = (name: string, { client: { pool } }: Knex, places?: Places): PoolState => ({
      name,
      used: pool.numUsed(),
      idle: pool.numFree(),
      waiting: pool.numPendingAcquires() + (places?.awaited ?? 0),
      most: Number(pool.max),
    });
    const main = reads === writes ? [state("main", reads, writers)] : [state("reads", reads), state("writes", writes)];
    return [...main, state("streams", snapshots), state("control", control)];
  }

  async check(): Promise<void> {
    const { control, controlTimeout, dialect } = this.engine;
    this.engine.examine();
    const context = new CallContext();
    const late = new Error(`no answer within ${controlTimeout} ms`);
    const timer = setTimeout(() => context.end(new StorageError("unavailable", late)), controlTimeout);
    await this.#leases
      .during(control, context, async ({ run }) => {
        for (const sql of dialect.tryWrite) await run(plain(sql));
        await checkVersion(run, dialect);
      })
      .finally(() => clearTimeout(timer));
  }

  migrate(): Promise<Migrated> {
    const { dialect, writes, snapshots } = this.engine;
    return migrate({
      dialect,
      run: (query) => this.#leases.during(writes, background, ({ run }) => run(query)),
      aside: (query) => this.#leases.during(snapshots, background, ({ run }) => run(query)),
      together: (work) => this.#transactions.run(background, ({ run }) => work(run)),
    });
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  async #read(query: Query, context: CallContext): Promise<Outcome> {
    const row = query.one ? this.#leases.readRow(query, context) : undefined;
    if (row) return row;
    return this.#leases.during(this.engine.reads, context, ({ run }) => run(query));
  }

  /** The statements that are each a transaction of their own. */
  #single(context: CallContext, repeated: boolean): Statements {
    const { writes, writers, dialect } = this.engine;
    const [reads, inserts, updates, together] = [this.#reads, this.#inserts, this.#updates, this.#writes];
    const changed = (query: Query, changes: readonly NewChange[]) => {
      const all = () => changes.map((change) => noted(change, context));
      if (!together) return this.#transactions.changed([query], all(), context);
      return together.ask((transaction) => changedWithin(transaction, [query], all()), context);
    };
    return new KnexStatements(dialect, {
      read: (query) => this.#read(query, context),
      readOne: reads && {
        read: (type, key) => reads.read(type, key, context),
        readHead: (type, key) => reads.readHead(type, key, context),
      },
      write: (query) => this.#leases.during(writes, context, ({ run }) => run(query), writers),
      changed,
      changedIf: async (kind, query, change) => {
        if (!updates) return (await changed(query, [change])).changed > 0;
        const { type, key, previousEtag: etag } = change;
        return updates.apply({ kind, type, key, etag, query, change: noted(change, context) }, context);
      },
      insert: inserts && ((record) => inserts.insert(record, context)),
      shortly: (work) => {
        const part = (transaction: Transaction) => work(transaction.run, noting(transaction, context));
        return together ? together.ask(part, context) : this.#transactions.run(context, part);
      },
      note() {
        throw new Error("a change is noted in a transaction");
      },
      repeated,
      caller: context,
    });
  }

  /** The statements that run one after the other on a connection that has a transaction open. */
  #within(transaction: Transaction, context: CallContext, repeated = false): Statements {
    const { run } = transaction;
    const note = noting(transaction, context);
    const changed = (query: Query, changes: readonly NewChange[]) =>
      changedWithin(
        transaction,
        [query],
        changes.map((change) => noted(change, context)),
      );
    return new KnexStatements(this.engine.dialect, {
      read: run,
      write: run,
      changed,
      changedIf: async (_, query, change) => (await changed(query, [change])).changed > 0,
      shortly: (work) => work(run, note),
      note,
      repeated,
      caller: context,
    });
  }
}
