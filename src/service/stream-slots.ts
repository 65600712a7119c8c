import { ArchiveError } from "../archive/archive-error.js";
import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import { Places } from "../places.js";
import { stalled } from "./stall.js";

/** Who may stream, and for how long a client may read nothing. */
export interface StreamPlaces {
  /** The bytes that a message aims at, and those that a client may leave unread before it is waited for. */
  readonly bytesOfMessage: number;
  readonly bytesUnread: number;
  /** Takes a place; returns what gives it back. */
  take(context: CallContext): Promise<() => void>;
  /** Waits for a client to read, but not for ever. */
  patient(reading: Promise<void>): Promise<void>;
}

/**
 * The places of streams, each of which holds a connection and a snapshot. While others wait for a place, those whose
 * clients do not read keep theirs for a shorter time only.
 */
export class StreamSlots implements StreamPlaces {
  readonly bytesOfMessage = limits.bytesOfStreamMessage;
  readonly bytesUnread = limits.bytesUnread;
  readonly #places: Places;

  /** `size` is how many there are. */
  constructor(size: number) {
    const text = `All ${size} places for streams are taken: read or end those that are open, and try again later.`;
    const late = () => new ArchiveError("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS", text);
    this.#places = new Places(size, limits.waitForStream, late);
  }

  /** Takes a place; returns what gives it back. */
  async take(context: CallContext): Promise<() => void> {
    await this.#places.take(context);
    return () => this.#places.give();
  }

  /** Waits for a client to read, with less patience where others wait. */
  patient(reading: Promise<void>): Promise<void> {
    const began = performance.now();
    return new Promise((resolve, reject) => {
      const timer = setInterval(() => {
        const most = this.#places.areAwaited ? limits.stallUnderPressure : limits.stall;
        if (performance.now() - began < most) return;
        clearInterval(timer);
        reject(stalled("read", most));
      }, 500);
      reading.finally(() => clearInterval(timer)).then(resolve, reject);
    });
  }
}
