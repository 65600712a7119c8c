import type { CallContext } from "./call-context.js";

/** So many places, first come, first served: who finds none that is free waits for one. */
export class Places {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(
    size: number,
    /** How long one waits, in milliseconds, and what it then fails with. */
    readonly patience: number,
    readonly late: () => Error,
  ) {
    this.#free = size;
  }

  /** How many wait for a place. */
  get awaited(): number {
    return this.#waiting.size;
  }

  /** Whether others wait for a place. */
  get areAwaited(): boolean {
    return this.#waiting.size > 0;
  }

  /** Takes a place; who has one gives it back. Returns for how long it waited, in milliseconds. */
  async take(context: CallContext): Promise<number> {
    if (this.#free > 0) {
      this.#free--;
      return 0;
    }
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        context.offEnd(end);
        this.#waiting.delete(go);
      };
      const go = () => {
        leave();
        resolve();
      };
      const end = () => {
        leave();
        reject(context.error);
      };
      const timer = setTimeout(() => {
        leave();
        reject(this.late());
      }, this.patience);
      context.onEnd(end);
      this.#waiting.add(go);
    });
    return performance.now() - began;
  }

  give(): void {
    const [next] = this.#waiting;
    if (next) next();
    else this.#free++;
  }
}
