import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { View } from "../generated/ts/synergos/archive/v1/options.js";
import type { Bench } from "./bench.js";
import { type Comparison, compareRounds, measure, type Round, roundOf } from "./compare.js";
import { detailsOf, runKeys } from "./data.js";
import type { Call } from "./load.js";
import { pythonWith } from "./python-packages.js";
import { create, get, list, mostOfRound, nextRound, writes } from "./scenarios.js";

const version = "1.17.1";

/** A call of the archive, and what ML Metadata has for it. */
interface Counterpart {
  readonly name: string;
  readonly theirs: "put" | "get" | "list";
  ours(round: number, most: number): Call[];
  readonly repeat: boolean;
}

const counterparts: readonly Counterpart[] = [
  {
    name: "create run (put an execution)",
    theirs: "put",
    ours: (round, most) => runKeys(writes, 5, most, round * most).map(create),
    repeat: false,
  },
  {
    name: "get run (get an execution)",
    theirs: "get",
    ours: () => runKeys("lists", 0, 1000).map((key) => get(key, View.VIEW_BASIC)),
    repeat: true,
  },
  { name: "list 100 runs (executions)", theirs: "list", ours: () => [list], repeat: true },
];

/**
 * Compares the archive on the embedded database with ML Metadata, which has no server here but is called within the
 * process that asks: one call at a time, without a network, a log or a message. Says so where it cannot be had.
 */
export async function* compareMlMetadata(bench: Bench, notes: string[]): AsyncGenerator<Comparison> {
  const { name, isSqlite, loader, choices } = bench;
  const { only, rounds, seconds } = choices;
  if (!isSqlite) return;
  const other = await startMlMetadata().catch((error: Error) => {
    notes.push(`Not measured against ML Metadata: ${error.message}`);
    return undefined;
  });
  if (!other) return;
  try {
    const { archive } = await bench.pair();
    // As many as the archive has in its experiment.
    await other.run("put", 600, 1000);
    for (const counterpart of counterparts.filter((each) => only.test(each.name))) {
      const { ours, theirs, repeat } = counterpart;
      yield {
        scenario: `${counterpart.name}, to ML Metadata ${version} in process`,
        database: name,
        concurrency: 1,
        ...(await compareRounds(rounds, {
          archive() {
            const calls = ours(nextRound(), mostOfRound(seconds));
            const job = { address: archive.address, calls, repeat, concurrency: 1, connections: 1, seconds };
            return measure(loader, archive, job);
          },
          yardstick: () => other.run(theirs, seconds),
        })),
      };
    }
  } finally {
    other.stop();
  }
}

/** A process of Python that makes calls of ML Metadata. */
interface MlMetadata {
  run(call: Counterpart["theirs"], seconds: number, count?: number): Promise<Round>;
  stop(): void;
}

async function startMlMetadata(): Promise<MlMetadata> {
  const python = await pythonWith({
    name: "ml-metadata",
    version,
    packages: [`ml-metadata==${version}`],
    module: "ml_metadata",
    needs: "Python 3.9, 3.10 or 3.11 on Linux",
  });
  const home = mkdtempSync(join(tmpdir(), "archive-bench-ml-metadata-"));
  const child = spawn(python, ["bench/ml_metadata_load.py", join(home, "store.db")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const stop = () => {
    process.off("exit", stop);
    child.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  };
  process.once("exit", stop);
  const lines = createInterface({ input: child.stdout });
  const properties = plainProperties(detailsOf("Run"));
  return {
    async run(call, seconds, count) {
      child.stdin.write(`${JSON.stringify({ call, seconds, count, properties })}\n`);
      const [line] = await Promise.race([once(lines, "line"), ended(child)]);
      const answer = JSON.parse(line as string) as { seconds: number; latencies: number[] };
      return roundOf(Float64Array.from(answer.latencies), answer.seconds);
    },
    stop,
  };
}

async function ended(child: ChildProcess): Promise<never> {
  const [status] = await once(child, "exit");
  throw new Error(`the process of ML Metadata ended with ${status}`);
}

/** The fields of details as properties: numbers and texts; what is neither is text of JSON. */
const plainProperties = (details: object) =>
  Object.fromEntries(
    Object.entries(details).flatMap(([name, value]) => {
      if (value === undefined) return [];
      if (typeof value === "bigint") return [[name, Number(value)]];
      return [[name, typeof value === "number" || typeof value === "string" ? value : JSON.stringify(value)]];
    }),
  );
