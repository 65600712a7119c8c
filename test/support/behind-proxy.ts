import { expect } from "vitest";
import { startArchive, type TestArchive } from "./archive.js";
import { CallError } from "./client.js";
import { createDatabase } from "./database.js";
import type { Engine } from "./databases.js";
import { type StatementProxy, startStatementProxy } from "./statement-proxy.js";
import { tableState } from "./table-state.js";
import { until } from "./wait.js";
import { fillTables } from "./writes.js";

/** Short bounds, in milliseconds, so that a server that stands still is known as one soon. */
const standstill = { late: 200, patience: 300 };

/** What a client may try again as it is. */
export const isRetriable = (error: unknown): boolean =>
  error instanceof CallError &&
  (error.reason === "DATABASE_UNAVAILABLE" || error.reason === "CONFLICT" || error.code === "DEADLINE_EXCEEDED");

/** An archive behind a proxy, with a database that holds what the writes need. */
export class BehindProxy {
  proxy!: StatementProxy;
  archive!: TestArchive;
  state!: string[];

  async start(engine: Engine): Promise<void> {
    const database = await createDatabase(engine);
    const url = new URL(database.url);
    this.proxy = await startStatementProxy(Number(url.port));
    url.host = `127.0.0.1:${this.proxy.port}`;
    // With ordinary bounds: making tables can take longer than the short ones.
    const first = await startArchive(engine, { database: { ...database, drop: async () => undefined } });
    await fillTables(first.client);
    await first.close();
    const options = { poolSize: 4, acquireTimeout: 1000, standstill, database: { ...database, url: url.href } };
    this.archive = await startArchive(engine, options);
    this.state = await tableState(database);
  }

  /** Nothing is left of what was given up: each connection that the server has is one that the archive has. */
  async settled(): Promise<void> {
    const { pathname } = new URL(this.archive.database.url);
    const theirs =
      "SELECT COUNT(*) AS count FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()";
    await until("no connection is left over", async () => {
      const [row] = await this.archive.database.sql(theirs, [pathname.slice(1)]);
      return Number(row?.count) === this.proxy.connections;
    });
  }

  /** Does work that whoever meets a lost connection has to try again; but it succeeds within five seconds. */
  async succeeds<Result>(work: () => Promise<Result>): Promise<Result> {
    const end = performance.now() + 5000;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!isRetriable(error) || performance.now() > end) throw error;
      }
    }
  }

  /** Gives the tables what they held at first, whatever they hold. */
  async reset(): Promise<void> {
    await this.succeeds(() => fillTables(this.archive.client));
    expect(await tableState(this.archive.database)).toEqual(this.state);
  }

  async close(): Promise<void> {
    await this.archive?.close();
    await this.proxy?.close();
  }
}
