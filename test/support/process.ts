import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { ArchiveClient } from "./client.js";
import { secretsSearch } from "./secrets.js";

/** A server in a process of its own. */
export interface ServerProcess {
  readonly address: string;
  /** Where it serves HTTP, if it does. */
  readonly url: string;
  readonly client: ArchiveClient;
  readonly child: ChildProcess;
  /** Everything that it wrote so far. */
  output(): string;
  /** Sends a signal and waits until the process has ended; its exit status, or the signal that ended it. */
  end(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

/** How a process of the program is run. */
interface Surroundings {
  readonly environment?: Record<string, string>;
  /** The most files that it may have open. */
  readonly openFiles?: number;
}

/** Runs the program, as `npm run build` made it, with some parameters. */
const spawnProgram = (parameters: string[], { environment = {}, openFiles }: Surroundings): ChildProcess => {
  const program = [process.execPath, "dist/src/main.js", ...parameters];
  const [command = "", ...rest] = openFiles
    ? ["bash", "-c", 'ulimit -n "$0" && exec "$@"', String(openFiles), ...program]
    : program;
  return spawn(command, rest, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
};

export const run = (parameters: string[], environment: Record<string, string> = {}): ChildProcess =>
  spawnProgram(parameters, { environment });

/** What the program wrote, and its exit status. */
export async function output(
  parameters: string[],
  environment: Record<string, string> = {},
  surroundings: Surroundings = {},
) {
  const child = spawnProgram(parameters, { environment, ...surroundings });
  const read = collect(child);
  const [status] = await once(child, "close");
  return { status: status as number, text: read() };
}

/** Starts a server and waits until it serves. */
export async function startProcess(
  url: string,
  parameters: string[] = [],
  surroundings: Surroundings = {},
): Promise<ServerProcess> {
  const own = ["serve", "--port", "0", "--log-format", "json", "--log-level", "debug", "--database-url", url];
  const child = spawnProgram([...own, ...parameters], surroundings);
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
    url: `http://127.0.0.1:${/"http":"[^"]*:(\d+)"/.exec(read())?.[1]}`,
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
  for (const stream of [child.stdout, child.stderr]) {
    const search = secretsSearch("what a process wrote");
    stream?.on("data", (bytes: Buffer) => {
      text += bytes.toString();
      search(bytes.toString());
    });
  }
  return () => text;
}
