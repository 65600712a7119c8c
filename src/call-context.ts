import type { AnswerMemory, Room } from "./answer-memory.js";
import type { CallTrace } from "./call-trace.js";
import type { Caller, Sight } from "./records/caller.js";

/**
 * When a call ends before it is answered, and with which error. It does what an AbortSignal does, of which two or three
 * listeners a call cost as much as all else that the archive adds to a short statement.
 */
export class CallContext implements Caller {
  /** Names the call in answers, logs and what it changes; empty for work that no client asked for. */
  requestId = "";
  /** Who asks, by name; empty while everybody may do everything. */
  principal = "";
  /** What there is for it; undefined while there is everything for everybody. */
  sight: Sight | undefined;
  /** How many records it was not granted to write, where it is answered about each of them. */
  denied = 0;
  /** Where its answer may be large: the memory for such, and what it has of it. */
  memory: AnswerMemory | undefined;
  room: Room | undefined;
  /** Is told when it waits for what may take long, as nobody works on it meanwhile; where that is counted. */
  work: { rests(isResting: boolean): void } | undefined;
  /** Is told of its statements, where its trace is kept. */
  trace: CallTrace | undefined;
  #error: Error | undefined;
  #signal: AbortSignal | undefined;
  readonly #listeners = new Set<() => void>();

  /** The error to answer, once the call has ended. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** The same as a signal, for functions that take one. */
  get signal(): AbortSignal {
    if (!this.#signal) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      if (this.#error) controller.abort(this.#error);
      else this.onEnd(() => controller.abort(this.#error));
    }
    return this.#signal;
  }

  throwIfEnded(): void {
    if (this.#error) throw this.#error;
  }

  /** Has something done when the call ends. */
  onEnd(listener: () => void): void {
    this.#listeners.add(listener);
  }

  offEnd(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  end(error: Error): void {
    if (this.#error) return;
    this.#error = error;
    for (const listener of [...this.#listeners]) listener();
  }
}
