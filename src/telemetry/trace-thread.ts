import { parentPort, workerData } from "node:worker_threads";
import { type SpanContext, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { millisToHrTime, TraceState } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace";
import type { FinishedSpan } from "./finished-span.js";
import type { Outcome, SpanSending } from "./span-queue.js";

// What a thread of its own runs: see span-queue.ts.
const { bounds, version } = workerData as SpanSending;

const own = { "service.name": "synergos-archive", "service.version": version, "process.pid": process.pid };
const maker: Pick<ReadableSpan, "resource" | "instrumentationScope"> = {
  resource: resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] })),
  instrumentationScope: { name: "synergos-archive", version },
};

const exporter = new OTLPTraceExporter();
const processor = new BatchSpanProcessor({
  ...bounds,
  exporter: {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const outcome: Outcome = { count: spans.length, error: result.error?.message };
        parentPort?.postMessage(outcome);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  } satisfies SpanExporter,
});

parentPort?.on("message", (message: readonly FinishedSpan[] | "end") => {
  if (message === "end") void processor.shutdown().finally(() => parentPort?.close());
  else for (const span of message) processor.onEnd(readable(span));
});

/** A span as the library takes it. */
function readable({ kind, parent, isFailure, began, ended, ...span }: FinishedSpan): ReadableSpan {
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
    ...(parent && { parentSpanContext: contextOf(parent.spanId, { isRemote: parent.isRemote }) }),
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
