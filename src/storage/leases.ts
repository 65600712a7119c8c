import { setImmediate as nextRound } from "node:timers/promises";
import type { Knex } from "knex";
import { MemoryTaken, NoRoom } from "../answer-memory.js";
import type { CallContext } from "../call-context.js";
import type { Places } from "../places.js";
import type { Engine } from "./engine.js";
import { type Outcome, plain, type Query, type Run } from "./query.js";
import type { StorageError } from "./store.js";
import type { StoreObserver } from "./store-observer.js";

/** A connection for as long as somebody works with it. */
export interface Lease {
  /** Runs a statement, and breaks it off, and the connection with it, when the call ends. */
  readonly run: Run;
  /** Whether what it runs can be a transaction of several statements. */
  readonly takesTexts: boolean;
  /** Ends a transaction, even when the call has ended, unless the connection was broken off. */
  finish(sql: "COMMIT" | "ROLLBACK"): Promise<void>;
  /** Gives the connection back, after a last statement if there is one to end what may be open. */
  release(last?: "ROLLBACK"): Promise<void>;
}

/**
 * A statement as the log may have it, before whose error Knex puts it: what its literals say is the records', and not all who
 * read a log may know that. No literal has a quote within.
 */
const withoutLiterals = (sql: string): string => sql.replaceAll(/'[^']*'/g, "?");

/** Lends the connections of an engine's pools to calls, and sees what their statements take. */
export class Leases {
  constructor(
    private readonly engine: Engine,
    private readonly observer?: StoreObserver | undefined,
  ) {}

  /** Does some work with a connection, and gives it back. */
  async during<Result>(
    pool: Knex,
    context: CallContext,
    work: (lease: Lease) => Promise<Result>,
    places?: Places,
  ): Promise<Result> {
    const lease = await this.take(pool, context, places);
    try {
      return await work(lease);
    } finally {
      await lease.release();
    }
  }

  /** Reads one row at once, without a lease; undefined where the engine cannot. */
  readRow(query: Query, context: CallContext): Outcome | undefined {
    const { engine } = this;
    if (!engine.readRow) return undefined;
    context.throwIfEnded();
    const began = this.#begin(context);
    try {
      const response = engine.readRow(query, context);
      if (response === undefined) return undefined;
      this.#end(query.sql, context, began);
      return engine.outcome(response);
    } catch (error) {
      return this.#fail(error, query.sql, context, began);
    }
  }

  /** Takes a connection, and first a place among those that write, where there are such. Who takes them gives them back. */
  async take(pool: Knex, context: CallContext, places?: Places): Promise<Lease> {
    const { engine } = this;
    context.throwIfEnded();
    const waited = (await places?.take(context)) ?? 0;
    const connection = await this.#connect(pool, places, waited);
    // Writes share transactions, which are short by themselves.
    while (pool !== engine.writes && engine.isRoundLong?.()) await nextRound();
    let abandoned = false;
    // Straight to the dialect: Knex's builders and raw queries cost as much again as a short statement.
    const query = ({ sql, bindings, ...options }: Query): Promise<Outcome> => {
      const began = this.#begin(context);
      return pool.client
        .query(connection, { sql, bindings, options: { ...options, call: context, mayWait: !places } })
        .then(
          ({ response }: { response: unknown }) => {
            this.#end(sql, context, began);
            return engine.outcome(response);
          },
          (error: unknown) => this.#fail(error, sql, context, began),
        );
    };
    const finish: Lease["finish"] = async (sql) => {
      if (abandoned) return;
      await query(plain(sql)).catch((error: unknown) => {
        if (sql === "COMMIT") throw error;
        // Who has the connection next must not find a transaction open.
        abandoned = engine.abandon(connection);
      });
    };
    return {
      run(statement) {
        return new Promise((resolve, reject) => {
          context.throwIfEnded();
          const abandon = () => {
            abandoned = engine.abandon(connection);
            reject(context.error);
          };
          context.onEnd(abandon);
          query(statement)
            .then(resolve, reject)
            .finally(() => context.offEnd(abandon));
        });
      },
      takesTexts: engine.takesTexts(connection),
      finish,
      async release(last) {
        if (last) await finish(last);
        await pool.client.releaseConnection(connection);
        places?.give();
      },
    };
  }

  /**
   * A connection. Who waited for a place to write waits no longer for place and connection together than others for a
   * connection; what comes later is given back, and the place only then: there are no more waiting than there are places.
   */
  async #connect(pool: Knex, places: Places | undefined, waited: number): Promise<unknown> {
    const connecting: Promise<unknown> = pool.client.acquireConnection().catch((error: unknown) => {
      places?.give();
      throw this.engine.translate(error);
    });
    if (!places || waited === 0) return connecting;
    const giveBack = async (connection: unknown) => {
      await pool.client.releaseConnection(connection);
      places.give();
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(places.late());
        connecting.then(giveBack, () => undefined);
      }, places.patience - waited);
    });
    return Promise.race([connecting, late]).finally(() => clearTimeout(timer));
  }

  /** When a statement began, if anybody wants to know. */
  #begin({ trace }: CallContext): number {
    return this.observer || trace ? performance.now() : 0;
  }

  #end(sql: string, { trace }: CallContext, began: number, failure?: StorageError["kind"]): void {
    const { observer } = this;
    if (!observer && !trace) return;
    const ended = performance.now();
    observer?.statement(sql, ended - began, failure);
    trace?.statement(sql, began, ended, failure);
  }

  #fail(error: unknown, sql: string, context: CallContext, began: number): never {
    if (error instanceof NoRoom || error instanceof MemoryTaken) throw error;
    if (error instanceof Error) error.message = error.message.replace(sql, () => withoutLiterals(sql));
    const failure = this.engine.translate(error);
    this.#end(sql, context, began, failure.kind);
    throw failure;
  }
}
