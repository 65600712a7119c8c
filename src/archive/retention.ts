import { setTimeout as delay } from "node:timers/promises";
import { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import { storedTime } from "../records/times.js";
import type { ChangeLog } from "../storage/change-log.js";
import { numberAll } from "./number-all.js";

/** Numbers what nobody asked for, and removes changes that are older than so many seconds: now and then, in small steps. */
export class Retention {
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(
    private readonly log: ChangeLog,
    private readonly keepSeconds: number,
    /** What could not be done is done the next time. */
    private readonly failed: (error: unknown) => void,
  ) {
    this.#plan();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #plan(): void {
    // At random, so that copies of the service do not meet.
    const pause = limits.retentionEvery * (0.5 + Math.random());
    this.#timer = setTimeout(() => {
      this.#work()
        .catch(this.failed)
        .finally(() => {
          if (!this.#isStopped) this.#plan();
        });
    }, pause).unref();
  }

  async #work(): Promise<void> {
    const context = new CallContext();
    await numberAll(this.log, context);
    while (!this.#isStopped && (await compactOnce(this.log, this.keepSeconds, context))) await delay(50);
  }
}

/** One step of removing what is older than so many seconds; whether there may be more. */
export function compactOnce(log: ChangeLog, keepSeconds: number, context: CallContext): Promise<boolean> {
  const seconds = BigInt(Math.floor(Date.now() / 1000) - keepSeconds);
  return log.compact(storedTime({ seconds, nanos: 0 }), context);
}
