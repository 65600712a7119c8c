import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { recordType } from "../src/records/record-type.js";
import { unsaid } from "../src/records/unsaid.js";
import { startProcess } from "./support/process.js";
import { createGrid, details, ids, keyOf } from "./support/records.js";

const run = recordType("Run");
const grid = ids("1");

/** Of the log beside a file, how many pages it has, and how many of them are in the file: as its index says. */
function log(file: string) {
  const index = readFileSync(`${file}-shm`);
  return { pages: index.readUInt32LE(16), copied: index.readUInt32LE(96) };
}

test("what a large cascade wrote to the log is copied into the file, and a stop leaves no log", async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-large-"));
  const file = join(folder, "archive.db");
  const server = await startProcess(`sqlite:${file}`);
  try {
    const { client } = server;
    await createGrid(client, grid, run.ancestors);
    for (let batch = 0; batch < 9; batch++) {
      const operations = Array.from({ length: 1000 }, (_, index) => {
        const key = { ...keyOf(run, grid), run_id: `run_${batch}_${index}` };
        const value = { key, details: details("Run", { text: "x".repeat(900) }), ...unsaid };
        const record = { record: { $case: run.field, value } as never };
        return { operation: { $case: "create" as const, value: { record } } };
      });
      await client.batchWrite({ operations });
    }
    await client.delete("Project", keyOf(recordType("Project"), grid));
    // Far more than SQLite would leave there.
    await expect.poll(() => log(file).copied, { timeout: 20_000 }).toBeGreaterThan(1500);
    await expect.poll(() => log(file).pages - log(file).copied, { timeout: 20_000 }).toBeLessThan(1000);
    await client.create("Collaboration", { key: { collab_id: "after" }, details: {} });
    expect(await server.end()).toBe(0);
    expect(existsSync(`${file}-wal`)).toBe(false);
  } finally {
    await server.end("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
