import { afterEach, describe, expect, inject, test } from "vitest";
import { limits } from "../src/limits.js";
import { displayLocation, parseDatabaseUrl } from "../src/storage/database-url.js";
import { Hosts } from "../src/storage/hosts.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { CallError } from "./support/client.js";
import { createDatabase } from "./support/database.js";
import { startTcpProxy, type TcpProxy } from "./support/tcp-proxy.js";
import { until } from "./support/wait.js";

describe("a URL with several hosts", () => {
  test.each([
    ["mysql://u:p@a,b:3307,[::1]:3308/d", "mysql://a:3306,b:3307,[::1]:3308/d"],
    ["mysql://a/d", "mysql://a:3306/d"],
    ["mysql://u:p%2Cq@a,b/d?tls=required", "mysql://a:3306,b:3306/d"],
  ])("%s leads to each of them", (url, shown) => {
    expect(displayLocation(parseDatabaseUrl(url))).toBe(shown);
  });

  test.each(["mysql://a,/d", "mysql://a,b c/d", "mysql://a,b:x/d", "mysql://a,b:70000/d"])("%s is refused", (url) => {
    expect(() => parseDatabaseUrl(url)).toThrow(/must/);
  });

  test("the next is taken once, however many notice that one fails", () => {
    const [a, b] = [
      { host: "a", port: 1 },
      { host: "b", port: 2 },
    ];
    const hosts = new Hosts([a, b]);
    hosts.leave(a);
    hosts.leave(a);
    expect(hosts.current).toBe(b);
    hosts.leave(b);
    expect(hosts.current).toBe(a);
  });
});

describe.each(inject("engines").filter(({ url }) => url))("several hosts of $name", (engine) => {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
  });

  /** Two ways to one server, each of which can fail by itself. */
  async function start(): Promise<{ archive: TestArchive; first: TcpProxy; second: TcpProxy }> {
    const database = await createDatabase(engine);
    const there = new URL(database.url);
    const [first, second] = [await startTcpProxy(Number(there.port)), await startTcpProxy(Number(there.port))];
    const closed = await startTcpProxy(1);
    await closed.close();
    const hosts = [closed, first, second].map(({ port }) => `127.0.0.1:${port}`).join(",");
    const url = database.url.replace(there.host, hosts);
    const archive = await startArchive(engine, { database: { ...database, url } });
    open.push(second, archive);
    return { archive, first, second };
  }

  const create = ({ client }: TestArchive, id: string) =>
    client.create("Collaboration", { key: { collab_id: id }, details: {} });

  /** Tries again what says that it may help, as clients do. */
  async function untilDone(work: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        expect(error).toBeInstanceOf(CallError);
        expect(error).toMatchObject({ code: "UNAVAILABLE" });
      }
    }
  }

  test("the first that can be reached is taken, and all connections lead to it", async () => {
    const { archive, first, second } = await start();
    await Promise.all(Array.from({ length: 20 }, (_, index) => create(archive, `c${index}`)));
    expect([first.connections > 1, second.connections]).toEqual([true, 0]);
    await first.close();
  });

  test("when it is gone, the next is taken", async () => {
    const { archive, first, second } = await start();
    await create(archive, "before");
    await first.close();
    await untilDone(() => archive.client.get("Collaboration", { collab_id: "before" }));
    await untilDone(() => create(archive, "after"));
    expect(second.connections).toBeGreaterThan(0);
  });

  test("when it stands still, the next is taken", async () => {
    const { archive, first, second } = await start();
    await create(archive, "before");
    first.freeze();
    await untilDone(() => archive.client.get("Collaboration", { collab_id: "before" }));
    expect(second.connections).toBeGreaterThan(0);
    await first.close();
  });

  test("connections are made anew after some time, so that a balancer can lead to a server that is back", async () => {
    const { ageOfDatabaseConnection } = limits;
    Object.assign(limits, { ageOfDatabaseConnection: 100 });
    try {
      const database = await createDatabase(engine);
      const server = new URL(database.url);
      const [first, second] = [await startTcpProxy(Number(server.port)), await startTcpProxy(Number(server.port))];
      const balancer = await startTcpProxy(first.port);
      const url = database.url.replace(server.host, `127.0.0.1:${balancer.port}`);
      const archive = await startArchive(engine, { database: { ...database, url } });
      open.push(first, second, balancer, archive);
      await create(archive, "before");
      balancer.switchTo(second.port);
      // Nothing fails: each connection is given up only while nobody uses it.
      await until("all connections lead to the second", async () => {
        await archive.client.get("Collaboration", { collab_id: "before" });
        return first.connections === 0 && second.connections > 0;
      });
    } finally {
      Object.assign(limits, { ageOfDatabaseConnection });
    }
  });
});
