import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Counter, Gauge, Histogram, MetricObjectWithValues, MetricValue, Registry } from "prom-client";

/** What a method is called, as go-grpc-prometheus' labels say it. */
export interface MethodName {
  readonly path: string;
  readonly type: "unary" | "server_stream" | "client_stream";
}

/** What is read only when somebody asks for the metrics. */
export interface Readings {
  /** The connections of each pool to the database. */
  pools(): readonly { name: string; used: number; idle: number; waiting: number; most: number }[];
  /** Whether health says that this process serves. */
  isServing(): boolean;
  /** The lines of the log that were lost, by where they should have gone. */
  droppedLines(): readonly { target: string; count: number }[];
}

/** The metrics of one process, as they go to the process that adds them up. */
export type Report = MetricObjectWithValues<MetricValue<string>>[];

interface MethodMetrics {
  readonly started: Counter.Internal;
  readonly seconds: Histogram.Internal<string>;
  readonly handled: Map<string, Counter.Internal>;
  readonly labels: { grpc_type: string; grpc_service: string; grpc_method: string };
}

const bucketsOfCalls = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const bucketsOfStatements = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];
/** How often the event loop's delay is measured, and how long its figures last where nobody asks; in milliseconds. */
const resolution = 10;
const window = 15_000;

/** Counts and measures what one process does. No label holds a key, an address or a name that a client gave. */
export class Metrics {
  readonly #methods = new Map<string, MethodMetrics>();
  readonly #other: MethodMetrics;
  readonly #started: Counter;
  readonly #handled: Counter;
  readonly #seconds: Histogram;
  readonly #inFlight: Gauge;
  readonly #refused: Counter;
  readonly #statements: Histogram;
  readonly #kinds = new Map<string, Histogram.Internal<string>>();
  readonly #failures: Counter;
  readonly #conflicts: Counter;
  readonly #retries: Counter;

