import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { FinishedSpan } from "./finished-span.js";

/** What waits is sent so often, in milliseconds, and so many at a time; and no more than so many wait. */
export interface SpanQueueBounds {
  readonly scheduledDelayMillis: number;
  readonly maxExportBatchSize: number;
  readonly maxQueueSize: number;
}

/** What the thread that sends spans is begun with. */
export interface SpanSending {
  readonly bounds: SpanQueueBounds;
  readonly version: string;
}

/** What became of some spans. */
export interface Outcome {
  readonly count: number;
  /** Why they were not taken, if so. */
  readonly error: string | undefined;
}

/** Where it is said that spans cannot be sent, or that they are again. */
interface QueueLog {
  info(message: string, details: object): unknown;
  warn(message: string, details: object): unknown;
}

/** For how long spans are gathered for the thread, in milliseconds, and how many at most. */
const gathering = 50;
const mostGathered = 100;

/** How long the last spans may take, in milliseconds. */
const patience = 2000;

/**
 * Spans that wait to be sent, by a thread of its own. Not for its work, which is little: a process that is a client of
 * HTTP, too, makes each call of gRPC take a tenth longer, as Node's streams are then compiled for several kinds of them.
 * The library drops what has no room, and what was not taken, without a word: here it is counted.
 */
export class SpanQueue {
  readonly #thread: Worker;
  #gathered: FinishedSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #waiting = 0;
  #dropped = 0;
  #isFailing = false;
  #isOver = false;

  constructor(
    private readonly sending: SpanSending,
    private readonly log: QueueLog,
  ) {
    this.#thread = new Worker(new URL("./trace-thread.js", import.meta.url), { workerData: sending });
    this.#thread.unref();
    this.#thread.on("message", ({ count, error }: Outcome) => {
      this.#waiting -= count;
      if (error === undefined) return this.#sent();
      this.#dropped += count;
      this.#failed(error);
    });
    this.#thread.once("error", (error) => this.#failed(String(error)));
    this.#thread.once("exit", () => {
      this.#isOver = true;
      this.#dropped += this.#waiting;
    });
  }

  /** The spans that were lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  add(span: FinishedSpan): void {
    if (this.#isOver || this.#waiting >= this.sending.bounds.maxQueueSize) {
      this.#dropped++;
      return;
    }
    this.#waiting++;
    this.#gathered.push(span);
    if (this.#gathered.length === mostGathered) this.#hand();
    else this.#timer ??= setTimeout(() => this.#hand(), gathering).unref();
  }

  /** Sends what waits, as far as that can be done soon. */
  async stop(): Promise<void> {
    if (this.#isOver) return;
    this.#hand();
    this.#thread.postMessage("end");
    const late = new AbortController();
    await Promise.race([once(this.#thread, "exit"), delay(patience, undefined, { signal: late.signal })]);
    late.abort();
    await this.#thread.terminate();
  }

  #hand(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#thread.postMessage(this.#gathered);
    this.#gathered = [];
  }

  #failed(error: string): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.log.warn("traces cannot be sent: their spans are dropped", { error });
  }

  #sent(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.log.info("traces are sent again", { dropped: this.#dropped });
  }
}
