import { setTimeout as delay } from "node:timers/promises";
import { isBusy } from "./sqlite-errors.js";

/**
 * Tries something again while another process holds the lock that it needs, for so many milliseconds. SQLite could wait
 * by itself, but synchronously, so that nothing else of this process would go on.
 */
export async function whenFree<Result>(attempt: () => Result, most: number, signal?: AbortSignal): Promise<Result> {
  const began = performance.now();
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() - began >= most) throw error;
    }
    // At random, so that those who wait do not meet each time.
    await delay(1 + Math.random() * 20, undefined, signal && { signal });
  }
}
