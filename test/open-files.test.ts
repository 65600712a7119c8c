import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { describe, expect, inject, test } from "vitest";
import { ArchiveClient } from "./support/client.js";
import { createDatabase } from "./support/database.js";
import { output, startProcess } from "./support/process.js";
import { until } from "./support/wait.js";

/** Few, but enough for a server. */
const openFiles = 150;

/** Opens connections that say nothing; those that the server closes are counted. */
async function flood(address: string, count: number) {
  const [host, port] = address.split(":");
  const sockets: Socket[] = [];
  let closed = 0;
  for (let index = 0; index < count; index++) {
    const socket = connect(Number(port), host);
    socket.on("error", () => undefined).once("close", () => closed++);
    await once(socket, "connect");
    sockets.push(socket);
  }
  return {
    closed: () => closed,
    end() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What holds of one database server holds of the other: their pools are the same. */
const [server] = inject("engines").filter(({ url }) => url);
const engines = inject("engines").filter((engine) => !engine.url || engine === server);

describe.each(engines)("a server on $name that may open few files", (engine) => {
  test("refuses more clients than it can have, says so, and answers the others", { timeout: 60_000 }, async () => {
    const database = await createDatabase(engine);
    const server = await startProcess(database.url, ["--migrate"], { openFiles });
    // One client was here before, and has not needed the database yet.
    await server.client.describeHierarchy();
    const connections = await flood(server.address, 2 * openFiles);
    try {
      await until("some were refused", () => connections.closed() > 0);
      const keys = Array.from({ length: 40 }, (_, index) => ({ collab_id: `collab ${index}` }));
      await Promise.all(keys.map((key) => server.client.create("Collaboration", { key, details: {} })));
      const streamed = async () => {
        let count = 0;
        for await (const { records } of server.client.stream()) count += records.length;
        return count;
      };
      expect(await Promise.all([streamed(), streamed(), streamed()])).toEqual([40, 40, 40]);
      await until("most were refused", () => connections.closed() >= openFiles);
      const refused = () => [...server.output().matchAll(/"refused":(\d+).*connections are refused.*ulimit -n/g)];
      await until(
        "the log has said how many",
        () => refused().reduce((sum, [, count]) => sum + Number(count), 0) === connections.closed(),
      );
      expect(refused().length).toBeLessThan(10);
      expect(server.output()).not.toContain("taken again");
      connections.end();
      await until("the log says that it is over", () => server.output().includes("taken again"));
      const late = new ArchiveClient(server.address);
      expect(await late.counts()).toMatchObject({ Collaboration: 40 });
      late.close();
    } finally {
      connections.end();
      expect(await server.end()).toBe(0);
      await database.drop();
    }
  });
});

const prlimit = (...parameters: string[]) => spawnSync("prlimit", parameters).status;
/** Only Linux changes the limits of a process that runs. */
const canLimit = prlimit("--nofile") === 0;

test.runIf(canLimit)("a server that cannot open a single file more goes on, says so, and when it is over", async () => {
  const [engine] = engines;
  if (!engine) throw new Error("this test needs a database");
  const database = await createDatabase(engine);
  const server = await startProcess(database.url, ["--migrate"]);
  const { pid = 0 } = server.child;
  const create = (name: string) => server.client.create("Collaboration", { key: { collab_id: name }, details: {} });
  const late = new ArchiveClient(server.address);
  try {
    await create("before");
    // What is open stays; there is no number left for anything else, nor for what Node holds back to refuse with.
    expect(prlimit("--pid", String(pid), "--nofile=3:")).toBe(0);
    const answered = late.counts();
    await until("the log says so", () => /no connection can be accepted.*ulimit -n/.test(server.output()));
    await create("meanwhile");
    expect(prlimit("--pid", String(pid), "--nofile=1024:")).toBe(0);
    expect(await answered).toEqual({ Collaboration: 2 });
    await until("the log says that it is over", () => server.output().includes("connections accepted, again"));
  } finally {
    late.close();
    expect(await server.end()).toBe(0);
    await database.drop();
  }
});

describe("a server that may open too few files", () => {
  const refusal = async (openFiles: number, parameters: string[]) => {
    const { status, text } = await output(["serve", "--port", "0", ...parameters], {}, { openFiles });
    expect(text.trim().split("\n")).toHaveLength(1);
    expect(status).toBe(1);
    return text;
  };

  test("does not start, and says what to raise", async () => {
    expect(await refusal(64, ["--database-url", "sqlite:never.db"])).toBe(
      "error: FAILED: this process may have only 64 files and connections open at a time, and a server needs 128: " +
        "raise the limit (ulimit -n, LimitNOFILE= of systemd, --ulimit nofile= of Docker)\n",
    );
    expect(existsSync("never.db")).toBe(false);
  });

  test.runIf(server)("for its pool does not start either", async () => {
    const url = server?.url ?? "";
    expect(await refusal(150, ["--pool-size", "100", "--database-url", url])).toContain("a smaller --pool-size");
  });
});
