import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recordTypes } from "../src/records/record-type.js";
import { KnexStore } from "../src/storage/knex-store.js";
import { migrations } from "../src/storage/migrations.js";
import { openEngine, startArchive, type TestArchive } from "./support/archive.js";
import { CallError } from "./support/client.js";
import { createDatabase, type TestDatabase } from "./support/database.js";
import { runDatabase, startCluster } from "./support/databases.js";
import { ids, keyOf, someDetails, View } from "./support/records.js";
import { until } from "./support/wait.js";

const home = mkdtempSync(join(tmpdir(), "archive-cluster-"));
let urls: string[];
let database: TestDatabase;
let archives: TestArchive[] = [];

beforeAll(async () => {
  urls = await startCluster(home);
  database = await createDatabase({ name: "Galera", url: urls[0] });
  const { pathname } = new URL(database.url);
  for (const url of urls) {
    const own = Object.assign(new URL(url), { pathname }).href;
    const mine = { ...database, url: own, drop: async () => undefined };
    archives.push(await startArchive({ name: "Galera", url: own }, { database: mine }));
  }
}, 120_000);
afterAll(async () => {
  await Promise.all(archives.map((archive) => archive.close()));
  archives = [];
  await database?.drop();
  for (const node of [1, 2, 3]) runDatabase("stop", join(home, String(node)), "KILL");
  rmSync(home, { recursive: true, force: true });
}, 60_000);

const copy = (number: number) => (archives[number % archives.length] as TestArchive).client;

test("what one copy has answered, all others know: no parent is missing, no record is as it was", async () => {
  const chain = async (chain: number) => {
    for (let round = 0; round < 5; round++) {
      const grid = ids(`${chain} ${round}`);
      // Each record by another copy than the one before.
      for (const [index, type] of recordTypes.entries()) {
        const key = keyOf(type, grid);
        const created = await copy(chain + index).create(type.name, { key, details: someDetails(type.name) });
        const read = await copy(chain + index + 1).get(type.name, key, { view: View.VIEW_BASIC });
        expect(read).toEqual(created);
        const details = someDetails(type.name);
        const changed = await copy(chain + index + 1).update(type.name, { key, details, etag: created.etag });
        const again = await copy(chain + index + 2).update(type.name, { key, details, etag: changed.etag });
        expect(again.etag).not.toBe(changed.etag);
      }
    }
  };
  await Promise.all([0, 1, 2, 3].map(chain));
}, 120_000);

test("a node that is behind answers when it is not any more", async () => {
  const { pathname } = new URL(database.url);
  const node = await createConnection({ uri: (archives[1] as TestArchive).database.url });
  try {
    // It applies nothing of what the others write.
    await node.query("FLUSH TABLES WITH READ LOCK");
    const key = { collab_id: "behind" };
    const created = await copy(0).create("Collaboration", { key, details: someDetails("Collaboration") });
    let isAnswered = false;
    const reading = copy(1)
      .get("Collaboration", key, { view: View.VIEW_BASIC })
      .finally(() => {
        isAnswered = true;
      });
    reading.catch(() => undefined);
    const busy =
      "SELECT id FROM information_schema.processlist WHERE db = ? AND command <> 'Sleep' AND id <> CONNECTION_ID()";
    await until("the read waits", async () => {
      const [rows] = await node.query<RowDataPacket[]>(busy, [pathname.slice(1)]);
      return rows.length > 0 || isAnswered;
    });
    await node.query("UNLOCK TABLES");
    expect(await reading).toEqual(created);
    const child = { ...key, project_id: "below" };
    await copy(1).create("Project", { key: child, details: someDetails("Project") });
  } finally {
    await node.end();
  }
}, 60_000);

test("copies that change one record at once change it one after the other", async () => {
  const key = { participant_id: "counted" };
  await copy(0).create("Participant", { key, details: undefined });
  let changes = 0;
  const worker = async (number: number) => {
    while (changes < 60) {
      const { etag } = await copy(number).get("Participant", key, { view: View.VIEW_BASIC });
      try {
        await copy(number).update("Participant", { key, details: undefined, etag });
        changes++;
      } catch (error) {
        if (!(error instanceof CallError) || error.code !== "ABORTED") throw error;
      }
    }
  };
  await Promise.all([0, 1, 2].map(worker));
}, 60_000);

test("nodes that migrate an empty database at once do it once, and all end well", async () => {
  for (let round = 0; round < 8; round++) {
    const empty = await createDatabase({ name: "Galera", url: urls[round % urls.length] });
    const { pathname } = new URL(empty.url);
    const stores: KnexStore[] = [];
    for (const url of urls) {
      // A node refuses to open a database that it has not heard of yet.
      await until("the node has the database", async () => {
        const engine = await openEngine(Object.assign(new URL(url), { pathname }).href).catch(() => undefined);
        if (engine) stores.push(new KnexStore(engine));
        return engine !== undefined;
      });
    }
    try {
      const migrated = await Promise.all(stores.map((store) => store.migrate()));
      expect(migrated.map(({ from }) => from).sort()).toEqual([0, migrations.length, migrations.length]);
      for (const { to } of migrated) expect(to).toBe(migrations.length);
      for (const store of stores) await store.check();
      // Whoever comes later has nothing to do, on any node.
      for (const store of stores) {
        expect(await store.migrate()).toEqual({ from: migrations.length, to: migrations.length });
      }
    } finally {
      await Promise.all(stores.map((store) => store.close()));
      await empty.drop();
    }
  }
}, 120_000);
