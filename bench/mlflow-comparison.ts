import { View } from "../generated/ts/synergos/archive/v1/options.js";
import { createDatabase } from "../test/support/database.js";
import type { Setting } from "./bench.js";
import { type Comparison, compareRounds, measure } from "./compare.js";
import { detailsOf, fillCollaboration, runKey, runKeys } from "./data.js";
import { openDatabase } from "./database.js";
import type { Call } from "./load.js";
import * as mlflow from "./mlflow.js";
import { startServer } from "./processes.js";
import { create, createExperiment, get, list, remove } from "./scenarios.js";

const concurrency = 16;

/** How many calls that cannot be repeated a round has at hand: more than it will make. */
const most = { ours: 20_000, theirs: 1000, deletes: 200 };

/** A call of the archive and the one of MLflow's API that does the same. */
interface Pair {
  readonly name: string;
  ours(): Call[] | Promise<Call[]>;
  theirs(): Call[] | Promise<Call[]>;
  readonly repeat: boolean;
  readonly target?: number;
}

/** Compares the archive with MLflow's tracking server on the same database server, in alternating rounds. */
export async function* compareMlflow(setting: Setting): AsyncGenerator<Comparison> {
  const { url, name, folder, loader, rounds, seconds } = setting;
  const home = await createDatabase({ name, url });
  const archive = await startServer("archive", home.url, folder);
  const database = openDatabase(home.url);
  let other: mlflow.Mlflow | undefined;
  try {
    other = await mlflow.startMlflow(url, 2);
    yield* compareWith(other);
  } finally {
    await other?.stop();
    await database.close();
    await archive.stop();
    await home.drop();
  }

  async function* compareWith(other: mlflow.Mlflow): AsyncGenerator<Comparison> {
    await fillCollaboration(database, "lists", 1, 1000);
    await fillCollaboration(database, "writes", 1, 0);
    const integersAsNumbers = (_: string, value: unknown) => (typeof value === "bigint" ? Number(value) : value);
    const text = JSON.stringify(detailsOf("Run"), integersAsNumbers);
    const read = await mlflow.createExperiment(other, "lists");
    const written = await mlflow.createExperiment(other, "writes");
    const makeRuns = async (experiment: string, count: number) => {
      const ids: string[] = [];
      for (let index = 0; index < count; index++)
        ids.push(await mlflow.createRun(other, experiment, `run_${index}`, text));
      return ids;
    };
    const ids = await makeRuns(read, 1000);
    let count = 0;
    const fresh = <Made>(number: number, make: (index: number) => Made): Made[] =>
      Array.from({ length: number }, () => make(count++));
    const freshKeys = (number: number) => fresh(number, (index) => runKey("writes", 0, index));
    const http = ({ method, path, body }: mlflow.HttpCall): Call => ({ method, path, body: Buffer.from(body) });
    const pairs: readonly Pair[] = [
      {
        name: "create experiment",
        ours: () => fresh(most.ours, (index) => createExperiment("writes", index)),
        theirs: () => fresh(most.theirs, (index) => http(mlflow.calls.createExperiment(`experiment_${index}`))),
        repeat: false,
      },
      {
        name: "create run",
        ours: () => freshKeys(most.ours).map(create),
        theirs: () => fresh(most.theirs, (index) => http(mlflow.calls.createRun(written, `run_${index}`, text))),
        repeat: false,
        target: 10,
      },
      {
        name: "get run",
        ours: () => runKeys("lists", 0, 1000).map((key) => get(key, View.VIEW_BASIC)),
        theirs: () => ids.map((id) => http(mlflow.calls.getRun(id))),
        repeat: true,
        target: 20,
      },
      {
        name: "list 100 runs (search runs)",
        ours: () => [list],
        theirs: () => [http(mlflow.calls.searchRuns(read))],
        repeat: true,
        target: 20,
      },
      {
        name: "delete run (MLflow only marks it)",
        ours: async () => {
          const keys = freshKeys(most.ours / 4);
          const job = { address: archive.address, calls: keys.map(create), repeat: false };
          await measure(loader, archive, { ...job, concurrency, connections: 4, seconds: 60 });
          return keys.map(remove);
        },
        theirs: async () => (await makeRuns(written, most.deletes)).map((id) => http(mlflow.calls.deleteRun(id))),
        repeat: false,
      },
    ];
    for (const pair of pairs) {
      const { repeat, target } = pair;
      yield {
        scenario: `${pair.name}, against MLflow ${other.version}`,
        database: name,
        concurrency,
        ...(await compareRounds(rounds, {
          archive: async () => {
            const job = { address: archive.address, calls: await pair.ours(), repeat };
            return measure(loader, archive, { ...job, concurrency, connections: 4, seconds });
          },
          yardstick: async () => {
            const job = { address: other.address, calls: await pair.theirs(), repeat };
            return measure(loader, undefined, { ...job, concurrency, connections: concurrency, seconds });
          },
        })),
        ...(target ? { target: { throughput: target } } : {}),
      };
    }
  }
}
