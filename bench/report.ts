import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { BulkResult } from "./bulk.js";
import type { Comparison } from "./compare.js";
import type { HostileResult } from "./hostile.js";
import type { ProfileResult } from "./profiles.js";
import type { SizeResult } from "./sizes.js";
import type { SoakResult } from "./soak.js";
import type { StartResult } from "./starts.js";

/** All that one run of the benchmark measured, and on what. */
export interface Results {
  readonly settings: Readonly<Record<string, string | number>>;
  readonly databases: string[];
  readonly calls: Comparison[];
  readonly bulk: BulkResult[];
  readonly sizes: SizeResult[];
  readonly starts: StartResult[];
  readonly mlflow: Comparison[];
  readonly access: Comparison[];
  readonly soak: SoakResult[];
  readonly profiles: ProfileResult[];
  readonly hostile: HostileResult[];
}

export function emptyResults(settings: { rounds: number; seconds: number }): Results {
  const versionOf = (name: string) => JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version;
  return {
    settings: {
      date: new Date().toISOString().slice(0, 10),
      commit: execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim(),
      processor: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      system: process.platform,
      node: process.version,
      ...Object.fromEntries(["@grpc/grpc-js", "mysql2", "knex", "libsql"].map((name) => [name, versionOf(name)])),
      rounds: settings.rounds,
      "seconds of a round": settings.seconds,
    },
    databases: [],
    calls: [],
    bulk: [],
    sizes: [],
    starts: [],
    mlflow: [],
    access: [],
    soak: [],
    profiles: [],
    hostile: [],
  };
}

/** A number to read; nothing where there is none, such as the CPU time of a process that is not ours. */
const number = (value: number) =>
  Number.isFinite(value) ? value.toLocaleString("en", { maximumFractionDigits: 0 }) : "";
const ratio = (value: number) => (value >= 10 ? value.toFixed(0) : value.toFixed(2));
const verdict = (met: boolean | undefined) => (met === undefined ? "" : met ? "yes" : "**no**");

const met = ({ ratio, p99Ratio, target, concurrency, database }: Comparison): boolean | undefined =>
  // Most of what is asked for is asked of database servers; and of the slowest calls, where there is some load.
  database === "SQLite" && !target?.everywhere
    ? undefined
    : target &&
      ratio >= target.throughput &&
      (concurrency === 1 || p99Ratio <= (target.p99 ?? Number.POSITIVE_INFINITY));

/** One line of what was measured, to look at while it runs. */
export const line = {
  call: (result: Comparison) =>
    `${result.scenario.slice(0, 60).padEnd(60)} ${String(result.concurrency).padStart(3)}  ` +
    `${number(result.archive.throughput).padStart(7)}/s of ${number(result.yardstick.throughput).padStart(7)}/s = ` +
    `${ratio(result.ratio)} [${result.range.map(ratio).join("-")}]  p99 ${result.archive.p99.toFixed(2)} of ` +
    `${result.yardstick.p99.toFixed(2)} ms = ${ratio(result.p99Ratio)}  CPU ${number(result.archive.cpu)} of ${number(result.yardstick.cpu)} us`,
  bulk: (result: BulkResult) =>
    `${result.scenario.slice(0, 44).padEnd(44)}      ${result.archive.toFixed(3)} s of ${result.byHand.toFixed(3)} s = ` +
    `${ratio(result.ratio)} [${result.range.map(ratio).join("-")}]  ${number(result.records / result.archive)} records/s  ${number(result.memory)} MB` +
    `${result.meanwhile ? `  gets meanwhile: p99 ${result.meanwhile.p99.toFixed(1)} ms, slowest ${result.meanwhile.slowest.toFixed(1)} ms` : ""}`,
  size: ({ scenario, concurrency, sizes }: SizeResult) =>
    `${scenario.padEnd(44)} ${String(concurrency).padStart(3)}  ${sizes.map(({ records, round, ratio: times }) => `${number(records)}: ${number(round.throughput)}/s p50 ${round.p50.toFixed(2)} ms (${ratio(times)})`).join("  ")}`,
  start: ({ archive, floor }: StartResult) =>
    `${"start to serving".padEnd(44)}      ${archive.toFixed(2)} s of ${floor.toFixed(2)} s`,
  profile: ({ scenario, archive }: ProfileResult) =>
    `${scenario.slice(0, 44).padEnd(44)}      ${Object.entries(archive)
      .map(([part, cost]) => `${part} ${number(cost)}`)
      .join(", ")} us`,
  soak: ({ minutes, calls, memory }: SoakResult) =>
    `${`mixed load for ${minutes} minutes`.padEnd(44)}      ${number(calls)} calls, RSS ${memory.map((each) => number(each)).join(" ")} MB`,
  hostile: ({ request, p50, p99, slowest, failed, memory, answers }: HostileResult) =>
    `${request.padEnd(80)} gets meanwhile: p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, slowest ${slowest.toFixed(1)} ms, ${failed} failed; ${number(memory)} MB; ` +
    Object.entries(answers)
      .map(([answer, count]) => `${count} × ${answer}`)
      .join("; "),
};

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, index) => (index ? "--:" : "---")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");

