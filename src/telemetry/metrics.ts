import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Counter, Gauge, MetricObjectWithValues, MetricValue, Registry } from "prom-client";
import { Tally, talliedHistogram } from "./tally.js";

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
  /** Whether the access file is as it was read last; none where access is off. */
  readonly accessFileIsValid?: (() => boolean) | undefined;
  /** Whether certificates and key are as they were read last; none without TLS. */
  readonly certificatesAreValid?: (() => boolean) | undefined;
  /** The lines of the log that were lost, by where they should have gone. */
  droppedLines(): readonly { target: string; count: number }[];
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
/** How often the event loop's delay is measured, and how long its figures last where nobody asks; in milliseconds. */
const resolution = 10;
const window = 15_000;

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
    const { Counter: CounterOf, Gauge: GaugeOf } = prometheus;
    const registers = [registry];
    const counter = (name: string, help: string, labelNames: string[] = [], collect?: (counter: Counter) => void) => {
      const made: Counter = new CounterOf({
        name,
        help,
        labelNames,
        registers,
        ...(collect && {
          collect() {
            made.reset();
            collect(made);
          },
        }),
      });
      return made;
    };
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
    for (const { path, type } of methods) this.#methods.set(path, methodTally(path, type));
    const tallies = [...this.#methods.values(), this.#other];
    counter("grpc_server_started_total", "Calls that have begun.", callLabels, (made) => {
      for (const { labels, started } of tallies) made.inc(labels, started);
    });
    counter("grpc_server_handled_total", "Calls that have ended, by code.", [...callLabels, "grpc_code"], (made) => {
      for (const { labels, handled } of tallies) {
        for (const [grpc_code, count] of handled) made.inc({ ...labels, grpc_code }, count);
      }
    });
    talliedHistogram(
      prometheus,
      { name: "grpc_server_handling_seconds", help: "How long calls take.", labelNames: callLabels, registry },
      () => tallies.map(({ labels, seconds }) => [labels, seconds] as const),
    );
    gauge("archive_calls_in_flight", "Calls that have begun and not ended.", [], (made) => made.set(this.#inFlight));
    this.#refused = counter("archive_calls_refused_total", "Calls that were refused, as too much is asked at once.", [
      "cause",
    ]);
    talliedHistogram(
      prometheus,
      { name: "archive_statement_seconds", help: "How long statements take, by kind.", labelNames: ["kind"], registry },
      () => [...this.#kinds].map(([kind, tally]) => [{ kind }, tally] as const),
    );
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
    const files = [
      ["archive_access_file_valid", "the access file that is there is the one that holds", readings.accessFileIsValid],
      ["archive_certificates_valid", "certificates and key of TLS are those that hold", readings.certificatesAreValid],
    ] as const;
    for (const [name, what, isValid] of files) {
      if (!isValid) continue;
      new GaugeOf({
        name,
        help: `Whether ${what}: 0 where what is there cannot be used.`,
        registers,
        aggregator: "min",
        collect() {
          this.set(isValid() ? 1 : 0);
        },
      });
    }
    counter("archive_log_dropped_total", "Lines of the log that were lost, by target.", ["target"], (made) => {
      for (const { target, count } of readings.droppedLines()) made.inc({ target }, count);
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

/** How a text begins that is a whole transaction: a write, and what is noted of it, before it or after. */
const wholeTransaction = "START TRANSACTION; ";
const note = "INSERT INTO `archive_pending`";

/** What a statement does, by its first word. */
function kindOf(sql: string): string {
  if (sql.startsWith(wholeTransaction)) {
    const isNoteFirst = sql.startsWith(note, wholeTransaction.length);
    return kindOf(sql.slice(isNoteFirst ? sql.indexOf("; ", wholeTransaction.length) + 2 : wholeTransaction.length));
  }
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
