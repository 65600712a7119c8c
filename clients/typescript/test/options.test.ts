import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Archive, ArchiveError, connect } from "../src/index.js";
import { rejection } from "./rejection.js";
import { startServer, type TestServer } from "./server.js";

let server: TestServer;
let archive: Archive;

beforeAll(async () => {
  server = await startServer();
  archive = connect(server.address);
});

afterAll(async () => {
  archive.close();
  await server.stop();
});

/** What a program in JavaScript can give all the same. */
const untyped = <Given>(value: unknown) => value as Given;

/** Every method, each by options that the test gives. */
const calls: Record<string, (options: never, from?: Archive) => PromiseLike<unknown>> = {
  get: (options, from = archive) => from.collaboration.get({ key: { collab_id: "c" } }, options),
  create: (options, from = archive) => from.collaboration.create({ key: { collab_id: "c" } }, options),
  update: (options, from = archive) => from.collaboration.update({ key: { collab_id: "c" } }, options),
  upsert: (options, from = archive) => from.collaboration.upsert({ key: { collab_id: "c" } }, options),
  delete: (options, from = archive) => from.collaboration.delete({ key: { collab_id: "c" } }, options),
  list: (options, from = archive) => from.collaboration.list({}, options).next(),
  listPage: (options, from = archive) => from.collaboration.listPage({}, options),
  streamDescendants: (options, from = archive) => from.streamDescendants({}, options).next(),
  countDescendants: (options, from = archive) => from.countDescendants({}, options),
  batchWrite: (options, from = archive) => from.batchWrite([], options),
  describeHierarchy: (options, from = archive) => from.describeHierarchy(options),
  whoAmI: (options, from = archive) => from.whoAmI(options),
};

const wrongOptions: [field: string, options: unknown][] = [
  ...[Number.NaN, -1, 0, Number.NEGATIVE_INFINITY, 2 ** 31, 2 ** 40, 4e11, 1e300, "5", null, 5n].map(
    (timeout): [string, unknown] => ["options.timeout", { timeout }],
  ),
  ...["x", {}, null, 5].map((signal): [string, unknown] => ["options.signal", { signal }]),
  ...["x", null, 5].map((metadata): [string, unknown] => ["options.metadata", { metadata }]),
  ["options.metadata", { metadata: { "a b": "x" } }],
  ["options.metadata", { metadata: { ä: "x" } }],
  ["options.metadata", { metadata: { x: "y".repeat(10_000) } }],
  ["options.metadata.x", { metadata: { x: "a\nb" } }],
  ["options.metadata.x", { metadata: { x: "ä" } }],
  ["options.metadata.x", { metadata: { x: 5 } }],
  ["options.metadata.x", { metadata: { x: undefined } }],
  ...["x-bin", "te", "Connection", "host", "grpc-timeout", "content-length", "transfer-encoding", "upgrade"].map(
    (name): [string, unknown] => [`options.metadata.${name}`, { metadata: { [name]: "x" } }],
  ),
  ["options", null],
  ["options", 5],
];

describe.each(Object.entries(calls))("%s", (_, call) => {
  test.each(wrongOptions)("refuses %s %o", async (field, options) => {
    const error = await rejection(call(untyped(options)));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD", fieldViolations: [{ field }] });
    expect(error.message).not.toContain("a\nb");
  });

  test("after close() is refused with the address", async () => {
    const closed = connect(server.address);
    closed.close();
    closed.close();
    expect(await rejection(call(untyped({}), closed))).toMatchObject({
      code: "CANCELLED",
      reason: "CLOSED",
      message: expect.stringContaining(server.address),
    });
  });
});

test("a long timeout, and any, are taken", async () => {
  for (const timeout of [2 ** 31 - 1, Number.POSITIVE_INFINITY, 2000.5]) {
    expect(await archive.describeHierarchy({ timeout })).toHaveLength(12);
  }
});

