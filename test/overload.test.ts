import { once } from "node:events";
import { connect, type Socket } from "node:net";
import Database from "libsql";
import { afterEach, expect, inject, test, vi } from "vitest";
import { ArchiveServiceDefinition } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { CollaborationServiceDefinition } from "../generated/ts/synergos/archive/v1/collaboration_service.js";
import { callsWaiting } from "../src/calls-in-turn.js";
import { limits } from "../src/limits.js";
import { ProcessLoad } from "../src/process-load.js";
import { Admission, type Load } from "../src/service/admission.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { ArchiveClient, errorOf } from "./support/client.js";

const get = "/synergos.archive.v1.CollaborationService/GetCollaboration";
const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function start(options: { maxCalls: number; load?: () => Load }) {
  const [engine] = inject("engines");
  if (!engine) throw new Error("this test needs a database");
  const archive = await startArchive(engine, options);
  open.push(archive);
  await archive.client.create("Collaboration", { key: { collab_id: "c" }, details: {} });
  return archive;
}

/** Calls that have begun and do not end: the rest of their requests does not come. */
async function hold({ url }: TestArchive, count: number): Promise<{ release(): Promise<void> }> {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index++) {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    const headers = ["host: localhost", "content-type: application/json", "content-length: 9", "expect: 100-continue"];
    socket.write(`POST ${get} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n{`);
    sockets.push(socket);
  }
  // Each is told to go on when its call has begun.
  await Promise.all(sockets.map((socket) => once(socket, "data")));
  return {
    async release() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

const read = ({ client }: TestArchive) => client.get("Collaboration", { collab_id: "c" });
const list = ({ client }: TestArchive) => client.list("Collaboration");
const write = ({ client }: TestArchive) => client.update("Collaboration", { key: { collab_id: "c" }, details: {} });
const stream = async ({ client }: TestArchive) => {
  for await (const _ of client.stream());
};

/** Which kinds of calls are let in. */
async function letIn(archive: TestArchive) {
  const names: string[] = [];
  for (const [name, call] of Object.entries({ stream, list, write, read })) {
    const outcome = await call(archive).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (outcome === undefined) names.push(name);
    else expect(outcome).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "OVERLOADED" });
  }
  return names;
}

test("with more and more calls at a time, those are refused first that wait best; and afterwards all is as before", async () => {
  const archive = await start({ maxCalls: 20 });
  const held: { release(): Promise<void> }[] = [];
  for (const [more, expected] of [
    [11, ["stream", "list", "write", "read"]],
    [2, ["list", "write", "read"]],
    [2, ["write", "read"]],
    [3, ["read"]],
    [2, []],
  ] as const) {
    held.push(await hold(archive, more));
    await expect.poll(() => letIn(archive)).toEqual(expected);
  }
  const refused = await errorOf(read(archive));
  expect(refused.message).toContain("--max-calls");
  const response = await fetch(archive.url + get, {
    method: "POST",
    body: "{}",
    headers: { "content-type": "application/json" },
  });
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "1"]);
  const { details } = (await response.json()) as { details: { type: string; debug: unknown }[] };
  expect(details.find(({ type }) => type === "google.rpc.RetryInfo")?.debug).toEqual({
    retryDelay: expect.stringMatching(/^0\.\d+s$/),
  });
  expect((await fetch(`${archive.url}/livez`)).status).toBe(200);
  for (const each of held) await each.release();
  await expect.poll(() => letIn(archive)).toEqual(["stream", "list", "write", "read"]);
});

test("other pressure counts only where there are many calls", async () => {
  const now: { load: Load } = { load: { cause: "memory", share: 0.9 } };
  const archive = await start({ maxCalls: 1000, load: () => now.load });
  expect(await letIn(archive)).toEqual(["stream", "list", "write", "read"]);
  const held = await hold(archive, 16);
  await expect.poll(() => letIn(archive)).toEqual(["read"]);
  expect((await errorOf(write(archive))).metadata).toEqual({ cause: "memory" });
  now.load = { cause: "delay", share: 1 };
  expect(await letIn(archive)).toEqual([]);
  await held.release();
});

