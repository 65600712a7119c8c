import { limits } from "../limits.js";
import type { ChangeEvent } from "./change-event.js";

/** The last changes, of neighbouring revisions, as many as memory is given to. */
export class ChangeRing {
  #events: ChangeEvent[] = [];
  #bytes = 0;

  push(events: readonly ChangeEvent[]): void {
    for (const event of events) {
      this.#events.push(event);
      this.#bytes += event.size;
    }
    let dropped = 0;
    while (this.#events.length - dropped > limits.changesKept || this.#bytes > limits.bytesOfChangesKept) {
      this.#bytes -= this.#events[dropped]?.size ?? 0;
      dropped++;
    }
    // Not at every push: moving what is left costs as much as it has.
    if (dropped > 0) this.#events = this.#events.slice(dropped);
  }

  /** Some of the changes after a revision; undefined where the first of them is not there any more. */
  after(revision: number): readonly ChangeEvent[] | undefined {
    const first = this.#events[0]?.change.revision;
    if (first === undefined || revision + 1 < first) return undefined;
    const start = revision + 1 - first;
    let size = 0;
    let end = start;
    while (end < this.#events.length && end - start < limits.changesRead && size < limits.bytesOfStreamMessage) {
      size += this.#events[end]?.size ?? 0;
      end++;
    }
    return this.#events.slice(start, end);
  }
}
