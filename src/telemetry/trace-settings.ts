import type { SpanQueueBounds } from "./span-queue.js";

/** Which traces are kept: of calls that continue none, a share; of others what their callers decided, unless that is not asked. */
export interface Sampling {
  readonly ratio: number;
  readonly followsCaller: boolean;
}

/** How calls are traced. */
export interface TraceSettings {
  readonly sampling: Sampling;
  readonly queue: SpanQueueBounds;
}

const samplers: Readonly<Record<string, (ratio: number) => Sampling>> = {
  always_on: () => ({ ratio: 1, followsCaller: false }),
  always_off: () => ({ ratio: 0, followsCaller: false }),
  traceidratio: (ratio) => ({ ratio, followsCaller: false }),
  parentbased_always_on: () => ({ ratio: 1, followsCaller: true }),
  parentbased_always_off: () => ({ ratio: 0, followsCaller: true }),
  parentbased_traceidratio: (ratio) => ({ ratio, followsCaller: true }),
};

/** The most spans that may wait, and milliseconds that they may do so. */
const most = 100_000;

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * How OpenTelemetry's own variables say that calls are traced; undefined where they do not. Throws where they say what
 * cannot be done. What they say beside (headers, certificates, resource) the libraries read by themselves.
 */
export function readTraceSettings(variables: Variables): TraceSettings | undefined {
  const text = (name: string) => variables[name]?.trim() || undefined;
  const endpoints = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
  const given = endpoints.find(text);
  if (!given || text("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return undefined;
  const exporter = text("OTEL_TRACES_EXPORTER") ?? "otlp";
  if (exporter === "none") return undefined;
  if (exporter !== "otlp") throw new Error(`OTEL_TRACES_EXPORTER must be otlp or none (given: "${exporter}")`);
  const endpoint = text(given) ?? "";
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw new Error(`${given} must be an address such as http://collector:4318`);
  }
  const protocol = text("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ?? text("OTEL_EXPORTER_OTLP_PROTOCOL") ?? "http/protobuf";
  if (protocol !== "http/protobuf") {
    throw new Error(`OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf (given: "${protocol}")`);
  }
  const name = text("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
  const sampler = Object.hasOwn(samplers, name) ? samplers[name] : undefined;
  if (!sampler) {
    throw new Error(`OTEL_TRACES_SAMPLER must be one of ${Object.keys(samplers).join(", ")} (given: "${name}")`);
  }
  const ratio = Number(text("OTEL_TRACES_SAMPLER_ARG") ?? 1);
  if (!(ratio >= 0 && ratio <= 1)) throw new Error("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1");
  const count = (name: string, preset: number) => {
    const number = Number(text(name) ?? preset);
    if (Number.isInteger(number) && number >= 1 && number <= most) return number;
    throw new Error(`${name} must be a whole number from 1 to ${most}`);
  };
  const maxQueueSize = count("OTEL_BSP_MAX_QUEUE_SIZE", 2048);
  return {
    sampling: sampler(ratio),
    queue: {
      maxQueueSize,
      maxExportBatchSize: Math.min(count("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512), maxQueueSize),
      scheduledDelayMillis: count("OTEL_BSP_SCHEDULE_DELAY", 5000),
    },
  };
}
