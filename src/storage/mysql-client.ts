import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import MySql2Client from "knex/lib/dialects/mysql2/index.js";
import type { Connection, ResultSetHeader, RowDataPacket } from "mysql2";
import { NoRoom } from "../answer-memory.js";
import type { Generations } from "./generations.js";
import type { Hosts } from "./hosts.js";
import { tryWrite } from "./mysql-dialect.js";
import { isUnprepared, leavesServer } from "./mysql-errors.js";
import { ResultSize } from "./result-size.js";
import type { Standstill } from "./standstill.js";
import { StorageError } from "./store.js";

const streamOf = (connection: Connection): Socket => (connection as Connection & { readonly stream: Socket }).stream;

/** Ends a connection in the middle of whatever it does. Nothing more is read of it; a statement that waits fails. */
export function breakOff(connection: Connection): void {
  const stream = streamOf(connection);
  connection.destroy();
  stream.destroy();
  // The driver says nothing of it. Knex listens always.
  (connection as EventEmitter).emit(
    "error",
    Object.assign(new Error("the connection was broken off"), { fatal: true }),
  );
}

/** What a statement returned: rows, or what it changed. */
export interface Response {
  readonly rows: RowDataPacket[];
  header?: ResultSetHeader;
  truncated: boolean;
}

/** What a client's connections are held to. */
export interface ClientLimits {
  /** The most characters of details that one statement may return. */
  readonly maxResultSize: number;
  /** The most connections whose results may wait for memory. */
  readonly maxPaused: number;
  readonly generations: Generations;
  readonly hosts: Hosts;
  /** Gives up what waits for a server that stands still; without it, whoever asks must have a bound of their own. */
  readonly standstill?: Standstill;
}

/** How long one of several hosts may take to say that it takes writes, in milliseconds: after that the next is tried. */
const patienceWithHost = 1500;

/** Sees whether a host would take a write: else another one is to be taken. */
function checkHost(connection: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      clearTimeout(timer);
      connection.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error("the host does not say whether it takes writes")), patienceWithHost);
    const ask = ([sql, ...more]: readonly string[]): void => {
      if (sql === undefined) {
        clearTimeout(timer);
        resolve();
        return;
      }
      connection.query(sql, (error) => (error ? fail(error) : ask(more)));
    };
    ask(tryWrite);
  });
}

/** How long a statement takes that changes the schema depends on the size of a table. */
const isDefinition = /^(CREATE|ALTER|DROP)\b/;

/**
 * Knex's dialect for mysql2, with some changes. Statements with parameters are prepared: the server parses each once a
 * connection. A result is cut or broken off before it fills the memory. A connection is given up when its server says
 * that it is not the one to write to, or stands still.
 */
export function clientWithLimits({ maxResultSize, maxPaused, generations, hosts, standstill }: ClientLimits) {
  let paused = 0;
  return class extends MySql2Client {
    override async acquireRawConnection(): Promise<Connection> {
      for (let tried = 1; ; tried++) {
        const host = hosts.current;
        // The driver reads these at once.
        Object.assign(this.connectionSettings, host);
        try {
          const connection = await super.acquireRawConnection();
          if (hosts.count > 1) await checkHost(connection);
          hosts.join(connection, host);
          return connection;
        } catch (error) {
          hosts.leave(host);
          if (tried >= hosts.count) throw error;
        }
      }
    }

    override async validateConnection(connection: Connection): Promise<boolean> {
      return generations.has(connection) && (await super.validateConnection(connection));
    }

    override async destroyRawConnection(connection: Connection): Promise<void> {
      // A connection that is closed cannot say goodbye: trying to would end in an error that nobody catches.
      if (await super.validateConnection(connection)) await super.destroyRawConnection(connection);
      // A server that stands still would never close it.
      streamOf(connection).destroySoon();
    }

    override async _query(connection: Connection, query: KnexQuery): Promise<KnexQuery> {
      const isPrepared = Boolean(query.bindings?.length) && !query.options?.once;
      try {
        return await this.#answered(connection, query, isPrepared);
      } catch (error) {
        if (leavesServer(error)) {
          generations.end(connection);
          hosts.leaveThatOf(connection);
          breakOff(connection);
        }
        if (!isPrepared || !isUnprepared(error)) throw error;
        connection.unprepare(query.sql);
        return this.#answered(connection, query, false);
      }
    }

    #answered(connection: Connection, query: KnexQuery, isPrepared: boolean): Promise<KnexQuery> {
      const { sql, bindings, options } = query;
      const most = options?.take ?? maxResultSize;
      return new Promise<KnexQuery>((resolve, reject) => {
        const response: Response = { rows: [], truncated: false };
        const size = new ResultSize(options?.call);
        let isOver = false;
        /** Lets the server wait until there is room; but not many connections, which others need. */
        const wait = () => {
          if (!options?.mayWait || paused >= maxPaused) {
            fail(new NoRoom(size.bytes));
            breakOff(connection);
            return;
          }
          paused++;
          connection.pause();
          size
            .wait()
            .finally(() => {
              paused--;
              waiting.since = performance.now();
            })
            .then(
              () => connection.resume(),
              (error: unknown) => {
                fail(error);
                breakOff(connection);
              },
            );
        };
        const done = () => {
          isOver = true;
          connection.off("error", fail);
          standstill?.end(connection);
        };
        const fail = (error: unknown) => {
          if (!isOver) size.giveUp();
          done();
          reject(error);
        };
        const waiting = {
          since: performance.now(),
          unbounded: isDefinition.test(sql),
          giveUp(reason: string) {
            fail(new StorageError("unavailable", new Error(reason)));
            breakOff(connection);
          },
        };
        standstill?.begin(connection, waiting);
        // A connection that is lost tells its own listeners, not the command that it was at or that comes too late.
        connection.on("error", fail);
        const command = isPrepared
          ? connection.execute(sql, bindings as string[])
          : connection.query(sql, bindings as string[]);
        command.on("error", fail);
        command.on("result", (result: RowDataPacket | ResultSetHeader) => {
          if (result.constructor.name === "ResultSetHeader") {
            // Of several statements, the first that changed something tells what it was.
            if (!response.header?.affectedRows) response.header = result as ResultSetHeader;
            return;
          }
          if (isOver) return;
          const row = result as RowDataPacket;
          if (!size.add(row)) wait();
          if (isOver) return;
          if (size.bytes <= most || response.rows.length === 0) response.rows.push(row);
          else if (options?.take) response.truncated = true;
          else if (options?.cut) {
            // Nobody reads what is still to come, which may be much.
            response.truncated = true;
            done();
            query.response = response;
            resolve(query);
            breakOff(connection);
          } else {
            fail(new StorageError("result-too-large", undefined));
            breakOff(connection);
          }
        });
        command.on("end", () => {
          done();
          query.response = response;
          resolve(query);
        });
      });
    }
  };
}
