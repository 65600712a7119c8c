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

/** What the thread says of some spans: they are on their way, and then sent, or lost. */
export type SpanNews =
  | { readonly kind: "taken" | "sent"; readonly count: number }
  | { readonly kind: "lost"; readonly count: number; readonly error: string };

/** Where it is said that spans cannot be sent, or that they are again. */
interface QueueLog {
  info(message: string, details: object): unknown;
  warn(message: string, details: object): unknown;
}

/** For how long spans are gathered for the thread, in milliseconds, and how many at most. */
const gathering = 50;
const mostGathered = 100;

/** How long the last spans may take, and after how long a thread that ended is begun anew, in milliseconds. */
const patience = 2000;
const pause = 10_000;

/**
 * Spans that wait to be sent, by a thread of its own. Not for its work, which is little: in a process that is a client of
 * HTTP, too, each call of gRPC takes up to a tenth longer, as Node's streams are then compiled for several kinds of them.
 * The library drops what has no room, and what was not taken, without a word: here it is counted.
 */
export class SpanQueue {
  #thread: Worker | undefined;
  #gathered: FinishedSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #waiting = 0;
  #onTheirWay = 0;
  #dropped = 0;
  #isFailing = false;
  #isStopping = false;

  constructor(
    private readonly sending: SpanSending,
    private readonly log: QueueLog,
  ) {
    this.#begin();
  }

  /** The spans that were lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  add(span: FinishedSpan): void {
    if (!this.#thread || this.#waiting >= this.sending.bounds.maxQueueSize) {
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
    this.#isStopping = true;
    const thread = this.#thread;
    if (!thread) return;
    this.#hand();
    thread.postMessage("end");
    const late = setTimeout(() => void thread.terminate(), patience);
    await new Promise((resolve) => thread.once("exit", resolve));
    clearTimeout(late);
  }

  #begin(): void {
    try {
      const thread = new Worker(new URL("./trace-thread.js", import.meta.url), { workerData: this.sending });
      let reason: unknown = "nothing was said why";
      thread.on("message", (news: SpanNews) => this.#hear(news));
      thread.on("error", (error) => {
        reason = error;
      });
      thread.once("exit", () => this.#ended(reason));
      thread.unref();
      this.#thread = thread;
    } catch (error) {
      this.#ended(error);
    }
  }

  /** The thread has ended, and with it all that it had. */
  #ended(reason: unknown): void {
    this.#thread = undefined;
    this.#dropped += this.#waiting + this.#onTheirWay;
    [this.#waiting, this.#onTheirWay, this.#gathered] = [0, 0, []];
    if (this.#isStopping) return;
    this.#fail(`their thread ended: ${String(reason)}`);
    setTimeout(() => {
      if (!this.#isStopping) this.#begin();
    }, pause).unref();
  }

  #hand(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#thread?.postMessage(this.#gathered);
    this.#gathered = [];
  }

  #hear(news: SpanNews): void {
    const { kind, count } = news;
    if (kind === "taken") {
      this.#waiting -= count;
      this.#onTheirWay += count;
      return;
    }
    this.#onTheirWay -= count;
    if (kind === "lost") {
      this.#dropped += count;
      if (!this.#isFailing) this.#fail(news.error);
    } else if (this.#isFailing) {
      this.#isFailing = false;
      this.log.info("traces are sent again", { dropped: this.#dropped });
    }
  }

  #fail(error: string): void {
    this.#isFailing = true;
    this.log.warn("traces cannot be sent: their spans are dropped", { error });
  }
}
