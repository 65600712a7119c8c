import { setTimeout as delay } from "node:timers/promises";
import type { SpanContext } from "@opentelemetry/api";
import { KeptCall, type SpanMaking } from "./kept-call.js";
import { SpanQueue } from "./span-queue.js";
import type { Sampling, TraceSettings } from "./trace-settings.js";

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

/** How long the last spans may take, in milliseconds. */
const patience = 2000;

/** What is known of a call whose trace is not kept here. */
const notKept = (id: string | undefined) => ({ id, trace: undefined, ended() {} });
const inNoTrace = notKept(undefined);

/** Traces calls, and sends what it keeps of them. What is not kept costs a look at a header. */
export class Traces {
  private constructor(
    private readonly sampling: Sampling,
    private readonly queue: SpanQueue,
    private readonly making: SpanMaking,
    private readonly parentOf: (traceparent: string, tracestate: string | undefined) => SpanContext | null,
  ) {}

  /** Makes the traces of this process; the libraries are loaded only here. */
  static async of(
    { sampling, queue: bounds }: TraceSettings,
    { version, database }: { readonly version: string; readonly database: string },
    log: TraceLog,
  ): Promise<Traces> {
    const [api, core, resources, sdk, exporter] = await Promise.all([
      import("@opentelemetry/api"),
      import("@opentelemetry/core"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/sdk-trace"),
      import("@opentelemetry/exporter-trace-otlp-proto"),
    ]);
    const queue = new SpanQueue(sdk.BatchSpanProcessor, new exporter.OTLPTraceExporter(), bounds, log);
    const own = { "service.name": "synergos-archive", "service.version": version, "process.pid": process.pid };
    const given = resources.detectResources({ detectors: [resources.envDetector] });
    const ids = new sdk.RandomIdGenerator();
    const making: SpanMaking = {
      maker: {
        resource: resources.resourceFromAttributes(own).merge(given),
        instrumentationScope: { name: "synergos-archive", version },
      },
      database,
      kinds: { call: api.SpanKind.SERVER, statement: api.SpanKind.CLIENT },
      status: { unset: api.SpanStatusCode.UNSET, error: api.SpanStatusCode.ERROR },
      sampled: api.TraceFlags.SAMPLED,
      newTraceId: () => ids.generateTraceId(),
      newSpanId: () => ids.generateSpanId(),
      toTime: core.millisToHrTime,
      add: (span) => queue.add(span),
    };
    const parentOf = (traceparent: string, tracestate?: string) => {
      const parent = core.parseTraceParent(traceparent);
      if (!parent || tracestate === undefined || tracestate.length > longestHeader) return parent;
      return { ...parent, traceState: new core.TraceState(tracestate) };
    };
    return new Traces(sampling, queue, making, parentOf);
  }

  /** The spans that were lost so far. */
  get dropped(): number {
    return this.queue.dropped;
  }

  begin(call: Call) {
    const header = call.header("traceparent");
    const parent = header && header.length <= longestHeader ? this.parentOf(header, call.header("tracestate")) : null;
    if (!this.#keeps(parent)) return parent ? notKept(parent.traceId) : inNoTrace;
    return new KeptCall(call, parent ? { ...parent, isRemote: true } : undefined, this.making);
  }

  /** Sends what waits, as far as that can be done soon. */
  async stop(): Promise<void> {
    const late = new AbortController();
    const sent = this.queue.shutdown().catch(() => undefined);
    await Promise.race([sent, delay(patience, undefined, { signal: late.signal })]);
    late.abort();
  }

  #keeps(parent: SpanContext | null): boolean {
    const { ratio, followsCaller } = this.sampling;
    if (!parent) return ratio === 1 || Math.random() < ratio;
    if (followsCaller) return (parent.traceFlags & 1) === 1;
    // By the part of the id that is random, so that other services of that share keep the same traces.
    return ratio === 1 || Number.parseInt(parent.traceId.slice(-13), 16) / 2 ** 52 < ratio;
  }
}
