import { execFile } from "node:child_process";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { descriptors } from "../src/records/message-shape.js";
import { recordTypes } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { createGrid, ids } from "./support/records.js";

const run = promisify(execFile);
const get = "/synergos.archive.v1.CollaborationService/GetCollaboration";
const stream = "/synergos.archive.v1.ArchiveService/StreamDescendants";

let archive: TestArchive;
beforeAll(async () => {
  const [engine] = inject("engines");
  if (!engine) throw new Error("this test needs a database");
  archive = await startArchive(engine, { maxReceiveSize: 100_000 });
  await createGrid(archive.client, ids("grid"), recordTypes);
});
afterAll(() => archive?.close());

/** What curl prints, with the status of HTTP in front. */
async function curl(method: string, body: string, ...options: string[]) {
  const head = ["-s", "-w", "\n%{http_code}", "-H", "content-type: application/json", "-d", body];
  const { stdout } = await run("curl", [...head, ...options, `${archive.url}/synergos.archive.v1.${method}`]);
  const end = stdout.lastIndexOf("\n");
  return { status: Number(stdout.slice(end)), answer: JSON.parse(stdout.slice(0, end)) };
}

const post = async (path: string, body: string | Buffer, headers: Record<string, string> = {}) => {
  const response = await fetch(archive.url + path, {
    method: "POST",
    body: typeof body === "string" ? body : Uint8Array.from(body),
    headers: { "content-type": "application/json", ...headers },
  });
  return { status: response.status, text: Buffer.from(await response.arrayBuffer()).toString() };
};

const reasonOf = (answer: { details: { debug: { reason?: string } }[] }) => answer.details[0]?.debug.reason;

test("curl goes through a record's life in JSON", async () => {
  const created = await curl("CollaborationService/CreateCollaboration", '{"key": {"collab_id": "curl"}}');
  expect(created).toMatchObject({
    status: 200,
    answer: { record: { key: { collabId: "curl" }, recordId: expect.stringMatching(/^\d+$/) } },
  });
  const again = await curl("CollaborationService/CreateCollaboration", '{"key": {"collabId": "curl"}}');
  expect(again).toMatchObject({ status: 409, answer: { code: "already_exists" } });
  expect(reasonOf(again.answer)).toBe("RECORD_EXISTS");
  const key = { collabId: "curl", projectId: "p" };
  const details = { action: "ACTION_REGRESS", incentives: { tier_1: [] }, attributes: { Odd_Key: 1 } };
  const project = await curl("ProjectService/CreateProject", JSON.stringify({ key, details }));
  expect(project.answer.record.details).toEqual(details);
  for (const updateMask of [{ paths: ["attributes.Odd_Key"] }, "attributes.Odd_Key", "action,attributes"]) {
    const change = { key, details: { ...details, attributes: { Odd_Key: 2 } }, updateMask };
    const updated = await curl("ProjectService/UpdateProject", JSON.stringify(change));
    expect(updated.answer.record.details.attributes).toEqual({ Odd_Key: 2 });
  }
  const orphan = await curl(
    "RunService/CreateRun",
    '{"key": {"collab_id": "curl", "project_id": "p", "expt_id": "e", "run_id": "r"}}',
  );
  expect(orphan).toMatchObject({ status: 400, answer: { code: "failed_precondition" } });
  const listed = await curl("ProjectService/ListProject", '{"filter": {"collabId": "curl"}, "withTotal": true}');
  expect(listed.answer).toMatchObject({ totalSize: 1, records: [{ key }] });
  const removed = await curl("CollaborationService/DeleteCollaboration", '{"key": {"collab_id": "curl"}}');
  expect(removed.answer.deleted).toHaveLength(2);
  const gone = await curl(
    "CollaborationService/GetCollaboration",
    '{"key": {"collab_id": "curl"}}',
    "--http2-prior-knowledge",
  );
  expect(gone).toMatchObject({ status: 404, answer: { code: "not_found" } });
});

