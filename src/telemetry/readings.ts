import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Instruments } from "./instruments.js";

/** What is read only when somebody asks for the metrics. */
export interface Readings {
  /** How many calls wait for their turn. */
  callsWaiting(): number;
  /** The connections of each pool to the database. */
  pools(): readonly { name: string; used: number; idle: number; waiting: number; most: number }[];
  /** Whether health says that this process serves. */
  isServing(): boolean;
  /** Whether the access file is as it was read last; none where access is off. */
  readonly accessFileIsValid?: (() => boolean) | undefined;
  /** Whether certificates and key are as they were read last; none without TLS. */
  readonly certificatesAreValid?: (() => boolean) | undefined;
  /** The watches of changes, and how many changes the one that is furthest behind has yet to tell. */
  watches(): { readonly watches: number; readonly behind: number };
  /** How many changes have no revision yet; undefined where the database does not say so soon. */
  unnumberedChanges(): Promise<number | undefined>;
  /** The spans of traces that were lost; none where there are no traces. */
  readonly droppedSpans?: (() => number) | undefined;
  /** The lines of the log that were lost, by where they should have gone. */
  droppedLines(): readonly { target: string; count: number }[];
}

/** How often the event loop's delay is measured, and how long its figures last where nobody asks; in milliseconds. */
const resolution = 10;
const window = 15_000;

/** Adds what is read when somebody asks. */
export function addReadings(instruments: Instruments, readings: Readings): void {
  const { droppedSpans } = readings;
  instruments.gauge("archive_calls_waiting", "Calls that wait for their turn, before anything of them is read.", {
    collect: (made) => made.set(readings.callsWaiting()),
  });
  instruments.gauge("archive_pool_connections", "Connections to the database.", {
    labels: ["pool", "state"],
    collect(made) {
      for (const { name, used, idle, most } of readings.pools()) {
        made.set({ pool: name, state: "used" }, used);
        made.set({ pool: name, state: "idle" }, idle);
        made.set({ pool: name, state: "most" }, most);
      }
    },
  });
  instruments.gauge("archive_pool_waiting", "Who waits for a connection to the database.", {
    labels: ["pool"],
    collect(made) {
      for (const { name, waiting } of readings.pools()) made.set({ pool: name }, waiting);
    },
  });
  instruments.gauge("archive_serving", "How many processes serve.", {
    collect: (made) => made.set(readings.isServing() ? 1 : 0),
  });
  const files = [
    ["archive_access_file_valid", "the access file that is there is the one that holds", readings.accessFileIsValid],
    ["archive_certificates_valid", "certificates and key of TLS are those that hold", readings.certificatesAreValid],
  ] as const;
  for (const [name, what, isValid] of files) {
    if (!isValid) continue;
    instruments.gauge(name, `Whether ${what}: 0 where what is there cannot be used.`, {
      aggregator: "min",
      collect: (made) => made.set(isValid() ? 1 : 0),
    });
  }
  instruments.gauge("archive_watches", "Watches of changes.", {
    collect: (made) => made.set(readings.watches().watches),
  });
  const behind = "How many changes the watch that is furthest behind has yet to tell.";
  instruments.gauge("archive_watch_behind_changes", behind, {
    aggregator: "max",
    collect: (made) => made.set(readings.watches().behind),
  });
  const unnumbered = "Changes that have no revision yet, of 10,000 transactions at the most.";
  instruments.gauge("archive_changes_unnumbered", unnumbered, {
    // All processes look at the same.
    aggregator: "max",
    async collect(made) {
      const count = await readings.unnumberedChanges();
      if (count === undefined) made.remove();
      else made.set(count);
    },
  });
  if (droppedSpans) {
    instruments.counter("archive_spans_dropped_total", "Spans of traces that were lost.", {
      collect: (made) => made.inc(droppedSpans()),
    });
  }
  instruments.counter("archive_log_dropped_total", "Lines of the log that were lost, by target.", {
    labels: ["target"],
    collect(made) {
      for (const { target, count } of readings.droppedLines()) made.inc({ target }, count);
    },
  });
  addEventLoopDelay(instruments);
}

function addEventLoopDelay(instruments: Instruments): void {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  let since = performance.now();
  const help = "For how long the event loop was held since it was last asked, or in the last 15 seconds.";
  instruments.gauge("archive_event_loop_delay_seconds", help, {
    labels: ["quantile"],
    aggregator: "max",
    collect(made) {
      for (const quantile of [50, 99]) {
        made.set({ quantile: String(quantile / 100) }, Math.max(0, delay.percentile(quantile) / 1e9));
      }
      made.set({ quantile: "1" }, delay.max / 1e9);
      if (performance.now() - since < window) return;
      since = performance.now();
      delay.reset();
    },
  });
}
