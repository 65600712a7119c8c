import { KeptCall, type SpanTaker } from "./kept-call.js";
import { SpanQueue } from "./span-queue.js";
import type { Sampling, TraceSettings } from "./trace-settings.js";
import { parseTraceparent, type RemoteSpan } from "./traceparent.js";

/** A call, as much of it as a trace needs. */
interface Call {
  readonly path: string;
  readonly rpcSystem: string;
  header(name: string): string | undefined;
}

/** Where it is said what becomes of spans. */
export interface TraceLog {
  info(message: string, details: object): unknown;
  warn(message: string, details: object): unknown;
}

/** The most characters of a header that says which trace a call continues. */
const longestHeader = 512;

/** What is known of a call whose trace is not kept here. */
const notKept = (id: string | undefined) => ({ id, trace: undefined, ended() {} });
const inNoTrace = notKept(undefined);

/** Traces calls, and sends what it keeps of them. What is not kept costs a look at a header. */
export class Traces {
  readonly #sampling: Sampling;
  readonly #queue: SpanQueue;
  readonly #taker: SpanTaker;

  constructor(
    { sampling, queue: bounds }: TraceSettings,
    { version, database }: { readonly version: string; readonly database: string },
    log: TraceLog,
  ) {
    this.#sampling = sampling;
    this.#queue = new SpanQueue({ bounds, version }, log);
    this.#taker = { database, add: (span) => this.#queue.add(span) };
  }

  /** The spans that were lost so far. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  begin(call: Call) {
    const header = call.header("traceparent");
    const parent = header && header.length <= longestHeader ? parseTraceparent(header) : undefined;
    if (!this.#keeps(parent)) return parent ? notKept(parent.traceId) : inNoTrace;
    return new KeptCall(call, parent, parent && stateOf(call), this.#taker);
  }

  /** Sends what waits, as far as that can be done soon. */
  stop(): Promise<void> {
    return this.#queue.stop();
  }

  #keeps(parent: RemoteSpan | undefined): boolean {
    const { ratio, followsCaller } = this.#sampling;
    if (!parent) return ratio === 1 || Math.random() < ratio;
    if (followsCaller) return parent.isKept;
    // By the part of the id that is random, so that other services of that share keep the same traces.
    return ratio === 1 || Number.parseInt(parent.traceId.slice(-13), 16) / 2 ** 52 < ratio;
  }
}

/** What others note of the trace, where it is not too long to be passed on. */
function stateOf(call: Call): string | undefined {
  const state = call.header("tracestate");
  return state !== undefined && state.length <= longestHeader ? state : undefined;
}
