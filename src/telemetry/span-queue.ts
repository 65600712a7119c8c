import type { BatchSpanProcessor, ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";

/** What waits is sent so often, in milliseconds, and so many at a time; and no more than so many wait. */
export interface SpanQueueBounds {
  readonly scheduledDelayMillis: number;
  readonly maxExportBatchSize: number;
  readonly maxQueueSize: number;
}

/** Where it is said that spans cannot be sent, or that they are again. */
interface QueueLog {
  info(message: string, details: object): unknown;
  warn(message: string, details: object): unknown;
}

/** Spans that wait to be sent. The library drops what has no room, and what was not taken, without a word: here it is counted. */
export class SpanQueue {
  readonly #inner: BatchSpanProcessor;
  #waiting = 0;
  #dropped = 0;
  #isFailing = false;

  constructor(
    processor: typeof BatchSpanProcessor,
    exporter: SpanExporter,
    private readonly bounds: SpanQueueBounds,
    private readonly log: QueueLog,
  ) {
    this.#inner = new processor({ ...bounds, exporter: this.#counting(exporter) });
  }

  /** The spans that were lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  add(span: ReadableSpan): void {
    if (this.#waiting >= this.bounds.maxQueueSize) {
      this.#dropped++;
      return;
    }
    this.#waiting++;
    this.#inner.onEnd(span);
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  #counting(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans, done) => {
        this.#waiting -= spans.length;
        exporter.export(spans, (result) => {
          if (result.error) this.#failed(spans.length, result.error);
          else this.#sent();
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    };
  }

  #failed(count: number, { message }: Error): void {
    this.#dropped += count;
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.log.warn("traces cannot be sent: their spans are dropped", { error: message });
  }

  #sent(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.log.info("traces are sent again", { dropped: this.#dropped });
  }
}