test("what JSON cannot say right is refused, with the field's name", async () => {
  const refused = async (body: string) => {
    const answer = JSON.parse((await post(get, body)).text);
    expect(answer).toMatchObject({ code: "invalid_argument" });
    return JSON.stringify(answer.details[1].debug.fieldViolations);
  };
  expect(await refused("{")).toContain("request");
  expect(await refused('{"kee": {}}')).toContain("kee");
  expect(await refused('{"key": {"collabId": 5}}')).toContain("collab_id");
  expect(await refused('{"key": {"collabId": 9007199254740993}}')).toContain("9007199254740993");
  expect(await refused(`${'{"key":'.repeat(5000)}1${"}".repeat(5000)}`)).toContain("request");
});

const transports: [string, () => Transport][] = [
  ["Connect in bytes", () => createConnectTransport({ baseUrl: archive.url, useBinaryFormat: true })],
  ["Connect in JSON", () => createConnectTransport({ baseUrl: archive.url })],
  ["gRPC-Web in bytes", () => createGrpcWebTransport({ baseUrl: archive.url })],
  ["gRPC-Web in JSON", () => createGrpcWebTransport({ baseUrl: archive.url, useBinaryFormat: false })],
];

describe.each(transports)("a client of browsers, by %s,", (_, transport) => {
  const service = (name: string) => {
    const found = descriptors.getService(`synergos.archive.v1.${name}`);
    if (!found) throw new Error(`no service ${name}`);
    return found;
  };
  const invoke = async (name: string, method: string, request: object) => {
    const call: unknown = Reflect.get(createClient(service(name), transport()), method);
    if (typeof call !== "function") throw new Error(`no method ${method}`);
    return call(request);
  };

  test("gets answers and errors with their details", async () => {
    const key = { collabId: ids("grid").collab_id };
    const response = await invoke("CollaborationService", "getCollaboration", { key });
    expect(response.record.key.collabId).toBe(key.collabId);
    const error = await invoke("CollaborationService", "getCollaboration", { key: { collabId: "näh %" } }).catch(
      ConnectError.from,
    );
    expect(error.code).toBe(Code.NotFound);
    expect(error.rawMessage).toContain("näh %");
    const schema = descriptors.getMessage("google.rpc.ErrorInfo");
    expect(schema && error.findDetails(schema)[0]).toMatchObject({ reason: "RECORD_NOT_FOUND" });
  });

  test("reads a stream to its end, and an error instead of one", async () => {
    let count = 0;
    for await (const response of await invoke("ArchiveService", "streamDescendants", {}))
      count += response.records.length;
    expect(count).toBeGreaterThanOrEqual(recordTypes.length);
    const failing = async () => {
      for await (const _ of await invoke("ArchiveService", "streamDescendants", {
        recordTypes: [],
        key: { key: { case: "run", value: {} } },
      }));
    };
    await expect(failing()).rejects.toMatchObject({ code: Code.InvalidArgument });
  });
});

test("an envelope that is cut, too long or of unknown flags is an error, and never more than that", async () => {
  const whole = Buffer.concat([Buffer.from([0, 0, 0, 0, 2]), Buffer.from("{}")]);
  const answerOf = async (body: Buffer) => {
    const { status, text } = await post(stream, body, { "content-type": "application/connect+json" });
    expect(status).toBe(200);
    return text;
  };
  for (let cut = 0; cut < whole.length; cut++)
    expect(await answerOf(whole.subarray(0, cut))).toContain("invalid_argument");
  expect(await answerOf(Buffer.concat([whole, whole]))).toContain("invalid_argument");
  expect(await answerOf(whole)).not.toContain('"error"');
  const anyBytes = fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
    expect(await answerOf(Buffer.from(bytes))).not.toMatch(/"(internal|unknown)"/);
  });
  await fc.assert(anyBytes, { numRuns: 100 });
});

