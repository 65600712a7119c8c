import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const main = join(import.meta.dirname, "../../../dist/src/main.js");

/** A server of the archive in a process of its own, on a SQLite file of its own. */
export interface TestServer {
  readonly address: string;
  readonly folder: string;
  /** Ends it without any warning, as a power cut would, unless another signal is given. */
  kill(signal?: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts it again, on the same port and file. */
  restart(): Promise<void>;
  /** Ends it and removes its file. */
  stop(): Promise<void>;
}

export async function startServer(...args: string[]): Promise<TestServer> {
  const folder = await mkdtemp(join(tmpdir(), "archive-client-"));
  const options = ["--database-url", `sqlite:${join(folder, "archive.db")}`, "--log-format", "json", ...args];
  let { child, port } = await run(["--port", "0", ...options]);
  const kill = async (signal: "SIGKILL" | "SIGTERM" = "SIGKILL") => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  };
  return {
    address: `127.0.0.1:${port}`,
    folder,
    kill,
    async restart() {
      ({ child } = await run(["--port", port, ...options]));
    },
    async stop() {
      await kill();
      await rm(folder, { recursive: true });
    },
  };
}

/** Starts a server; it is there once it says so. */
async function run(args: readonly string[]): Promise<{ child: ChildProcess; port: string }> {
  const child = spawn(process.execPath, [main, "serve", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  // Whatever happens to the tests, it does not outlive them.
  process.once("exit", () => child.kill("SIGKILL"));
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${said.join("\n")}`)));
    createInterface(child.stderr).on("line", (line) => {
      const port = /"address":"[^"]*:(\d+)"/.exec(line)?.[1];
      if (port) resolve({ child, port });
      else said.push(line);
    });
  });
}
