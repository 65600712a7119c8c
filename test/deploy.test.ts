import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { withoutGridFlags } from "../src/grid-flags.js";
import { serveSettings } from "../src/options.js";
import { Metrics } from "../src/telemetry/metrics.js";

interface Service {
  readonly image: string;
  readonly command?: string[];
  readonly environment?: Record<string, string>;
  readonly volumes?: string[];
  readonly depends_on?: string[] | Record<string, unknown>;
  readonly ports?: string[];
}

const read = (file: string) => readFileSync(join("deploy", file), "utf8");

/** The names of all series that a server has. */
async function series(): Promise<Set<string>> {
  const readings = { pools: () => [], isServing: () => true, droppedLines: () => [], accessFileIsValid: () => true };
  const { registry } = await Metrics.of([], readings, { version: "1", node: "1", database: "sqlite" });
  const names = registry
    .getMetricsAsArray()
    .flatMap(({ name, type }) =>
      String(type) === "histogram" ? ["_bucket", "_count", "_sum"].map((end) => name + end) : [name],
    );
  return new Set([...names, "up"]);
}

/** The names of series in an expression of PromQL: words that are no function, no label and no keyword. */
const namesIn = (expression: string): string[] =>
  (
    expression
      .replace(/\{[^}]*\}/g, " ")
      .replace(/\[[^\]]*\]/g, " ")
      .replace(/\b(by|without|on)\s*\([^)]*\)/g, " ")
      .match(/\b[a-z_][a-z0-9_]*\b(?!\s*\()/g) ?? []
  ).filter((word) => !/^(and|or|unless|by)$/.test(word));

test("alerts and the dashboard name only metrics that there are, and every alert is explained", async () => {
  const known = await series();
  const { groups } = parse(read("prometheus/alerts.yml")) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  const dashboard = JSON.parse(read("grafana/archive.json")) as { panels: { targets: { expr: string }[] }[] };
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ];
  expect(expressions.length).toBeGreaterThan(20);
  for (const expression of expressions) {
    const names = namesIn(expression);
    expect([expression, names.length > 0, names.filter((name) => !known.has(name))]).toEqual([expression, true, []]);
  }
  const operation = readFileSync("docs/operation.md", "utf8");
  for (const { alert } of rules) expect(operation).toContain(`\`${alert}\``);
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
