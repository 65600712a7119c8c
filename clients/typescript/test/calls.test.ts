import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Metadata, ServerCredentials, status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Any } from "../../../generated/ts/google/protobuf/any.js";
import { ErrorInfo, RetryInfo } from "../../../generated/ts/google/rpc/error_details.js";
import { Status } from "../../../generated/ts/google/rpc/status.js";
import { type Archive, connect } from "../src/index.js";
import { makeCertificates } from "./certificates.js";
import { rejection } from "./rejection.js";
import { startServer, type TestServer } from "./server.js";
import { startStub } from "./stub.js";

const key = { collab_id: "c", project_id: "p" };

describe("a server that takes calls and never answers", () => {
  const sockets = new Set<Socket>();
  let silent: Server;
  let archive: Archive;

  beforeAll(async () => {
    silent = createServer((socket) => sockets.add(socket.on("error", () => {}))).listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const address = silent.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    archive = connect(`grpc://127.0.0.1:${address.port}`, { timeout: 100 });
  });

  afterAll(() => {
    archive.close();
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  test("is waited for until the default deadline", async () => {
    expect(await rejection(archive.project.get({ key }))).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  test("is waited for until a call's own deadline", async () => {
    const began = performance.now();
    expect(await rejection(archive.project.get({ key }, { timeout: 20 }))).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(performance.now() - began).toBeLessThan(100);
    const stream = archive.streamDescendants({}, { timeout: 20 });
    expect(await rejection(stream.next())).toMatchObject({ code: "DEADLINE_EXCEEDED" });
  });

  test("is waited for until the caller aborts", async () => {
    const options = { timeout: Number.POSITIVE_INFINITY };
    for (const call of [
      (signal: AbortSignal) => archive.project.get({ key }, { ...options, signal }),
      (signal: AbortSignal) => archive.project.list({}, { ...options, signal }).next(),
      (signal: AbortSignal) => archive.streamDescendants({}, { ...options, signal }).next(),
    ]) {
      const controller = new AbortController();
      const ended = rejection(call(controller.signal));
      setImmediate(() => controller.abort(new Error("no longer needed")));
      expect(await ended).toMatchObject({ code: "CANCELLED", cause: { message: "no longer needed" } });
      expect(await rejection(call(controller.signal)), "aborted before").toMatchObject({ code: "CANCELLED" });
    }
  });
});

describe("an archive that is at odds", () => {
  const refuse = (reason: string) => {
    const metadata = new Metadata();
    const info = ErrorInfo.fromPartial({ reason, domain: "archive.synergos" });
    const details = [Any.fromPartial({ type_url: `x/${ErrorInfo.$type}`, value: ErrorInfo.encode(info).finish() })];
    const trailer = Status.encode({ code: status.ABORTED, message: "", details }).finish();
    metadata.set("grpc-status-details-bin", Buffer.from(trailer));
    return { code: status.ABORTED, details: reason, metadata };
  };

  test.each([
    { reason: "CONFLICT", retry: true, calls: 3, outcome: { etag: "stub" } },
    { reason: "CONFLICT", retry: false, calls: 1, outcome: { code: "ABORTED", reason: "CONFLICT" } },
    { reason: "ETAG_MISMATCH", retry: true, calls: 1, outcome: { code: "ABORTED", reason: "ETAG_MISMATCH" } },
  ])("is asked again by $reason: $retry", async ({ reason, retry, calls, outcome }) => {
    let asked = 0;
    const stub = await startStub(() => (++asked < 3 ? refuse(reason) : undefined));
    const archive = connect(stub.address, { retry });
    expect(await archive.project.get({ key }).catch((error: unknown) => error)).toMatchObject(outcome);
    expect(asked).toBe(calls);
    archive.close();
    stub.stop();
  });

  test.each([{ begun: false }, { begun: true }])(
    "is asked again while UNAVAILABLE; begun: $begun",
    async ({ begun }) => {
      let asked = 0;
      const stub = await startStub((call) => {
        if (++asked === 3) return undefined;
        if (begun) call.sendMetadata(new Metadata());
        return { code: status.UNAVAILABLE, details: "away" };
      });
      const archive = connect(stub.address);
      expect(await archive.project.get({ key })).toMatchObject({ etag: "stub" });
      expect(asked).toBe(3);
      archive.close();
      stub.stop();
    },
  );

  test.each(["OVERLOADED", "RATE_LIMITED"])(
    "that refuses as %s is asked again, but not before it said so",
    async (reason) => {
      const metadata = new Metadata();
      const details = [
        [ErrorInfo.$type, ErrorInfo.encode(ErrorInfo.fromPartial({ reason, domain: "archive.synergos" }))],
        [RetryInfo.$type, RetryInfo.encode({ retry_delay: { seconds: 1n, nanos: 500_000_000 } })],
      ] as const;
      const packed = details.map(([name, bytes]) => Any.fromPartial({ type_url: `x/${name}`, value: bytes.finish() }));
      const trailer = Status.encode({ code: status.RESOURCE_EXHAUSTED, message: "", details: packed }).finish();
      metadata.set("grpc-status-details-bin", Buffer.from(trailer));
      const asked: number[] = [];
      const stub = await startStub(() =>
        asked.push(performance.now()) === 1
          ? { code: status.RESOURCE_EXHAUSTED, details: "busy", metadata }
          : undefined,
      );
      const patient = connect(stub.address);
      expect(await patient.project.get({ key })).toMatchObject({ etag: "stub" });
      expect(Number(asked[1]) - Number(asked[0])).toBeGreaterThan(1490);
      patient.close();
      asked.length = 0;
      const hasty = connect(stub.address, { retry: false });
      expect(await rejection(hasty.project.get({ key }))).toMatchObject({ reason, retryAfter: 1500 });
      hasty.close();
      stub.stop();
    },
  );

  test("is not asked beyond the deadline", async () => {
    const stub = await startStub(() => refuse("CONFLICT"));
    const archive = connect(stub.address, { timeout: 150 });
    expect(await rejection(archive.project.get({ key }))).toMatchObject({ code: "ABORTED", reason: "CONFLICT" });
    archive.close();
    stub.stop();
  });
});

test("metadata of the connection and of the call are sent", async () => {
  let got: unknown;
  const stub = await startStub(({ metadata }) => {
    got = metadata.getMap();
    return undefined;
  });
  const archive = connect(stub.address, { metadata: { "x-tenant": "t", "x-request-id": "none" } });
  await archive.project.get({ key }, { metadata: { "x-request-id": "id-1" } });
  expect(got).toMatchObject({ "x-tenant": "t", "x-request-id": "id-1" });
  archive.close();
  stub.stop();
});

describe("TLS", () => {
  let folder: string;
  let server: TestServer;
  const file = (name: string) => readFileSync(join(folder, name));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "archive-tls-"));
    makeCertificates(folder);
    const path = (name: string) => join(folder, name);
    const own = ["--tls-cert", path("server.pem"), "--tls-key", path("server.key")];
    server = await startServer(...own, "--tls-client-ca", path("ca.pem"));
  });

  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true });
  });

  test("is mutual with a certificate", async () => {
    const tls = { ca: file("ca.pem"), cert: file("client.pem"), key: file("client.key") };
    const archive = connect(server.address, { tls });
    expect(await archive.collaboration.create({ key: { collab_id: "c" } })).toMatchObject({ key: { collab_id: "c" } });
    archive.close();
    const named = connect(server.address, { tls: { ...tls, serverName: "archive.test" } });
    expect(await named.describeHierarchy()).toHaveLength(12);
    named.close();
  });

  test.each([
    ["without a certificate", () => ({ ca: file("ca.pem") })],
    ["with an unknown authority", () => ({ cert: file("client.pem"), key: file("client.key") })],
  ])("is refused %s", async (_, tls) => {
    const archive = connect(`grpcs://${server.address}`, { tls: tls(), retry: false });
    expect(await rejection(archive.describeHierarchy())).toMatchObject({ code: "UNAVAILABLE" });
    archive.close();
  });

  test.each([
    ["text", () => "secret"],
    ["a function", () => async () => "secret"],
  ])("carries a bearer token given as %s", async (_, token) => {
    let got: unknown;
    const pair = { cert_chain: file("server.pem"), private_key: file("server.key") };
    const stub = await startStub(
      ({ metadata }) => {
        got = metadata.get("authorization");
        return undefined;
      },
      ServerCredentials.createSsl(null, [pair]),
    );
    const archive = connect(`grpcs://${stub.address}`, { tls: { ca: file("ca.pem") }, token: token() });
    await archive.project.get({ key });
    expect(got).toEqual(["Bearer secret"]);
    archive.close();
    const failing = connect(`grpcs://${stub.address}`, {
      tls: { ca: file("ca.pem") },
      token: () => Promise.reject(new Error("no token")),
    });
    expect(await rejection(failing.project.get({ key }))).toMatchObject({
      message: expect.stringContaining("no token"),
    });
    failing.close();
    stub.stop();
  });
});

