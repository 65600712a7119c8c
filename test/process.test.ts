import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { createDatabase, type TestDatabase } from "./support/database.js";
import { freePort } from "./support/databases.js";
import { output, run, type ServerProcess, startProcess } from "./support/process.js";
import { type DatabaseProxy, startProxy } from "./support/proxy.js";
import { waitingWriteSql } from "./support/waiting-write.js";

const [engine] = inject("engines").filter(({ url }) => url);
if (!engine) throw new Error("these tests need a database server");

let database: TestDatabase;
let proxy: DatabaseProxy;

beforeAll(async () => {
  database = await createDatabase(engine);
  expect((await output(["migrate", "--database-url", database.url])).status).toBe(0);
  proxy = await startProxy(database.url);
});
beforeEach(() => {
  proxy.mode = "pass";
});
afterAll(async () => {
  await proxy.close();
  await database.drop();
});

/** Waits until a process has said something, and fails if it ends before. */
async function said(server: ServerProcess, text: string | RegExp, times = 1): Promise<void> {
  const count = () => server.output().split(text).length - 1;
  while (count() < times) {
    if (server.child.exitCode !== null || server.child.signalCode) throw new Error(`it ended:\n${server.output()}`);
    await Promise.race([once(server.child.stderr ?? server.child, "data"), once(server.child, "exit")]);
  }
}

/** What a server has logged so far. */
const logged = (server: ServerProcess): Record<string, unknown>[] =>
  server
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line));

/** The processes that have begun to serve. */
const pids = (server: ServerProcess): number[] =>
  logged(server).flatMap(({ message, pid }) => (message === "serving" ? [Number(pid)] : []));

const startThree = async () => {
  const server = await startProcess(proxy.url, ["--workers", "3"]);
  await said(server, '"message":"serving"', 3);
  return server;
};

const isGone = (pid: number) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

describe("a server that cannot start", () => {
  const { hostname, port } = new URL(engine.url ?? "");
  const faults = {
    "whose database cannot be reached": async () => [`mysql://app:app@127.0.0.1:${await freePort()}/app`],
    "whose password is wrong": async () => [`mysql://app:wrong@${hostname}:${port}/app`],
    "whose schema is old": async () => [`mysql://app:app@${hostname}:${port}/app`],
  };
  test.each(Object.entries(faults))("%s ends alike, alone and with workers", async (_, urlOf) => {
    const [url = ""] = await urlOf();
    const alone = await output(["serve", "--port", "0", "--database-url", url]);
    const many = await output(["serve", "--port", "0", "--database-url", url, "--workers", "3"]);
    expect(alone.status).toBe(1);
    expect(alone.text).toMatch(/^error: FAILED: /);
    expect(many).toEqual(alone);
  });

  test.each([
    ["--port", "--http-port"],
    ["--http-port", "--port"],
  ])("whose %s is taken ends alike, alone and with workers", async (option, other) => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = String(address && typeof address === "object" && address.port);
    const parameters = ["serve", option, port, other, "0", "--database-url", database.url];
    const alone = await output(parameters);
    expect([alone.status, alone.text]).toEqual([1, expect.stringContaining(`cannot listen on 127.0.0.1:${port}`)]);
    expect(await output([...parameters, "--workers", "2"])).toEqual({
      status: 1,
      text: expect.stringContaining(`cannot listen on 127.0.0.1:${port}`),
    });
    taken.close();
  });
});

describe("a signal to a server that still waits for its database", () => {
  test.each([
    ["SIGTERM", []],
    ["SIGHUP", []],
    ["SIGTERM", ["--workers", "2"]],
    ["SIGINT", ["--workers", "2"]],
  ] as const)("%s ends it at once %j", async (signal, more) => {
    proxy.mode = "stall";
    const child = run(["serve", "--port", "0", "--database-url", proxy.url, ...more]);
    await proxy.next();
    child.kill(signal);
    const [status, by] = await once(child, "exit");
    expect([status, by]).toEqual([{ SIGTERM: 143, SIGINT: 130, SIGHUP: 129 }[signal], null]);
  });

  // Only Linux numbers the processes of a container from 1; and not every container may have one within.
  const unshare = ["--map-root-user", "--pid", "--fork", "--kill-child"];
  const canUnshare = spawnSync("unshare", [...unshare, "true"]).status === 0;
  test.runIf(canUnshare).each([["serve", "--port", "0"], ["serve", "--port", "0", "--workers", "2"], ["migrate"]])(
    "as process 1 of a container: %s",
    async (...command) => {
      proxy.mode = "stall";
      const program = [process.execPath, "dist/src/main.js", ...command, "--database-url", proxy.url];
      const child = spawn("unshare", [...unshare, ...program], { stdio: "ignore" });
      await proxy.next();
      const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8");
      process.kill(Number(first), "SIGTERM");
      expect(await once(child, "exit")).toEqual([143, null]);
    },
  );
});

