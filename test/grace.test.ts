import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { ArchiveClient } from "./support/client.js";
import { createDatabase, type TestDatabase } from "./support/database.js";
import { type ServerProcess, startProcess } from "./support/process.js";
import { standStill } from "./support/stand-still.js";
import { until } from "./support/wait.js";
import { waitingWriteSql } from "./support/waiting-write.js";

const [engine] = inject("engines").filter(({ url }) => url);

let database: TestDatabase;
beforeAll(async () => {
  if (!engine) throw new Error("this test needs a database server");
  database = await createDatabase(engine);
});
afterAll(() => database?.drop());

const start = async (grace: string, workers: string) => {
  const parameters = ["--migrate", "--grace", grace, "--workers", workers];
  const server = await startProcess(database.url, parameters);
  const says = (text: string) => server.output().split(text).length - 1;
  await until("all serve", () => says('"message":"serving"') === Number(workers));
  return { server, says };
};

const pids = (server: ServerProcess) => [
  ...new Set([...server.output().matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid))),
];

/** How a call ends. */
const endOf = (call: Promise<unknown>) =>
  call.then(
    () => "well",
    ({ code }) => code,
  );

const key = { collab_id: "c" };

/** An update that waits for a lock which somebody else holds until `ROLLBACK`. */
async function startWaiting(client: ArchiveClient) {
  await client.update("Collaboration", { key, details: undefined, allow_missing: true });
  await database.sql("START TRANSACTION");
  await database.sql("SELECT * FROM collaboration FOR UPDATE");
  const waiting = endOf(client.update("Collaboration", { key, details: undefined }));
  const waits = async () => (await database.sql(waitingWriteSql)).length > 0;
  await until("the update waits", waits);
  return { waiting, waits };
}

describe.each(["1", "2"])("a stop of %s that serve", (workers) => {
  test("ends calls that would never end, after the grace", async () => {
    const { server, says } = await start("300", workers);
    const { client } = server;
    try {
      const { waiting, waits } = await startWaiting(client);
      const ended = once(server.child, "exit");
      server.child.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
      expect(["UNAVAILABLE", "CANCELLED", "INTERNAL"]).toContain(await waiting);
      expect(says('"message":"stopped"')).toBeGreaterThan(0);
      // Whoever was cut off holds nothing in the database any more.
      await until("nothing waits", async () => !(await waits()));
    } finally {
      await database.sql("ROLLBACK");
      client.close();
    }
  });

  test("waits for calls that end within it, and takes no others", async () => {
    const { server, says } = await start("60000", workers);
    const { client } = server;
    const { waiting } = await startWaiting(client);
    const ended = once(server.child, "exit");
    server.child.kill("SIGTERM");
    await until("it stops", () => says('"message":"stopping"') > 0);
    expect(await endOf(client.get("Collaboration", key))).toBe("UNAVAILABLE");
    await database.sql("ROLLBACK");
    expect(await waiting).toBe("well");
    expect(await ended).toEqual([0, null]);
    client.close();
  });
});

test("a worker that does not stop is killed", async () => {
  const { server, says } = await start("1", "2");
  const frozen = pids(server).find((pid) => pid !== server.child.pid) as number;
  await standStill(frozen);
  expect(await server.end()).toBe(0);
  expect(says("workers that did not stop in time are killed")).toBe(1);
  expect(() => process.kill(frozen, 0)).toThrow("ESRCH");
}, 30_000);
