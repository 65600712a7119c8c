import type { DatabaseLocation } from "./database-url.js";
import type { Engine } from "./engine.js";
import { KnexStore } from "./knex-store.js";
import type { MySqlOptions } from "./mysql-engine.js";
import type { Store } from "./store.js";
import type { StoreObserver } from "./store-observer.js";

/** Opens an engine; the other's driver is not even loaded. */
async function openEngine(location: DatabaseLocation, options: MySqlOptions): Promise<Engine> {
  if (location.kind === "sqlite") return (await import("./sqlite-engine.js")).openSqlite(location.file, options);
  return (await import("./mysql-engine.js")).openMySql(location, options);
}

/** Opens the store at a location. An embedded database is made where there is none. Nothing is migrated yet. */
export async function openStore(
  location: DatabaseLocation,
  options: MySqlOptions,
  observer?: StoreObserver,
): Promise<Store> {
  return new KnexStore(await openEngine(location, options), observer);
}
