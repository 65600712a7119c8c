import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { runDatabase, startCluster } from "./support/databases.js";
import { View } from "./support/records.js";
import { until } from "./support/wait.js";

const home = mkdtempSync(join(tmpdir(), "archive-group-"));
let archive: TestArchive;

const signal = (node: number, name: NodeJS.Signals) =>
  process.kill(Number(readFileSync(join(home, String(node), "pid"), "utf8")), name);

beforeAll(async () => {
  const [url] = await startCluster(home, "group");
  archive = await startArchive({ name: "group", url }, { standstill: { late: 300, patience: 500 } });
}, 120_000);
afterAll(async () => {
  for (const node of [2, 3]) signal(node, "SIGCONT");
  await archive?.close();
  for (const node of [1, 2, 3]) runDatabase("stop", join(home, String(node)), "KILL");
  rmSync(home, { recursive: true, force: true });
}, 60_000);

test("a group without its majority is unavailable, and says so; with it, all goes on", async () => {
  const key = { participant_id: "one" };
  await archive.client.create("Participant", { key, details: undefined });
  const read = () => archive.client.get("Participant", key, { view: View.VIEW_BASIC });
  const write = () => archive.client.update("Participant", { key, details: undefined });
  for (const node of [2, 3]) signal(node, "SIGSTOP");
  try {
    // What others may have written since, this node cannot know.
    for (const error of await Promise.all([errorOf(write()), errorOf(read())])) {
      expect(error).toMatchObject({ code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
    }
    await expect(archive.store.check()).rejects.toThrow();
  } finally {
    for (const node of [2, 3]) signal(node, "SIGCONT");
  }
  await until("writes succeed", () =>
    write().then(
      () => true,
      () => false,
    ),
  );
  await read();
  await archive.store.check();
}, 60_000);
