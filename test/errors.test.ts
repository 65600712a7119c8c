import { Client, credentials } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import type { RecordType as RecordTypeNumber } from "../generated/ts/synergos/archive/v1/record_type.js";
import { recordType, recordTypes } from "../src/records/record-type.js";
import { GrpcUnaryCall } from "../src/rpc/grpc-call.js";
import { mySqlDialect } from "../src/storage/mysql-dialect.js";
import { translate } from "../src/storage/mysql-errors.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { type CallError, errorOf, methodOf } from "./support/client.js";
import { type Cascade, createGrid, ids, type Key, keyOf, someDetails, type View } from "./support/records.js";

/** What no client may ever see: SQL, drivers, code. */
const secrets =
  /\b(SELECT|INSERT|UPDATE .* SET|DELETE FROM|WHERE|SQLITE|sqlite|libsql|ER_[A-Z]|errno|ECONN|mysql|mariadb|knex|Knex|FOREIGN KEY|constraint|node_modules|\.js:|\.ts:|at \w+ \()/;

test("a lock that is waited for in vain is a conflict; where nothing is locked, it is another node that is away", () => {
  const kind = (sql: string) => translate(Object.assign(new Error("Lock wait timeout"), { errno: 1205, sql })).kind;
  const read = "SELECT t.record_id FROM `run` t WHERE t.`run_id` = ?";
  for (const { forUpdate, forShare } of [mySqlDialect("9.7.4"), mySqlDialect("8.0.11-TiDB-v8.5.0")]) {
    expect([forUpdate, forShare].map((lock) => kind(read + lock))).toEqual(["conflict", "conflict"]);
  }
  expect(kind("UPDATE `run` SET etag = ?")).toBe("conflict");
  expect(kind(read)).toBe("unavailable");
});

const verbs = ["Create", "Get", "List", "Update", "Delete"] as const;

describe.each(inject("engines"))("errors on $name", (engine) => {
  let archive: TestArchive;
  const grid = ids("1");
  const seen: CallError[] = [];
  const failing = async (call: Promise<unknown>) => {
    const error = await errorOf(call);
    seen.push(error);
    return error;
  };
  beforeAll(async () => {
    archive = await startArchive(engine);
    await createGrid(archive.client, grid);
  });
  afterAll(async () => {
    await archive?.close();
  });

  const calls = recordTypes.flatMap((type) => verbs.map((verb) => [verb, type.name] as const));

  test("of a call that cannot be answered end that call alone", async () => {
    const { client, log } = archive;
    const key = keyOf(recordType("Project"), grid);
    const answer = vi.spyOn(GrpcUnaryCall.prototype, "answer").mockImplementationOnce(() => {
      throw new TypeError("not to be answered");
    });
    try {
      expect(await failing(client.get("Project", key))).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
    } finally {
      answer.mockRestore();
    }
    expect(await client.get("Project", key)).toMatchObject({ key });
    expect(log).toContainEqual(expect.objectContaining({ message: "a call could not be answered" }));
  });

  test.each(calls)("%s%s refuses bytes that are no message of its type", async (verb, name) => {
    const { client } = archive;
    for (const bytes of [
      Buffer.from([0xff]),
      Buffer.from([0x0a, 0x7f]),
      Buffer.from([0x0a, 0x04, 0x0a, 0x02, 0xff, 0xfe]),
    ]) {
      const error = await failing(client.call(methodOf(name, verb), bytes));
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
      expect(Object.keys(error.fields)).toHaveLength(1);
    }
  });

  test.each(calls)("%s%s refuses everything malformed at once", async (verb, name) => {
    const { client } = archive;
    const type = recordType(name);
    const key = Object.fromEntries(type.key.map((field) => [field, ""]));
    const calls: Record<(typeof verbs)[number], () => Promise<unknown>> = {
      Create: () => client.create(name, { key, details: someDetails(name) }),
      Get: () => client.get(name, key, { view: 9 as View, relation_types: [77 as RecordTypeNumber] }),
      List: () => client.list(name, { filter: { ...key, id_prefix: "\u0007" }, page_size: -5, view: -1 }),
      Update: () => client.update(name, { key, details: someDetails(name), update_mask: [] }),
      Delete: () => client.delete(name, key, { cascade: 5 as Cascade, view: 3 as View }),
    };
    const error = await failing(calls[verb]());
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    const inKey = type.key.map((field) => `${verb === "List" ? "filter" : "key"}.${field}`);
    const others = {
      Create: [],
      Get: ["view", "relation_types[0]"],
      List: ["view", "page_size", "filter.id_prefix"],
      Update: [],
      Delete: ["cascade", "view"],
    }[verb];
    for (const field of [...inKey, ...others]) expect(Object.keys(error.fields)).toContain(field);
  });

  test.each(recordTypes.map((type) => type.name))(
    "Create%s refuses details that are required but missing, or no details",
    async (name) => {
      const key = keyOf(recordType(name), ids("2"));
      const outcome = await archive.client
        .create(name, { key, details: undefined })
        .catch((error) => error as CallError);
      if (outcome instanceof Error) {
        seen.push(outcome);
        expect(["INVALID_FIELD", "PARENT_NOT_FOUND"]).toContain(outcome.reason);
      } else await archive.client.delete(name, key);
    },
  );

  test("an answer that would be too large says what to do", async () => {
    const small = await startArchive(engine, { maxSendSize: 10_000 });
    try {
      await createGrid(small.client, grid, recordType("Run").ancestors);
      const big = { ...someDetails("Run"), attributes: { text: "x".repeat(4000) } };
      for (const run_id of ["1", "2", "3"]) {
        await small.client.create("Run", { key: { ...keyOf(recordType("Run"), grid), run_id }, details: big });
      }
      const tooLarge = { code: "RESOURCE_EXHAUSTED", reason: "RESPONSE_TOO_LARGE" };
      const key = keyOf(recordType("Experiment"), grid);
      const error = await failing(small.client.get("Experiment", key));
      expect(error).toMatchObject(tooLarge);
      expect(error.message).toMatch(/relation_types.*StreamDescendants/);
      expect(await failing(small.client.list("Experiment", { view: 2 }))).toMatchObject(tooLarge);
      await small.client.get("Experiment", key, { view: 1 });
    } finally {
      await small.close();
    }
  });

  test.each([
    ["in details", [18, 5, 0xfa, 0x7f, 2, 104, 105], "details.2047"],
    ["beside them", [0xfa, 0x7f, 2, 104, 105], "2047"],
    ["in a key", [10, 5, 0xfa, 0x7f, 2, 104, 105], "key.2047"],
    ["of another encoding than its field's", [10, 2, 8, 1], "request"],
  ])("a field that the server does not know is refused, not lost: %s", async (_, bytes, field) => {
    const error = await failing(archive.client.call(methodOf("Run", "Update"), Buffer.from(bytes)));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    expect(error.fields[field]).toMatch(/^(holds what )?is a field that this server does not know: it would be lost$/);
  });

  test("many violations are cut to what a client takes", async () => {
    const model = Array.from({ length: 5000 }, () => ({ attributes: undefined, structure: undefined }));
    const key = keyOf(recordType("Experiment"), grid);
    const error = await failing(
      archive.client.create("Experiment", { key, details: { model, attributes: undefined } }),
    );
    expect(error.fields["details.model[0].is_input"]).toBe("is required");
    expect(error.fields["…"]).toMatch(/^and \d+ more$/);
  });

  test("what is unforeseen tells nothing but the request's id", async () => {
    const broken = await startArchive(engine);
    try {
      await broken.database.sql("DROP TABLE mlflow");
      const key = keyOf(recordType("MLFlow"), grid);
      const error = await failing(broken.client.get("MLFlow", key, {}, { metadata: { "x-request-id": "my-request" } }));
      expect(error).toMatchObject({ code: "INTERNAL", reason: "INTERNAL", metadata: { request_id: "my-request" } });
      const line = broken.log.find((each) => each.request_id === "my-request");
      expect(line).toMatchObject({ level: "error", message: "MLFlowService/GetMLFlow", code: "INTERNAL" });
      expect(line?.error).toMatch(/mlflow/);
    } finally {
      await broken.close();
    }
  });

  test("a method that does not exist is UNIMPLEMENTED", async () => {
    const client = new Client(archive.address, credentials.createInsecure());
    const asIs = (bytes: Buffer) => bytes;
    const code = await new Promise((resolve) => {
      client.makeUnaryRequest("/synergos.archive.v1.RunService/Nothing", asIs, asIs, Buffer.alloc(0), (error) =>
        resolve(error?.code),
      );
    });
    client.close();
    expect(code).toBe(12);
  });

  test("one line a call is logged: method, key, code, time, peer, request id; never details", async () => {
    const key: Key = { participant_id: "logged" };
    const details = { ...someDetails("Participant"), summary: "a secret" };
    await archive.client.create("Participant", { key, details }, { metadata: { "x-request-id": "r1" } });
    const lines = archive.log.filter((line) => line.request_id === "r1");
    expect(lines).toEqual([
      {
        level: "info",
        message: "ParticipantService/CreateParticipant",
        key,
        code: "OK",
        ms: expect.any(Number),
        peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        request_id: "r1",
      },
    ]);
    expect(JSON.stringify(archive.log)).not.toContain("a secret");
  });

  test("no answer holds SQL, or a word of a driver's", () => {
    expect(seen.length).toBeGreaterThan(200);
    for (const error of seen) {
      const text = JSON.stringify([error.message, error.metadata, error.fields, error.preconditions, error.resource]);
      expect(text).not.toMatch(secrets);
    }
  });
});
