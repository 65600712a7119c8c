import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";

test("the benchmark runs, its floor answers what the archive answers, and it writes what it measured", () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-test-"));
  const run = (name: string, ...parameters: string[]) =>
    execFileSync(`node_modules/.bin/${name}`, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  try {
    run("tsc", "-p", "bench/tsconfig.json");
    const short = ["--rounds", "1", "--seconds", "0.1", "--results", folder];
    const only = ["--databases", "sqlite", "--sections", "calls,bulk", "--only", "BASIC|create|cascade of 1,000 "];
    run("tsx", "bench/main.ts", ...only, ...short);
    const { calls, bulk } = JSON.parse(readFileSync(join(folder, "results.json"), "utf8"));
    expect(calls.map(({ scenario }: { scenario: string }) => scenario)).toContain("create run");
    expect(bulk).toHaveLength(2);
    const text = readFileSync(join(folder, "results.md"), "utf8");
    expect(text).toContain("| create run | 16 |");
    expect(text).not.toMatch(/NaN|undefined/);
    expect(readFileSync(join(folder, "floor.svg"), "utf8")).toContain("</svg>");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
