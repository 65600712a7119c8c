import type { CallContext } from "../call-context.js";
import { StorageError } from "./store.js";

/** Lets only so many have a turn at a time; others wait, in the order in which they came. */
export class Turns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /** `patience` is how long one waits, in milliseconds, before it fails as "unavailable". */
  constructor(
    private readonly most: number,
    private readonly patience: number,
  ) {
    this.#free = most;
  }

  async take(context: CallContext): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
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
        const reason = `no turn to write within ${this.patience} ms: ${this.most} others write or wait for locks`;
        reject(new StorageError("unavailable", new Error(reason)));
      }, this.patience);
      context.onEnd(end);
      this.#waiting.add(go);
    });
  }

  give(): void {
    const [next] = this.#waiting;
    if (next) next();
    else this.#free++;
  }
}