const callTable = (results: readonly Comparison[]) =>
  table(
    [
      "",
      "calls at a time",
      "calls/s",
      "yardstick",
      "ratio",
      "p50 ms",
      "p95 ms",
      "p99 ms",
      "p99 ratio",
      "CPU µs a call",
      "yardstick's",
      "as asked for",
    ],
    results.map((result) => [
      result.scenario,
      String(result.concurrency),
      number(result.archive.throughput),
      number(result.yardstick.throughput),
      `${ratio(result.ratio)} (${result.range.map(ratio).join("–")})`,
      result.archive.p50.toFixed(2),
      result.archive.p95.toFixed(2),
      result.archive.p99.toFixed(2),
      ratio(result.p99Ratio),
      number(result.archive.cpu),
      number(result.yardstick.cpu),
      verdict(met(result)),
    ]),
  );

/** All results as tables. */
export function toMarkdown(results: Results): string {
  const parts = [
    Object.entries(results.settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  ];
  for (const database of results.databases) {
    const of = <Result extends { readonly database: string }>(all: readonly Result[]) =>
      all.filter((each) => each.database === database);
    const add = (title: string, text: string, count: number) =>
      count > 0 && parts.push(`### ${database}: ${title}`, text);
    const [calls, bulk, sizes, mlflow, access, soak] = [
      of(results.calls),
      of(results.bulk),
      of(results.sizes),
      of(results.mlflow),
      of(results.access),
      of(results.soak),
    ];
    add("single calls, against the floor", callTable(calls), calls.length);
    add(
      "large calls, against SQL by hand",
      table(
        [
          "",
          "seconds",
          "by hand",
          "time ratio",
          "records/s",
          "server's memory, MB",
          "gets meanwhile: p99, slowest, ms",
          "as asked for",
        ],
        bulk.map((each) => [
          each.scenario,
          each.archive.toFixed(3),
          each.byHand.toFixed(3),
          `${ratio(each.ratio)} (${each.range.map(ratio).join("–")})`,
          number(each.records / each.archive),
          number(each.memory),
          each.meanwhile ? `${each.meanwhile.p99.toFixed(1)}, ${each.meanwhile.slowest.toFixed(1)}` : "",
          verdict(each.target === undefined ? undefined : each.ratio <= each.target && (each.meanwhile?.p99 ?? 0) < 50),
        ]),
      ),
      bulk.length,
    );
    add(
      "archives of several sizes",
      table(
        ["", "calls at a time", "records", "calls/s", "p50 ms", "p99 ms", "time, to that with the fewest"],
        sizes.flatMap((each) =>
          each.sizes.map(({ records, round, ratio: times }) => [
            each.scenario,
            String(each.concurrency),
            number(records),
            number(round.throughput),
            round.p50.toFixed(2),
            round.p99.toFixed(2),
            ratio(times),
          ]),
        ),
      ),
      sizes.length,
    );
    add("against MLflow", callTable(mlflow), mlflow.length);
    add("what access costs", callTable(access), access.length);
    for (const { archive, floor } of of(results.starts)) {
      parts.push(`From its start until it serves: ${archive.toFixed(2)} s; the floor ${floor.toFixed(2)} s.`);
    }
    for (const { minutes, calls: made, memory } of soak) {
      parts.push(
        `A mixed load of 64 calls at a time for ${minutes} minutes, ${number(made)} calls: resident memory every half minute, in MB: ${memory.map((each) => number(each)).join(", ")}.`,
      );
    }
    const hostile = of(results.hostile);
    add(
      "the worst that one client may ask for, and what another one notices",
      table(
        ["", "gets meanwhile: p50 ms", "p99 ms", "slowest ms", "server's memory, MB", "as asked for"],
        hostile.map((each) => [
          each.request,
          each.p50.toFixed(1),
          each.p99.toFixed(1),
          each.slowest.toFixed(1),
          number(each.memory),
          verdict(each.p99 < 100 && each.memory < 512 && each.failed === 0),
        ]),
      ),
      hostile.length,
    );
    const profiles = of(results.profiles);
    const costs = [...new Set(profiles.flatMap(({ archive }) => Object.keys(archive)))].filter(
      (part) => part !== "idle",
    );
    const sum = (parts: Readonly<Record<string, number>>) =>
      costs.reduce((total, part) => total + (parts[part] ?? 0), 0);
    add(
      "where the time goes: µs of CPU a call, the archive's and the floor's",
      table(
        ["", ...profiles.map(({ scenario }) => scenario.replace(/ \(.*/, ""))],
        [
          ...costs.map((part) => [
            part,
            ...profiles.map(({ archive, floor }) => `${number(archive[part] ?? 0)} / ${number(floor[part] ?? 0)}`),
          ]),
          ["in all", ...profiles.map(({ archive, floor }) => `${number(sum(archive))} / ${number(sum(floor))}`)],
        ],
      ),
      profiles.length,
    );
  }
  return `${parts.join("\n\n")}\n`;
}

/** Charts where looking beats reading: ratios to the floor, and memory under load. */
export function writeCharts(results: Results, folder: string): void {
  const calls = results.calls.filter(({ concurrency }) => concurrency === 16);
  if (calls.length > 0) writeFileSync(join(folder, "floor.svg"), ratioChart(calls, results.databases));
  if (results.soak.length > 0) writeFileSync(join(folder, "memory.svg"), memoryChart(results.soak));
}

const colours = ["#4269d0", "#efb118", "#3ca951"];
const svg = (width: number, height: number, title: string, content: readonly string[]) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">\n<title>${title}</title>\n<rect width="100%" height="100%" fill="white"/>\n${text(8, 20, title)}\n${content.join("\n")}\n</svg>\n`;
const text = (x: number, y: number, words: string, anchor = "start") =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#333">${words.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
const legend = (names: readonly string[], x: number, y: number) =>
  names.flatMap((name, index) => [
    `<rect x="${x + index * 135}" y="${y - 10}" width="12" height="12" fill="${colours[index]}"/>`,
    text(x + 18 + index * 135, y, name),
  ]);

function ratioChart(calls: readonly Comparison[], databases: readonly string[]): string {
  const names = [...new Set(calls.map(({ scenario }) => scenario))];
  const [left, bar, gap] = [330, 10, 14];
  const block = databases.length * bar + gap;
  const scale = (value: number) => left + value * 360;
  const height = 70 + names.length * block;
  const grid = [0, 0.25, 0.5, 0.75, 1, 1.25].flatMap((value) => [
    `<line x1="${scale(value)}" x2="${scale(value)}" y1="40" y2="${height - 20}" stroke="${value === 1 ? "#333" : "#ddd"}"/>`,
    text(scale(value), height - 5, value.toFixed(2), "middle"),
  ]);
  const bars = names.flatMap((name, row) => {
    const top = 46 + row * block;
    return [
      text(left - 8, top + (databases.length * bar) / 2 + 4, name.replace(/ \(.*/, ""), "end"),
      ...databases.flatMap((database, index) => {
        const found = calls.find((each) => each.scenario === name && each.database === database);
        if (!found) return [];
        const width = scale(Math.min(found.ratio, 1.3)) - left;
        return [
          `<rect x="${left}" y="${top + index * bar}" width="${width.toFixed(1)}" height="${bar - 1}" fill="${colours[index]}"/>`,
        ];
      }),
    ];
  });
  return svg(830, height, "Throughput at 16 calls at a time, as a share of the floor's", [
    ...legend(databases, 420, 20),
    ...grid,
    ...bars,
  ]);
}

function memoryChart(soaks: readonly SoakResult[]): string {
  const [left, top, width, height] = [50, 40, 720, 220];
  const longest = Math.max(...soaks.map(({ memory }) => memory.length));
  const y = (megabytes: number) => top + height - (megabytes / 300) * height;
  const x = (index: number) => left + ((index + 1) / longest) * width;
  const grid = [0, 50, 100, 150, 200, 250, 300].flatMap((value) => [
    `<line x1="${left}" x2="${left + width}" y1="${y(value)}" y2="${y(value)}" stroke="${value === 250 ? "#333" : "#ddd"}"/>`,
    text(left - 6, y(value) + 4, String(value), "end"),
  ]);
  const lines = soaks.map(
    ({ memory }, index) =>
      `<polyline fill="none" stroke="${colours[index]}" stroke-width="2" points="${memory.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ")}"/>`,
  );
  return svg(800, 300, "Resident memory under a mixed load of 64 calls at a time, MB", [
    ...legend(
      soaks.map(({ database }) => database),
      400,
      20,
    ),
    ...grid,
    ...lines,
    text(left + width, top + height + 18, `${soaks[0]?.minutes} minutes`, "end"),
  ]);
}
