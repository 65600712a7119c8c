import { CallContext } from "../call-context.js";
import type { Run } from "./query.js";

/** A short piece of work: a statement or two, which waits for nothing else. */
export type ShortWork<Result> = (run: Run) => Promise<Result>;

/** The connection that writes. */
export interface WritingConnection {
  readonly run: Run;
  /** Does all of some work in one transaction, or none of it. */
  together(work: () => Promise<void>): Promise<void>;
}

/** How long a group may take, in milliseconds: its statements keep reads from having their turn. */
const longest = 4;

interface Asked {
  /** When it came. */
  readonly since: number;
  readonly context: CallContext;
  /** Whether it is one statement, which needs no transaction. */
  readonly isOne: boolean;
  /** Does the work; what it returns answers it, once that is kept. */
  readonly work: ShortWork<() => void>;
  reject(error: unknown): void;
}

/**
 * Lets short writes that come in the same round of the event loop, or while another has the connection, share a
 * transaction, and with it what making them durable costs. Each is in a savepoint: whose fails has its own error, and the
 * others are kept. They are done in the order in which they came. A lone one is done as it would be without.
 */
export class WriteGroups {
  #waiting: Asked[] = [];
  #isGoing = false;

  /** `connect` does work on the writing connection, and breaks it off when its context ends. */
  constructor(
    private readonly connect: (
      work: (connection: WritingConnection) => Promise<void>,
      context: CallContext,
    ) => Promise<void>,
  ) {}

  ask<Result>(work: ShortWork<Result>, isOne: boolean, context: CallContext): Promise<Result> {
    return new Promise((resolve, reject) => {
      const end = () => reject(context.error);
      context.onEnd(end);
      const asked: Asked = {
        since: performance.now(),
        context,
        isOne,
        work: async (run) => {
          const result = await work(run);
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
      setImmediate(() => this.#go());
    });
  }

  /** Waits for the connection, and then does what has come by then. */
  async #go(): Promise<void> {
    const context = new CallContext();
    const began = performance.now();
    try {
      await this.connect((connection) => this.#do(connection, context), context);
    } catch (error) {
      // There is none. Who has just come may still wait for one.
      const wait = (performance.now() - began) / 2;
      const late = this.#waiting.filter(({ since }) => performance.now() - since >= wait);
      this.#waiting = this.#waiting.filter((asked) => !late.includes(asked));
      for (const { reject } of late) reject(error);
    }
    if (this.#waiting.length > 0) setImmediate(() => this.#go());
    else this.#isGoing = false;
  }

  /** Does what waits, as long as anybody does. */
  async #do(connection: WritingConnection, context: CallContext): Promise<void> {
    const group = this.#waiting.filter(({ context: own }) => !own.error);
    this.#waiting = [];
    let left = group.length;
    const leave = group.map(({ context: own }) => {
      const listener = () => {
        if (--left === 0) context.end(own.error as Error);
      };
      own.onEnd(listener);
      return () => own.offEnd(listener);
    });
    const [first, second] = group;
    if (first && second) await this.#together(group, connection);
    else if (first) await alone(first, connection);
    for (const each of leave) each();
  }

  async #together(group: readonly Asked[], connection: WritingConnection): Promise<void> {
    const { run, together } = connection;
    const answers: (() => void)[] = [];
    let begun = 0;
    let isDone = false;
    try {
      await together(async () => {
        const began = performance.now();
        while (begun < group.length && (begun === 0 || performance.now() - began < longest)) {
          const asked = group[begun++] as Asked;
          if (asked.context.error) continue;
          await run(savepoint);
          try {
            answers.push(await asked.work(run));
          } catch (error) {
            // It may be about what another has written, which is not kept yet.
            answers.push(() => asked.reject(error));
            await run(undo);
          }
          await run(release);
        }
        isDone = true;
      });
      for (const answer of answers) answer();
    } catch (error) {
      // What broke it in its midst was one of them: nothing of it is kept, and each is done by itself.
      const isBroken = begun > 0 && !isDone;
      if (begun === 0) begun = group.length;
      for (const asked of group.slice(0, begun)) {
        if (isBroken) await alone(asked, connection);
        else asked.reject(error);
      }
    }
    this.#waiting = [...group.slice(begun), ...this.#waiting];
  }
}

/** Does work by itself, and answers it. */
async function alone({ isOne, work, reject }: Asked, { run, together }: WritingConnection): Promise<void> {
  try {
    let answer = () => {};
    const doIt = async () => {
      answer = await work(run);
    };
    await (isOne ? doIt() : together(doIt));
    answer();
  } catch (error) {
    reject(error);
  }
}

const statement = (sql: string) => ({ sql, bindings: [] });
const savepoint = statement("SAVEPOINT one");
const release = statement("RELEASE one");
const undo = statement("ROLLBACK TO one");
