import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { withoutGridFlags } from "../src/grid-flags.js";
import { serveSettings } from "../src/options.js";
import { servedMethods } from "../src/service/services.js";
import { codeNumbers } from "../src/service/status.js";
import { Metrics } from "../src/telemetry/metrics.js";
import type { Readings } from "../src/telemetry/readings.js";
import { readPromql } from "./support/promql.js";

interface Service {
  readonly image: string;
  readonly command?: string[];
  readonly environment?: Record<string, string>;
  readonly volumes?: string[];
  readonly depends_on?: string[] | Record<string, unknown>;
  readonly ports?: string[];
}

const read = (file: string) => readFileSync(join("deploy", file), "utf8");

/** The labels that Prometheus gives to what it reads. */
const targetLabels = ["instance", "job"];

/** What labels can be, where that is known. */
const values: Readonly<Record<string, readonly string[]>> = {
  grpc_code: ["OK", ...Object.keys(codeNumbers)],
  grpc_method: servedMethods.map(({ path }) => path.split("/")[2] ?? ""),
  cause: ["calls", "delay", "pool", "memory", "principal_calls", "principal_rate", "principal_watches"],
  pool: ["main", "reads", "writes", "streams", "control"],
  state: ["used", "idle", "most"],
  quantile: ["0.5", "0.99", "1"],
  job: ["archive"],
};

/** All series that a server has, and the labels of each. */
async function series(): Promise<ReadonlyMap<string, readonly string[]>> {
  const readings: Readings = {
    callsWaiting: () => 0,
    pools: () => [],
    isServing: () => true,
    droppedLines: () => [],
    accessFileIsValid: () => true,
    certificatesAreValid: () => true,
    watches: () => ({ watches: 0, behind: 0 }),
    unnumberedChanges: async () => 0,
    droppedSpans: () => 0,
  };
  const { registry } = await Metrics.of([], readings, { version: "1", node: "1", database: "sqlite" });
  const known = new Map<string, readonly string[]>([["up", targetLabels]]);
  for (const { name, type } of registry.getMetricsAsArray()) {
    const labels = Reflect.get(registry.getSingleMetric(name) ?? {}, "labelNames") as string[];
    const all = [...labels, ...targetLabels];
    if (String(type) !== "histogram") known.set(name, all);
    else for (const end of ["_bucket", "_count", "_sum"]) known.set(name + end, [...all, "le"]);
  }
  return known;
}

/** All that an expression asks for and nothing has: it would be read, and find nothing for ever. */
function unknownIn(expression: string, known: ReadonlyMap<string, readonly string[]>): string[] {
  const { selectors, grouped } = readPromql(expression);
  const labels = new Set(selectors.flatMap(({ name }) => known.get(name) ?? []));
  const faults = grouped.filter((label) => !labels.has(label));
  if (selectors.length === 0) faults.push("no series");
  for (const { name, matchers } of selectors) {
    const own = known.get(name);
    if (!own) faults.push(name);
    for (const { label, operator, value } of matchers) {
      if (!own?.includes(label)) faults.push(`${name}{${label}}`);
      const exact = operator.endsWith("~") ? new RegExp(`^(?:${value})$`) : undefined;
      const possible = values[label];
      if (possible && !possible.some((each) => (exact ? exact.test(each) : each === value))) faults.push(value);
    }
  }
  return faults;
}

test("alerts and the dashboard name only metrics, labels and values that there are, and every alert is explained", async () => {
  const known = await series();
  const { groups } = parse(read("prometheus/alerts.yml")) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  const dashboard = JSON.parse(read("grafana/archive.json")) as { panels: { targets: { expr: string }[] }[] };
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ];
  expect(expressions.length).toBeGreaterThan(20);
  for (const expression of expressions) expect([expression, unknownIn(expression, known)]).toEqual([expression, []]);
  const operation = readFileSync("docs/operation.md", "utf8");
  for (const { alert } of rules) expect(operation).toContain(`\`${alert}\``);
  // That the check finds what it is for.
  expect(unknownIn("rate(grpc_server_handle_total[5m]) > 0", known)).toEqual(["grpc_server_handle_total"]);
  expect(unknownIn("sum by (code) (grpc_server_handled_total)", known)).toEqual(["code"]);
  expect(unknownIn('archive_pool_waiting{name="main"}', known)).toEqual(["archive_pool_waiting{name}"]);
  expect(unknownIn('grpc_server_handled_total{grpc_code=~"Internal|OK_"}', known)).toEqual(["Internal|OK_"]);
  expect(unknownIn("vector(1)", known)).toEqual(["no series"]);
  expect(() => unknownIn("sum by (instance (up)", known)).toThrow("cannot be read");
});

