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
  /** Those that each principal may have, which has or waits for one: one place is always left to others. */
  readonly #own = new Map<string, { readonly places: Places; users: number }>();

  /** `size` is how many there are. */
  constructor(private readonly size: number) {
    this.#places = placesOf(size, `All ${size} places for streams are taken`);
  }

  /** Takes a place; returns what gives it back. */
  async take(context: CallContext): Promise<() => void> {
    const giveOwn = await this.#takeOwn(context);
    try {
      await this.#places.take(context);
    } catch (error) {
      giveOwn();
      throw error;
    }
    return () => {
      this.#places.give();
      giveOwn();
    };
  }

  async #takeOwn(context: CallContext): Promise<() => void> {
    const { principal } = context;
    if (principal === "" || this.size === 1) return () => undefined;
    const most = this.size - 1;
    const own = this.#own.get(principal) ?? {
      places: placesOf(most, `This principal has ${most} places for streams already`),
      users: 0,
    };
    this.#own.set(principal, own);
    own.users++;
    const leave = () => {
      if (--own.users === 0) this.#own.delete(principal);
    };
    try {
      await own.places.take(context);
    } catch (error) {
      leave();
      throw error;
    }
    return () => {
      own.places.give();
      leave();
    };
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

function placesOf(size: number, text: string): Places {
  const advice = "read or end those that are open, and try again later.";
  const late = () => new ArchiveError("RESOURCE_EXHAUSTED", "TOO_MANY_STREAMS", `${text}: ${advice}`);
  return new Places(size, limits.waitForStream, late);
}
