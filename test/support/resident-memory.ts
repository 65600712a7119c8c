import { type ChildProcess, execFileSync } from "node:child_process";

/** The memory that a process has, in MiB. */
export const residentMemory = ({ pid }: ChildProcess): number =>
  Number(execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" })) / 1024;
