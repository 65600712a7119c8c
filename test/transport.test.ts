import { once } from "node:events";
import { connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { ChannelCredentials, Client, type ServiceError } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { ErrorInfo } from "../generated/ts/google/rpc/error_details.js";
import { Status } from "../generated/ts/google/rpc/status.js";
import { ServerReflectionRequest } from "../generated/ts/grpc/reflection/v1/reflection.js";
import {
  ArchiveServiceDefinition,
  type ImportOptions,
  StreamDescendantsRequest,
} from "../generated/ts/synergos/archive/v1/archive_service.js";
import { limits } from "../src/limits.js";
import { recordType } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { ArchiveClient, CallError, errorOf } from "./support/client.js";
import type { Engine } from "./support/databases.js";
import { createGrid, details, ids, keyOf } from "./support/records.js";

let archive: TestArchive;
const run = recordType("Run");
beforeAll(async () => {
  archive = await startArchive(inject("engines")[0] as Engine);
  await createGrid(archive.client, ids("a"));
  for (let index = 0; index < 40; index++) {
    const key = { ...keyOf(run, ids("a")), run_id: `large_${index}` };
    await archive.client.create("Run", { key, details: details("Run", { text: "x".repeat(300_000) }) });
  }
});
afterAll(() => archive.close());

/** What a request of any bytes, framed in any way, is answered with. */
async function answerTo(path: string, body: Buffer, headers: Record<string, string> = {}) {
  const session = connect(`http://${archive.address}`);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      ...headers,
    });
    const got: Record<string, unknown> = {};
    stream.on("response", (each) => Object.assign(got, each));
    stream.on("trailers", (each) => Object.assign(got, each));
    stream.on("error", () => undefined);
    stream.resume();
    stream.end(body);
    await once(stream, "close");
    const bytes = Buffer.from(String(got["grpc-status-details-bin"] ?? ""), "base64");
    const info = Status.decode(bytes).details[0];
    return {
      code: Number(got["grpc-status"]),
      reason: info && ErrorInfo.decode(info.value).reason,
      requestId: got["x-request-id"],
    };
  } finally {
    session.close();
  }
}

const framed = (message: Buffer, compressed = 0): Buffer => {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
};

const get = "/synergos.archive.v1.RunService/GetRun";
const tooLong = (() => {
  const head = framed(Buffer.alloc(0));
  head.writeUInt32BE(65 * 2 ** 20, 1);
  return head;
})();

describe("an error of the transport", () => {
  test.each([
    ["an unknown method", "/synergos.archive.v1.RunService/Nothing", framed(Buffer.alloc(0)), {}, 12, "UNIMPLEMENTED"],
    ["an unknown service", "/nothing.Service/Nothing", framed(Buffer.alloc(0)), {}, 12, "UNIMPLEMENTED"],
    ["a request above the limit", get, tooLong, {}, 8, "REQUEST_TOO_LARGE"],
    [
      "a malformed reflection request",
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
      framed(Buffer.from([0x0a, 9])),
      {},
      3,
      "INVALID_FIELD",
    ],
    [
      "what cannot be decompressed",
      get,
      framed(Buffer.from("none"), 1),
      { "grpc-encoding": "gzip" },
      3,
      "INVALID_FIELD",
    ],
    ["an unknown compression", get, framed(Buffer.from("none"), 1), { "grpc-encoding": "rar" }, 12, "UNIMPLEMENTED"],
    [
      "what decompresses to more than the limit",
      get,
      framed(gzipSync(Buffer.alloc(65 * 2 ** 20)), 1),
      { "grpc-encoding": "gzip" },
      8,
      "REQUEST_TOO_LARGE",
    ],
    ["a time limit that is none", get, framed(Buffer.alloc(0)), { "grpc-timeout": "soon" }, 3, "INVALID_FIELD"],
  ] as const)(
    "of %s has a reason, a request id and a line in the log",
    async (_, path, body, headers, code, reason) => {
      const id = `transport_${code}_${path.length}_${body.length}`;
      const answer = await answerTo(path, body, { "x-request-id": id, ...headers });
      expect(answer).toEqual({ code, reason, requestId: id });
      expect(archive.log).toContainEqual(expect.objectContaining({ request_id: id, reason }));
    },
  );
});

test("a deadline that passes while the request still comes in is answered and logged", async () => {
  const session = connect(`http://${archive.address}`);
  const id = "transport_slow";
  const stream = session.request({
    ":method": "POST",
    ":path": get,
    "content-type": "application/grpc",
    te: "trailers",
    "grpc-timeout": "100m",
    "x-request-id": id,
  });
  stream.write(framed(Buffer.alloc(100)).subarray(0, 50));
  const [headers] = await once(stream, "response");
  expect(headers).toMatchObject({ "grpc-status": "4" });
  session.destroy();
  expect(archive.log).toContainEqual(expect.objectContaining({ request_id: id, reason: "DEADLINE_EXCEEDED" }));
});

