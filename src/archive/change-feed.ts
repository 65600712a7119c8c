import type { CallContext } from "../call-context.js";
import type { Store } from "../storage/store.js";
import { serverStopping } from "./archive-error.js";
import { ChangeTail } from "./change-tail.js";
import { numberAll } from "./number-all.js";

/** What all watches of a process are fed from: one tail of the history, as long as there is a watch and it is the same. */
export class ChangeFeed {
  #tail: ChangeTail | undefined;
  #opening: Promise<ChangeTail> | undefined;
  #isStopping = false;

  constructor(readonly store: Store) {}

  /** Begins a watch at the end of the history: everything that was committed before is numbered. */
  async join(context: CallContext): Promise<{ tail: ChangeTail; leave: () => void }> {
    if (this.#isStopping) throw serverStopping();
    await numberAll(this.store.changes, context);
    const kept = this.#tail;
    // One that nobody watches any more has stayed behind: to read what it missed would be in vain.
    if (kept?.isWatched && !kept.isOver) {
      const leave = kept.join();
      try {
        await kept.catchUp();
        return { tail: kept, leave };
      } catch (error) {
        leave();
        // Where the history is another, all others are told, and this one begins with that.
        if (!kept.isOver) throw error;
      }
    }
    this.#opening ??= ChangeTail.open(this.store).finally(() => {
      this.#opening = undefined;
    });
    const tail = await this.#opening;
    this.#tail = tail;
    return { tail, leave: tail.join() };
  }

  /** Whether all watches are to say where they are, and end. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  stop(): void {
    this.#isStopping = true;
    this.#tail?.wake();
  }
}
