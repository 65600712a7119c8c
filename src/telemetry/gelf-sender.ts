import { setTimeout as delay } from "node:timers/promises";
import { BoundedQueue } from "./bounded-queue.js";

/** The most that waits for a Graylog that is away or slow, and what is sent at a time. */
const mostBytes = 8 * 2 ** 20;
const mostMessages = 20_000;
const bytesOfBatch = 64 * 2 ** 10;
/** How long one waits before another connection is tried, and for a connection or a batch to get through; milliseconds. */
const shortestPause = 500;
const longestPause = 30_000;
const patience = 10_000;

/** A way to a Graylog, once it is there. */
export interface GelfConnection {
  /** Sends messages, and says how many cannot be sent at all. Rejects when they may not have come. */
  send(messages: readonly Buffer[]): Promise<number>;
  close(): void;
}

/** Sends messages to a Graylog, which may be away, slow or gone in between. Nobody waits for it; what is lost is counted. */
export class GelfSender {
  readonly #queue = new BoundedQueue(mostBytes, mostMessages);
  #connection: GelfConnection | undefined;
  #isRunning = false;
  #failures = 0;

  /** `connect` makes a connection, or rejects; the signal ends the attempt. */
  constructor(private readonly connect: (signal: AbortSignal) => Promise<GelfConnection>) {}

  /** The messages that were lost so far. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  add(message: string): void {
    this.#queue.add(Buffer.from(message));
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => void this.#run());
  }

  /** Waits until all is sent, but no longer than so many milliseconds. */
  async flush(milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (this.#isRunning && performance.now() < end) await delay(20);
  }

  async #run(): Promise<void> {
    while (!this.#queue.isEmpty) {
      const batch = this.#queue.take(bytesOfBatch);
      try {
        this.#connection ??= await within(patience, this.connect);
        const { send } = this.#connection;
        this.#queue.lose(await within(patience, () => send(batch)));
        this.#failures = 0;
      } catch {
        this.#connection?.close();
        this.#connection = undefined;
        // Some may have come all the same; none is to be missing.
        this.#queue.putBack(batch);
        const most = Math.min(longestPause, shortestPause * 2 ** this.#failures++);
        await delay(most * (0.5 + Math.random() / 2), undefined, { ref: false });
      }
    }
    this.#isRunning = false;
  }
}

/** Does something that may take so long and no longer. */
async function within<Result>(milliseconds: number, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), milliseconds).unref();
  try {
    return await Promise.race([
      work(late.signal),
      new Promise<never>((_, reject) => late.signal.addEventListener("abort", () => reject(new Error("too late")))),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
