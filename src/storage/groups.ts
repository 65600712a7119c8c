import { CallContext } from "../call-context.js";
import { sharedTrace } from "../call-trace.js";
import { limits } from "../limits.js";
import { StorageError } from "./store.js";

/** The most that go together. */
export const most = 32;

/** What is not answered together, and is to be asked alone. */
export const askAlone = Symbol("ask alone");

/** How questions of one kind are asked. */
export interface Questions<Item, Answer> {
  /** How many may be on their way before others wait. */
  readonly onTheWay: number;
  alone(item: Item, context: CallContext): Promise<Answer>;
  /** Answers in the order of the items. What the database refuses, and keeps nothing of, is asked one by one. */
  together(items: readonly Item[], context: CallContext): Promise<readonly (Answer | typeof askAlone)[]>;
  /** Of so many that wait, the number that go together; where it is one, nobody waits for others. */
  size(waiting: number): number;
  /** About the bytes of an item, of which a group takes only so many. One that has more waits for no others. */
  bytes?(item: Item): number;
}

/** How long, in milliseconds, one that is on its way keeps others waiting. */
const patience = 5;

interface Asked<Item, Answer> {
  readonly item: Item;
  readonly context: CallContext;
  /** Called when the call ends: whoever waits for others leaves. */
  leave(): void;
  resolve(answer: Answer | PromiseLike<Answer>): void;
  reject(error: unknown): void;
}

/**
 * Lets questions of one kind travel together. A lone one goes at once. While some are on their way, those that come
 * wait, and go together as soon as one of these is back: groups form by themselves exactly when there is load. No question
 * is asked before it came, so its answer is never older. Who ends leaves, and the others go on; what a group does not
 * answer is asked alone.
 */
export class Groups<Item, Answer> {
  /** When each that is on its way began, but for those that took so long that nobody waits for them any more. */
  readonly #onTheWay = new Set<{ readonly began: number }>();
  readonly #waiting = new Set<Asked<Item, Answer>>();
  #timer: NodeJS.Timeout | undefined;
  /** The most that go together: few, where many are refused. */
  #most = most;

  constructor(private readonly questions: Questions<Item, Answer>) {}

  ask(item: Item, context: CallContext): Promise<Answer> {
    const { onTheWay, size, bytes } = this.questions;
    const isAlone = this.#onTheWay.size < onTheWay || size(most) === 1 || (bytes && bytes(item) > limits.bytesOfTurn);
    if (isAlone) return this.#alone(item, context);
    return new Promise((resolve, reject) => {
      const asked: Asked<Item, Answer> = {
        item,
        context,
        leave: () => {
          this.#waiting.delete(asked);
          reject(context.error);
        },
        resolve,
        reject,
      };
      context.onEnd(asked.leave);
      this.#waiting.add(asked);
      this.#timer ??= setTimeout(() => this.#overtake(), patience);
    });
  }

  async #alone(item: Item, context: CallContext): Promise<Answer> {
    const trip = this.#begin();
    try {
      return await this.questions.alone(item, context);
    } finally {
      this.#end(trip);
    }
  }

  async #together(group: readonly Asked<Item, Answer>[]): Promise<void> {
    const trip = this.#begin();
    const context = new CallContext();
    context.trace = sharedTrace(group.map((asked) => asked.context));
    let left = group.length;
    const listeners = group.map(({ context: own }) => {
      const listener = () => {
        if (--left === 0) context.end(own.error as Error);
      };
      own.onEnd(listener);
      return listener;
    });
    try {
      const answers = await this.#answers(group, context);
      for (const [index, { item, context: own, resolve }] of group.entries()) {
        const answer = answers[index] as Answer | typeof askAlone;
        // Who has left is answered already.
        if (!own.error) resolve(answer === askAlone ? this.#alone(item, own) : answer);
      }
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
    for (const [index, { context: own, leave }] of group.entries()) {
      own.offEnd(leave);
      own.offEnd(listeners[index] as () => void);
    }
    this.#end(trip);
  }

  async #answers(group: readonly Asked<Item, Answer>[], context: CallContext) {
    const items = group.map(({ item }) => item);
    try {
      const answers = await this.questions.together(items, context);
      this.#most = Math.min(most, 2 * this.#most);
      return answers;
    } catch (error) {
      // Where the database cannot be reached, it is unknown what became of it.
      if (!(error instanceof StorageError) || error.kind === "unavailable") throw error;
      this.#most = Math.max(2, this.#most / 4);
      return items.map(() => askAlone);
    }
  }

  #begin() {
    const trip = { began: performance.now() };
    this.#onTheWay.add(trip);
    return trip;
  }

  #end(trip: { readonly began: number }): void {
    this.#onTheWay.delete(trip);
    if (this.#waiting.size > 0) this.#goOn();
  }

  /** Lets those that wait go, as far as not too many are on their way. */
  #goOn(): void {
    while (this.#waiting.size > 0 && this.#onTheWay.size < this.questions.onTheWay) {
      const group = this.#next();
      const [first, ...others] = group;
      if (first && others.length === 0) {
        first.context.offEnd(first.leave);
        first.resolve(this.#alone(first.item, first.context));
      } else void this.#together(group);
    }
  }

  /** Takes those that go next, one at least. */
  #next(): Asked<Item, Answer>[] {
    const { size, bytes = () => 0 } = this.questions;
    const next: Asked<Item, Answer>[] = [];
    let sum = 0;
    for (const asked of this.#waiting) {
      sum += bytes(asked.item);
      if (next.length === this.#most || (next.length > 0 && sum > limits.bytesOfTurn)) break;
      next.push(asked);
    }
    const taken = next.slice(0, size(next.length));
    for (const asked of taken) this.#waiting.delete(asked);
    return taken;
  }

  /** Waits no longer for what has been on its way for long. */
  #overtake(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const trip of this.#onTheWay) if (now - trip.began >= patience) this.#onTheWay.delete(trip);
    this.#goOn();
    if (this.#waiting.size > 0) this.#timer = setTimeout(() => this.#overtake(), patience);
  }
}
