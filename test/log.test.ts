import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test } from "vitest";
import { ArchiveClient } from "./support/client.js";
import { createDatabase } from "./support/database.js";
import { freePort } from "./support/databases.js";

const folder = mkdtempSync(join(tmpdir(), "archive-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a server whose standard error is what a test gives it, and waits until it answers. */
async function start(stderr: number | "pipe", more: readonly string[] = [], url = `sqlite:${join(folder, "a.db")}`) {
  const port = String(await freePort());
  const parameters = ["dist/src/main.js", "serve", "--port", port, "--database-url", url, ...more];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "ignore", stderr] });
  const client = new ArchiveClient(`127.0.0.1:${port}`);
  const answers = () =>
    client.list("Run").then(
      () => true,
      () => false,
    );
  while (!(await answers()) && child.exitCode === null);
  return {
    child,
    client,
    calls: async (count: number) => {
      for (let index = 0; index < count; index += 100) {
        await Promise.all(Array.from({ length: 100 }, () => client.list("Run")));
      }
    },
    /** Ends it in order. */
    async end() {
      client.close();
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      expect(await ended).toEqual([0, null]);
    },
  };
}

describe.each(["text", "json"])("a log as %s that cannot be written does not end the service", (format) => {
  const more = ["--log-format", format];

  test("a full disk", async () => {
    const full = openSync("/dev/full", "w");
    const server = await start(full, more);
    closeSync(full);
    await server.calls(200);
    await server.end();
  });

  test("a reader that has left", async () => {
    const server = await start("pipe", more);
    server.child.stderr?.destroy();
    await server.calls(200);
    await server.end();
  });
});

test("workers go on without a reader of their log", async () => {
  const engine = inject("engines").find(({ url }) => url);
  if (!engine) throw new Error("this test needs a database server");
  const database = await createDatabase(engine);
  const server = await start("pipe", ["--workers", "2", "--migrate"], database.url);
  try {
    server.child.stderr?.destroy();
    await server.calls(200);
  } finally {
    await server.end();
    await database.drop();
  }
});
