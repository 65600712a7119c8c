// Knex's dialect classes, which it publishes without types: only what the archive's own dialects override or call.
declare module "knex/lib/dialects/mysql2/index.js" {
  import { Knex } from "knex";
  export default class MySql2Client extends Knex.Client {
    acquireRawConnection(): Promise<import("mysql2").Connection>;
    validateConnection(connection: unknown): Promise<boolean>;
    destroyRawConnection(connection: unknown): Promise<void>;
    _query(connection: unknown, query: KnexQuery): Promise<KnexQuery>;
  }
}

declare module "knex/lib/dialects/better-sqlite3/index.js" {
  import { Knex } from "knex";
  export default class BetterSqlite3Client extends Knex.Client {
    _driver(): unknown;
    acquireRawConnection(): Promise<unknown>;
    validateConnection(connection: unknown): Promise<boolean>;
    destroyRawConnection(connection: unknown): Promise<void>;
    _query(connection: unknown, query: KnexQuery): Promise<KnexQuery>;
  }
}

interface KnexQuery {
  sql: string;
  bindings?: unknown[];
  options?: {
    take?: number;
    cut?: boolean;
    one?: boolean;
    once?: boolean;
    /** The call that the result is for. */
    /** Whether it may wait for memory in its midst: not with locks. */
    mayWait?: boolean;
    call?: import("../call-context.js").CallContext;
  };
  response?: unknown;
}
