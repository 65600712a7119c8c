/** When a server is taken to stand still, in milliseconds. */
export interface StandstillBounds {
  /** After how long an answer is late. */
  readonly late: number;
  /** How long the server then has to answer a question that it needs no work for. */
  readonly patience: number;
}

/** So that another server, of this database or behind a balancer, is led to within four seconds. */
export const standstillBounds: StandstillBounds = { late: 1000, patience: 2500 };

/** After how long, in milliseconds, an answer is given up in any case. */
const maxWait = 120_000;

/** A statement that waits for its answer. */
interface Waiting {
  /** When it was sent, or was last read of. */
  since: number;
  /** Whether it may take as long as it takes. */
  readonly unbounded: boolean;
  giveUp(reason: string): void;
}

/**
 * Tells a server that stands still from one that is slow. TCP does not: what a frozen server, or one behind a broken
 * network, has taken but not answered is waited for without end. Where an answer is late, the server is asked something
 * simple by another connection; only if that fails too, everything that is late is given up.
 */
export class Standstill {
  /** By connection, of which each has one statement at a time. An entry that stays costs less than one that comes and goes. */
  readonly #waiting = new Map<object, Waiting | undefined>();
  #timer: NodeJS.Timeout | undefined;
  #asking = false;

  readonly #late: number;

  /** `ask` asks the server something simple, and fails where it has no answer in time. */
  constructor(
    private readonly ask: () => Promise<unknown>,
    { late }: StandstillBounds,
    /** Whether a connection leads to a server that was left for another: what is late there is not waited for. */
    private readonly isLeft: (connection: object) => boolean = () => false,
  ) {
    this.#late = late;
  }

  begin(connection: object, waiting: Waiting): void {
    this.#waiting.set(connection, waiting);
    this.#timer ??= setInterval(() => this.#look(), this.#late / 4).unref();
  }

  end(connection: object): void {
    this.#waiting.set(connection, undefined);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const [connection, waiting] of this.#waiting) if (!waiting) this.#waiting.delete(connection);
    for (const waiting of this.#since(maxWait)) {
      if (!waiting.unbounded) waiting.giveUp(`no answer within ${maxWait / 1000} s`);
    }
    for (const [connection, waiting] of this.#waiting) {
      const isLate = waiting && performance.now() - waiting.since >= this.#late;
      if (isLate && this.isLeft(connection)) waiting.giveUp("its host was left for another");
    }
    if (this.#asking || this.#since(this.#late).length === 0) return;
    this.#asking = true;
    this.ask().then(
      () => {
        this.#asking = false;
      },
      (error: Error) => {
        this.#asking = false;
        for (const waiting of this.#since(this.#late)) waiting.giveUp(`the database stands still: ${error.message}`);
      },
    );
  }

  /** What has waited for so many milliseconds. */
  #since(milliseconds: number): Waiting[] {
    const now = performance.now();
    return [...this.#waiting.values()].flatMap((waiting) =>
      waiting && now - waiting.since >= milliseconds ? [waiting] : [],
    );
  }
}
