import { CallContext } from "../call-context.js";
import { sharedTrace } from "../call-trace.js";
import type { Run } from "./query.js";

/** A transaction that is open. */
export interface Transaction {
  readonly run: Run;
  /** What is noted of its changes. It is written down at its end. */
  readonly changes: string[];
}

/** A short piece of work: a statement or two, which waits for nothing else. */
export type ShortWork<Result> = (transaction: Transaction) => Promise<Result>;

/** Does all of some work in one transaction, or none of it. */
export type Together = (work: (transaction: Transaction) => Promise<void>) => Promise<void>;

/** How long a group may take, in milliseconds: its statements keep reads from having their turn. */
const longest = 4;

interface Asked {
  /** When it came. */
  readonly since: number;
  readonly context: CallContext;
  /** Does the work; what it returns answers it, once that is kept. */
  readonly work: ShortWork<() => void>;
  reject(error: unknown): void;
}

/**
 * Lets short writes that come in the same round of the event loop, in others that follow it while writes come in groups, or
 * while another has the connection, share a transaction, and with it what making them durable costs. Each is in a
 * savepoint: whose fails has its own error, and the others are kept. They are done in the order in which they came. A lone
 * one is done as it would be without; only the first after a group waits for a round more.
 */
export class WriteGroups {
  #waiting: Asked[] = [];
  #isGoing = false;
  /** How many went together last. */
  #last = 1;

  /** `connect` does work on the writing connection, and breaks it off when its context ends. */
  constructor(
    private readonly connect: (work: (together: Together) => Promise<void>, context: CallContext) => Promise<void>,
  ) {}

  ask<Result>(work: ShortWork<Result>, context: CallContext): Promise<Result> {
    return new Promise((resolve, reject) => {
      const end = () => reject(context.error);
      context.onEnd(end);
      const asked: Asked = {
        since: performance.now(),
        context,
        work: async (transaction) => {
          const result = await work(transaction);
          return () => {
            context.offEnd(end);
            resolve(result);
          };
        },
        reject(error) {
          context.offEnd(end);
          reject(error);
        },
      };
      this.#waiting.push(asked);
      if (this.#isGoing) return;
      this.#isGoing = true;
      setImmediate(() => this.#gather());
    });
  }

  /** Where several went together before, waits as long as each round of the event loop brings more, up to as many. */
  #gather(before = 0): void {
    const { length } = this.#waiting;
    if (length > before && length < this.#last) setImmediate(() => this.#gather(length));
    else this.#go();
  }

  /** Waits for the connection, and then does what has come by then. */
  async #go(): Promise<void> {
    const context = new CallContext();
    const began = performance.now();
    try {
      await this.connect((together) => this.#do(together, context), context);
    } catch (error) {
      // There is none. Who has just come may still wait for one.
      const wait = (performance.now() - began) / 2;
      const late = this.#waiting.filter(({ since }) => performance.now() - since >= wait);
      this.#waiting = this.#waiting.filter((asked) => !late.includes(asked));
      for (const { reject } of late) reject(error);
    }
    if (this.#waiting.length > 0) setImmediate(() => this.#gather());
    else this.#isGoing = false;
  }

  /** Does what waits, as long as anybody does. */
  async #do(together: Together, context: CallContext): Promise<void> {
    const group = this.#waiting.filter(({ context: own }) => !own.error);
    this.#waiting = [];
    this.#last = group.length;
    context.trace = traceOf(group);
    let left = group.length;
    const leave = group.map(({ context: own }) => {
      const listener = () => {
        if (--left === 0) context.end(own.error as Error);
      };
      own.onEnd(listener);
      return () => own.offEnd(listener);
    });
    const [first, second] = group;
    if (first && second) await this.#together(group, together, context);
    else if (first) await alone(first, together);
    for (const each of leave) each();
  }

  async #together(group: readonly Asked[], together: Together, context: CallContext): Promise<void> {
    const answers: (() => void)[] = [];
    let begun = 0;
    let isDone = false;
    try {
      await together(async (transaction) => {
        const began = performance.now();
        try {
          while (begun < group.length && (begun === 0 || performance.now() - began < longest)) {
            const asked = group[begun++] as Asked;
            if (asked.context.error) continue;
            // What is done for one is in its trace alone, what is around them in those of all.
            context.trace = asked.context.trace;
            answers.push(await saved(asked, transaction));
          }
        } finally {
          context.trace = traceOf(group.slice(0, begun));
        }
        isDone = true;
      });
      for (const answer of answers) answer();
    } catch (error) {
      // What broke it in its midst was one of them: nothing of it is kept, and each is done by itself.
      const isBroken = begun > 0 && !isDone;
      if (begun === 0) begun = group.length;
      for (const asked of group.slice(0, begun)) {
        context.trace = asked.context.trace;
        if (isBroken) await alone(asked, together);
        else asked.reject(error);
      }
    }
    this.#waiting = [...group.slice(begun), ...this.#waiting];
    this.#last = begun;
  }
}

const traceOf = (group: readonly Asked[]) => sharedTrace(group.map(({ context }) => context));

/** Does work in a savepoint of a transaction; returns what answers it, once that is kept. */
async function saved({ work, reject }: Asked, transaction: Transaction): Promise<() => void> {
  const { run, changes } = transaction;
  await run(savepoint);
  const before = changes.length;
  let answer: () => void;
  try {
    answer = await work(transaction);
  } catch (error) {
    changes.length = before;
    // It may be about what another has written, which is not kept yet.
    answer = () => reject(error);
    await run(undo);
  }
  await run(release);
  return answer;
}

/** Does work by itself, and answers it. */
async function alone({ work, reject }: Asked, together: Together): Promise<void> {
  try {
    let answer = () => {};
    await together(async (transaction) => {
      answer = await work(transaction);
    });
    answer();
  } catch (error) {
    reject(error);
  }
}

const statement = (sql: string) => ({ sql, bindings: [] });
const savepoint = statement("SAVEPOINT one");
const release = statement("RELEASE one");
const undo = statement("ROLLBACK TO one");
