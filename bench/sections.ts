import { compareAccess } from "./access.js";
import type { Bench, Setting } from "./bench.js";
import { bulks, compareBulk } from "./bulk.js";
import { measureChanges } from "./changes.js";
import { compare } from "./compare.js";
import { compareEdges } from "./edges.js";
import { compareEtcd } from "./etcd-comparison.js";
import { measureHostile } from "./hostile.js";
import { compareMlMetadata } from "./ml-metadata.js";
import { compareMlflow } from "./mlflow-comparison.js";
import { profile } from "./profiles.js";
import { line, type Results } from "./report.js";
import { scenarios } from "./scenarios.js";
import { compareSizes } from "./sizes.js";
import { soak } from "./soak.js";
import { compareStarts } from "./starts.js";
import { compareWorkers } from "./workers.js";

/** A part of the benchmark. */
export interface Section {
  /** Whether it is part of a run that names none, and of one that is quick. */
  readonly usual?: boolean;
  readonly quick?: boolean;
  /** Measures on one database: puts what it measured into the results, and yields a line for each. */
  measure(bench: Bench, results: Results): AsyncGenerator<string>;
}

const settingOf = ({ url, name, loader, choices }: Bench): Setting => ({ url, name, loader, ...choices });

/** What a section measures with that shares the servers and the data of the scenarios. */
const withServers = async (bench: Bench) => ({
  ...settingOf(bench),
  ...(await bench.pair()),
  databaseName: bench.name,
  reader: bench.reader,
});

/** Keeps what is found, and yields a line for each. */
async function* kept<Found>(all: AsyncIterable<Found>, into: Found[], text: (one: Found) => string) {
  for await (const found of all) {
    into.push(found);
    yield text(found);
  }
}

/** All sections, in the order in which they are measured. */
export const sections: Readonly<Record<string, Section>> = {
  calls: {
    usual: true,
    quick: true,
    async *measure(bench, results) {
      const { only, concurrency: chosen, quick } = bench.choices;
      for (const scenario of scenarios) {
        if (!only.test(scenario.name)) continue;
        for (const concurrency of (quick ? scenario.quick : scenario.concurrency) ?? []) {
          if (chosen.length > 0 && !chosen.includes(concurrency)) continue;
          const result = await compare(scenario, concurrency, await withServers(bench));
          results.calls.push(result);
          yield line.call(result);
        }
      }
    },
  },
  bulk: {
    usual: true,
    async *measure(bench, results) {
      for (const bulk of bulks) {
        if (!bench.choices.only.test(bulk.name)) continue;
        const result = await compareBulk(bulk, await withServers(bench));
        results.bulk.push(result);
        yield line.bulk(result);
      }
    },
  },
  soak: {
    async *measure(bench, results) {
      const result = await soak({ ...(await withServers(bench)), minutes: bench.choices.soakMinutes });
      results.soak.push(result);
      yield line.soak(result);
    },
  },
  profile: {
    async *measure(bench, results) {
      for (const scenario of scenarios) {
        if (!scenario.profiled || !bench.choices.only.test(scenario.name)) continue;
        const result = await profile(scenario, await withServers(bench));
        results.profiles.push(result);
        yield line.profile(result);
      }
    },
  },
  workers: {
    usual: true,
    measure: (bench, results) => kept(compareWorkers(bench), results.workers, line.call),
  },
  sizes: {
    usual: true,
    measure: (bench, results) => kept(compareSizes(settingOf(bench)), results.sizes, line.size),
  },
  hostile: {
    measure: (bench, results) => kept(measureHostile(settingOf(bench)), results.hostile, line.hostile),
  },
  starts: {
    usual: true,
    async *measure(bench, results) {
      const result = await compareStarts(bench.url, bench.name, bench.choices.folder, bench.choices.rounds);
      results.starts.push(result);
      yield line.start(result);
    },
  },
  etcd: {
    usual: true,
    quick: true,
    measure: (bench, results) => kept(compareEtcd(bench, results.notes), results.etcd, line.call),
  },
  "ml-metadata": {
    usual: true,
    measure: (bench, results) => kept(compareMlMetadata(bench, results.notes), results.mlMetadata, line.call),
  },
  mlflow: {
    usual: true,
    async *measure(bench, results) {
      if (bench.isSqlite) return;
      yield* kept(compareMlflow(settingOf(bench)), results.mlflow, line.call);
    },
  },
  edges: {
    usual: true,
    measure: (bench, results) => kept(compareEdges(settingOf(bench)), results.edges, line.call),
  },
  access: {
    usual: true,
    measure: (bench, results) => kept(compareAccess(settingOf(bench)), results.access, line.call),
  },
  changes: {
    usual: true,
    measure: (bench, results) => kept(measureChanges(settingOf(bench)), results.changes, line.changes),
  },
};
