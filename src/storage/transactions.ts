import type { CallContext } from "../call-context.js";
import type { NewChange } from "../records/change.js";
import { noted } from "./change.js";
import { allChangedSql, fitsText, notesSql, textSql, transactionSql } from "./change-sql.js";
import type { Engine } from "./engine.js";
import type { Lease, Leases } from "./leases.js";
import { type Outcome, plain, type Query } from "./query.js";
import { StorageError } from "./store.js";
import type { Row } from "./stored-record.js";
import type { Transaction } from "./write-groups.js";

/** Notes changes of a transaction. */
export const noting =
  ({ changes }: Transaction, context: CallContext) =>
  (change: NewChange): void => {
    changes.push(noted(change, context));
  };

/** Runs a write in a transaction, with what else belongs to it, and notes its changes if there are any. */
export async function changedWithin(
  { run, changes }: Transaction,
  queries: readonly Query[],
  all: readonly string[],
): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (const query of queries) outcomes.push(await run(query));
  const written = outcomes.find(({ changed }) => changed > 0);
  if (written) changes.push(...all);
  return { ...(written ?? (outcomes[0] as Outcome)), rows: outcomes.flatMap(({ rows }) => rows) };
}

/** The transactions that write: each is kept with what is noted of its changes, or neither is. */
export class Transactions {
  constructor(
    private readonly engine: Engine,
    private readonly leases: Leases,
    /** Is called after each that left changes. */
    private readonly written: () => void,
  ) {}

  /** Does work in a transaction of its own. */
  run<Result>(context: CallContext, work: (transaction: Transaction) => Promise<Result>): Promise<Result> {
    const { writes, writers } = this.engine;
    return this.leases.during(writes, context, (lease) => this.committed(lease, context, work), writers);
  }

  /** The same on a connection that is lent already. */
  committed<Result>(
    lease: Lease,
    context: CallContext,
    work: (transaction: Transaction) => Promise<Result>,
  ): Promise<Result> {
    return this.#kept(lease, async () => {
      for (const sql of this.engine.dialect.beginWrite) await lease.run(plain(sql));
      const changes: string[] = [];
      const result = await work({ run: lease.run, changes });
      context.throwIfEnded();
      // Last, when all that it is about is locked: so the changes of a record are in their order.
      if (changes.length > 0) for (const note of notesSql(changes)) await lease.run(note);
      await lease.finish("COMMIT");
      if (changes.length > 0) this.written();
      return result;
    });
  }

  /**
   * A write of a server that is a transaction, with what is noted of its changes: by one trip, unless it is large or
   * the server is one that must not have several statements at once.
   */
  changed(queries: readonly Query[], changes: readonly string[], context: CallContext, row?: Query): Promise<Outcome> {
    const { writes, writers } = this.engine;
    const work = async (lease: Lease) => {
      const text = lease.takesTexts ? transactionSql(queries, changes, row) : undefined;
      if (!text) return this.committed(lease, context, (transaction) => changedWithin(transaction, queries, changes));
      const outcome = await this.#kept(lease, () => lease.run(text));
      this.written();
      return outcome;
    };
    return this.leases.during(writes, context, work, writers);
  }

  /** Writes that each depend on a row, as one transaction that waits for no lock: all of them, or none, as a conflict. */
  allChanged(queries: readonly Query[], changes: readonly string[], rows: Query, context: CallContext): Promise<void> {
    const { writes, writers } = this.engine;
    const one = async ({ run, changes: noted }: Transaction) => {
      const found = await run({
        sql: `SELECT COUNT(*) AS found ${rows.sql} FOR UPDATE NOWAIT`,
        bindings: rows.bindings,
        once: true,
      });
      if (Number(found.rows[0]?.found) !== changes.length)
        throw new StorageError("conflict", new Error("others changed them"));
      for (const query of queries) await run(query);
      noted.push(...changes);
    };
    const work = async (lease: Lease) => {
      const text = lease.takesTexts ? allChangedSql(queries, changes, rows) : undefined;
      if (!text) return this.committed(lease, context, one);
      await this.#kept(lease, () => lease.run(text));
      this.written();
    };
    return this.leases.during(writes, context, work, writers);
  }

  /**
   * Runs some statements, and then those that follow from their rows, in one transaction that is no record's: by two
   * trips, where the server takes texts and they are not large.
   */
  inTwo(
    context: CallContext,
    first: readonly Query[],
    following: (rows: readonly Row[]) => readonly Query[],
  ): Promise<void> {
    const { writes, writers, dialect } = this.engine;
    const begin = dialect.beginWrite.map(plain);
    const together = async ({ run, takesTexts }: Lease, queries: readonly Query[]) => {
      if (takesTexts && fitsText(queries)) return (await run(textSql(queries))).rows;
      const rows: Row[] = [];
      for (const query of queries) rows.push(...(await run(query)).rows);
      return rows;
    };
    const work = (lease: Lease) =>
      this.#kept(lease, async () => {
        const then = following(await together(lease, [...begin, ...first]));
        await together(lease, [...then, plain("COMMIT")]);
      });
    return this.leases.during(writes, context, work, writers);
  }

  async #kept<Result>(lease: Lease, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      await lease.finish("ROLLBACK");
      throw error;
    }
  }
}
