import { setMaxListeners } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { recordType, recordTypes } from "../src/records/record-type.js";
import { KnexStore } from "../src/storage/knex-store.js";
import { openEngine, startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { runDatabase, startDatabase } from "./support/databases.js";
import { createGrid, ids, keyOf, someDetails, View } from "./support/records.js";
import { standStill } from "./support/stand-still.js";
import { startTcpProxy, type TcpProxy } from "./support/tcp-proxy.js";
import { until } from "./support/wait.js";

const rights = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES";

/** A server of a test's own, with an archive's database and a user who has no rights but those in it. */
class TestServer {
  readonly home = mkdtempSync(join(tmpdir(), "archive-faults-"));
  port = 0;
  admin!: Connection;

  async start(kind: "mariadb" | "mysql"): Promise<void> {
    const { url, port } = await startDatabase(kind, this.home, "fast");
    this.port = port;
    this.admin = await createConnection({ uri: url });
    await this.admin.query("CREATE DATABASE grid");
    await this.admin.query("CREATE USER plain@'%' IDENTIFIED BY 'plain'");
    await this.admin.query(`GRANT ${rights} ON grid.* TO plain@'%'`);
    await this.admin.query("USE grid");
  }

  async value(sql: string): Promise<number> {
    const [rows] = await this.admin.query<RowDataPacket[]>(sql);
    return Number(Object.values(rows[0] ?? {}).at(-1));
  }

  get pid(): number {
    return Number(readFileSync(join(this.home, "pid"), "utf8"));
  }

  goOn(): void {
    process.kill(this.pid, "SIGCONT");
  }

  stop(): void {
    this.admin?.destroy();
    runDatabase("stop", this.home, "KILL");
    rmSync(this.home, { recursive: true, force: true });
  }
}

const urlOf = (port: number) => `mysql://plain:plain@127.0.0.1:${port}/grid`;

describe.each(["mariadb", "mysql"] as const)("an archive that reaches %s through a forwarder", (kind) => {
  const [first, second] = [new TestServer(), new TestServer()];
  let proxy: TcpProxy;
  let archive: TestArchive;
  let grids = 0;
  const collaboration = recordType("Collaboration");
  const project = keyOf(recordType("Project"), ids("1"));
  const get = () => archive.client.get("Project", project, { view: View.VIEW_BASIC });
  const create = () => {
    const key = { collab_id: `new ${++grids}` };
    return archive.client.create("Collaboration", { key, details: someDetails("Collaboration") });
  };
  const answers = (call: () => Promise<unknown>) => () =>
    call().then(
      () => true,
      () => false,
    );

  beforeAll(async () => {
    await Promise.all([first.start(kind), second.start(kind)]);
    const other = new KnexStore(await openEngine(urlOf(second.port)));
    await other.migrate();
    await other.close();
    proxy = await startTcpProxy(first.port);
    const database = {
      url: urlOf(proxy.port),
      sql: async () => [],
      drop: async () => undefined,
    };
    archive = await startArchive({ name: kind, url: database.url }, { database });
    await createGrid(archive.client, ids("1"));
  });
  afterAll(async () => {
    first.goOn();
    await archive?.close();
    await proxy?.close();
    first.stop();
    second.stop();
  });

  test("prepares few statements, whatever the pages are", async () => {
    const before = await first.value("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'");
    for (let size = 1; size <= 100; size++) {
      await archive.client.list("Run", { page_size: size, filter: { ...project, id_prefix: "" } });
      const types = recordType("Project").relations.filter((_, index) => size & (1 << (index % 7)));
      await archive.client.get("Project", project, { relation_types: types.map(({ number }) => number) });
    }
    const after = await first.value("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'");
    expect(after - before).toBeLessThan(20);
  });

  test("goes on where the server takes no more prepared statements", async () => {
    const limit = await first.value("SELECT @@max_prepared_stmt_count");
    await first.admin.query("SET GLOBAL max_prepared_stmt_count = 0");
    try {
      proxy.cut();
      await until("connections are new", answers(get));
      const grid = ids("unprepared");
      await createGrid(archive.client, grid);
      for (const type of recordTypes) await archive.client.get(type.name, keyOf(type, grid));
      await archive.client.delete("Collaboration", keyOf(collaboration, grid));
    } finally {
      await first.admin.query(`SET GLOBAL max_prepared_stmt_count = ${limit}`);
    }
  });

  test("does not take for a fault of its own what its user may not do", async () => {
    await first.admin.query("REVOKE INSERT ON grid.* FROM plain@'%'");
    try {
      // A connection keeps the rights to its database that it began with.
      proxy.cut();
      await until("connections are new", answers(get));
      const error = await errorOf(create());
      expect(error).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
      expect(error.message).toMatch(/operator/);
    } finally {
      await first.admin.query("GRANT INSERT ON grid.* TO plain@'%'");
    }
    await first.admin.query("ALTER USER plain@'%' WITH MAX_USER_CONNECTIONS 1");
    try {
      proxy.cut();
      const results = await Promise.all(Array.from({ length: 20 }, () => errorOf(get()).catch(() => undefined)));
      for (const error of results) if (error) expect(error.code).toBe("UNAVAILABLE");
    } finally {
      await first.admin.query("ALTER USER plain@'%' WITH MAX_USER_CONNECTIONS 0");
    }
    await until("a call is answered", answers(get));
  });

  test("leaves its reads connections, and says that it serves, while writes wait for a lock", async () => {
    const cancelled = new AbortController();
    setMaxListeners(0, cancelled.signal);
    await first.admin.query("START TRANSACTION");
    await first.admin.query("SELECT * FROM collaboration FOR UPDATE");
    const details = someDetails("Project");
    const blocked = Array.from({ length: 40 }, (_, index) => {
      const key = { ...project, project_id: `blocked ${index}` };
      return errorOf(archive.client.create("Project", { key, details }, { signal: cancelled.signal }));
    });
    try {
      const waiting =
        "SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'plain' AND info LIKE 'INSERT%'";
      await until("writes wait", async () => (await first.value(waiting)) >= 10);
      await Promise.all(Array.from({ length: 40 }, get));
      await archive.store.check();
    } finally {
      cancelled.abort();
      await Promise.all(blocked);
      await first.admin.query("ROLLBACK");
    }
  });

  test("ends nothing on another server than that of its connection", async () => {
    // The archive has one connection, and opens another when it wants to end what that does.
    proxy.cut();
    await until("it has a connection", answers(get));
    // Whoever has the number there that the archive's connection has here.
    const highest = await first.value("SELECT MAX(id) FROM information_schema.processlist");
    const strangers: Connection[] = [];
    await first.admin.query("START TRANSACTION");
    await first.admin.query("SELECT * FROM collaboration FOR UPDATE");
    try {
      while ((strangers.at(-1)?.threadId ?? 0) < highest) {
        const { port } = second;
        strangers.push(await createConnection({ host: "127.0.0.1", port, user: "plain", password: "plain" }));
      }
      // The connections that calls use stay, new ones lead to the other server.
      proxy.switchTo(second.port);
      const key = { ...project, project_id: "late" };
      const details = someDetails("Project");
      const error = await errorOf(archive.client.create("Project", { key, details }, { deadline: 500 }));
      expect(error.code).toBe("DEADLINE_EXCEEDED");
      // Whatever was asked before by the connections of that kind has been answered when these are.
      for (let times = 0; times < 5; times++) await archive.store.check();
      for (const stranger of strangers) await stranger.query("SELECT 1");
    } finally {
      await first.admin.query("ROLLBACK");
      proxy.switchTo(first.port);
      proxy.cut();
      await Promise.all(strangers.map((stranger) => stranger.end()));
    }
    await until(
      "it serves",
      answers(() => archive.store.check()),
    );
  });

  test.each(["server that is stopped", "network that is cut in two"])("waits for no %s", async (fault) => {
    const isServer = fault.startsWith("server");
    await get();
    if (isServer) await standStill(first.pid);
    else proxy.freeze();
    const began = performance.now();
    try {
      const calls = await Promise.all([errorOf(get()), errorOf(create()), errorOf(get())]);
      for (const error of calls) expect(error).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
      await expect(archive.store.check()).rejects.toThrow();
      // Twenty seconds are far from fifteen minutes.
      expect(performance.now() - began).toBeLessThan(20_000);
    } finally {
      if (isServer) first.goOn();
      else proxy.thaw();
    }
    await until(
      "it serves again",
      answers(() => archive.store.check()),
    );
    await until("calls are answered", answers(get));
    await create();
  });

  test("knows that the server stands still as soon as it says, also where it must connect to ask", async () => {
    const standstill = { late: 200, patience: 300 };
    const { database } = archive;
    const soon = await startArchive(
      { name: kind, url: database.url },
      { database, standstill, acquireTimeout: 60_000 },
    );
    try {
      // It has a connection for this call, and none yet to ask by.
      await soon.client.get("Project", project, { view: View.VIEW_BASIC });
      proxy.freeze();
      const call = soon.client.get("Project", project, { view: View.VIEW_BASIC }, { deadline: 4000 });
      expect(await errorOf(call)).toMatchObject({ code: "UNAVAILABLE" });
    } finally {
      proxy.thaw();
      await soon.close();
    }
    await until("calls are answered", answers(get));
  });

  test("uses none of the connections to a server that stood still, where its address leads to another", async () => {
    const standstill = { late: 200, patience: 1500 };
    const soon = await startArchive(
      { name: kind, url: archive.database.url },
      { database: archive.database, standstill },
    );
    const read = () => soon.client.get("Project", project, { view: View.VIEW_BASIC }, { deadline: 4000 });
    try {
      // There are several connections, of which one is in use when the server stops.
      await Promise.all(Array.from({ length: 40 }, read));
      await standStill(first.pid);
      expect(await errorOf(read())).toMatchObject({ code: "UNAVAILABLE" });
      // It answers the question whether the database stands still, too.
      proxy.switchTo(second.port);
      const errors = await Promise.all(Array.from({ length: 40 }, () => errorOf(read())));
      expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(["NOT_FOUND"]));
    } finally {
      first.goOn();
      await soon.close();
      proxy.switchTo(first.port);
      proxy.cut();
    }
    await until("calls are answered", answers(get));
  });

  test("follows its address to another server after a failover", async () => {
    // All connections are in use at once, so that each has to be given up.
    await Promise.all(Array.from({ length: 40 }, get));
    await first.admin.query(`SET GLOBAL ${kind === "mysql" ? "super_read_only" : "read_only"} = 1`);
    expect(await errorOf(create())).toMatchObject({ code: "UNAVAILABLE" });
    await expect(archive.store.check()).rejects.toThrow();
    proxy.switchTo(second.port);
    await until(
      "it serves",
      answers(() => archive.store.check()),
    );
    // The one create that was refused has given up all connections, those that only read too.
    const read = await Promise.all(Array.from({ length: 40 }, () => errorOf(get()).catch(() => undefined)));
    expect(new Set(read.map((error) => error?.code))).toEqual(new Set(["NOT_FOUND"]));
    await until("a create succeeds", answers(create));
    for (let index = 0; index < 160; index++) await create();
    // Nor does any read come from the old one.
    await until("reads are of the new one", async () => !(await answers(get)()));
    const errors = await Promise.all(Array.from({ length: 40 }, () => errorOf(get())));
    expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: 40 }, () => "NOT_FOUND"));
  });
});