  private constructor(
    { Counter: CounterOf, Gauge: GaugeOf, Histogram: HistogramOf }: typeof import("prom-client"),
    readonly registry: Registry,
    methods: readonly MethodName[],
    readings: Readings,
    build: Readonly<Record<string, string>>,
  ) {
    const registers = [registry];
    const counter = (name: string, help: string, labelNames: string[] = []) =>
      new CounterOf({ name, help, labelNames, registers });
    const gauge = (name: string, help: string, labelNames: string[] = [], collect?: (gauge: Gauge) => void) => {
      const made: Gauge = new GaugeOf({
        name,
        help,
        labelNames,
        registers,
        ...(collect && {
          collect() {
            collect(made);
          },
        }),
      });
      return made;
    };
    const callLabels = ["grpc_type", "grpc_service", "grpc_method"];
    this.#started = counter("grpc_server_started_total", "Calls that have begun.", callLabels);
    this.#handled = counter("grpc_server_handled_total", "Calls that have ended, by code.", [
      ...callLabels,
      "grpc_code",
    ]);
    this.#seconds = new HistogramOf({
      name: "grpc_server_handling_seconds",
      help: "How long calls take.",
      labelNames: callLabels,
      buckets: bucketsOfCalls,
      registers,
    });
    this.#inFlight = gauge("archive_calls_in_flight", "Calls that have begun and not ended.");
    this.#refused = counter("archive_calls_refused_total", "Calls that were refused, as too much is asked at once.", [
      "cause",
    ]);
    this.#statements = new HistogramOf({
      name: "archive_statement_seconds",
      help: "How long statements take, by kind.",
      labelNames: ["kind"],
      buckets: bucketsOfStatements,
      registers,
    });
    this.#failures = counter("archive_statement_failures_total", "Statements that failed, by the kind of error.", [
      "error",
    ]);
    this.#conflicts = counter("archive_conflicts_total", "Units of work that met a conflict with others.");
    this.#retries = counter("archive_retries_total", "Units of work that were done again after a conflict.");
    gauge("archive_pool_connections", "Connections to the database.", ["pool", "state"], (made) => {
      for (const { name, used, idle, most } of readings.pools()) {
        made.set({ pool: name, state: "used" }, used);
        made.set({ pool: name, state: "idle" }, idle);
        made.set({ pool: name, state: "most" }, most);
      }
    });
    gauge("archive_pool_waiting", "Who waits for a connection to the database.", ["pool"], (made) => {
      for (const { name, waiting } of readings.pools()) made.set({ pool: name }, waiting);
    });
    gauge("archive_serving", "How many processes serve.", [], (made) => made.set(readings.isServing() ? 1 : 0));
    new CounterOf({
      name: "archive_log_dropped_total",
      help: "Lines of the log that were lost, by target.",
      labelNames: ["target"],
      registers,
      collect() {
        this.reset();
        for (const { target, count } of readings.droppedLines()) this.inc({ target }, count);
      },
    });
    const delay = monitorEventLoopDelay({ resolution });
    delay.enable();
    let since = performance.now();
    new GaugeOf({
      name: "archive_event_loop_delay_seconds",
      help: "For how long the event loop was held since it was last asked, or in the last 15 seconds.",
      labelNames: ["quantile"],
      registers,
      aggregator: "max",
      collect() {
        for (const quantile of [50, 99]) {
          this.set({ quantile: String(quantile / 100) }, Math.max(0, delay.percentile(quantile) / 1e9));
        }
        this.set({ quantile: "1" }, delay.max / 1e9);
        if (performance.now() - since < window) return;
        since = performance.now();
        delay.reset();
      },
    });
    gauge("archive_build_info", "What runs: always 1 for each process.", Object.keys(build)).set(build, 1);
    for (const { path, type } of methods) this.#methods.set(path, this.#method(path, type));
    this.#other = this.#method("/other/other", "unary");
  }

  /** Makes the metrics of this process; the library is loaded only here. */
  static async of(
    methods: readonly MethodName[],
    readings: Readings,
    build: Readonly<Record<string, string>>,
  ): Promise<Metrics> {
    const { default: prometheus } = await import("prom-client");
    const registry = new prometheus.Registry();
    prometheus.collectDefaultMetrics({ register: registry });
    return new Metrics(prometheus, registry, methods, readings, build);
  }

  begun(path: string): void {
    this.#of(path).started.inc();
    this.#inFlight.inc();
  }

  ended(path: string, code: string, milliseconds: number): void {
    const method = this.#of(path);
    let handled = method.handled.get(code);
    if (!handled) {
      handled = this.#handled.labels({ ...method.labels, grpc_code: code });
      method.handled.set(code, handled);
    }
    handled.inc();
    method.seconds.observe(milliseconds / 1000);
    this.#inFlight.dec();
  }

  refused(cause: string): void {
    this.#refused.inc({ cause });
  }

  statement(sql: string, milliseconds: number, failure?: string): void {
    const kind = kindOf(sql);
    let measured = this.#kinds.get(kind);
    if (!measured) {
      measured = this.#statements.labels({ kind });
      this.#kinds.set(kind, measured);
    }
    measured.observe(milliseconds / 1000);
    if (failure) this.#failures.inc({ error: failure });
  }

  conflict(isRetried: boolean): void {
    this.#conflicts.inc();
    if (isRetried) this.#retries.inc();
  }

  report(): Promise<Report> {
    return this.registry.getMetricsAsJSON();
  }

  #of(path: string): MethodMetrics {
    return this.#methods.get(path) ?? this.#other;
  }

  #method(path: string, type: string): MethodMetrics {
    const [, service = "", method = ""] = path.split("/");
    const labels = { grpc_type: type, grpc_service: service, grpc_method: method };
    const [started, seconds] = [this.#started.labels(labels), this.#seconds.labels(labels)];
    return { started, seconds, handled: new Map(), labels };
  }
}

/** How a text begins that is a whole transaction: a write, and what is noted of it. */
const wholeTransaction = "START TRANSACTION; ";

/** What a statement does, by its first word. */
function kindOf(sql: string): string {
  if (sql.startsWith(wholeTransaction)) return kindOf(sql.slice(wholeTransaction.length));
  switch (sql.charCodeAt(0)) {
    case 0x53: // S
      if (sql.startsWith("SELECT")) return "select";
      return sql.startsWith("SET STATEMENT") ? "insert" : "other";
    case 0x57: // W
      return "select";
    case 0x49: // I
      return "insert";
    case 0x55: // U
      return "update";
    case 0x44: // D
      return "delete";
    case 0x43: // C
      return sql === "COMMIT" ? "commit" : "other";
    default:
      return "other";
  }
}