describe("large answers", () => {
  let server: TestServer;
  let archive: Archive;

  beforeAll(async () => {
    server = await startServer();
    archive = connect(server.address);
    await archive.collaboration.create({ key: { collab_id: "c" } });
    await archive.project.create({ key, details: { incentives: {} } });
    await archive.experiment.create({ key: { ...key, expt_id: "e" } });
    for (let index = 0; index < 8; index++) {
      const run = { ...key, expt_id: "e", run_id: `r${index}` };
      await archive.run.create({ key: run });
      await archive.model.create({ key: run, details: { global: { path: "x".repeat(2 * 2 ** 20) } } });
    }
  });

  afterAll(async () => {
    archive.close();
    await server.stop();
  });

  test("of 16 MB come in one message", async () => {
    const record = await archive.project.get({ key });
    expect(record.relations?.models).toHaveLength(8);
  });

  test("beyond the client's own limit are RESOURCE_EXHAUSTED", async () => {
    const small = connect(server.address, { maxMessageSize: 2 ** 20 });
    expect(await rejection(small.project.get({ key }))).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    small.close();
  });

  test("are streamed, and a stream that is left or aborted ends", async () => {
    for await (const { $case } of archive.streamDescendants({ key: { project: key } })) {
      if ($case === "model") break;
    }
    const controller = new AbortController();
    const seen = [];
    const read = async () => {
      for await (const { $case } of archive.streamDescendants({}, { signal: controller.signal })) {
        seen.push($case);
        if ($case === "model") controller.abort();
      }
    };
    expect(await rejection(read())).toMatchObject({ code: "CANCELLED" });
    expect(seen.length).toBeLessThan(19);
    expect(await archive.describeHierarchy()).toHaveLength(12);
  });
});
