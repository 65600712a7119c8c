import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, describe, expect, inject, test } from "vitest";
import { BatchWriteRequest } from "../generated/ts/synergos/archive/v1/archive_service.js";
import type { FinishedSpan } from "../src/telemetry/finished-span.js";
import { KeptCall } from "../src/telemetry/kept-call.js";
import { SpanQueue } from "../src/telemetry/span-queue.js";
import { readTraceSettings } from "../src/telemetry/trace-settings.js";
import { parseTraceparent } from "../src/telemetry/traceparent.js";
import { ArchiveClient, errorOf } from "./support/client.js";
import { createDatabase } from "./support/database.js";
import type { Engine } from "./support/databases.js";
import { output, type ServerProcess, startProcess } from "./support/process.js";
import { type ReceivedSpan, TraceReceiver } from "./support/trace-receiver.js";

const service = "synergos.archive.v1.CollaborationService";
const engines = inject("engines");
const [engine] = engines;
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function receiver(port?: number): Promise<TraceReceiver> {
  const made = await TraceReceiver.on(port);
  closing.push(() => made.close());
  return made;
}

async function start(on: Engine | undefined, endpoint: string, environment = {}, ...more: string[]) {
  if (!on) throw new Error("this test needs a database");
  const database = await createDatabase(on);
  closing.push(() => database.drop());
  const server = await startProcess(database.url, ["--migrate", "--http-port", "0", ...more], {
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: "20", ...environment },
  });
  closing.push(() => server.end());
  return server;
}

/** A trace of a caller: its id, and the headers that say so. */
function callerTrace(isKept = true) {
  const id = randomBytes(16).toString("hex");
  const parent = randomBytes(8).toString("hex");
  return { id, parent, metadata: { traceparent: `00-${id}-${parent}-0${isKept ? 1 : 0}`, tracestate: "vendor=one" } };
}

/** The lines of the log that have a trace's id. */
const linesOf = (server: ServerProcess, id: string) =>
  server
    .output()
    .split("\n")
    .filter((line) => line.includes(id))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

/** Waits for the span of a call; those below it come before it. */
async function callOf(traces: TraceReceiver, traceId: string): Promise<ReceivedSpan> {
  const call = () => traces.of(traceId).find(({ kind }) => kind === "SERVER");
  await expect.poll(call, { timeout: 10_000 }).toBeDefined();
  return call() as ReceivedSpan;
}

const names = (spans: readonly ReceivedSpan[]) => spans.map(({ name }) => name);

describe.each(engines)("on $name", (each) => {
  test("a caller's trace goes on over the call to its statements, by either edge, and says nothing of what they hold", async () => {
    const traces = await receiver();
    const server = await start(each, traces.url);
    const { client, url } = server;
    const key = { collab_id: "secret-id" };
    const details = { catalogue: { host: "secret-host", secure: false } };
    const created = callerTrace();
    await client.create(
      "Collaboration",
      { key, details },
      { metadata: { ...created.metadata, "x-request-id": "one" } },
    );
    const call = await callOf(traces, created.id);
    expect(call).toMatchObject({
      name: `${service}/CreateCollaboration`,
      parentId: created.parent,
      traceState: "vendor=one",
      isError: false,
      attributes: {
        "rpc.system.name": "grpc",
        "rpc.method": `${service}/CreateCollaboration`,
        "rpc.response.status_code": "OK",
        "archive.request_id": "one",
      },
      resource: { "service.name": "synergos-archive", "service.version": expect.any(String) },
    });
    const statements = traces.of(created.id).filter(({ kind }) => kind === "CLIENT");
    expect(names(statements)).toContain("INSERT collaboration");
    for (const { parentId, start: began, end } of statements) {
      expect([parentId, began >= call.start, end <= call.end, began <= end]).toEqual([call.spanId, true, true, true]);
    }
    const lines = () => linesOf(server, created.id);
    await expect.poll(lines).toMatchObject([{ code: "OK", request_id: "one", trace_id: created.id }]);

    const read = callerTrace();
    const { status } = await fetch(`${url}/${service}/GetCollaboration`, {
      method: "POST",
      body: JSON.stringify({ key }),
      headers: { "content-type": "application/json", ...read.metadata },
    });
    expect(status).toBe(200);
    expect((await callOf(traces, read.id)).attributes).toMatchObject({ "rpc.system.name": "connectrpc" });
    expect(names(traces.of(read.id))).toEqual(["SELECT collaboration", `${service}/GetCollaboration`]);

    // What is in nobody's trace begins one.
    const failed = await errorOf(client.get("Collaboration", { collab_id: "no-such" }));
    expect(failed.code).toBe("NOT_FOUND");
    const own = () => traces.spans.find(({ attributes }) => attributes["archive.reason"] === "RECORD_NOT_FOUND");
    await expect.poll(own, { timeout: 10_000 }).toMatchObject({
      parentId: "",
      isError: false,
      attributes: { "rpc.response.status_code": "NOT_FOUND" },
    });

    // Many at a time share statements, and each trace has those that were run for it.
    const many = Array.from({ length: 40 }, () => callerTrace());
    await Promise.all(many.map(({ metadata }) => client.get("Collaboration", key, {}, { metadata })));
    for (const { id } of many) {
      await callOf(traces, id);
      expect(names(traces.of(id))).toEqual(["SELECT collaboration", `${service}/GetCollaboration`]);
    }
    const added = Array.from({ length: 40 }, () => callerTrace());
    await Promise.all(
      added.map(({ id, metadata }) =>
        client.create("Collaboration", { key: { collab_id: id }, details }, { metadata }),
      ),
    );
    for (const { id } of added) {
      await callOf(traces, id);
      expect(names(traces.of(id)).filter((name) => name === "INSERT collaboration")).toHaveLength(1);
    }
    for (const body of traces.bodies) expect(body.toString("latin1")).not.toMatch(/secret-id|secret-host|no-such/);
  });
});