test.each(["basic", "plus", "cluster"])(
  "the Compose file of %s names only options, files and services that there are",
  (name) => {
    const file = join(name, "compose.yaml");
    const { services, volumes = {} } = parse(read(file), { merge: true }) as {
      services: Record<string, Service>;
      volumes?: Record<string, unknown>;
    };
    const variables = new Set(Object.values(serveSettings).map(({ variable }) => variable));
    for (const [
      service,
      { image, command = [], environment = {}, volumes: mounts = [], depends_on = [], ports = [] },
    ] of Object.entries(services)) {
      expect([service, image]).toEqual([service, expect.stringMatching(/^synergos-archive$|:v?\d/)]);
      for (const other of Array.isArray(depends_on) ? depends_on : Object.keys(depends_on))
        expect(Object.keys(services)).toContain(other);
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
      for (const mount of mounts) {
        const [source = ""] = mount.split(":");
        const isThere = source.startsWith(".") ? existsSync(join("deploy", dirname(file), source)) : source in volumes;
        expect([mount, isThere]).toEqual([mount, true]);
      }
      if (image !== "synergos-archive") continue;
      for (const variable of Object.keys(environment)) expect(variables).toContain(variable);
      expect(["serve", "migrate"]).toContain(withoutGridFlags(command)[0]);
    }
  },
);

describe("the Helm chart", () => {
  const templates = readdirSync("deploy/helm/templates").map((name) => read(`helm/templates/${name}`));
  const examples = readdirSync("deploy/helm/examples").map((name) => read(`helm/examples/${name}`));
  const all = [...templates, ...examples, read("helm/values.yaml")].join("\n");
  /** The paths of values: of what has members, those of its members. What may have any is one. */
  const pathsOf = (value: unknown, path: string[] = []): string[] =>
    value && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length > 0
      ? Object.entries(value).flatMap(([name, member]) => pathsOf(member, [...path, name]))
      : [path.join(".")];

  test("names only variables, commands and values that there are, and uses every value", () => {
    const variables = new Set(Object.values(serveSettings).map(({ variable }) => variable));
    const named = new Set(all.match(/\bARCHIVE_[A-Z_]+\b/g));
    expect(named.size).toBeGreaterThan(15);
    expect([...named].filter((name) => !variables.has(name))).toEqual([]);
    const commands = [...all.matchAll(/args: \[(\w+)\]/g)].map(([, command]) => command);
    expect(commands.sort()).toEqual(["migrate", "serve"]);

    const paths = pathsOf(parse(read("helm/values.yaml")));
    const used = [...all.matchAll(/\.Values\.([\w.]+)/g)].map(([, path = ""]) => path);
    const isOn = (one: string, other: string) => one === other || one.startsWith(`${other}.`);
    expect(used.filter((path) => !paths.some((other) => isOn(other, path) || isOn(path, other)))).toEqual([]);
    expect(paths.filter((path) => !used.some((other) => isOn(path, other)))).toEqual([]);
    const { version } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(parse(read("helm/Chart.yaml"))).toMatchObject({ version, appVersion: version });
  });

  test("has a schema that knows the values, and no others", () => {
    interface Schema {
      readonly properties?: Record<string, Schema>;
      readonly additionalProperties?: unknown;
    }
    const schema = JSON.parse(read("helm/values.schema.json")) as Schema;
    const names = (value: unknown, known: Schema): string[] =>
      known.properties && value && typeof value === "object"
        ? Object.entries(value).flatMap(([name, member]) =>
            known.properties?.[name] ? names(member, known.properties[name]) : [name],
          )
        : [];
    for (const text of [...examples, read("helm/values.yaml")]) expect(names(parse(text), schema)).toEqual([]);
    expect(schema.additionalProperties).toBe(false);
  });

  test("starts the program with what its secrets' files say", () => {
    const folder = mkdtempSync(join(tmpdir(), "archive-chart-"));
    const [, lines = ""] =
      /- \|\n([\s\S]*?)\n- archive/.exec(templates.find((text) => text.includes("- /bin/sh")) ?? "") ?? [];
    const script = lines.replaceAll("/run/secrets/archive", folder).replace("/app/dist/", "dist/");
    try {
      writeFileSync(join(folder, "ARCHIVE_DATABASE_URL"), `sqlite:${join(folder, "a b.db")}\n`);
      const output = execFileSync("/bin/sh", ["-c", script, "archive", "migrate"], {
        encoding: "utf8",
        env: { PATH: process.env.PATH },
      });
      expect(output).toMatch(/^schema: migrated from version 0 /);
      expect(existsSync(join(folder, "a b.db"))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Licences that ask for no more than that they are kept with the program. */
const permissive = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "BlueOak-1.0.0",
  "Unlicense",
]);

test("all that is delivered has a licence that allows it", () => {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    packages: Record<string, { dev?: boolean; license?: string }>;
  };
  const delivered = Object.entries(packages).filter(([path, { dev }]) => path !== "" && !dev);
  expect(delivered.length).toBeGreaterThan(20);
  const others = delivered.flatMap(([path, { license = "none" }]) => {
    const choices = license.replace(/[()]/g, "").split(/ OR | AND /);
    return choices.every((each) => permissive.has(each)) ? [] : [`${path}: ${license}`];
  });
  expect(others).toEqual([]);
});
