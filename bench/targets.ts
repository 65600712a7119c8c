import type { Comparison } from "./compare.js";

/** What a figure must be: the least of the ratios of throughputs, and the most of the times that 99 of 100 calls take. */
export interface Target {
  readonly throughput: number;
  readonly p99?: number;
}

/** The least shares of the floor's throughput, by calls at a time. */
type Shares = Readonly<Record<number, number>>;

/** What is asked for of a kind of call: of database servers, and of the embedded database. */
export interface Targets {
  readonly servers: Shares;
  readonly sqlite: Shares;
}

/** The same at any number of calls at a time, on all engines. */
export const everywhere = (share: number, concurrency: readonly number[] = [1, 16, 64]): Targets => {
  const shares = Object.fromEntries(concurrency.map((each) => [each, share]));
  return { servers: shares, sqlite: shares };
};

/** The most that the slowest of 100 calls may take, to the floor's; where there is load, as a lone call has none to wait for. */
const p99 = 1.3;

/** What a kind of call must be at so many calls at a time, if anything is asked for. */
export function targetOf(
  targets: Targets | undefined,
  isSqlite: boolean,
  concurrency: number,
): { readonly target?: Target } {
  const throughput = targets?.[isSqlite ? "sqlite" : "servers"][concurrency];
  if (throughput === undefined) return {};
  return { target: concurrency === 1 ? { throughput } : { throughput, p99 } };
}

/** Whether a figure is what it must be; undefined where nothing is asked for. */
export const isMet = ({ ratio, p99Ratio, target }: Comparison): boolean | undefined =>
  target && ratio >= target.throughput && p99Ratio <= (target.p99 ?? Number.POSITIVE_INFINITY);

/** The figures that have a target, with it beside each, as text. */
export function targetTable(results: readonly Comparison[]): string {
  const rows = results.flatMap((result) => {
    const { target } = result;
    if (!target) return [];
    const share = (value: number) => value.toFixed(2);
    return [
      [
        result.database,
        result.scenario.replace(/ \(.*/, ""),
        String(result.concurrency),
        share(result.ratio),
        share(target.throughput),
        share(result.p99Ratio),
        target.p99 ? share(target.p99) : "",
        isMet(result) ? "yes" : "NO",
      ],
    ];
  });
  const head = ["database", "calls", "at a time", "ratio", "at least", "p99 ratio", "at most", "met"];
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const isText = (column: number) => column < 2;
  return all
    .map((row) =>
      row
        .map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
