import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { ArchiveClient } from "./client.js";

/** A server in a process of its own. */
export interface ServerProcess {
  readonly address: string;
  readonly client: ArchiveClient;
  readonly child: ChildProcess;
  /** Everything that it wrote so far. */
  output(): string;
  /** Sends a signal and waits until the process has ended; its exit status, or the signal that ended it. */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** Runs the program, as `npm run build` made it, with some parameters. */
export const run = (parameters: string[], environment: Record<string, string> = {}): ChildProcess =>
  spawn(process.execPath, ["dist/src/main.js", ...parameters], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });

/** What the program wrote, and its exit status. */
export async function output(parameters: string[], environment: Record<string, string> = {}) {
  const child = run(parameters, environment);
  const read = collect(child);
  const [status] = await once(child, "close");
  return { status: status as number, text: read() };
}

/** Starts a server and waits until it serves. */
export async function startProcess(url: string, parameters: string[] = []): Promise<ServerProcess> {
  const child = run(["serve", "--port", "0", "--log-format", "json", "--database-url", url, ...parameters]);
  const read = collect(child);
  const ended = once(child, "exit");
  let port: string | undefined;
  while (!port) {
    const event = await Promise.race([
      once(child.stderr ?? child, "data").then(() => "data"),
      ended.then(() => "exit"),
    ]);
    port = /"address":"[^"]*:(\d+)"/.exec(read())?.[1];
    if (event === "exit" && !port) throw new Error(`the server did not start:\n${read()}`);
  }
  const address = `127.0.0.1:${port}`;
  const client = new ArchiveClient(address);
  return {
    address,
    client,
    child,
    output: read,
    async end(signal = "SIGTERM") {
      client.close();
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const [status, by] = await ended;
      return status ?? by;
    },
  };
}

function collect(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (bytes: Buffer) => (text += bytes.toString()));
  return () => text;
}
