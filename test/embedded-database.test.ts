import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordType, recordTypes } from "../src/records/record-type.js";
import { migrations } from "../src/storage/migrations.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { type ArchiveClient, errorOf } from "./support/client.js";
import { countOrphans, createDatabase, type TestDatabase } from "./support/database.js";
import { output, startProcess } from "./support/process.js";
import { createGrid, details, ids } from "./support/records.js";

const sqlite = { name: "SQLite", url: undefined };
const fileOf = (database: TestDatabase) => database.url.slice("sqlite:".length);
const collaboration = (collab_id: string) => ({ key: { collab_id }, details: undefined });

/** Reads a file as whoever finds it alone would: a copy, without what lies beside it. */
function readAlone<Row>(file: string, sql: string): Row[] {
  const folder = mkdtempSync(join(tmpdir(), "archive-alone-"));
  const copy = join(folder, "copy.db");
  copyFileSync(file, copy);
  const database = new Database(copy);
  try {
    return database.prepare(sql).all([]) as Row[];
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

describe("while another process holds the lock of an embedded database", () => {
  let archive: TestArchive;
  let other: Database.Database;
  beforeAll(async () => {
    archive = await startArchive(sqlite, { acquireTimeout: 30_000 });
    await createGrid(archive.client, ids("1"));
    other = new Database(fileOf(archive.database));
  });
  afterAll(async () => {
    other?.close();
    await archive?.close();
  });

  test("reads go on, and a write waits until it is free", async () => {
    const { client } = archive;
    other.exec("BEGIN IMMEDIATE");
    let written = false;
    const write = client.create("Collaboration", collaboration("waits")).then(() => {
      written = true;
    });
    for (let read = 0; read < 50; read++) await client.get("Run", keyOfRun);
    expect(written).toBe(false);
    other.exec("COMMIT");
    await write;
  });

  test("a write waits no longer than for a connection", async () => {
    const impatient = await startArchive(sqlite, { acquireTimeout: 200 });
    const { client } = impatient;
    const holder = new Database(fileOf(impatient.database));
    await createGrid(client, ids("1"));
    holder.exec("BEGIN IMMEDIATE");
    const failures = await Promise.all([
      errorOf(client.create("Collaboration", collaboration("late"))),
      errorOf(client.delete("Collaboration", { collab_id: ids("1").collab_id as string })),
    ]);
    holder.exec("COMMIT");
    const unavailable = { code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" };
    expect(failures).toMatchObject([unavailable, unavailable]);
    // What waited in vain does not keep what comes after it from being committed.
    await client.create("Collaboration", collaboration("late"));
    expect(holder.prepare("SELECT collab_id FROM collaboration WHERE collab_id = 'late'").all([])).toHaveLength(1);
    holder.close();
    await impatient.close();
  });

  test("a call that ends meanwhile leaves nothing behind", async () => {
    const { client } = archive;
    other.exec("BEGIN IMMEDIATE");
    archive.statements.length = 0;
    const call = new AbortController();
    const failure = errorOf(client.delete("Run", keyOfRun, {}, { signal: call.signal }));
    while (!archive.statements.some((sql) => sql.startsWith("BEGIN"))) await nextTurn();
    call.abort();
    expect(await failure).toMatchObject({ code: "CANCELLED" });
    while (!archive.log.some(({ code }) => code === "CANCELLED")) await nextTurn();
    other.exec("COMMIT");
    await client.create("Collaboration", collaboration("next"));
    // Whatever was begun in vain would keep the other process out.
    other.exec("BEGIN IMMEDIATE; COMMIT");
    expect((await client.get("Run", keyOfRun)).key).toEqual(keyOfRun);
  });

  test("times that the other wrote by SQL, with fewer digits than the archive's, are read", async () => {
    other.exec("UPDATE run SET created_at = '2026-01-02 03:04:05', updated_at = '2026-01-02 03:04:05.25'");
    expect(await archive.client.get("Run", keyOfRun, { view: 1 })).toMatchObject({
      created_at: { seconds: 1767323045n, nanos: 0 },
      updated_at: { seconds: 1767323045n, nanos: 250_000_000 },
    });
  });
});

const keyOfRun = Object.fromEntries(recordType("Run").key.map((field) => [field, ids("1")[field] as string]));

/** Creates and deletes records below shared parents for as long as it is told; returns the runs that must be there. */
async function write(client: ArchiveClient, mark: string, rounds: number): Promise<string[]> {
  const kept: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const key = { ...keyOfRun, run_id: `${mark}_${round}` };
    await client.create("Run", { key, details: undefined });
    await client.create("Model", { key, details: details("Model", { global: {} }) });
    if (round % 3 === 0) await client.delete("Run", key);
    else kept.push(key.run_id);
  }
  return kept;
}

describe("an embedded database", () => {
  test("can be served by two processes, which lose nothing of each other's", { timeout: 60_000 }, async () => {
    const database = await createDatabase(sqlite);
    const servers = await Promise.all([startProcess(database.url), startProcess(database.url)]);
    try {
      const [one, two] = servers.map(({ client }) => client) as [ArchiveClient, ArchiveClient];
      await createGrid(one, ids("1"));
      const kept = (await Promise.all([write(one, "one", 60), write(two, "two", 60)])).flat();
      for (const client of [one, two]) {
        const { records } = await client.list("Run", { page_size: 1000 });
        expect(records.map(({ key }) => key?.run_id).sort()).toEqual([...kept, "run"].sort());
      }
      for (const type of recordTypes) expect(await countOrphans(database, type)).toBe(0);
    } finally {
      for (const server of servers) expect(await server.end()).toBe(0);
      await database.drop();
    }
  });

  test("is one file after a stop, and that is the whole archive", async () => {
    const database = await createDatabase(sqlite);
    const file = fileOf(database);
    const server = await startProcess(database.url);
    await createGrid(server.client, ids("1"));
    await server.client.list("Run");
    expect(await server.end("SIGTERM")).toBe(0);
    expect(existsSync(`${file}-wal`)).toBe(false);
    for (const { field } of recordTypes) expect(readAlone(file, `SELECT details FROM ${field}`)).toHaveLength(1);
    await database.drop();
  });

  test("is copied while it is written to, by backup", { timeout: 60_000 }, async () => {
    const database = await createDatabase(sqlite);
    const file = fileOf(database);
    const copy = join(file, "../copy.db");
    const backup = (...parameters: string[]) => output(["backup", "--database-url", database.url, ...parameters]);
    const server = await startProcess(database.url);
    try {
      await createGrid(server.client, ids("1"));
      const kept = await write(server.client, "before", 30);
      let writing = true;
      const writer = (async () => {
        for (let round = 0; writing; round++) await write(server.client, `r${round}`, 5);
      })();
      const { status, text } = await backup(copy);
      writing = false;
      await writer;
      expect([status, text]).toEqual([0, `backup: ${copy} is a copy of sqlite:${file}\n`]);
      expect(readdirSync(join(file, "..")).filter((name) => name.startsWith("copy"))).toEqual(["copy.db"]);
      expect(statSync(copy).mode).toBe(statSync(file).mode);

      const again = await backup(copy);
      expect(again.status).toBe(1);
      expect(again.text).toContain(`there is a file ${copy} already`);

      const restored = { ...database, url: `sqlite:${copy}` };
      const second = await startProcess(restored.url);
      const { records } = await second.client.list("Run", { page_size: 1000 });
      expect(records.map(({ key }) => key?.run_id)).toEqual(expect.arrayContaining([...kept, "run"]));
      await second.client.create("Collaboration", collaboration("after"));
      expect(await second.end()).toBe(0);
      const [orphans] = readAlone<{ count: number }>(copy, "SELECT COUNT(*) AS count FROM pragma_foreign_key_check");
      expect(orphans?.count).toBe(0);
      expect(readAlone(copy, "SELECT version FROM archive_schema")).toEqual([{ version: migrations.length }]);
    } finally {
      await server.end();
      await database.drop();
    }
  });

  test("is not copied where there is none, or where it is a server's", async () => {
    const folder = mkdtempSync(join(tmpdir(), "archive-none-"));
    const copy = join(folder, "copy.db");
    const none = await output(["backup", copy, "--database-url", `sqlite:${folder}/none.db`]);
    expect([none.status, none.text]).toEqual([1, expect.stringContaining(`there is no database at ${folder}/none.db`)]);
    const server = await output(["backup", copy, "--database-url", "mysql://u:secret@db/archive"]);
    expect([server.status, server.text]).toEqual([1, expect.stringMatching(/mysqldump --single-transaction/)]);
    expect(server.text).not.toContain("secret");
    expect(readdirSync(folder)).toEqual([]);
    rmSync(folder, { recursive: true });
  });

  test("that is damaged is said to be, by calls and by health", { timeout: 60_000 }, async () => {
    const database = await createDatabase(sqlite);
    const file = fileOf(database);
    const before = await startProcess(database.url);
    await createGrid(before.client, ids("1"));
    for (let round = 0; round < 3; round++) await write(before.client, `r${round}`, 30);
    await before.end();
    const [table] = readAlone<{ rootpage: number }>(file, "SELECT rootpage FROM sqlite_master WHERE name = 'run'");
    const server = await startProcess(database.url);
    try {
      expect((await output(["health", "--address", server.address])).text).toBe("SERVING\n");
      writeSync(openSync(file, "r+"), Buffer.alloc(4096, 0xa5), 0, 4096, ((table?.rootpage ?? 0) - 1) * 4096);
      const failure = await errorOf(server.client.list("Run"));
      expect(failure).toMatchObject({ code: "DATA_LOSS", reason: "DATABASE_DAMAGED" });
      expect(failure.message).not.toMatch(/later|malformed|SQLITE/i);
      while ((await output(["health", "--address", server.address])).text !== "NOT_SERVING\n");
      // What is not damaged can still be read, and saved.
      await server.client.list("Collaboration");
    } finally {
      await server.end();
      await database.drop();
    }
  });

  test("that cannot be opened any more is UNAVAILABLE, also to who needs another connection", async () => {
    const archive = await startArchive(sqlite);
    try {
      const file = fileOf(archive.database);
      const folder = dirname(file);
      renameSync(folder, `${folder}-moved`);
      const streaming = archive.client.stream()[Symbol.asyncIterator]().next();
      expect(await errorOf(streaming)).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
      renameSync(`${folder}-moved`, folder);
      expect(await archive.client.counts()).toEqual({});
    } finally {
      await archive.close();
    }
  });

  test("whose file is replaced while it is served is not served", { timeout: 60_000 }, async () => {
    const database = await createDatabase(sqlite);
    const file = fileOf(database);
    const server = await startProcess(database.url);
    try {
      copyFileSync(file, `${file}.other`);
      renameSync(`${file}.other`, file);
      while ((await output(["health", "--address", server.address])).text !== "NOT_SERVING\n");
      expect(server.output()).toContain("was removed or replaced while it was in use");
    } finally {
      await server.end();
      await database.drop();
    }
  });
});
