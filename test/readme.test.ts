import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { startProcess } from "./support/process.js";
import { steady, tour } from "./support/readme-tour.js";

test("the README's alias calls grpcurl, also where its path has a space", () => {
  const grpcurl = execFileSync("scripts/grpcurl", { encoding: "utf8" }).trim();
  const folder = mkdtempSync(join(tmpdir(), "archive readme "));
  try {
    symlinkSync(grpcurl, join(folder, basename(grpcurl)));
    const alias = /`(alias grpcurl=.*?)`/.exec(readFileSync("README.md", "utf8"))?.[1];
    const script = `shopt -s expand_aliases; ${alias}\ngrpcurl --version`;
    const env = { ...process.env, ARCHIVE_CACHE: folder };
    const { stdout, stderr, status } = spawnSync("bash", ["-c", script], { encoding: "utf8", env });
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining("grpcurl")]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("every line of the README's tour works as printed", { timeout: 120_000 }, async () => {
  const grpcurl = execFileSync("scripts/grpcurl", { encoding: "utf8" }).trim();
  const folder = mkdtempSync(join(tmpdir(), "archive-readme-"));
  const server = await startProcess(`sqlite:${join(folder, "archive.db")}`);
  try {
    const steps = tour();
    expect(steps.length).toBeGreaterThan(5);
    for (const { lines, shown } of steps) {
      let said = "";
      for (const line of lines) {
        const command = line.replaceAll("127.0.0.1:50051", server.address).replace(/^grpcurl/, `"${grpcurl}"`);
        const { status, stdout, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
        said = stdout + stderr;
        expect([line, shown.startsWith("ERROR") ? status !== 0 : status === 0, said]).toEqual([line, true, said]);
      }
      // What is shown may be the beginning of what is said.
      if (shown && !shown.includes("…")) expect(steady(said)).toContain(steady(shown));
    }
  } finally {
    await server.end();
    rmSync(folder, { recursive: true, force: true });
  }
});