describe("a stream", () => {
  test("has messages of about 1 MiB, which every client takes", async () => {
    const client = new ArchiveClient(archive.address, ChannelCredentials.createInsecure(), {
      "grpc.max_receive_message_length": 4 * 2 ** 20,
    });
    const sizes: number[] = [];
    let count = 0;
    for await (const { records } of client.stream()) {
      count += records.length;
      sizes.push(records.length);
    }
    client.close();
    expect(count).toBeGreaterThan(40);
    // Of records of 300 KB, three have less than 1 MiB.
    expect(sizes.filter((size) => size === 3).length).toBeGreaterThan(8);
  });

  test("that nobody reads gives its place to one that waits, which is told of streams otherwise", async () => {
    const places = archive.store.maxSnapshots;
    const { requestType } = ArchiveServiceDefinition.methods.streamDescendants;
    const path = "/synergos.archive.v1.ArchiveService/StreamDescendants";
    // Node's own client, which takes no more than HTTP/2's first 64 KiB of what nobody reads.
    const session = connect(`http://${archive.address}`);
    const body = framed(Buffer.from(requestType.encode(StreamDescendantsRequest.fromPartial({})).finish()));
    const opened = Array.from({ length: places }, () => {
      const stream = session.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => undefined);
      stream.end(body);
      return stream;
    });
    await Promise.all(opened.map((stream) => once(stream, "response")));
    // As many others as there are places: some are told, as soon as they have waited; all later ones have their turn.
    const outcomes = await Promise.all(
      Array.from({ length: places + 1 }, async () => {
        try {
          for await (const _ of archive.client.stream({ relation_types: [1] }));
          return "read";
        } catch (error) {
          return error instanceof CallError ? `${error.code} ${error.reason}` : "failed";
        }
      }),
    );
    for (const outcome of outcomes) expect(["read", "RESOURCE_EXHAUSTED TOO_MANY_STREAMS"]).toContain(outcome);
    for await (const _ of archive.client.stream({ relation_types: [1] }));
    expect(archive.log).toContainEqual(expect.objectContaining({ reason: "STREAM_STALLED" }));
    session.destroy();
  });

  test("of reflection answers as fast as it is read, and so many requests", async () => {
    const client = new Client(archive.address, ChannelCredentials.createInsecure());
    const question = Buffer.from(
      ServerReflectionRequest.encode(
        ServerReflectionRequest.fromPartial({ message_request: { $case: "list_services", value: "" } }),
      ).finish(),
    );
    const asIs = (bytes: Buffer) => bytes;
    const call = client.makeBidiStreamRequest("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", asIs, asIs);
    let answers = 0;
    call.on("data", () => answers++);
    const failed = once(call, "error");
    for (let index = 0; index <= limits.reflectionRequests; index++) call.write(question);
    const [error] = (await failed) as [ServiceError];
    expect(new CallError(error)).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "TOO_MANY_REQUESTS" });
    expect(answers).toBe(limits.reflectionRequests);
    client.close();
  });
});

describe("a dry-run import lets others write", () => {
  const { stallOfDryRun, silenceOfDryRun } = limits;
  afterEach(() => {
    Object.assign(limits, { stallOfDryRun, silenceOfDryRun });
  });

  test.each([
    ["that sends nothing more", { stallOfDryRun: 1000 }, undefined, "for 1 seconds:"],
    ["that sends little, again and again", { silenceOfDryRun: 1500 }, 100, "for 1.5 seconds in all:"],
  ])("%s", async (_, shorter, pause, text) => {
    Object.assign(limits, shorter);
    const client = new Client(archive.address, ChannelCredentials.createInsecure());
    const { requestType } = ArchiveServiceDefinition.methods.import;
    const path = "/synergos.archive.v1.ArchiveService/Import";
    const asIs = (bytes: Buffer) => bytes;
    const request = (options: ImportOptions | undefined) =>
      Buffer.from(requestType.encode({ options, records: [] }).finish());
    let timer: NodeJS.Timeout | undefined;
    const ended = new Promise<CallError>((resolve, reject) => {
      const call = client.makeClientStreamRequest(path, asIs, asIs, (error) =>
        error ? resolve(new CallError(error)) : reject(new Error("answered")),
      );
      call.write(request({ on_conflict: 0, validate_only: true }));
      if (pause) timer = setInterval(() => call.write(request(undefined)), pause);
    });
    const error = await ended;
    clearInterval(timer);
    client.close();
    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "STREAM_STALLED" });
    expect(error.message).toContain(text);
    const key = { ...keyOf(run, ids("a")), run_id: `after_${pause}` };
    await archive.client.create("Run", { key, details: details("Run", {}) });
    expect((await errorOf(archive.client.create("Run", { key, details: details("Run", {}) }))).reason).toBe(
      "RECORD_EXISTS",
    );
  });
});
