import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createDatabase } from "../test/support/database.js";
import { runDatabase, startDatabase } from "../test/support/databases.js";
import { compareAccess } from "./access.js";
import { bulks, compareBulk } from "./bulk.js";
import { compare } from "./compare.js";
import { type Database, openDatabase } from "./database.js";
import { measureHostile } from "./hostile.js";
import { compareMlflow } from "./mlflow-comparison.js";
import { type Loader, startLoader, startServer } from "./processes.js";
import { profile } from "./profiles.js";
import { emptyResults, line, type Results, toMarkdown, writeCharts } from "./report.js";
import { checkSameAnswers, prepareScenarios, scenarios } from "./scenarios.js";
import { compareSizes } from "./sizes.js";
import { soak } from "./soak.js";
import { compareStarts } from "./starts.js";

const sections = ["calls", "bulk", "sizes", "starts", "mlflow", "access", "hostile", "soak", "profile"] as const;

const { values } = parseArgs({
  options: {
    databases: { type: "string", default: process.env.ARCHIVE_DATABASE_URL ? "url" : "sqlite,mariadb,mysql" },
    sections: { type: "string", default: "calls,bulk,sizes,starts,mlflow,access" },
    only: { type: "string", default: "" },
    concurrency: { type: "string", default: "" },
    results: { type: "string", default: "bench/results" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    "soak-minutes": { type: "string", default: "10" },
    // A checkout of another commit, built: single calls are then measured against its server instead of the floor.
    baseline: { type: "string", default: "" },
  },
});
const chosen = values.sections.split(",");
const unknown = chosen.filter((section) => !(sections as readonly string[]).includes(section));
if (unknown.length > 0) throw new Error(`no such section: ${unknown.join(", ")}; there are ${sections.join(", ")}`);

const only = new RegExp(values.only, "i");
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const folder = values.results;
mkdirSync(folder, { recursive: true });
const home = mkdtempSync(join(tmpdir(), "archive-bench-"));
const results: Results = emptyResults({ rounds, seconds });
const started: string[] = [];
const stop = () => {
  for (const each of started.splice(0)) runDatabase("stop", each);
  rmSync(home, { recursive: true, force: true });
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // Each time: Ctrl-C may come twice, and the second would end this in the midst of it.
  process.on(signal, () => {
    stop();
    process.exit(1);
  });
}
try {
  for (const kind of values.databases.split(",")) {
    await measureOn(kind);
    writeFileSync(join(folder, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
    writeFileSync(join(folder, "results.md"), toMarkdown(results));
    writeCharts(results, folder);
  }
} finally {
  stop();
}
console.log(`\n${folder}/results.md, results.json and charts were written.`);

async function measureOn(kind: string): Promise<void> {
  const { url, name, drop } = await databaseOf(kind);
  results.databases.push(name);
  console.log(`\n${name}`);
  const loader = startLoader();
  const reader = startLoader();
  try {
    if (["calls", "bulk", "soak", "profile"].some((section) => chosen.includes(section))) {
      await measureServer(url, name, loader, reader);
    }
    if (chosen.includes("sizes")) {
      for await (const result of compareSizes({ url, name, folder, loader, rounds, seconds })) {
        results.sizes.push(result);
        console.log(line.size(result));
      }
    }
    if (chosen.includes("access")) {
      for await (const result of compareAccess({ url, name, folder, loader, rounds, seconds })) {
        results.access.push(result);
        console.log(line.call(result));
      }
    }
    if (chosen.includes("hostile")) {
      for await (const result of measureHostile({ url, name, folder, loader, only })) {
        results.hostile.push(result);
        console.log(line.hostile(result));
      }
    }
    if (chosen.includes("starts")) {
      const result = await compareStarts(url, name, folder, rounds);
      results.starts.push(result);
      console.log(line.start(result));
    }
    if (chosen.includes("mlflow") && !url.startsWith("sqlite:")) {
      for await (const result of compareMlflow({ url, name, folder, loader, rounds, seconds })) {
        results.mlflow.push(result);
        console.log(line.call(result));
      }
    }
  } finally {
    loader.stop();
    reader.stop();
    await drop?.();
  }
}

/** Single calls and large ones, all on one server with one set of data. */
async function measureServer(url: string, databaseName: string, loader: Loader, reader: Loader): Promise<void> {
  const { baseline } = values;
  // Another commit may have another schema, so it has a database of its own.
  const other = baseline ? await databaseBeside(url) : undefined;
  const archive = await startServer("archive", url, folder);
  const floor = await startServer(baseline ? "baseline" : "floor", other?.url ?? url, folder, { checkout: baseline });
  const database: Database = openDatabase(url);
  const floorDatabase: Database = other ? openDatabase(other.url) : database;
  try {
    await prepareScenarios(database);
    if (other) await prepareScenarios(floorDatabase);
    else await checkSameAnswers(archive, floor);
    // What both do is compiled before it is measured.
    for (const { address } of [archive, floor]) {
      const [first] = scenarios;
      const job = { address, calls: first?.calls(0) ?? [], repeat: true, concurrency: 16, connections: 4 };
      await loader.run({ ...job, seconds: 3 * seconds });
    }
    for (const scenario of chosen.includes("calls") ? scenarios : []) {
      if (!only.test(scenario.name)) continue;
      for (const concurrency of scenario.concurrency) {
        if (values.concurrency && !values.concurrency.split(",").includes(String(concurrency))) continue;
        const setting = { database, floorDatabase, databaseName, archive, floor, loader, rounds, seconds };
        const result = await compare(scenario, concurrency, setting);
        results.calls.push(result);
        console.log(line.call(result));
      }
    }
    for (const bulk of chosen.includes("bulk") ? bulks : []) {
      if (!only.test(bulk.name)) continue;
      const result = await compareBulk(bulk, { database, databaseName, archive, loader, reader, rounds });
      results.bulk.push(result);
      console.log(line.bulk(result));
    }
    if (chosen.includes("soak")) {
      const result = await soak({ databaseName, archive, loader, minutes: Number(values["soak-minutes"]) });
      results.soak.push(result);
      console.log(line.soak(result));
    }
    for (const scenario of chosen.includes("profile") ? scenarios.filter(({ profiled }) => profiled) : []) {
      if (!only.test(scenario.name)) continue;
      const result = await profile(scenario, { url, database, databaseName, folder, loader });
      results.profiles.push(result);
      console.log(line.profile(result));
    }
  } finally {
    await database.close();
    if (other) await floorDatabase.close();
    await archive.stop();
    await floor.stop();
    await other?.drop();
  }
}

/** An empty database beside another: on the same server, or in the same folder. */
async function databaseBeside(url: string): Promise<{ url: string; drop(): Promise<void> }> {
  if (!url.startsWith("sqlite:")) return createDatabase({ name: "baseline", url });
  return { url: `${url}-baseline`, async drop() {} };
}

/** The database to measure on: embedded, of a durable server started for this, or a new one on the given server. */
async function databaseOf(kind: string): Promise<{ url: string; name: string; drop?: () => Promise<void> }> {
  if (kind === "sqlite") return { url: `sqlite:${join(home, "archive.db")}`, name: "SQLite" };
  const given = process.env.ARCHIVE_DATABASE_URL;
  if (kind === "url" && given)
    return { name: "the given server", ...(await createDatabase({ name: kind, url: given })) };
  const data = join(home, kind);
  started.push(data);
  // More memory than a test's server has, so that the largest archive fits, as an operator would see to it.
  const { url, version } = await startDatabase(kind, data, "durable", undefined, ["--innodb-buffer-pool-size=4G"]);
  return { url, name: `${kind === "mysql" ? "MySQL" : "MariaDB"} ${version.split("-")[0]}` };
}
