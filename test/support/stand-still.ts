import { execFileSync } from "node:child_process";
import { until } from "./wait.js";

/**
 * Stops a process until it gets SIGCONT. Its threads stand still only after the one that takes the signal has run: on a
 * busy machine others may answer a call until then.
 */
export async function standStill(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  const states = () => execFileSync("ps", ["-L", "-o", "state=", "-p", String(pid)], { encoding: "utf8" });
  try {
    await until("the process stands still", () => /^(T\n)+$/.test(states()));
  } catch (error) {
    process.kill(pid, "SIGCONT");
    throw error;
  }
}
