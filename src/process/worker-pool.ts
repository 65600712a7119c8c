/** Why a worker ended, where that is known: what it said, or its status. */
export interface WorkerEnd {
  readonly reason: string;
  /** How long it had served, in milliseconds. */
  readonly served: number;
}

/** What a pool does to the world. */
export interface WorkerPoolEffects<End extends WorkerEnd> {
  /** Starts the worker of a slot. What becomes of it is told to the pool, and that it ended last of all. */
  start(slot: number): void;
  /** Asks a worker that serves to stop, which it does once its calls have ended. */
  stop(slot: number): void;
  kill(slot: number): void;
  /** Calls `due` for the slot after a time in milliseconds. */
  wait(slot: number, milliseconds: number): void;
  /** All workers serve for the first time. */
  started(): void;
  /** One of the first workers could not start; none is left. */
  failed(end: End): void;
  /** The pool was stopped, and none is left. */
  stopped(): void;
  /** One that served has ended. */
  lost(end: End, missing: number, pause: number): void;
  /** One that was to replace another could not start. */
  notReplaced(end: End, missing: number, pause: number): void;
  /** None is missing any more. */
  complete(): void;
}

interface Slot {
  state: "starting" | "serving" | "waiting" | "gone";
  /** How often in a row its worker ended without having served for long. */
  failures: number;
}

/** A worker that served for so long, in milliseconds, was well. */
const well = 10_000;
const firstPause = 1000;
const longestPause = 30_000;

/**
 * What the first process of several knows and decides, whatever happens in whatever order: how many workers there are,
 * which of them serve, and whether an end is to be followed by a start. It has no clock and no processes of its own.
 */
export class WorkerPool<End extends WorkerEnd> {
  readonly #slots: Slot[];
  readonly #effects: WorkerPoolEffects<End>;
  #phase: "starting" | "serving" | "stopping" | "ended" = "starting";
  /** Why the first start failed. */
  #failure: End | undefined;

  constructor(size: number, effects: WorkerPoolEffects<End>) {
    this.#effects = effects;
    this.#slots = Array.from({ length: size }, () => ({ state: "gone", failures: 0 }));
  }

  /** Starts all workers. */
  start(): void {
    for (const slot of this.#slots.keys()) this.#start(slot);
  }

  /** The worker of a slot serves. */
  serves(slot: number): void {
    const found = this.#slot(slot);
    // One that is being killed may have said so before.
    if (this.#phase === "stopping" || found.state !== "starting") return;
    found.state = "serving";
    if (this.#missing() > 0) return;
    if (this.#phase === "serving") this.#effects.complete();
    else {
      this.#phase = "serving";
      this.#effects.started();
    }
  }

  /** The worker of a slot has ended, or could not even be made. */
  ended(slot: number, end: End): void {
    const found = this.#slot(slot);
    const served = found.state === "serving";
    found.state = "gone";
    if (this.#phase === "serving") {
      found.failures = end.served >= well ? 0 : found.failures + 1;
      const pause = served && found.failures <= 1 ? 0 : Math.min(longestPause, firstPause * 2 ** (found.failures - 1));
      this.#effects[served ? "lost" : "notReplaced"](end, this.#missing(), pause);
      if (pause === 0) this.#start(slot);
      else {
        found.state = "waiting";
        this.#effects.wait(slot, pause);
      }
      return;
    }
    if (this.#phase === "starting") {
      this.#failure = end;
      this.#stopAll();
    }
    this.#endIfEmpty();
  }

  /** The pause before a slot's next start is over. */
  due(slot: number): void {
    if (this.#slot(slot).state === "waiting") this.#start(slot);
  }

  /** Ends all workers: those that serve in order, those that only start at once. */
  stop(): void {
    if (this.#phase === "stopping" || this.#phase === "ended") return;
    this.#stopAll();
    this.#endIfEmpty();
  }

  /** Ends at once whatever still runs. */
  kill(): void {
    for (const [slot, { state }] of this.#slots.entries()) {
      if (state === "starting" || state === "serving") this.#effects.kill(slot);
    }
  }

  #start(slot: number): void {
    this.#slot(slot).state = "starting";
    this.#effects.start(slot);
  }

  #stopAll(): void {
    this.#phase = "stopping";
    for (const [slot, found] of this.#slots.entries()) {
      if (found.state === "serving") this.#effects.stop(slot);
      if (found.state === "starting") this.#effects.kill(slot);
      if (found.state === "waiting") found.state = "gone";
    }
  }

  #endIfEmpty(): void {
    if (this.#phase !== "stopping" || this.#slots.some(({ state }) => state !== "gone")) return;
    this.#phase = "ended";
    if (this.#failure) this.#effects.failed(this.#failure);
    else this.#effects.stopped();
  }

  #missing(): number {
    return this.#slots.filter(({ state }) => state !== "serving").length;
  }

  #slot(slot: number): Slot {
    const found = this.#slots[slot];
    if (!found) throw new RangeError(`There is no slot ${slot}`);
    return found;
  }
}