test("a request that is too large is refused, told or not, compressed or not", async () => {
  const large = JSON.stringify({ key: { collabId: "x".repeat(200_000) } });
  const { client, url } = archive;
  for (const [body, headers] of [
    [large, {}],
    [gzipSync(large), { "content-encoding": "gzip" }],
  ] as const) {
    const response = await post(get, body, headers);
    expect(response.status).toBe(429);
    expect(reasonOf(JSON.parse(response.text))).toBe("REQUEST_TOO_LARGE");
  }
  const pieces = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 3; i++) controller.enqueue(Buffer.alloc(50_000, " "));
      controller.close();
    },
  });
  const init = { method: "POST", body: pieces, duplex: "half", headers: { "content-type": "application/json" } };
  expect((await fetch(url + get, init as RequestInit)).status).toBe(429);
  const zipped = await post(get, gzipSync(JSON.stringify({ key: { collabId: ids("grid").collab_id } })), {
    "content-encoding": "gzip",
  });
  expect(zipped.status).toBe(200);
  expect((await post(get, "{}", { "content-encoding": "br" })).status).toBe(501);
  await client.describeHierarchy();
});

test("who sends nothing more is answered when its time is over, who is gone is logged as such", async () => {
  const head = `POST ${get} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 50\r\n`;
  const slow = connect(Number(new URL(archive.url).port), "127.0.0.1");
  slow.write(`${head}connect-timeout-ms: 50\r\n\r\n{`);
  const answer = await new Promise<string>((resolve) => slow.once("data", (bytes) => resolve(String(bytes))));
  expect(answer).toContain("HTTP/1.1 504");
  expect(answer).toContain("DEADLINE_EXCEEDED".toLowerCase());
  slow.destroy();
  const gone = connect(Number(new URL(archive.url).port), "127.0.0.1");
  gone.write(`${head}x-request-id: gone\r\n\r\n{`, () => setTimeout(() => gone.destroy(), 20));
  await expect
    .poll(() => archive.log.find(({ request_id }) => request_id === "gone"))
    .toMatchObject({ code: "CANCELLED" });
});

test("pages of other hosts and origins are not served, those that are named are", async () => {
  const status = async (headers: Record<string, string>, path = "/livez", method = "GET") => {
    const options = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const { stdout } = await run("curl", ["-s", "-i", "-X", method, ...options, archive.url + path]);
    return stdout;
  };
  expect(await status({ host: "evil.example.com" })).toContain(" 421 ");
  for (const host of ["archive.example.org", "archive:50052", "[::1]:50052", "archive-0.archive.svc.cluster.local"]) {
    expect(await status({ host })).toContain(" 200 ");
  }
  // As a balancer asks: no browser names no host.
  const probe = ["-s", "-i", "--http1.0", "-H", "host:", `${archive.url}/readyz`];
  expect((await run("curl", probe)).stdout).toContain(" 200 ");
  expect(await status({ origin: "https://evil.example.com" })).toContain(" 403 ");
  expect(await status({ origin: "null" })).toContain(" 403 ");
  const origin = "https://grid.example.org";
  expect(await status({ origin })).toContain(`access-control-allow-origin: ${origin}`);
  const preflight = await status({ origin, "access-control-request-method": "POST" }, get, "OPTIONS");
  expect(preflight).toContain(" 204 ");
  expect(preflight).toContain("content-type");
  expect(await status({}, get)).toContain(" 405 ");
  expect(await status({ "content-type": "text/plain" }, get, "POST")).toContain(" 415 ");
  expect(await status({ "content-type": "application/json" }, "/a.Service/Method", "POST")).toContain(
    '"unimplemented"',
  );
  expect(await status({}, "/synergos.archive.v1.ArchiveService/Import", "POST")).toContain("call it by gRPC");
});

test("HTTP/2 without TLS comes to the same port, and many calls go by one connection", async () => {
  const session = connectHttp2(archive.url);
  const statuses = await Promise.all(
    Array.from(
      { length: 50 },
      () =>
        new Promise((resolve, reject) => {
          const request = session.request({ ":method": "POST", ":path": get, "content-type": "application/json" });
          request.once("response", (headers) => resolve(headers[":status"]));
          request.once("error", reject);
          request.resume();
          request.end(JSON.stringify({ key: { collabId: ids("grid").collab_id } }));
        }),
    ),
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
  session.close();
});
