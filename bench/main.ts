import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createDatabase } from "../test/support/database.js";
import { runDatabase, startDatabase } from "../test/support/databases.js";
import { Bench, type Choices } from "./bench.js";
import { writeCharts } from "./charts.js";
import { emptyResults, type Results, toMarkdown } from "./report.js";
import { sections } from "./sections.js";
import { targetTable } from "./targets.js";

const { values } = parseArgs({
  options: {
    databases: { type: "string", default: process.env.ARCHIVE_DATABASE_URL ? "url" : "sqlite,mariadb,mysql" },
    sections: { type: "string", default: "" },
    only: { type: "string", default: "" },
    concurrency: { type: "string", default: "" },
    results: { type: "string", default: "bench/results" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "" },
    // Five minutes: the figures that the project holds itself to, printed with what each must be.
    quick: { type: "boolean", default: false },
    "soak-minutes": { type: "string", default: "10" },
    // How long each attack lasts, in seconds.
    "hostile-seconds": { type: "string", default: "60" },
    // A checkout of another commit, built: single calls are then measured against its server instead of the floor.
    baseline: { type: "string", default: "" },
  },
});
const { quick } = values;
const usual = Object.keys(sections).filter((name) => (quick ? sections[name]?.quick : sections[name]?.usual));
const chosen = values.sections ? values.sections.split(",") : usual;
const unknown = chosen.filter((name) => !Object.hasOwn(sections, name));
if (unknown.length > 0)
  throw new Error(`no such section: ${unknown.join(", ")}; there are ${Object.keys(sections).join(", ")}`);

const folder = values.results;
const choices: Choices = {
  only: new RegExp(values.only, "i"),
  concurrency: values.concurrency ? values.concurrency.split(",").map(Number) : [],
  rounds: Number(values.rounds),
  seconds: Number(values.seconds || (quick ? 0.25 : 0.6)),
  quick,
  soakMinutes: Number(values["soak-minutes"]),
  hostileSeconds: Number(values["hostile-seconds"]),
  baseline: values.baseline,
  folder,
};
mkdirSync(folder, { recursive: true });
const home = mkdtempSync(join(tmpdir(), "archive-bench-"));
const results: Results = emptyResults(choices);
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
if (quick) console.log(`\n${targetTable([...results.calls, ...results.etcd])}`);
for (const note of results.notes) console.log(`\n${note}`);
console.log(`\n${folder}/results.md, results.json and charts were written.`);

async function measureOn(kind: string): Promise<void> {
  const { url, name, drop } = await databaseOf(kind);
  results.databases.push(name);
  console.log(`\n${name}`);
  const bench = new Bench(url, name, choices);
  try {
    for (const section of Object.keys(sections).filter((each) => chosen.includes(each))) {
      for await (const measured of sections[section]?.measure(bench, results) ?? []) console.log(measured);
    }
  } finally {
    await bench.close();
    await drop?.();
  }
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
