import type { Socket } from "node:net";
import MySql2Client from "knex/lib/dialects/mysql2/index.js";
import type { Connection, ResultSetHeader, RowDataPacket } from "mysql2";
import { rowSize } from "./engine.js";
import { StorageError } from "./store.js";

/** Ends a connection in the middle of whatever it does. Nothing more is read of it, and no error comes of it. */
export function breakOff(connection: Connection): void {
  const { stream } = connection as Connection & { readonly stream: Socket };
  connection.destroy();
  stream.destroy();
}

/** What a statement returned: rows, or what it changed. */
export interface Response {
  readonly rows: RowDataPacket[];
  header?: ResultSetHeader;
  truncated: boolean;
}

/**
 * Knex's dialect for mysql2, with two changes. Statements with parameters are prepared: the server parses each once a
 * connection, and doubles are exact. And a result is cut or broken off before it fills the memory.
 */
export function clientWithLimits(maxResultSize: number) {
  return class extends MySql2Client {
    override async destroyRawConnection(connection: Connection): Promise<void> {
      // A connection that is closed cannot say goodbye: trying to would end in an error that nobody catches.
      if (await this.validateConnection(connection)) await super.destroyRawConnection(connection);
    }

    override _query(connection: Connection, query: KnexQuery): Promise<KnexQuery> {
      const { sql, bindings, options } = query;
      const most = options?.take ?? maxResultSize;
      let done = () => {};
      return new Promise<KnexQuery>((resolve, reject) => {
        const response: Response = { rows: [], truncated: false };
        let size = 0;
        // A connection that is lost tells its own listeners, not the command that it was at or that comes too late.
        connection.on("error", reject);
        done = () => connection.off("error", reject);
        const command =
          bindings?.length && !options?.once
            ? connection.execute(sql, bindings as string[])
            : connection.query(sql, bindings as string[]);
        command.on("error", reject);
        command.on("result", (result: RowDataPacket | ResultSetHeader) => {
          if (result.constructor.name === "ResultSetHeader") {
            response.header = result as ResultSetHeader;
            return;
          }
          const row = result as RowDataPacket;
          size += rowSize(row);
          if (size <= most || response.rows.length === 0) response.rows.push(row);
          else if (options?.take) response.truncated = true;
          else {
            breakOff(connection);
            reject(new StorageError("result-too-large", undefined));
          }
        });
        command.on("end", () => {
          query.response = response;
          resolve(query);
        });
      }).finally(() => done());
    }
  };
}
