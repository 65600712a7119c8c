import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import type { BulkResult } from "./bulk.js";
import { asked, type ChangesResult, isAsAsked } from "./changes.js";
import type { Comparison } from "./compare.js";
import type { HostileResult } from "./hostile.js";
import type { ProfileResult } from "./profiles.js";
import type { SizeResult } from "./sizes.js";
import { type SoakResult, watches } from "./soak.js";
import type { StartResult } from "./starts.js";
import { isMet } from "./targets.js";

/** All that one run of the benchmark measured, and on what. */
export interface Results {
  readonly settings: Readonly<Record<string, string | number>>;
  readonly databases: string[];
  readonly calls: Comparison[];
  readonly bulk: BulkResult[];
  readonly sizes: SizeResult[];
  readonly starts: StartResult[];
  readonly workers: Comparison[];
  readonly etcd: Comparison[];
  readonly mlMetadata: Comparison[];
  readonly mlflow: Comparison[];
  readonly access: Comparison[];
  readonly edges: Comparison[];
  readonly soak: SoakResult[];
  readonly profiles: ProfileResult[];
  readonly hostile: HostileResult[];
  readonly changes: ChangesResult[];
  /** What was not measured, and why; versions of what it was measured against. */
  readonly notes: string[];
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
    workers: [],
    etcd: [],
    mlMetadata: [],
    mlflow: [],
    access: [],
    edges: [],
    soak: [],
    profiles: [],
    hostile: [],
    changes: [],
    notes: [],
  };
}

/** A number to read; nothing where there is none, such as the CPU time of a process that is not ours. */
const number = (value: number) =>
  Number.isFinite(value) ? value.toLocaleString("en", { maximumFractionDigits: 0 }) : "";
const ratio = (value: number) => (value >= 10 ? value.toFixed(0) : value.toFixed(2));
const figure = (value: number) => (value >= 100 ? number(value) : value.toFixed(value >= 10 ? 0 : 2));
const verdict = (met: boolean | undefined) => (met === undefined ? "" : met ? "yes" : "**no**");

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
  soak: ({ minutes, calls, refused, changes, memory }: SoakResult) =>
    `${`mixed load for ${minutes} minutes`.padEnd(44)}      ${number(calls)} calls, ${number(refused)} refused, ${number(changes)} changes told to ${watches} watches, RSS ${memory.map((each) => number(each)).join(" ")} MB`,
  changes: (result: ChangesResult) =>
    `${result.what.padEnd(64)} ${figure(result.value)} ${result.unit}${result.target ? ` (${asked(result)}: ${isAsAsked(result) ? "yes" : "NO"})` : ""}`,
  hostile: ({ request, quiet, meanwhile, after, failed, memory, memoryAfter, internal, answers }: HostileResult) =>
    `${request.padEnd(72)} gets: p99 ${quiet.p99.toFixed(1)}, meanwhile p50 ${meanwhile.p50.toFixed(1)}, p99 ${meanwhile.p99.toFixed(1)}, ` +
    `slowest ${meanwhile.slowest.toFixed(1)}, afterwards p99 ${after.p99.toFixed(1)} ms, ${failed} failed; ` +
    `${number(memory)} MB, ${number(memoryAfter)} afterwards; ${internal} INTERNAL; ` +
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
      verdict(isMet(result)),
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
    const [calls, bulk, sizes, mlflow, soak] = [
      of(results.calls),
      of(results.bulk),
      of(results.sizes),
      of(results.mlflow),
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
    for (const [title, compared] of [
      ["two workers, against one", of(results.workers)],
      ["against etcd", of(results.etcd)],
      ["against ML Metadata", of(results.mlMetadata)],
      ["against MLflow", mlflow],
      ["what access costs", of(results.access)],
      ["the other edge, and a server that is watched over", of(results.edges)],
    ] as const) {
      add(title, callTable(compared), compared.length);
    }
    for (const { archive, floor } of of(results.starts)) {
      parts.push(`From its start until it serves: ${archive.toFixed(2)} s; the floor ${floor.toFixed(2)} s.`);
    }
    for (const { minutes, calls: made, refused, changes, memory } of soak) {
      parts.push(
        `A mixed load of 64 calls at a time for ${minutes} minutes, ${number(made)} calls${refused > 0 ? `, beside ${number(refused)} that were refused, as the machine was busy` : ""}, beside ${watches} watches, which were each told ${number(changes)} changes: resident memory every half minute, in MB: ${memory.map((each) => number(each)).join(", ")}.`,
      );
    }
    const changes = of(results.changes);
    add(
      "changes and watches",
      table(
        ["", "", "asked for", "as asked for"],
        changes.map((each) => [each.what, `${figure(each.value)} ${each.unit}`, asked(each), verdict(isAsAsked(each))]),
      ),
      changes.length,
    );
    const hostile = of(results.hostile);
    add(
      "the worst that one client may ask for, and what another one notices",
      table(
        [
          "",
          "gets: p99 ms, quiet",
          "meanwhile",
          "slowest",
          "afterwards",
          "server's memory, MB",
          "afterwards",
          "as asked for",
        ],
        hostile.map((each) => [
          each.request,
          each.quiet.p99.toFixed(1),
          each.meanwhile.p99.toFixed(1),
          each.meanwhile.slowest.toFixed(1),
          each.after.p99.toFixed(1),
          number(each.memory),
          number(each.memoryAfter),
          verdict(each.meanwhile.p99 < each.most && each.memory < 512 && each.failed + each.internal === 0),
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
  return `${[...parts, ...results.notes].join("\n\n")}\n`;
}
