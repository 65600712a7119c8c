import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Job, Load } from "./load.js";

/** A server in a process of its own. */
export interface Server {
  readonly address: string;
  /** Where it serves HTTP, if it does. */
  readonly http?: string;
  readonly pid: number;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
// However this process ends, what it started ends with it: by a signal or an error nobody else would stop it.
process.on("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

/** Sees to it that a process ends with this one. */
export function endingWithThis(child: ChildProcess): ChildProcess {
  running.add(child);
  return child.once("exit", () => running.delete(child));
}

const archive = (url: string) => [
  "dist/src/main.js",
  "serve",
  "--migrate",
  "--port=0",
  "--log-format=json",
  "--database-url",
  url,
];

/**
 * The programs to start, each with the URL of a database. The baseline is the archive of another checkout; the guarded and
 * the crowded one are started with access files.
 */
export const programs = {
  archive,
  guarded: archive,
  crowded: archive,
  baseline: archive,
  floor: (url: string) => ["dist/bench/bench/floor.js", url],
};

/** Starts a server and waits until it serves. What it logs goes to files in a folder; with profiling, a CPU profile too. */
export async function startServer(
  which: keyof typeof programs,
  url: string,
  folder: string,
  {
    profiled = false,
    options = [] as readonly string[],
    checkout = "",
    environment = {},
    log: logName = which as string,
  } = {},
): Promise<Server> {
  const [file, ...parameters] = programs[which](url);
  const program = [join(checkout, file as string), ...parameters, ...options];
  const profiling = profiled ? ["--cpu-prof", `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${which}.cpuprofile`] : [];
  // To files, as an operator would: a pipe would make this process work as much as the log itself.
  const files = [`${folder}/${logName}.out`, `${folder}/${logName}.log`] as const;
  const [out, log] = files.map((file) => openSync(file, "w")) as [number, number];
  const child = endingWithThis(
    spawn(process.execPath, [...profiling, ...program], {
      stdio: ["ignore", out, log],
      env: { ...process.env, ...environment },
    }),
  );
  closeSync(out);
  closeSync(log);
  let port: string | undefined;
  let http = "";
  while (!port) {
    await delay(5);
    const text = files.map((file) => readFileSync(file, "utf8")).join("");
    port = (/"address":"[^"]*:(\d+)"/.exec(text) ?? /^(\d+)$/m.exec(text))?.[1];
    http = /"http":"([^"]*)"/.exec(text)?.[1] ?? "";
    if (hasEnded(child)) throw new Error(`the ${which} server ended:\n${text}`);
  }
  return {
    address: `127.0.0.1:${port}`,
    http,
    pid: child.pid as number,
    async stop() {
      if (hasEnded(child)) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

/** Whether a call failed because the server had too much to do (RESOURCE_EXHAUSTED), and did nothing. */
export const isRefusal = (error: string | undefined): boolean => error?.startsWith("status 8:") === true;

/** A process that makes calls. */
export interface Loader {
  run(job: Job): Promise<Load>;
  /** Ends what runs before its time. */
  end(): void;
  stop(): void;
}

export function startLoader(): Loader {
  const child = endingWithThis(fork("dist/bench/bench/load.js", { serialization: "advanced" }));
  return {
    async run(job) {
      const ended = new AbortController();
      const end = () => ended.abort(new Error("the process of load ended"));
      child.once("exit", end);
      child.send(job);
      const [load] = (await once(child, "message", { signal: ended.signal })) as [Load];
      child.off("exit", end);
      return load;
    },
    end: () => void child.send("end"),
    stop: () => void child.kill(),
  };
}

/** The seconds of CPU time that a process has used, where the system tells (Linux). */
export function cpuSeconds(pid: number): number {
  try {
    // Fields 14 and 15 are its time in user and kernel mode, in hundredths of a second; the second may hold blanks.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

/** The resident memory of a process in MB, where the system tells (Linux). */
export function residentMegabytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
