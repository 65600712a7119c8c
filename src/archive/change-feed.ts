import type { CallContext } from "../call-context.js";
import type { Store } from "../storage/store.js";
import { serverStopping } from "./archive-error.js";
import { ChangeTail, type Watcher } from "./change-tail.js";
import { numberAll } from "./number-all.js";

/** What all watches of a process are fed from: one tail of the history, as long as there is a watch and it is the same. */
export class ChangeFeed {
  #tail: ChangeTail | undefined;
  #opening: Promise<ChangeTail> | undefined;
  #isStopping = false;

  constructor(readonly store: Store) {}

  /** Begins a watch at the end of the history: everything that was committed before is numbered. */
  async join(context: CallContext): Promise<{ tail: ChangeTail; watcher: Watcher }> {
    if (this.#isStopping) throw serverStopping();
    await numberAll(this.store.changes, context);
    const kept = this.#tail;
    // One that nobody watches any more has stayed behind: to read what it missed would be in vain.
    if (kept && kept.watches > 0 && !kept.isOver) {
      const watcher = kept.join();
      try {
        await kept.catchUp();
        return { tail: kept, watcher };
      } catch (error) {
        watcher.leave();
        // Where the history is another, all others are told, and this one begins with that.
        if (!kept.isOver) throw error;
      }
    }
    this.#opening ??= ChangeTail.open(this.store).finally(() => {
      this.#opening = undefined;
    });
    const tail = await this.#opening;
    this.#tail = tail;
    return { tail, watcher: tail.join() };
  }

  /** How many watches there are, and how many changes the one that is furthest behind has yet to tell. */
  get state(): { readonly watches: number; readonly behind: number } {
    return { watches: this.#tail?.watches ?? 0, behind: this.#tail?.behind ?? 0 };
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