test("while an embedded database has as much to do as it can do at a time, calls of who makes many wait", async () => {
  const archive = await startArchive({ name: "SQLite", url: undefined }, { maxCalls: 1000 });
  const [one, two, other] = [0, 1, 2].map(() => new ArchiveClient(archive.address)) as [
    ArchiveClient,
    ArchiveClient,
    ArchiveClient,
  ];
  open.push(archive, one, two, other);
  await archive.client.create("Collaboration", { key: { collab_id: "c" }, details: {} });
  // Another process writes: writes of this one wait, and reads do not.
  const writer = new Database(archive.database.url.replace("sqlite:", ""));
  writer.exec("BEGIN IMMEDIATE");
  const writes = [one, two].flatMap((client) =>
    Array.from({ length: limits.callsTogether.sqlite / 2 }, () => write({ ...archive, client })),
  );
  await Promise.all([one, two].map((client) => read({ ...archive, client })));
  let answered = 0;
  const count = 10 * limits.callsAtOnce;
  const calls = Array.from({ length: count }, () => read(archive).then(() => answered++));
  // Another client has no wait, and meanwhile the others would all have had their turn.
  for (let index = 0; index < 20; index++) await read({ ...archive, client: other });
  expect(callsWaiting()).toBeGreaterThan(0);
  expect(answered).toBeLessThan(count);
  writer.exec("ROLLBACK");
  writer.close();
  await Promise.all([...writes, ...calls]);
  expect(callsWaiting()).toBe(0);
});

test.each(inject("engines"))("on $name no call waits for others whose requests do not come", async (engine) => {
  const archive = await startArchive(engine, { maxCalls: 1000 });
  const other = new ArchiveClient(archive.address);
  open.push(archive, other);
  await archive.client.create("Collaboration", { key: { collab_id: "c" }, details: {} });
  const held = await hold(archive, limits.callsTogether[engine.url ? "mysql" : "sqlite"]);
  const calls = Array.from({ length: 10 * limits.callsAtOnce }, () => read(archive));
  for (let index = 0; index < 20; index++) await read({ ...archive, client: other });
  expect(callsWaiting()).toBe(0);
  await Promise.all(calls);
  await held.release();
});

test("others wait neither for streams, which may last for long, nor for calls that wait themselves", () => {
  const { getCollaboration } = CollaborationServiceDefinition.methods;
  const { import: imports, streamDescendants } = ArchiveServiceDefinition.methods;
  const admission = new Admission(1000, 2, () => ({ cause: "calls", share: 0 }));
  for (const method of [imports, streamDescendants, getCollaboration]) {
    admission.enter(method);
    expect(admission.work(method)).toBe(method === getCollaboration);
  }
  expect(admission.isBusy).toBe(false);
  admission.enter(getCollaboration);
  expect(admission.isBusy).toBe(false);
  admission.work(getCollaboration);
  expect(admission.isBusy).toBe(true);
  admission.rests(true);
  expect(admission.isBusy).toBe(false);
  admission.rests(false);
  expect(admission.isBusy).toBe(true);
  admission.leave(true);
  expect(admission.isBusy).toBe(false);
});

test("the load is the largest of delay, queue and memory, each as a share of too much", () => {
  const pool = (waiting: number, most: number) => ({ name: "main", used: most, idle: 0, waiting, most });
  // 32 for each connection, and 256 at least.
  for (const [waiting, most, share] of [
    [128, 2, 0.5],
    [256, 16, 0.5],
  ] as const) {
    const load = new ProcessLoad(() => [pool(waiting, most)], 1, Number.POSITIVE_INFINITY);
    expect(load.load).toEqual({ cause: "pool", share });
    load.stop();
  }
});

test("memory that cannot be read, as no file can be opened, ends nothing", () => {
  vi.useFakeTimers();
  const rss = vi.spyOn(process.memoryUsage, "rss").mockImplementation(() => {
    throw new Error("EMFILE");
  });
  try {
    const load = new ProcessLoad(() => [], 1, 2 ** 30);
    vi.advanceTimersByTime(1000);
    expect(rss).toHaveBeenCalled();
    expect(load.load.share).toBe(0);
    load.stop();
  } finally {
    rss.mockRestore();
    vi.useRealTimers();
  }
});
