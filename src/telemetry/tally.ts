import type { Histogram, HistogramConfiguration, Registry } from "prom-client";

/**
 * Durations, counted in buckets. What is done for each call and each statement is a few additions: a histogram of the
 * library would look its labels up each time, and cost more than all else of the metrics.
 */
export class Tally {
  readonly #counts: number[];
  #sum = 0;

  constructor(private readonly bounds: readonly number[]) {
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(seconds: number): void {
    let index = 0;
    while (index < this.bounds.length && seconds > (this.bounds[index] ?? 0)) index++;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** What a histogram has of them: how many were not longer than each bound, how many there were, and their sum. */
  get values(): {
    readonly buckets: [le: number | string, count: number][];
    readonly count: number;
    readonly sum: number;
  } {
    let count = 0;
    const buckets = this.#counts.map((each, index): [number | string, number] => {
      count += each;
      return [this.bounds[index] ?? "+Inf", count];
    });
    return { buckets, count, sum: this.#sum };
  }
}

type Labels = Readonly<Record<string, string>>;

/** A histogram that is made of tallies when somebody asks for it. */
export function talliedHistogram(
  { Histogram: Base }: { readonly Histogram: typeof Histogram },
  settings: Pick<HistogramConfiguration<string>, "name" | "help" | "labelNames"> & { readonly registry: Registry },
  tallies: () => Iterable<readonly [Labels, Tally]>,
): Histogram {
  const { registry, ...configuration } = settings;
  class Tallied extends Base {
    override async get() {
      const { name } = configuration;
      const values = [...tallies()].flatMap(
        ([
          labels,
          {
            values: { buckets, count, sum },
          },
        ]) => [
          ...buckets.map(([le, value]) => ({ metricName: `${name}_bucket`, labels: { le, ...labels }, value })),
          { metricName: `${name}_sum`, labels, value: sum },
          { metricName: `${name}_count`, labels, value: count },
        ],
      );
      return { ...(await super.get()), values };
    }
  }
  return new Tallied({ ...configuration, registers: [registry] });
}
