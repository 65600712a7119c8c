import { readFileSync } from "node:fs";
import { exitCodes, Failure } from "./cli/failure.js";

/** What a process opens beside its database and its clients: the program's own files as it starts, pipes, the log. */
const ownFiles = 48;

/** Fewer are not enough for the program to start. */
const leastFiles = 128;

/** Fewer clients at a time are not worth serving. */
const leastConnections = 16;

/** How many files and connections this process may have open at a time; Infinity where nothing says so. */
export function openFilesLimit(): number {
  const most = Number(limitOfLinux() ?? limitOfReport());
  return Number.isNaN(most) ? Number.POSITIVE_INFINITY : most;
}

/** Linux says it in a tenth of a millisecond; Node's report, which knows it everywhere, takes twenty. */
function limitOfLinux(): string | undefined {
  try {
    return /^Max open files +(\S+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

function limitOfReport(): unknown {
  const { userLimits }: { userLimits?: { open_files?: { soft: unknown } } } = process.report.getReport();
  return userLimits?.open_files?.soft;
}

/** Throws where a process may open too few files to start. What it then failed at would say nothing of that. */
export function checkOpenFiles(limit: number): void {
  if (limit < leastFiles) throw tooFew(limit, `a server needs ${leastFiles}:`);
}

/**
 * How many clients may be connected at a time, so that there is always a file left for whatever the database needs.
 * Throws where that is hardly one.
 */
export function mostConnections(limit: number, filesOfDatabase: number): number {
  const most = limit - ownFiles - filesOfDatabase;
  if (most >= leastConnections) return most;
  const needed = ownFiles + filesOfDatabase + leastConnections;
  throw tooFew(
    limit,
    `the server needs ${needed}, ${filesOfDatabase} of them for its database. Take a smaller --pool-size, or`,
  );
}

const tooFew = (limit: number, need: string) =>
  new Failure(
    exitCodes.UNFORESEEN,
    "FAILED",
    `this process may have only ${limit} files and connections open at a time, and ${need} raise the limit (ulimit -n, LimitNOFILE= of systemd, --ulimit nofile= of Docker)`,
  );
