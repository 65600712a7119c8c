import { limits } from "./limits.js";

/** Those who wait for their turn, in the order in which they came. */
const waiting: (() => void)[] = [];
/** Whether turns are being given, and when the last one was, unless that one is known to be over. */
let isGiving = false;
let given: number | undefined;

/** Resolves when it is one's turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (isGiving) return;
    isGiving = true;
    setImmediate(giveTurn);
  });
}

/**
 * Lets one go on, and the others when the event loop has gone round: ten that each held it a little, in the same round,
 * would hold it for long. Who held it for long is followed by a rest, in which a small call gets from its request to its
 * answer, so that none meets more than one of them.
 */
function giveTurn(): void {
  const now = performance.now();
  const wasLong = given !== undefined && now - given > limits.millisecondsOfLongTurn;
  given = undefined;
  if (wasLong) {
    setTimeout(giveTurn, limits.millisecondsOfRest);
    return;
  }
  const next = waiting.shift();
  if (!next) {
    isGiving = false;
    return;
  }
  given = now;
  next();
  setImmediate(giveTurn);
}

/** Gives others their turn within long work: other calls wait for the event loop, which one of them holds at a time. */
export class Turns {
  #began = performance.now();

  /** To be awaited before a piece of work, but only where `isOver`: awaiting costs something by itself. */
  async next(): Promise<void> {
    await nextTurn();
    this.#began = performance.now();
  }

  /** Whether this turn has lasted long enough, with what was waited for in it. */
  get isOver(): boolean {
    return performance.now() - this.#began > limits.millisecondsOfTurn;
  }
}

const long = new WeakSet<object>();

/** Remembers that a request is so large that others should have a turn between two things that are done with it. */
export const markLong = (request: object): void => void long.add(request);

/** Gives others their turn within work on a request, where it is long. */
export const turnWithin = (request: object): Promise<void> | undefined => (long.has(request) ? nextTurn() : undefined);

/** Gives others their turn between two pieces of work on so many bytes, where they are many. */
export const turnAfter = (bytes: number): Promise<void> | undefined =>
  bytes > limits.bytesOfTurn ? nextTurn() : undefined;
