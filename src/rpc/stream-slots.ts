import { ArchiveError } from "../archive/archive-error.js";
import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import { stalled } from "./stall.js";

/**
 * The places of streams, each of which holds a connection and a snapshot: first come, first served. While others wait
 * for a place, those whose clients do not read keep theirs for a shorter time only.
 */
export class StreamSlots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(
    /** How many there are. */
    private readonly size: number,
  ) {
    this.#free = size;
  }

  /** Takes a place; returns what gives it back. */
  async take(context: CallContext): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await this.#place(context);
    return () => {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }

  /** Waits for a client to read, with less patience where others wait. */
  patient(reading: Promise<void>): Promise<void> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        const most = this.#waiting.length > 0 ? limits.stallUnderPressure : limits.stall;
        if (performance.now() - began < most) return;
        clearInterval(timer);
        reject(stalled("read", most));
      }, 500);
      reading.finally(() => clearInterval(timer)).then(resolve, reject);
    });
  }

  #place(context: CallContext): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        context.offEnd(ended);
        const index = this.#waiting.indexOf(granted);
        if (index >= 0) this.#waiting.splice(index, 1);
      };
      const granted = () => {
        leave();
        resolve();
      };
      const ended = () => {
        leave();
        reject(context.error);
      };
      const timer = setTimeout(() => {
        leave();
        reject(
          new ArchiveError(
            "RESOURCE_EXHAUSTED",
            "TOO_MANY_STREAMS",
            `All ${this.size} places for streams are taken: read or end those that are open, and try again later.`,
          ),
        );
      }, limits.waitForStream);
      this.#waiting.push(granted);
      context.onEnd(ended);
    });
  }
}
