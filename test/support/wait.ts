import { setTimeout as delay } from "node:timers/promises";

/** Waits until something is so; fails after some seconds. */
export async function until(what: string, holds: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`after ${seconds} seconds it is not so that ${what}`);
    await delay(50);
  }
}