describe("workers", () => {
  /** Ends it by SIGTERM, in order, with every process that it ever had. */
  const endsInOrder = async (server: ServerProcess, signal: NodeJS.Signals = "SIGTERM") => {
    expect(await server.end(signal)).toBe(0);
    for (const pid of pids(server)) expect(isGone(pid)).toBe(true);
  };

  test.each([
    ["before that is noticed", "pass", undefined],
    ["while another starts in its place", "stall", "a worker ended and is replaced"],
    ["while one waits to try again", "refuse", "a worker could not start and is tried again"],
  ] as const)("stop on SIGTERM after one was killed, %s", async (_, mode, fact) => {
    const server = await startThree();
    proxy.mode = mode;
    const taken = proxy.next();
    process.kill(pids(server)[0] as number, "SIGKILL");
    if (fact) await said(server, fact);
    if (mode === "stall") await taken;
    await endsInOrder(server);
  });

  test("stop on SIGTERM after all were killed", async () => {
    const server = await startThree();
    for (const pid of pids(server)) process.kill(pid, "SIGKILL");
    await endsInOrder(server);
  });

  test("are tried again for as long as the service runs, and it is said how many are missing", async () => {
    const server = await startThree();
    proxy.mode = "refuse";
    process.kill(pids(server)[0] as number, "SIGKILL");
    await said(server, /"message":"a worker could not start and is tried again"/, 2);
    expect(logged(server)).toContainEqual(
      expect.objectContaining({
        message: "a worker could not start and is tried again",
        reason: expect.stringMatching(/^the database cannot be used: /),
        missing: 1,
        workers: 3,
        again_in_ms: 2000,
      }),
    );
    proxy.mode = "pass";
    await said(server, "all workers serve again");
    // Which the worker itself may write later.
    await said(server, '"message":"serving"', 4);
    await endsInOrder(server);
  });

  test("end by themselves in order, and are replaced, but leave the signals of a terminal to the first", async () => {
    const server = await startThree();
    const [one = Number.NaN, other = Number.NaN] = pids(server);
    process.kill(other, "SIGINT");
    process.kill(other, "SIGHUP");
    process.kill(one, "SIGTERM");
    await said(server, '"message":"serving"', 4);
    const ends = logged(server).filter(({ message }) => message === "a worker ended and is replaced");
    expect(ends).toEqual([expect.objectContaining({ pid: one, reason: "ended with status 0" })]);
    await endsInOrder(server, "SIGHUP");
  });

  /** Two workers, of which one waits for the lock of somebody else. */
  const startBusy = async () => {
    const server = await startProcess(proxy.url, ["--workers", "2", "--grace", "60000"]);
    await said(server, '"message":"serving"', 2);
    const key = { collab_id: "c" };
    await server.client.update("Collaboration", { key, details: undefined, allow_missing: true });
    await database.sql("START TRANSACTION");
    await database.sql("SELECT * FROM collaboration FOR UPDATE");
    const waiting = server.client.update("Collaboration", { key, details: undefined }).then(
      () => "done",
      () => "cut off",
    );
    while ((await database.sql(waitingWriteSql)).length === 0);
    return { server, waiting };
  };

  test("may die while they stop", async () => {
    const { server, waiting } = await startBusy();
    const ended = once(server.child, "exit");
    server.child.kill("SIGTERM");
    await said(server, '"message":"stopping"', 3);
    for (const pid of pids(server)) if (!isGone(pid)) process.kill(pid, "SIGKILL");
    expect(await waiting).toBe("cut off");
    expect(await ended).toEqual([0, null]);
    await database.sql("ROLLBACK");
  });

  test("end at once on a second signal, but not where a terminal that is closed says so twice", async () => {
    const { server, waiting } = await startBusy();
    server.child.kill("SIGHUP");
    await said(server, '"message":"stopping"', 3);
    server.child.kill("SIGHUP");
    const ended = once(server.child, "exit");
    server.child.kill("SIGTERM");
    expect(await ended).toEqual([143, null]);
    expect(await waiting).toBe("cut off");
    for (const pid of pids(server)) while (!isGone(pid)) await database.sql("SELECT SLEEP(0.01)");
    await database.sql("ROLLBACK");
  });

  test("end with the first process, also those that still start", async () => {
    const server = await startThree();
    proxy.mode = "stall";
    const taken = proxy.next();
    process.kill(pids(server)[0] as number, "SIGKILL");
    await said(server, "a worker ended and is replaced");
    await taken;
    expect(await server.end("SIGKILL")).toBe("SIGKILL");
    for (const pid of pids(server)) while (!isGone(pid)) await database.sql("SELECT SLEEP(0.01)");
    await proxy.left();
  });
});

test("a stop ends health watches and reflection, once it was said that the server does not serve", async () => {
  const server = await startProcess(proxy.url, ["--grace", "60000"]);
  const client = new Client(server.address, credentials.createInsecure());
  const stringOf = (bytes: Buffer) => bytes.toString("hex");
  const asIs = (bytes: Buffer) => bytes;
  const ends: Promise<unknown>[] = [];
  const heard: string[] = [];
  const watch = client.makeServerStreamRequest("/grpc.health.v1.Health/Watch", asIs, asIs, Buffer.alloc(0));
  watch.on("data", (bytes: Buffer) => heard.push(stringOf(bytes)));
  ends.push(new Promise((resolve) => watch.on("error", (error: ServiceError) => resolve(error.code))));
  await once(watch, "data");
  for (const version of ["v1", "v1alpha"]) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const reflection = client.makeBidiStreamRequest(path, asIs, asIs);
    ends.push(new Promise((resolve) => reflection.on("error", (error: ServiceError) => resolve(error.code))));
    // list_services
    reflection.write(Buffer.from([0x3a, 0]));
    await once(reflection, "data");
  }
  expect(await server.end()).toBe(0);
  expect(await Promise.all(ends)).toEqual(Array(3).fill(status.UNAVAILABLE));
  // SERVING, NOT_SERVING
  expect(heard).toEqual(["0801", "0802"]);
  client.close();
});
