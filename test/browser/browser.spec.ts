import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fileDescriptorSet } from "../../generated/ts/descriptors.js";
import { type ServerProcess, startProcess } from "../support/process.js";
import { someDetails } from "../support/records.js";
import { startPageServer } from "./page-server.js";

const folder = mkdtempSync(join(tmpdir(), "archive-browser-"));
let browser: string;
let archive: ServerProcess;
const own = await startPageServer();
const foreign = await startPageServer();

beforeAll(async () => {
  browser = execFileSync("scripts/debian", ["chromium"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  archive = await startProcess(`sqlite:${join(folder, "archive.db")}`, [
    "--http-port=0",
    `--http-allow-origins=${own.origin}`,
  ]);
  await archive.client.create("Collaboration", { key: { collab_id: "grid" }, details: {} });
  await archive.client.create("Project", {
    key: { collab_id: "grid", project_id: "project" },
    details: someDetails("Project"),
  });
  for (const server of [own, foreign]) server.serve({ archive: archive.url }, Buffer.from(fileDescriptorSet, "base64"));
});
afterAll(async () => {
  own.close();
  foreign.close();
  await archive?.end();
  rmSync(folder, { recursive: true, force: true });
});

/** Has a browser open a page, until that has told what it found. */
async function visit({ origin, results }: { origin: string; results: Promise<Record<string, unknown>> }) {
  const profile = mkdtempSync(join(folder, "profile-"));
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    `--user-data-dir=${profile}`,
  ];
  const child: ChildProcess = spawn(browser, [...flags, "--remote-debugging-port=0", origin], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr?.on("data", (bytes: Buffer) => (said += bytes.toString()));
  const ended = once(child, "exit").then(([status]) => {
    throw new Error(`the browser ended with ${status}:\n${said.slice(-2000)}`);
  });
  ended.catch(() => undefined);
  try {
    return await Promise.race([results, ended]);
  } finally {
    child.kill();
    await ended.catch(() => undefined);
  }
}

const collaborations = async () =>
  (await archive.client.list("Collaboration")).records.map(({ key }) => key.collab_id).sort();

test("a page of an origin that is allowed calls, streams and is told of errors", async () => {
  const { fetch, simple, opaque, metrics, ...calls } = await visit(own);
  const error = { id: true, message: expect.any(String) };
  for (const [name, outcomes] of Object.entries(calls)) {
    expect([name, outcomes]).toEqual([
      name,
      {
        read: "grid",
        missing: { code: "NotFound", reason: "RECORD_NOT_FOUND", ...error },
        stream: 2,
        failingStream: { code: "InvalidArgument", reason: "INVALID_FIELD", ...error },
        late: expect.objectContaining({ code: "DeadlineExceeded" }),
      },
    ]);
  }
  expect(Object.keys(calls)).toHaveLength(4);
  expect(fetch).toEqual({ status: 200, id: true });
  expect(simple).toEqual({ status: 415, id: false });
  expect(opaque).toEqual({ status: 0, id: false });
  expect(metrics).toBe(200);
  expect(await collaborations()).toEqual(["by-fetch", "grid"]);
});

test("a page of any other origin cannot, whichever way it tries", async () => {
  const before = await collaborations();
  const { fetch, simple, opaque, metrics, ...calls } = await visit(foreign);
  for (const [name, outcomes] of Object.entries(calls)) {
    for (const outcome of Object.values(outcomes as object)) {
      expect([name, outcome]).toEqual([name, expect.objectContaining({ code: expect.any(String), id: false })]);
      expect(outcome).not.toHaveProperty("reason");
    }
  }
  expect([fetch, simple, metrics]).toEqual([{ failed: "TypeError" }, { failed: "TypeError" }, "TypeError"]);
  expect(opaque).toEqual({ status: 0, id: false });
  expect(await collaborations()).toEqual(before);
});
