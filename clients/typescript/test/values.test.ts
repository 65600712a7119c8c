import { afterAll, beforeAll, expect, test } from "vitest";
import { type Archive, connect } from "../src/index.js";
import { rejection } from "./rejection.js";
import { startServer, type TestServer } from "./server.js";

let server: TestServer;
let archive: Archive;

const project = { collab_id: "c", project_id: "p" };
const run = { ...project, expt_id: "e", run_id: "r" };
const registration = { ...project, participant_id: "q" };

beforeAll(async () => {
  server = await startServer();
  archive = connect(server.address);
  await archive.batchWrite([
    { create: { collaboration: { key: { collab_id: "c" } } } },
    { create: { project: { key: project, details: { incentives: {} } } } },
    { create: { experiment: { key: { ...project, expt_id: "e" } } } },
    { create: { run: { key: run } } },
    { create: { participant: { key: { participant_id: "q" } } } },
  ]);
});

afterAll(async () => {
  archive.close();
  await server.stop();
});

/** As JSON.parse makes it: a name of the object's own. */
const own = <Value>(value: Value): Record<string, Value> => Object.fromEntries([["__proto__", value]]);

const entries = (value: unknown) => Object.entries(value as object);

test("__proto__ is a name like any other, and survives a read, a change and a write", async () => {
  const attributes = { a: own(own(1)), list: [own("x")], ...own({ polluted: true }) };
  await archive.run.update({ key: run, details: { attributes } });
  const read = await archive.run.get({ key: run });
  expect(entries(read.details?.attributes)).toEqual(entries(attributes));
  expect(entries(read.details?.attributes?.["a"])).toEqual([["__proto__", own(1)]]);
  const { details } = await archive.run.update({ key: run, details: { ...read.details, lr: 0.5 } });
  expect(entries(details?.attributes)).toEqual(entries(attributes));
  expect(Reflect.get({}, "polluted")).toBeUndefined();
});

test("nor is it lost as the name of a map's entry, or as an id", async () => {
  const key = { ...run, participant_id: "q" };
  const statistics = own({ value: { $case: "scalar", value: 1 } } as const);
  const created = await archive.validation.upsert({ key, details: { results: { evaluate: { statistics } } } });
  expect(entries(created.details?.results["evaluate"]?.statistics)).toEqual(entries(statistics));
  const { details } = await archive.validation.update({ key, details: { ...created.details } });
  expect(entries(details?.results["evaluate"]?.statistics)).toEqual(entries(statistics));
  const participant = { participant_id: "__proto__" };
  expect(await archive.participant.upsert({ key: participant })).toMatchObject({ key: participant });
});

const cyclic: Record<string, unknown> = { list: [] };
cyclic["list"] = [cyclic];

test.each<[path: string, value: unknown, says: string]>([
  ["", new Date(0), "Date"],
  ["", new Map([["a", 1]]), "Map"],
  ["", new Set([1]), "Set"],
  ["", Buffer.from("x"), "Buffer"],
  ["", new Float64Array(2), "Float64Array"],
  ["", new ArrayBuffer(2), "ArrayBuffer"],
  ["", /x/, "RegExp"],
  ["", new (class Layer {})(), "Layer"],
  ["", Object.create({ inherited: 1 }), "instance"],
  ["", Promise.resolve(1), "Promise"],
  ["", new Error("x"), "Error"],
  ["", Object("x"), "String"],
  ["", 5n, "bigint"],
  ["", () => 1, "function"],
  ["", Symbol("s"), "symbol"],
  ["", Number.NaN, "NaN"],
  ["", Number.POSITIVE_INFINITY, "Infinity"],
  ["", Number.NEGATIVE_INFINITY, "-Infinity"],
  ["", "\ud800", "surrogate"],
  ["", "a\udfffb", "surrogate"],
  [".a[1].b", { a: [1, { b: new Date(0) }] }, "Date"],
  ["[1]", [1, undefined], "undefined"],
  ["[1]", new Array(2).fill(1, 0, 1), "undefined"],
  [".`a.b`", { "a.b": 5n }, "bigint"],
  [".list[0]", cyclic, "itself"],
  [".`\ufffd`", { "\ud800": 1 }, "surrogate"],
])("what is not JSON is refused with its path: attributes.x%s, %o", async (path, value, says) => {
  const error = await rejection(archive.run.update({ key: run, details: { attributes: { x: value } } }));
  expect(error).toMatchObject({
    code: "INVALID_ARGUMENT",
    reason: "INVALID_FIELD",
    fieldViolations: [{ field: `details.attributes.x${path}`, description: expect.stringContaining(says) }],
  });
});

