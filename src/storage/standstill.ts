/** After how long, in milliseconds, an answer is late, and after how long it is given up in any case. */
const late = 2000;
const maxWait = 120_000;

/** How often what is late is looked for. */
const interval = 500;

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

  constructor(private readonly ask: () => Promise<unknown>) {}

  begin(connection: object, waiting: Waiting): void {
    this.#waiting.set(connection, waiting);
    this.#timer ??= setInterval(() => this.#look(), interval).unref();
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
    if (this.#asking || this.#since(late).length === 0) return;
    this.#asking = true;
    this.ask().then(
      () => {
        this.#asking = false;
      },
      (error: Error) => {
        this.#asking = false;
        for (const waiting of this.#since(late)) waiting.giveUp(`the database stands still: ${error.message}`);
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
