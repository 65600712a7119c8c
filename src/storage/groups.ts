import { CallContext } from "../call-context.js";

/** What is not answered together, and is to be asked alone. */
export const askAlone = Symbol("ask alone");

/** How questions of one kind are asked. */
export interface Questions<Item, Answer> {
  alone(item: Item, context: CallContext): Promise<Answer>;
  /** Answers in the order of the items. */
  together(items: readonly Item[], context: CallContext): Promise<readonly (Answer | typeof askAlone)[]>;
  /** The most items that go together now; where it is one, nobody waits for others. */
  size(): number;
}

/** How many may be on their way before others wait; and how long, in milliseconds, one keeps others waiting. */
const most = 2;
const patience = 20;

interface Asked<Item, Answer> {
  readonly item: Item;
  readonly context: CallContext;
  resolve(answer: Answer | PromiseLike<Answer>): void;
  reject(error: unknown): void;
}

/**
 * Lets questions of one kind travel together. A lone one goes at once. While some are on their way, those that come
 * wait, and go together as soon as one of these is back: groups form by themselves exactly when there is load. No question
 * is asked before it came, so its answer is never older. Nobody pays for a neighbour: who ends leaves, and if a group
 * fails, each is asked alone.
 */
export class Groups<Item, Answer> {
  /** When each that is on its way began, but for those that took so long that nobody waits for them any more. */
  readonly #onTheWay = new Set<{ readonly began: number }>();
  #waiting: Asked<Item, Answer>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly questions: Questions<Item, Answer>) {}

  ask(item: Item, context: CallContext): Promise<Answer> {
    if (this.#onTheWay.size < most || this.questions.size() === 1) return this.#alone(item, context);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, context, resolve, reject });
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
    let left = group.length;
    const leave = group.map(({ context: own, reject }) => {
      const listener = () => {
        reject(own.error);
        if (--left === 0) context.end(own.error as Error);
      };
      own.onEnd(listener);
      return () => own.offEnd(listener);
    });
    const items = group.map(({ item }) => item);
    const answers = await this.questions.together(items, context).catch(() => items.map(() => askAlone));
    for (const [index, asked] of group.entries()) {
      leave[index]?.();
      if (asked.context.error) continue;
      const answer = answers[index] as Answer | typeof askAlone;
      asked.resolve(answer === askAlone ? this.questions.alone(asked.item, asked.context) : answer);
    }
    this.#end(trip);
  }

  #begin() {
    const trip = { began: performance.now() };
    this.#onTheWay.add(trip);
    return trip;
  }

  #end(trip: { readonly began: number }): void {
    this.#onTheWay.delete(trip);
    if (this.#waiting.length > 0) this.#goOn();
  }

  /** Lets those that wait go, as far as not too many are on their way. */
  #goOn(): void {
    while (this.#waiting.length > 0 && this.#onTheWay.size < most) {
      const group: Asked<Item, Answer>[] = [];
      const size = this.questions.size();
      let taken = 0;
      for (; taken < this.#waiting.length && group.length < size; taken++) {
        const asked = this.#waiting[taken] as Asked<Item, Answer>;
        if (asked.context.error) asked.reject(asked.context.error);
        else group.push(asked);
      }
      this.#waiting = this.#waiting.slice(taken);
      const [first, ...others] = group;
      if (first && others.length === 0) first.resolve(this.#alone(first.item, first.context));
      else if (first) void this.#together(group);
    }
  }

  /** Waits no longer for what has been on its way for long, such as a large record. */
  #overtake(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const trip of this.#onTheWay) if (now - trip.began >= patience) this.#onTheWay.delete(trip);
    this.#goOn();
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#overtake(), patience);
  }
}
