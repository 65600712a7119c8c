import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { chosenEngines, engineNames } from "./engines.js";

/** A database to run the tests on: its name, and the URL of its server where it has one. */
export interface Engine {
  readonly name: string;
  readonly url: string | undefined;
}

declare module "vitest" {
  interface ProvidedContext {
    engines: Engine[];
  }
}

/** Runs scripts/database. */
export const runDatabase = (...parameters: string[]): string =>
  execFileSync("scripts/database", parameters, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();

/** Starts a database server with its data under a folder. */
export async function startDatabase(
  kind: string,
  home: string,
  mode: "fast" | "durable",
  port?: number,
  options: readonly string[] = [],
) {
  const chosen = port ?? (await freePort());
  const line = runDatabase("start", kind, home, String(chosen), mode, ...options);
  const [, url, version] = /^(\S+) pid \d+ version (\S+)/.exec(line) ?? [];
  if (!url || !version) throw new Error(`scripts/database said: ${line}`);
  return { url, version, port: chosen };
}

/** Starts a Galera cluster, or a group of MySQL, of three nodes with their data under a folder: their URLs. */
export async function startCluster(home: string, kind: "cluster" | "group" = "cluster"): Promise<string[]> {
  // It takes a range of ports: its own and those above, up to 30 further.
  const lines = runDatabase(kind, home, String(20_000 + (process.pid % 200) * 50)).split("\n");
  return lines.map((line) => line.split(" ")[0] as string);
}

/** Starts the database servers that the tests run on, unless they are given by URL. Fails where one cannot be had. */
export default async function setup(project: TestProject): Promise<() => void> {
  const kinds = chosenEngines(process.env.ARCHIVE_TEST_ENGINES);
  const folder = mkdtempSync(join(tmpdir(), "archive-test-"));
  const started: string[] = [];
  const stop = () => {
    for (const each of started) runDatabase("stop", each);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const engines: Engine[] = [];
    for (const kind of kinds) {
      const name = engineNames[kind];
      if (kind === "sqlite") {
        engines.push({ name, url: undefined });
        continue;
      }
      const given = process.env[`ARCHIVE_TEST_${kind.toUpperCase()}_URL`];
      if (given) {
        engines.push({ name: `${name} (by URL)`, url: given });
        continue;
      }
      const home = join(folder, kind);
      started.push(home);
      const { url, version } = await startDatabase(kind, home, "fast");
      engines.push({ name: `${name} ${version}`, url });
    }
    const why = kinds.length < Object.keys(engineNames).length ? " alone, as ARCHIVE_TEST_ENGINES says" : "";
    console.log(`Tests run on ${engines.map((engine) => engine.name).join(", ")}${why}.`);
    project.provide("engines", engines);
    return stop;
  } catch (error) {
    stop();
    throw error;
  }
}

/** A port that is free now, for what ends and starts again: below those from which connections go out, which take any. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 22_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
};
