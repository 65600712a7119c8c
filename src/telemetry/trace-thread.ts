import { parentPort, workerData } from "node:worker_threads";
import { type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { millisToHrTime, TraceState } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace";
import type { FinishedSpan } from "./finished-span.js";
import type { SpanNews, SpanSending } from "./span-queue.js";

// What a thread of its own runs: see span-queue.ts.
const { bounds, version } = workerData as SpanSending;

const own = { "service.name": "synergos-archive", "service.version": version, "process.pid": process.pid };
const maker: Pick<ReadableSpan, "resource" | "instrumentationScope"> = {
  resource: resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] })),
  instrumentationScope: { name: "synergos-archive", version },
};

const tell = (news: SpanNews) => parentPort?.postMessage(news);
const exporter = new OTLPTraceExporter();
const processor = new BatchSpanProcessor({
  ...bounds,
  exporter: {
    export(spans, done) {
      const count = spans.length;
      tell({ kind: "taken", count });
      exporter.export(spans, (result) => {
        tell(result.error ? { kind: "lost", count, error: result.error.message } : { kind: "sent", count });
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  } satisfies SpanExporter,
});

parentPort?.on("message", (message: readonly FinishedSpan[] | "end") => {
  if (message === "end") void end();
  else for (const span of message) processor.onEnd(readable(span));
});

async function end(): Promise<void> {
  // Of what is not taken any more it was told.
  await processor.shutdown().catch(() => undefined);
  parentPort?.close();
}

/** A span as the library takes it. */
function readable({ kind, parentId, isFailure, began, ended, ...span }: FinishedSpan): ReadableSpan {
  const { traceId, traceState } = span;
  const contextOf = (spanId: string, more: Partial<SpanContext> = {}): SpanContext => ({
    traceId,
    spanId,
    traceFlags: TraceFlags.SAMPLED,
    ...more,
  });
  const context = contextOf(span.spanId, traceState ? { traceState: new TraceState(traceState) } : {});
  return {
    ...maker,
    name: span.name,
    kind: kind === "call" ? SpanKind.SERVER : SpanKind.CLIENT,
    spanContext: () => context,
    ...(parentId && { parentSpanContext: contextOf(parentId, { isRemote: kind === "call" }) }),
    startTime: millisToHrTime(began),
    endTime: millisToHrTime(ended),
    duration: millisToHrTime(ended - began),
    ended: true,
    status: { code: isFailure ? SpanStatusCode.ERROR : SpanStatusCode.UNSET },
    attributes: span.attributes,
    links: [],
    events: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}
