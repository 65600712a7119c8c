import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { accessText } from "./support/access.js";
import { ArchiveClient, errorOf } from "./support/client.js";
import { createDatabase } from "./support/database.js";
import { startProcess } from "./support/process.js";
import { markers, searchForSecrets } from "./support/secrets.js";

const token = markers.metricsToken;

/** One sample of the text that Prometheus reads. */
interface Sample {
  readonly name: string;
  readonly labels: Record<string, string>;
  readonly value: number;
}

/** Reads the format strictly, as promtool does. */
function parse(text: string): { samples: Sample[]; families: string[] } {
  const samples: Sample[] = [];
  const families: string[] = [];
  for (const line of text.split("\n").filter(Boolean)) {
    const [, family, kind] = /^# TYPE (\w+) (counter|gauge|histogram|summary)$/.exec(line) ?? [];
    if (family) families.push(`${family} ${kind}`);
    if (line.startsWith("#")) {
      expect(line).toMatch(/^# (TYPE \w+ \w+|HELP \w+ .+)$/);
      continue;
    }
    const [, name = "", labels = "", value] = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    expect([line, Number.isNaN(Number(value?.replace("Inf", "Infinity").replace("Nan", "0")))]).toEqual([line, false]);
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, text = ""]) => [label, text]);
    samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
  }
  return { samples, families };
}

const read = async (url: string, headers: Record<string, string> = {}) => {
  const response = await fetch(`${url}/metrics`, { headers });
  const text = await response.text();
  searchForSecrets("metrics", text);
  return { status: response.status, text };
};

test("the metrics have the names that dashboards know, count calls by code, and no label says what is asked for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-metrics-"));
  const server = await startProcess(`sqlite:${join(folder, "a.db")}`, ["--http-port", "0"]);
  try {
    const { client, url } = server;
    await client.create("Collaboration", { key: { collab_id: "secret-id" }, details: {} });
    await client.get("Collaboration", { collab_id: "secret-id" });
    await errorOf(client.get("Run", { collab_id: "secret-id", project_id: "p", expt_id: "e", run_id: "r" }));
    const service = "synergos.archive.v1.CollaborationService";
    await fetch(`${url}/${service}/GetCollaboration`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    await fetch(`${url}/no.Service/Method`, { method: "POST" });
    const { status, text } = await read(url);
    expect(status).toBe(200);
    expect(text).not.toContain("secret-id");
    const { samples, families } = parse(text);
    expect(families.filter((family) => !/^(nodejs|process)_/.test(family)).sort()).toMatchInlineSnapshot(`
      [
        "archive_build_info gauge",
        "archive_calls_in_flight gauge",
        "archive_calls_refused_total counter",
        "archive_calls_waiting gauge",
        "archive_changes_unnumbered gauge",
        "archive_conflicts_total counter",
        "archive_event_loop_delay_seconds gauge",
        "archive_log_dropped_total counter",
        "archive_pool_connections gauge",
        "archive_pool_waiting gauge",
        "archive_retries_total counter",
        "archive_serving gauge",
        "archive_statement_failures_total counter",
        "archive_statement_seconds histogram",
        "archive_watch_behind_changes gauge",
        "archive_watches gauge",
        "grpc_server_handled_total counter",
        "grpc_server_handling_seconds histogram",
        "grpc_server_started_total counter",
      ]
    `);
    const handled = (method: string, code: string) =>
      samples.find(
        ({ name, labels }) =>
          name === "grpc_server_handled_total" && labels.grpc_method === method && labels.grpc_code === code,
      )?.value;
    expect(handled("CreateCollaboration", "OK")).toBe(1);
    expect(handled("GetCollaboration", "OK")).toBe(1);
    expect(handled("GetCollaboration", "INVALID_ARGUMENT")).toBe(1);
    expect(handled("GetRun", "NOT_FOUND")).toBe(1);
    expect(handled("other", "UNIMPLEMENTED")).toBe(1);
    const sampleOf = (name: string) => samples.find((sample) => sample.name === name)?.value;
    expect(sampleOf("archive_calls_in_flight")).toBe(0);
    expect(sampleOf("archive_serving")).toBe(1);
    expect(samples.length).toBeLessThan(3000);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  } finally {
    await server.end();
    rmSync(folder, { recursive: true });
  }
});

test("a broken access file is seen in them, and is where access is on alone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "archive-metrics-"));
  const access = join(folder, "access.yaml");
  writeFileSync(access, accessText({ boss: [{ role: "administrator" }] }));
  const server = await startProcess(`sqlite:${join(folder, "a.db")}`, ["--http-port", "0", "--access", access]);
  const valid = async () => {
    const { samples } = parse((await read(server.url)).text);
    return samples.find(({ name }) => name === "archive_access_file_valid")?.value;
  };
  try {
    expect(await valid()).toBe(1);
    writeFileSync(access, "principals: nonsense\n");
    await expect.poll(valid, { timeout: 20_000 }).toBe(0);
    writeFileSync(access, accessText({ boss: [{ role: "administrator" }] }));
    await expect.poll(valid, { timeout: 20_000 }).toBe(1);
  } finally {
    await server.end();
    rmSync(folder, { recursive: true });
  }
});

test("those of several workers are added up, and read with the token alone", async () => {
  const engine = inject("engines").find(({ url }) => url);
  if (!engine) throw new Error("this test needs a database server");
  const database = await createDatabase(engine);
  const more = ["--workers", "2", "--migrate", "--http-port", "0", "--metrics-token", token];
  const server = await startProcess(database.url, more);
  const clients = Array.from({ length: 6 }, () => new ArchiveClient(server.address));
  try {
    const serving = async () => {
      const { text } = await read(server.url, { authorization: `Bearer ${token}` });
      return parse(text).samples.find(({ name }) => name === "archive_serving")?.value;
    };
    await expect.poll(serving, { timeout: 20_000 }).toBe(2);
    await Promise.all(clients.map((client) => client.describeHierarchy()));
    expect((await read(server.url)).status).toBe(401);
    expect((await read(server.url, { authorization: "Bearer wrong" })).status).toBe(401);
    const { status, text } = await read(server.url, { authorization: `Bearer ${token}` });
    expect(status).toBe(200);
    const { samples } = parse(text);
    const calls = samples.filter(
      ({ name, labels }) => name === "grpc_server_handled_total" && labels.grpc_method === "DescribeHierarchy",
    );
    expect(calls.map(({ value }) => value)).toEqual([clients.length]);
  } finally {
    for (const client of clients) client.close();
    await server.end();
    await database.drop();
  }
});
