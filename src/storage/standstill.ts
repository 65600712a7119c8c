/** After how long, in milliseconds, an answer is late, and after how long it is given up in any case. */
const late = 2000;
const maxWait = 120_000;

/** How often what is late is looked for. */
const interval = 500;

/** A statement that waits for its answer. */
interface Waiting {
  readonly since: number;
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
  readonly #waiting = new Set<Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #asking = false;

  constructor(private readonly ask: () => Promise<unknown>) {}

  begin(waiting: Waiting): void {
    this.#waiting.add(waiting);
    this.#timer ??= setInterval(() => this.#look(), interval).unref();
  }

  end(waiting: Waiting): void {
    this.#waiting.delete(waiting);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    // The oldest are the first.
    for (const waiting of this.#waiting) {
      if (now - waiting.since < maxWait) break;
      if (!waiting.unbounded) waiting.giveUp(`no answer within ${maxWait / 1000} s`);
    }
    const [oldest] = this.#waiting;
    if (this.#asking || !oldest || now - oldest.since < late) return;
    this.#asking = true;
    this.ask().then(
      () => {
        this.#asking = false;
      },
      (error: Error) => {
        this.#asking = false;
        for (const waiting of [...this.#waiting]) {
          if (performance.now() - waiting.since < late) break;
          waiting.giveUp(`the database stands still: ${error.message}`);
        }
      },
    );
  }
}
