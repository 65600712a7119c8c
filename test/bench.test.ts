import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";

// By the loader of tsx and not by its launcher, which kills what does not answer a signal at once.
const main = ["--import", "tsx", "bench/main.ts"];

/** Longer than the benchmark takes on a machine that has much else to do. */
const patience = 180_000;

test(
  "the benchmark runs, its floor answers what the archive answers, and it writes what it measured",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "archive-test-"));
    const run = (name: string, ...parameters: string[]) =>
      execFileSync(`node_modules/.bin/${name}`, parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    try {
      run("tsc", "-p", "bench/tsconfig.json", "--noCheck");
      const short = ["--rounds", "1", "--seconds", "0.1", "--results", folder];
      const only = [
        "--databases",
        "sqlite",
        "--sections",
        "calls,bulk",
        "--only",
        "BASIC|create run|creates|cascade of 1,000 ",
      ];
      execFileSync(process.execPath, [...main, ...only, ...short], { stdio: ["ignore", "pipe", "inherit"] });
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
  },
  patience,
);

test(
  "a benchmark that a signal ends leaves no server",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "archive-test-"));
    const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), "utf8") : "");
    try {
      const only = ["--databases", "sqlite", "--sections", "calls", "--rounds", "9", "--seconds", "9"];
      const bench = spawn(process.execPath, [...main, ...only, "--results", folder], { stdio: "ignore" });
      const ended = once(bench, "exit");
      const ports = () =>
        [/"address":"[^"]*:(\d+)"/.exec(read("archive.log")), /^(\d+)$/m.exec(read("floor.out"))].map(
          (found) => found?.[1],
        );
      await vi.waitUntil(() => ports().every(Boolean), { timeout: patience / 2, interval: 50 });
      bench.kill("SIGTERM");
      await ended;
      const isOpen = (port: string | undefined) =>
        new Promise<boolean>((resolve) => {
          const socket = connect(Number(port), "127.0.0.1", () => {
            socket.destroy();
            resolve(true);
          });
          socket.once("error", () => resolve(false));
        });
      for (const port of ports())
        await vi.waitUntil(async () => !(await isOpen(port)), { timeout: 5000, interval: 50 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  patience,
);