test("of calls that are in nobody's trace a share is kept; of others what their callers keep", async () => {
  const traces = await receiver();
  const sampler = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.1" };
  const server = await start(engine, traces.url, sampler);
  const [kept, other] = [callerTrace(), callerTrace(false)];
  for (let count = 0; count < 8; count++) {
    await Promise.all(Array.from({ length: 50 }, () => server.client.describeHierarchy()));
  }
  await server.client.describeHierarchy({ metadata: other.metadata });
  await server.client.describeHierarchy({ metadata: kept.metadata });
  await callOf(traces, kept.id);
  // 40 of 400, and ten times the deviation to each side.
  const roots = traces.spans.filter(({ parentId }) => parentId === "").length;
  expect(roots).toBeGreaterThan(5);
  expect(roots).toBeLessThan(100);
  expect(traces.of(other.id)).toEqual([]);
  await expect.poll(() => linesOf(server, other.id)).toHaveLength(1);
  const odd = ["", "00-0-0-01", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`, `ff-${kept.id}-00f067aa0ba902b7-01`];
  for (const traceparent of [...odd, "x".repeat(4000)]) {
    await server.client.describeHierarchy({ metadata: { traceparent, tracestate: "=,=;" } });
  }
});

test("a watch has its span when it has begun, and what many statements would be of one call has a bound", async () => {
  const traces = await receiver();
  const server = await start(engine, traces.url);
  const [watched, wrote] = [callerTrace(), callerTrace()];
  const ended = new AbortController();
  const watch = server.client.watch({}, { metadata: watched.metadata, signal: ended.signal });
  const events = watch[Symbol.asyncIterator]();
  await events.next();
  expect((await callOf(traces, watched.id)).name).toBe("synergos.archive.v1.ArchiveService/Watch");
  const operations = Array.from({ length: 300 }, (_, index) => {
    const record = { $case: "collaboration", value: { key: { collab_id: `c${index}` }, details: {} } } as const;
    return { operation: { $case: "create", value: { record: { record } } } } as const;
  });
  await server.client.batchWrite(BatchWriteRequest.fromPartial({ operations }), { metadata: wrote.metadata });
  const call = await callOf(traces, wrote.id);
  const statements = traces.of(wrote.id).filter(({ kind }) => kind === "CLIENT");
  expect(statements).toHaveLength(100);
  expect(call.attributes["archive.statements_left_out"]).toBeGreaterThan(100);
  ended.abort();
  await events.next().catch(() => undefined);
});

test("workers each have traces", async () => {
  const server = engines.find(({ url }) => url);
  const traces = await receiver();
  const { address } = await start(server, traces.url, {}, "--workers", "2");
  const pids = () => new Set(traces.spans.map(({ resource }) => resource["process.pid"]));
  const call = async () => {
    const client = new ArchiveClient(address);
    await client.describeHierarchy();
    client.close();
    return pids().size;
  };
  await expect.poll(call, { timeout: 20_000 }).toBe(2);
});

test("a collector that is away, refuses or does not answer costs no call anything; what is lost is counted and said", async () => {
  const gone = await TraceReceiver.on();
  const { url } = gone;
  const { port } = new URL(url);
  await gone.close();
  const bounds = {
    OTEL_BSP_MAX_QUEUE_SIZE: "8",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "8",
    OTEL_EXPORTER_OTLP_TIMEOUT: "200",
  };
  const server = await start(engine, url, bounds);
  const dropped = async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^archive_spans_dropped_total (\d+)$/m.exec(text)?.[1]);
  };
  const said = (text: string) =>
    server
      .output()
      .split("\n")
      .filter((line) => line.includes(text)).length;
  expect(await dropped()).toBe(0);
  const lose = async () => {
    const before = await dropped();
    for (let count = 0; count < 50; count++) await server.client.describeHierarchy();
    await expect.poll(dropped, { timeout: 20_000 }).toBeGreaterThan(before + 30);
  };
  await lose();
  const traces = await receiver(Number(port));
  for (const status of [503, 400, undefined]) {
    traces.status = status;
    await lose();
  }
  traces.status = 200;
  const back = async () => {
    await server.client.describeHierarchy();
    return traces.spans.length;
  };
  await expect.poll(back, { timeout: 20_000 }).toBeGreaterThan(0);
  await expect.poll(() => said("traces are sent again"), { timeout: 10_000 }).toBeGreaterThan(0);
  // Once, and not for each batch that was lost; again only where some came through in between.
  expect(said("traces cannot be sent")).toBeLessThanOrEqual(said("traces are sent again") + 1);
});

test("a process that ends sends its last spans, and waits no longer than for those that are taken", async () => {
  // Nothing is sent before the end.
  const late = { OTEL_BSP_SCHEDULE_DELAY: "60000" };
  for (const status of [200, 400, undefined]) {
    const traces = await receiver();
    traces.status = status;
    const server = await start(engine, traces.url, late);
    const { id, metadata } = callerTrace();
    await server.client.describeHierarchy({ metadata });
    expect(await server.end()).toBe(0);
    expect(names(traces.of(id))).toHaveLength(status === 200 ? 1 : 0);
    expect(server.output()).toContain("stopped");
    expect(server.output()).not.toContain("could not stop");
  }
});

test("spans of a thread that has ended are counted as lost, and that is said", async () => {
  const said: unknown[] = [];
  const log = { info() {}, warn: (message: string, { error }: { error?: string }) => said.push([message, error]) };
  // From the sources there is no such thread to begin.
  const bounds = { scheduledDelayMillis: 20, maxExportBatchSize: 8, maxQueueSize: 8 };
  const queue = new SpanQueue({ bounds, version: "0" }, log);
  const taker = { database: "sqlite", add: (span: FinishedSpan) => queue.add(span) };
  const call = () => {
    const kept = new KeptCall({ path: "/service/Method", rpcSystem: "grpc" }, undefined, undefined, taker);
    kept.ended({ code: "OK", requestId: "one" });
  };
  for (let count = 0; count < 12; count++) call();
  await expect.poll(() => queue.dropped).toBe(12);
  call();
  expect(queue.dropped).toBe(13);
  const error = expect.stringMatching(/^their thread ended: .*trace-thread/);
  expect(said).toEqual([["traces cannot be sent: their spans are dropped", error]]);
  await queue.stop();
});

test("a traceparent says which span a call is below, or nothing", () => {
  const [traceId, spanId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
  const kept = { traceId, spanId, isKept: true };
  expect(parseTraceparent(`00-${traceId}-${spanId}-01`)).toEqual(kept);
  expect(parseTraceparent(` 00-${traceId}-${spanId}-03 `)).toEqual(kept);
  expect(parseTraceparent(`00-${traceId}-${spanId}-00`)).toEqual({ ...kept, isKept: false });
  expect(parseTraceparent(`01-${traceId}-${spanId}-01-more`)).toEqual(kept);
  for (const header of [
    "",
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
    `00-${traceId}-${spanId}-1`,
    `00-${traceId}-${spanId}`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId}-${spanId}-01,00-${traceId}-${spanId}-01`,
  ]) {
    expect([header, parseTraceparent(header)]).toEqual([header, undefined]);
  }
});

