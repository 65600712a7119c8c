import type { DatabaseLocation } from "./database-url.js";
import { KnexStore } from "./knex-store.js";
import { type MySqlOptions, openMySql } from "./mysql-engine.js";
import { openSqlite } from "./sqlite-engine.js";
import type { Store } from "./store.js";
import type { StoreObserver } from "./store-observer.js";

/** Opens the store at a location. An embedded database is made where there is none. Nothing is migrated yet. */
export async function openStore(
  location: DatabaseLocation,
  options: MySqlOptions,
  observer?: StoreObserver,
): Promise<Store> {
  return new KnexStore(
    location.kind === "sqlite" ? openSqlite(location.file, options) : await openMySql(location, options),
    observer,
  );
}
