import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, inject, test } from "vitest";
import { ArchiveClient } from "./support/client.js";
import { createDatabase } from "./support/database.js";
import { freePort } from "./support/databases.js";
import { until } from "./support/wait.js";

const folder = mkdtempSync(join(tmpdir(), "archive-log-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a test began. One that fails has not ended it. */
const begun: ChildProcess[] = [];
afterEach(() => {
  for (const child of begun.splice(0)) child.kill("SIGKILL");
});

/** Ids that make a long line of the log. */
const filter = { id_prefix: "", collab_id: "c".repeat(128), project_id: "p".repeat(128), expt_id: "e".repeat(128) };

/** Starts a server whose standard error is what a test gives it, and waits until it answers. */
async function start(stderr: number | "pipe", more: readonly string[] = [], url = `sqlite:${join(folder, "a.db")}`) {
  const port = String(await freePort());
  const parameters = ["dist/src/main.js", "serve", "--port", port, "--database-url", url, ...more];
  const child = spawn(process.execPath, parameters, { stdio: ["ignore", "ignore", stderr] });
  begun.push(child);
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
        await Promise.all(Array.from({ length: 100 }, () => client.list("Run", { filter })));
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

/** What a log says: how many calls, and how many lines were lost, of which each lost line is one of a call. */
const counted = (text: string) => {
  const lines = text.trimEnd().split("\n");
  const lost = lines.map((line) => Number(/"lost":(\d+)/.exec(line)?.[1] ?? 0));
  return {
    calls: lines.filter((line) => line.includes("RunService/ListRun")).length,
    lost: lost.reduce((sum, count) => sum + count, 0),
  };
};

describe("a log that nobody reads", () => {
  test.each(["pipe", "FIFO"])(
    "as a %s holds up nothing, and says when it is read again what it lost",
    async (kind) => {
      const fifo = join(folder, `${kind}.fifo`);
      execFileSync("mkfifo", [fifo]);
      const reader = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
      const writer = openSync(fifo, constants.O_WRONLY);
      const server = await start(kind === "pipe" ? "pipe" : writer, ["--log-format", "json"]);
      closeSync(writer);
      // More than waits in the process, and in the system.
      await server.calls(4000);
      let text = "";
      const waiting = new Socket({ fd: reader, writable: false });
      (server.child.stderr ?? waiting).on("data", (bytes: Buffer) => (text += bytes.toString()));
      await until("it says what it lost", () => text.includes('"lost":'));
      await server.calls(100);
      await server.end();
      const { calls, lost } = counted(text);
      expect(lost).toBeGreaterThan(0);
      expect(calls + lost).toBeGreaterThanOrEqual(4100);
      // The lines of its start are the only others.
      expect(calls + lost).toBeLessThanOrEqual(4110);
      waiting.destroy();
    },
    60_000,
  );
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