test.each<[string, unknown, unknown]>([
  ["address", "", {}],
  ["address", "http://archive:1", {}],
  ["address", "ftp://archive:1", {}],
  ["address", "xds:archive", {}],
  ["address", "grpc://", {}],
  ["address", "grpcs://a/b", {}],
  ["address", "grpc://dns:a:1", {}],
  ["address", "archive:99999", {}],
  ["address", "a b:1", {}],
  ["address", "archive:1\n", {}],
  ["address", undefined, {}],
  ["address", 50051, {}],
  ["options", "archive:1", null],
  ["options", "archive:1", "x"],
  ["options", "archive:1", { tokn: "x" }],
  ["timeout", "archive:1", { timeout: Number.NaN }],
  ["timeout", "archive:1", { timeout: "5" }],
  ["metadata.x", "archive:1", { metadata: { x: "a\n" } }],
  ["retry", "archive:1", { retry: "no" }],
  ["maxMessageSize", "archive:1", { maxMessageSize: -1 }],
  ["maxMessageSize", "archive:1", { maxMessageSize: "64" }],
  ["channelOptions", "archive:1", { channelOptions: 5 }],
  ["tls", "grpcs://archive:1", { tls: false }],
  ["tls", "archive:1", { tls: "yes" }],
  ["tls", "archive:1", { tls: { cs: "x" } }],
  ["tls", "archive:1", { tls: { ca: "x", cert: "no PEM", key: "no PEM" } }],
  ["tls.ca", "archive:1", { tls: { ca: 5 } }],
  ["tls.key", "archive:1", { tls: { cert: "x" } }],
  ["tls.cert", "archive:1", { tls: { key: "x" } }],
  ["tls.serverName", "archive:1", { tls: { serverName: "a b" } }],
])("connect refuses %s: %o, %o", (field, address, options) => {
  let thrown: unknown;
  try {
    connect(untyped(address), untyped(options));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ArchiveError);
  expect(thrown).toMatchObject({ code: "INVALID_ARGUMENT", fieldViolations: [{ field }] });
});

describe("an address where something else listens", () => {
  test("TLS to a server without it says so", async () => {
    const wrong = connect(`grpcs://${server.address}`, { retry: false });
    expect(await rejection(wrong.describeHierarchy())).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringMatching(new RegExp(`^${server.address}: .*no TLS at this address`)),
    });
    wrong.close();
  });

  test.each([
    ["HTTP/1.1", "HTTP/1.1 400 Bad Request\r\n\r\n"],
    ["TLS, which answers an alert", "\u0015\u0003\u0001\u0000\u0002\u0002\u0046"],
    ["what hangs up", ""],
  ])("%s is UNAVAILABLE, with the address", async (_, answer) => {
    const other = createServer((socket) => {
      socket.on("error", () => {}).once("data", () => socket.end(answer, "latin1"));
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const address = other.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const wrong = connect(`127.0.0.1:${address.port}`, { retry: false, timeout: 5000 });
    const error = await rejection(wrong.participant.create({ key: { participant_id: "p" } }));
    expect(error).toMatchObject({ code: "UNAVAILABLE", outcomeUnknown: false });
    expect(error.message).toMatch(new RegExp(`^127.0.0.1:${address.port}: .*connection`, "i"));
    wrong.close();
    other.close();
  });
});

describe("arguments that are none", () => {
  test.each([[undefined], [null], [5], ["x"], [[]], [new Map()]])("are refused: %o", async (request) => {
    const { collaboration } = archive;
    for (const call of [
      () => collaboration.get(untyped(request)),
      () => collaboration.create(untyped(request)),
      () => collaboration.update(untyped(request)),
      () => collaboration.delete(untyped(request)),
      () =>
        request === undefined ? collaboration.get(untyped({ key: 5 })) : collaboration.list(untyped(request)).next(),
      () =>
        request === undefined ? collaboration.get(untyped({ key: [] })) : collaboration.listPage(untyped(request)),
      () =>
        request === undefined
          ? archive.streamDescendants(untyped({ key: null })).next()
          : archive.streamDescendants(untyped(request)).next(),
      () => archive.countDescendants(untyped(request === undefined ? { key: null } : request)),
    ]) {
      expect(await rejection(call())).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    }
  });

  test.each<[string, unknown]>([
    ["operations", undefined],
    ["operations", null],
    ["operations", 5],
    ["operations[0]", ["create"]],
    ["operations[0]", [null]],
    ["operations[0]", [{}]],
    ["operations[0]", [{ create: undefined }]],
    ["operations[0]", [{ create: { participant: { key: { participant_id: "p" } } }, delete: {} }]],
    ["operations[0]", [{ remove: {} }]],
    ["operations[1].create", [{ create: { participant: { key: { participant_id: "p" } } } }, { create: {} }]],
    ["operations[0].delete", [{ delete: { run: {}, project: {} } }]],
    ["operations[0].update", [{ update: { toString: {} } }]],
    ["operations[0].upsert.run", [{ upsert: { run: "x" } }]],
    ["operations[0].create.validate_only", [{ create: { participant: { validate_only: true } } }]],
    ["operations[0].create.record.participant.details.x", [{ create: { participant: { details: { x: 1 } } } }]],
  ])("batchWrite names %s", async (field, writes) => {
    expect(await rejection(archive.batchWrite(untyped(writes)))).toMatchObject({
      code: "INVALID_ARGUMENT",
      fieldViolations: [{ field }],
    });
    expect((await archive.participant.listPage()).records).toEqual([]);
  });

  test("batchWrite takes no more than 1,000, of what never ends too", async () => {
    function* endless() {
      for (;;) yield { delete: { participant: { key: { participant_id: "p" } } } };
    }
    expect(await rejection(archive.batchWrite(endless()))).toMatchObject({
      fieldViolations: [{ field: "operations" }],
    });
  });
});
