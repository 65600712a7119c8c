import type { Counter, Gauge, Registry } from "prom-client";

/** What a gauge or a counter is made of, beside its name and what it says. */
interface Settings<Instrument> {
  readonly labels?: string[];
  /** Has it say what is now, when somebody asks. */
  readonly collect?: (made: Instrument) => void | Promise<void>;
  /** What becomes of the values of several processes; they are added up where it does not say. */
  readonly aggregator?: "max" | "min";
}

/** Makes the metrics of a registry. */
export class Instruments {
  constructor(
    private readonly prometheus: typeof import("prom-client"),
    private readonly registry: Registry,
  ) {}

  /** One that collects counts from nothing each time. */
  counter(name: string, help: string, { labels = [], collect }: Omit<Settings<Counter>, "aggregator"> = {}): Counter {
    const made: Counter = new this.prometheus.Counter({
      name,
      help,
      labelNames: labels,
      registers: [this.registry],
      ...(collect && {
        collect() {
          made.reset();
          return collect(made);
        },
      }),
    });
    return made;
  }

  gauge(name: string, help: string, { labels = [], collect, aggregator }: Settings<Gauge> = {}): Gauge {
    const made: Gauge = new this.prometheus.Gauge({
      name,
      help,
      labelNames: labels,
      registers: [this.registry],
      ...(aggregator && { aggregator }),
      ...(collect && { collect: () => collect(made) }),
    });
    return made;
  }
}
