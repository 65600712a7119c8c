import { rmSync } from "node:fs";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const doomed = new Set<string>();

/** Removes a file if a signal ends the process. Returns how to take that back. */
export function removeOnSignal(path: string): () => void {
  if (doomed.size === 0) for (const signal of signals) process.on(signal, endBy);
  doomed.add(path);
  return () => {
    doomed.delete(path);
    if (doomed.size === 0) for (const signal of signals) process.off(signal, endBy);
  };
}

function endBy(signal: NodeJS.Signals): void {
  for (const path of doomed) rmSync(path, { force: true });
  for (const each of signals) process.off(each, endBy);
  // As it would have ended without this.
  process.kill(process.pid, signal);
}
