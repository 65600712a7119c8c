import type { Counter, MetricObjectWithValues, MetricValue, Registry } from "prom-client";
import { Instruments } from "./instruments.js";
import { mainStatement } from "./main-statement.js";
import { addReadings, type Readings } from "./readings.js";
import { Tally, talliedHistogram } from "./tally.js";

/** What a method is called, as go-grpc-prometheus' labels say it. */
export interface MethodName {
  readonly path: string;
  readonly type: "unary" | "server_stream" | "client_stream";
}

/** The metrics of one process, as they go to the process that adds them up. */
export type Report = MetricObjectWithValues<MetricValue<string>>[];

/** What is counted of one method: plain numbers, which become metrics only when somebody asks. */
interface MethodTally {
  readonly labels: { readonly grpc_type: string; readonly grpc_service: string; readonly grpc_method: string };
  readonly seconds: Tally;
  readonly handled: Map<string, number>;
  started: number;
}

const bucketsOfCalls = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const bucketsOfStatements = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5];

/** Counts and measures what one process does. No label holds a key, an address or a name that a client gave. */
export class Metrics {
  readonly #methods = new Map<string, MethodTally>();
  readonly #other = methodTally("/other/other", "unary");
  readonly #kinds = new Map<string, Tally>();
  #inFlight = 0;
  readonly #refused: Counter;
  readonly #failures: Counter;
  readonly #conflicts: Counter;
  readonly #retries: Counter;

  private constructor(
    prometheus: typeof import("prom-client"),
    readonly registry: Registry,
    methods: readonly MethodName[],
    readings: Readings,
    build: Readonly<Record<string, string>>,
  ) {
    const instruments = new Instruments(prometheus, registry);
    const labels = ["grpc_type", "grpc_service", "grpc_method"];
    for (const { path, type } of methods) this.#methods.set(path, methodTally(path, type));
    const tallies = [...this.#methods.values(), this.#other];
    instruments.counter("grpc_server_started_total", "Calls that have begun.", {
      labels,
      collect(made) {
        for (const { labels, started } of tallies) made.inc(labels, started);
      },
    });
    instruments.counter("grpc_server_handled_total", "Calls that have ended, by code.", {
      labels: [...labels, "grpc_code"],
      collect(made) {
        for (const { labels, handled } of tallies) {
          for (const [grpc_code, count] of handled) made.inc({ ...labels, grpc_code }, count);
        }
      },
    });
    talliedHistogram(
      prometheus,
      { name: "grpc_server_handling_seconds", help: "How long calls take.", labelNames: labels, registry },
      () => tallies.map(({ labels, seconds }) => [labels, seconds] as const),
    );
    instruments.gauge("archive_calls_in_flight", "Calls that have begun and not ended.", {
      collect: (made) => made.set(this.#inFlight),
    });
    const refused = "Calls that were refused, as too much is asked at once, or by one principal.";
    this.#refused = instruments.counter("archive_calls_refused_total", refused, { labels: ["cause"] });
    talliedHistogram(
      prometheus,
      { name: "archive_statement_seconds", help: "How long statements take, by kind.", labelNames: ["kind"], registry },
      () => [...this.#kinds].map(([kind, tally]) => [{ kind }, tally] as const),
    );
    const failures = "Statements that failed, by the kind of error.";
    this.#failures = instruments.counter("archive_statement_failures_total", failures, { labels: ["error"] });
    const conflicts = "Units of work that met a conflict with others.";
    this.#conflicts = instruments.counter("archive_conflicts_total", conflicts);
    const retries = "Units of work that were done again after a conflict.";
    this.#retries = instruments.counter("archive_retries_total", retries);
    addReadings(instruments, readings);
    const what = "What runs: always 1 for each process.";
    instruments.gauge("archive_build_info", what, { labels: Object.keys(build) }).set(build, 1);
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
    this.#of(path).started++;
    this.#inFlight++;
  }

  ended(path: string, code: string, milliseconds: number): void {
    const { handled, seconds } = this.#of(path);
    handled.set(code, (handled.get(code) ?? 0) + 1);
    seconds.observe(milliseconds / 1000);
    this.#inFlight--;
  }

  refused(cause: string): void {
    this.#refused.inc({ cause });
  }

  statement(sql: string, milliseconds: number, failure?: string): void {
    const kind = kindOf(sql);
    let measured = this.#kinds.get(kind);
    if (!measured) {
      measured = new Tally(bucketsOfStatements);
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

  #of(path: string): MethodTally {
    return this.#methods.get(path) ?? this.#other;
  }
}

function methodTally(path: string, type: string): MethodTally {
  const [, service = "", method = ""] = path.split("/");
  const labels = { grpc_type: type, grpc_service: service, grpc_method: method };
  return { labels, seconds: new Tally(bucketsOfCalls), handled: new Map(), started: 0 };
}

/** What a statement does, by its first word. */
function kindOf(text: string): string {
  const sql = mainStatement(text);
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
