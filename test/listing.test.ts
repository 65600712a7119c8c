import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parse } from "yaml";
import { startArchive, type TestArchive } from "./support/archive.js";
import { runWithin } from "./support/command.js";

const [engine] = inject("engines");
const size = 2500;

describe("many records", () => {
  let archive: TestArchive;
  let folder: string;
  const at = (name: string) => join(folder, name);
  const run = (...parameters: string[]) => runWithin(...parameters, "--address", archive.address);
  const ids = Array.from({ length: size }, (_, index) => `p_${String(index).padStart(5, "0")}`);
  beforeAll(async () => {
    if (!engine) throw new Error("no engine");
    archive = await startArchive(engine);
    folder = mkdtempSync(join(tmpdir(), "archive-test-"));
    // Of a type that has nothing downstream, so that a tree counts nothing.
    const details = { mlflow_type: "run", mlflow_id: "1", mlflow_uri: "/mlflow" };
    const documents = ids.map((name, index) => [
      index,
      { key: { collaboration: "c", project: "p", record: "r", name }, ...details },
    ]);
    writeFileSync(at("tiny.json"), JSON.stringify({ MLFlow: Object.fromEntries(documents) }));
    expect(await run("import", at("tiny.json"))).toMatchObject({ status: 0 });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await archive?.close();
  });

  test("are listed page by page, as they come, in every format", async () => {
    const { stdout, writes } = await run("list", "mlflow", "--all");
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toMatch(/^KEY +CREATED +UPDATED$/);
    expect(lines.slice(1).map((line) => line.split(" ")[0])).toEqual(ids.map((id) => `c/p/r/${id}`));
    // A page each.
    expect(writes).toBe(3);
    for (const [format, read] of [
      ["json", (text: string): unknown => JSON.parse(text)],
      ["yaml", (text: string): unknown => parse(text)],
    ] as const) {
      const all = await run("list", "mlflow", "--all", "--output", format);
      expect(all.writes).toBeGreaterThan(2);
      const { records } = read(all.stdout) as { records: { key: { name: string } }[] };
      expect(records.map(({ key }) => key.name)).toEqual(ids);
      const some = read((await run("list", "mlflow", "--limit", "2", "-o", format)).stdout);
      expect(some).toEqual({ records: records.slice(0, 2), next_page_token: expect.any(String) });
      expect(read((await run("list", "run", "-o", format)).stdout)).toEqual({ records: [] });
    }
    expect((await run("list", "run")).stdout).toMatch(/^KEY +CREATED +UPDATED\n$/);
  });

  test("are drawn beyond one page", async () => {
    const { stdout } = await run("tree", "--depth", "0", "--limit", "2001");
    expect(stdout.match(/─ mlflow c\/p\/r\/p_/g)).toHaveLength(2001);
    expect(stdout).toContain("└─ … 499 more mlflows");
    const all = (await run("tree", "--depth", "0", "--limit", String(size))).stdout.trimEnd().split("\n");
    expect(all.at(-1)).toMatch(/^└─ mlflow c\/p\/r\/p_02499/);
  });

  test("are chosen by options that can be repeated and take no arguments away", async () => {
    const listed = async (...parameters: string[]) =>
      JSON.parse((await run("list", ...parameters, "-o", "json")).stdout).records.length;
    expect(await listed("--where", "name=p_00001", "mlflow")).toBe(1);
    expect(await listed("--where", "expt_id=e", "--where", "run_id=r", "run")).toBe(0);
    for (const types of [["model,validation"], ["model", "--relations", "validation"]]) {
      const ending = run("get", "--relations", ...types, "run", "a/b/c/d");
      await expect(ending).rejects.toMatchObject({ exitCode: 4 });
    }
    await expect(run("get", "--relations", "modle", "run", "a/b/c/d")).rejects.toMatchObject({
      message: expect.stringContaining('no record type "modle"'),
    });
  });

  test("that hold control characters do not command the terminal", async () => {
    writeFileSync(at("details.json"), JSON.stringify({ summary: "a\u001b[2Jb\nc\u009b" }));
    await run("create", "participant", "escape", "-f", at("details.json"));
    const { stdout } = await run("get", "participant", "escape");
    expect(stdout).toContain("a\\u001b[2Jb\\nc\\u009b");
  });
});