test("what cannot be done is refused at the start", async () => {
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" };
  const wrong = { ...endpoint, OTEL_TRACES_SAMPLER: "sometimes" };
  const parameters = ["serve", "--port", "0", "--database-url", "sqlite:/dev/null/none"];
  const { status, text } = await output(parameters, wrong);
  expect([status, text]).toEqual([2, expect.stringContaining("OTEL_TRACES_SAMPLER must be one of always_on,")]);
  for (const [variables, message] of [
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, /^OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as/],
    [{ ...endpoint, OTEL_TRACES_EXPORTER: "zipkin" }, /^OTEL_TRACES_EXPORTER must be otlp or none/],
    [{ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /^OTEL_EXPORTER_OTLP_PROTOCOL must be http\/protobuf/],
    [{ ...endpoint, OTEL_TRACES_SAMPLER_ARG: "2" }, /^OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1/],
    [{ ...endpoint, OTEL_BSP_MAX_QUEUE_SIZE: "none" }, /^OTEL_BSP_MAX_QUEUE_SIZE must be a whole number from 1/],
  ] as const) {
    expect(() => readTraceSettings(variables)).toThrow(message);
  }
  for (const variables of [
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: "" },
    { ...endpoint, OTEL_SDK_DISABLED: "true" },
    { ...endpoint, OTEL_TRACES_EXPORTER: "none" },
  ]) {
    expect(readTraceSettings(variables)).toBeUndefined();
  }
});

test("nothing loads the libraries of metrics and traces unless they are on", () => {
  for (const name of readdirSync("src", { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts")) continue;
    const file = `src/${name}`;
    const text = readFileSync(file, "utf8");
    // What a thread runs is loaded by the thread alone.
    expect(text, file).not.toMatch(/^(import|export) (?!type )[^;]*(?<!-in)-thread\.js";$/m);
    if (name.endsWith("-thread.ts")) continue;
    for (const [line] of text.matchAll(/^(import|export) [^;]*from "(@opentelemetry\/.*|prom-client)";$/gm)) {
      expect([file, line]).toEqual([file, expect.stringMatching(/^import type /)]);
    }
  }
});
