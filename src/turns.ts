import { setImmediate as nextTurn } from "node:timers/promises";
import { limits } from "./limits.js";

/** Gives others their turn within long work: other calls wait for the event loop, which one of them holds at a time. */
export class Turns {
  #began = performance.now();

  /** To be awaited between two pieces of work, but only where `isOver`: awaiting costs something by itself. */
  async next(): Promise<void> {
    await nextTurn();
    this.#began = performance.now();
  }

  /** Whether this turn has lasted long enough. */
  get isOver(): boolean {
    return performance.now() - this.#began > limits.millisecondsOfTurn;
  }
}

const long = new WeakSet<object>();

/** Remembers that a request is so large that others should have a turn between two things that are done with it. */
export const markLong = (request: object): void => void long.add(request);

/** Gives others their turn within work on a request, where it is long. */
export const turnWithin = (request: object): Promise<void> | undefined => (long.has(request) ? nextTurn() : undefined);

/** Gives others their turn after work on so many bytes, where they are many. */
export const turnAfter = (bytes: number): Promise<void> | undefined =>
  bytes > limits.bytesOfTurn ? nextTurn() : undefined;