test("what nests without end is refused before the stack ends", async () => {
  let deep: unknown = 1;
  for (let level = 0; level < 20_000; level++) deep = [deep];
  expect(await rejection(archive.run.update({ key: run, details: { attributes: { deep } } }))).toMatchObject({
    fieldViolations: [{ description: expect.stringContaining("100 levels") }],
  });
});

test("the same object twice is no circle, and members that are undefined are absent", async () => {
  const shared = { a: 1 };
  const attributes = {
    x: [shared, shared],
    y: shared,
    none: undefined,
    bare: Object.assign(Object.create(null), { a: 1 }),
  };
  const { details } = await archive.run.update({ key: run, details: { attributes } });
  expect(details?.attributes).toEqual({ x: [shared, shared], y: shared, bare: { a: 1 } });
});

test.each<[field: string, request: object]>([
  ["key.run_id", { key: { ...run, run_id: "a\ud800" } }],
  ["key.run_id", { key: { ...run, run_id: 5 } }],
  ["key.tag_id", { key: { ...run, tag_id: "x" } }],
  ["details", { key: run, details: new Map() }],
  ["details.attributes", { key: run, details: { attributes: new Map() } }],
  ["details.attributes", { key: run, details: { attributes: [1] } }],
  ["details.algorithm", { key: run, details: { algorithm: "\udc00" } }],
  ["details.algorithm", { key: run, details: { algorithm: null } }],
  ["details.epochs", { key: run, details: { epochs: "5" } }],
  ["details.epochs", { key: run, details: { epochs: 2n ** 63n } }],
  ["details.epochs", { key: run, details: { epochs: Number.NaN } }],
  ["details.lr", { key: run, details: { lr: 1n } }],
  ["details.lr", { key: run, details: { lr: new Date(0) } }],
  ["details.is_snn", { key: run, details: { is_snn: "yes" } }],
  ["details.reduction", { key: run, details: { reduction: "mean" } }],
  ["details.epoch", { key: run, details: { epoch: 5 } }],
  ["update_mask", { key: run, update_mask: "lr" }],
  ["update_mask[0]", { key: run, update_mask: [5] }],
  ["detials", { key: run, detials: {} }],
])("what a field does not take, or no field has, is refused: %s", async (field, request) => {
  const given = request as Parameters<Archive["run"]["update"]>[0];
  expect(await rejection(archive.run.update(given))).toMatchObject({
    code: "INVALID_ARGUMENT",
    fieldViolations: [{ field }],
  });
});

test.each<[field: string, details: object]>([
  ["details.nodes", { nodes: new Map() }],
  ["details.nodes.a", { nodes: { a: [] } }],
  ["details.nodes.a.port", { nodes: { a: { port: 2 ** 31 } } }],
  ["details.nodes.`\ufffd`", { nodes: { "\ud800": {} } }],
])("in maps too: %s", async (field, details) => {
  expect(await rejection(archive.registration.update({ key: registration, details }))).toMatchObject({
    fieldViolations: [{ field }],
  });
});

test.each<[field: string, statistic: unknown]>([
  ["value", { value: 5 }],
  ["value", { value: { $case: "scaler", value: 5 } }],
  ["value", { value: { $case: "scalar", value: 5, count: 1 } }],
  ["scalar", { value: { $case: "scalar", value: "5" } }],
  ["scalars.values", { value: { $case: "scalars", value: { values: new Float64Array(1) } } }],
  ["scalars.values[1]", { value: { $case: "scalars", value: { values: [1, undefined] } } }],
])("in oneofs too: %s", async (field, R2) => {
  const details = { results: { evaluate: { statistics: { R2 } } } } as object;
  expect(await rejection(archive.validation.create({ key: { ...run, participant_id: "q" }, details }))).toMatchObject({
    fieldViolations: [{ field: `details.results.evaluate.statistics.R2.${field}` }],
  });
});

test("a filter that no field has does not find everything", async () => {
  const filter = { run: "r" } as object;
  expect(await rejection(archive.run.list({ filter }).next())).toMatchObject({
    fieldViolations: [{ field: "filter.run" }],
  });
});

test("a request may be made of a record: what the server adds is not sent", async () => {
  const record = await archive.run.get({ key: run });
  const updated = await archive.run.update({ ...record, key: run, details: { lr: 0.25 } });
  expect(updated.details?.lr).toBe(0.25);
  expect(await rejection(archive.run.update({ ...record, key: run }))).toMatchObject({ reason: "ETAG_MISMATCH" });
  await archive.batchWrite([{ update: { run: { ...updated, key: run, details: { lr: 0.125 } } } }]);
});
