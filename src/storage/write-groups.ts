import type { CallContext } from "../call-context.js";
import type { Run } from "./query.js";

/** A short piece of work: a statement or two, which waits for nothing else. */
export type ShortWork<Result> = (run: Run) => Promise<Result>;

/** How long a group may take, in milliseconds: its statements keep reads from having their turn. */
const longest = 4;

interface Asked {
  readonly context: CallContext;
  /** Does the work; what it returns answers it, once that is kept. */
  readonly work: ShortWork<() => void>;
  /** Does it by itself. */
  alone(): Promise<void>;
  reject(error: unknown): void;
}

/**
 * Lets short writes that come in the same round of the event loop share a transaction, and with it what making them
 * durable costs. Each is in a savepoint: whose fails has its own error, and the others are kept. They are done in the
 * order in which they came. A lone one is done as it would be without.
 */
export class WriteGroups {
  #waiting: Asked[] = [];
  #isGoing = false;

  /** `together` does all of some work in one transaction that belongs to no call. */
  constructor(private readonly together: (work: ShortWork<void>) => Promise<void>) {}

  /** Does work; `alone` is how it is done by itself. */
  ask<Result>(work: ShortWork<Result>, alone: () => Promise<Result>, context: CallContext): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        context,
        work: async (run) => {
          const result = await work(run);
          return () => resolve(result);
        },
        alone: () => alone().then(resolve, reject),
        reject,
      });
      if (this.#isGoing) return;
      this.#isGoing = true;
      setImmediate(() => this.#go());
    });
  }

  async #go(): Promise<void> {
    const asked = this.#waiting;
    this.#waiting = [];
    const group = asked.filter(({ context, reject }) => {
      if (context.error) reject(context.error);
      return !context.error;
    });
    if (group.length > 1) await this.#together(group);
    else await group[0]?.alone();
    if (this.#waiting.length > 0) setImmediate(() => this.#go());
    else this.#isGoing = false;
  }

  async #together(group: readonly Asked[]): Promise<void> {
    const left = new Set(group);
    const done = new Map<Asked, () => void>();
    /** Whether the transaction has begun, and whether all was done that it is to hold. */
    const is = { begun: false, done: false };
    try {
      await this.together(async (run) => {
        is.begun = true;
        const began = performance.now();
        for (const asked of group) {
          left.delete(asked);
          await run(savepoint);
          try {
            asked.context.throwIfEnded();
            done.set(asked, await asked.work(run));
          } catch (error) {
            asked.reject(error);
            await run(undo);
          }
          await run(release);
          if (performance.now() - began > longest) break;
        }
        is.done = true;
      });
    } catch (error) {
      const undone = is.begun ? [...done.keys()] : group;
      done.clear();
      if (!is.begun) left.clear();
      for (const asked of undone) {
        // What broke the transaction in its midst was another's: nothing of it is kept, and each is done by itself.
        if (is.begun && !is.done) await asked.alone();
        else asked.reject(error);
      }
    }
    for (const answer of done.values()) answer();
    this.#waiting = [...left, ...this.#waiting];
  }
}

const statement = (sql: string) => ({ sql, bindings: [] });
const savepoint = statement("SAVEPOINT one");
const release = statement("RELEASE one");
const undo = statement("ROLLBACK TO one");
