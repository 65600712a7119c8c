import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { Command } from "commander";
import { vi } from "vitest";
import { addCommands } from "../../src/cli/program.js";
import { searchForSecrets } from "./secrets.js";

/** What a command wrote, and how it ended. On a terminal, all that is written is one. */
export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command within the test, which is faster than in a process of its own. Throws the failure that it ends with. */
export async function runWithin(...parameters: string[]): Promise<Ended & { readonly writes: number }> {
  const program = new Command().exitOverride();
  addCommands(program);
  const written = { stdout: "", stderr: "" };
  let writes = 0;
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      written[name] += text;
      if (name === "stdout") writes++;
      return true;
    }),
  );
  try {
    await program.parseAsync(parameters, { from: "user" });
    return { status: Number(process.exitCode ?? 0), ...written, writes };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}

interface Settings {
  readonly environment?: Record<string, string>;
  readonly input?: string;
  /** Runs it on a terminal, and types an answer as soon as a question is there. */
  readonly terminal?: readonly [question: string, answer: string] | true;
  /** What to run in place of the program. */
  readonly program?: readonly string[];
  /** Is told everything that was written so far, each time more is. */
  readonly watch?: (written: string, kill: () => void) => void;
}

/** Runs lines of bash, in which `cli` is the program. */
export async function runShell(script: string, environment: Record<string, string> = {}): Promise<Ended> {
  const main = resolve("dist/src/main.js");
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NODE: process.execPath, MAIN: main, ...environment };
  const child = spawn("bash", ["-c", `cli() { "$NODE" "$MAIN" "$@"; }\n${script}`], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (bytes: Buffer) => (written[name] += bytes.toString()));
  }
  const [status] = await once(child, "close");
  return { status: status as number, ...written };
}

/** Runs the program, as `npm run build` made it, in a process of its own. */
export async function runProgram(parameters: readonly string[], settings: Settings = {}): Promise<Ended> {
  const { environment = {}, input, terminal, watch } = settings;
  const program = settings.program ?? [process.execPath, "dist/src/main.js", ...parameters];
  const quoted = program.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(" ");
  const [command = "", ...rest] = terminal
    ? ["script", "--quiet", "--return", "--flush", "--command", `stty cols 160 rows 50; ${quoted}`, "/dev/null"]
    : program;
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, TERM: "xterm-256color", ...environment };
  const child = spawn(command, rest, { env, stdio: ["pipe", "pipe", "pipe"] });
  const written = { stdout: "", stderr: "" };
  let answered = false;
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (bytes: Buffer) => {
      written[name] += bytes.toString();
      if (name === "stderr") searchForSecrets("the standard error of a command", bytes.toString());
      watch?.(written.stdout + written.stderr, () => child.kill("SIGKILL"));
      if (Array.isArray(terminal) && !answered && written.stdout.includes(terminal[0])) {
        answered = true;
        child.stdin.write(terminal[1]);
      }
    });
  }
  child.stdin.on("error", () => undefined);
  if (!terminal) child.stdin.end(input);
  const [status] = await once(child, "close");
  return { status: status as number, ...written };
}
