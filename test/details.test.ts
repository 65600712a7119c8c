import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { detailsShape } from "../src/archive/record-message.js";
import type { FieldViolation } from "../src/records/field-violation.js";
import type { Message, MessageShape } from "../src/records/message-shape.js";
import { fromPayload, type Payload } from "../src/records/payload.js";
import { type RecordName, recordType, recordTypes } from "../src/records/record-type.js";
import { fromStoredJson, toStoredJson } from "../src/records/stored-json.js";
import { validateDetails } from "../src/records/validate-details.js";
import { anyMessage } from "./support/any-message.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { canonical } from "./support/canonical.js";
import { errorOf } from "./support/client.js";
import { createGrid, details, ids, keyOf, View } from "./support/records.js";

test("payloads with what a message cannot hold exactly are refused, by their paths", () => {
  const refused = (name: RecordName, payload: Payload) => {
    const violations: FieldViolation[] = [];
    fromPayload(detailsShape(recordType(name)), payload, "details", violations);
    return violations.map(({ field }) => field);
  };
  const odd = 2n ** 53n + 1n;
  expect(refused("Run", { lr: odd, other: { list: [1n, odd] }, even: 2n ** 60n })).toEqual([
    "details.lr",
    "details.other.list[1]",
  ]);
  const statistics = { count: 2n ** 63n, counts: [1n, 2n ** 63n], mixed: [0.5, odd], exact: [odd, 1n] };
  expect(refused("Validation", { train: { statistics } })).toEqual(
    ["count", "counts", "mixed"].map((name) => `details.train.statistics.${name}`),
  );
  const closed = { mlflow_type: "run", mlflow_id: "1", mlflow_uri: "file:///" };
  expect(refused("MLFlow", { ...closed, a: null, b: [], c: {} })).toEqual(["details.a", "details.b", "details.c"]);
  expect(refused("Model", { global: {}, local_1: null })).toEqual(["details.local_1"]);
  for (const start_at of ["2021-02-30 00:00:00", "2021-02-28 24:00:00"]) {
    expect(refused("Project", { start_at })).toEqual(["details.start_at"]);
  }
});

describe.each(recordTypes.map((type) => [type.name, type] as const))("details of %s", (_, type) => {
  const shape = detailsShape(type);

  test("are stored exactly", () => {
    fc.assert(
      fc.property(anyMessage(shape), (message) => {
        expect(validateDetails(shape, message, "details")).toEqual([]);
        const json = toStoredJson(shape, message);
        const back = fromStoredJson(shape, json);
        expect(back).toEqual(fromStoredJson(shape, toStoredJson(shape, back)));
        expect(canonical(back)).toBe(canonical(message));
        JSON.parse(json);
      }),
      { numRuns: 200 },
    );
  });
});

describe.each(inject("engines"))("details on $name", (engine) => {
  let archive: TestArchive;
  const grid = ids("1");
  beforeAll(async () => {
    archive = await startArchive(engine);
    await createGrid(archive.client, grid);
  });
  afterAll(() => archive?.close());

  test("can be read in the database with ordinary SQL", async () => {
    const { client, database } = archive;
    const key = keyOf(recordType("Run"), grid);
    await client.update("Run", { key, details: details("Run", { rounds: 7n, lr: 0.1, is_cluster: true }) });
    const [row] = await database.sql(
      "SELECT JSON_EXTRACT(details, '$.rounds') + 1 AS rounds, JSON_EXTRACT(details, '$.lr') AS lr FROM run WHERE run_id = ?",
      [key.run_id as string],
    );
    expect([Number(row?.rounds), Number(row?.lr)]).toEqual([8, 0.1]);
  });

  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
  const malformed: [
    string,
    Parameters<typeof errorOf>[0] | ((update: Update) => Promise<unknown>),
    Record<string, string>,
  ][] = [
    [
      "required fields",
      (update) => update("Registration", { nodes: {} }),
      {
        "details.role": "is required",
        "details.n_count": "is required",
        "details.nodes.node_0": "is required",
      },
    ],
    [
      "ports",
      (update) => update("Collaboration", { mq: { ports: { main: 65536, ui: -1 } } }),
      {
        "details.mq.ports.main": "must be 0 to 65535",
        "details.mq.ports.ui": "must be 0 to 65535",
      },
    ],
    [
      "names of nodes",
      (update) => update("Registration", { role: 1, n_count: 1n, nodes: { node_0: {}, "no de": {}, node_01: {} } }),
      {
        "details.nodes.`no de`": "must be named node_0, node_1, …",
        "details.nodes.node_01": "must be named node_0, node_1, …",
      },
    ],
    [
      "enums",
      (update) => update("Project", { incentives: {}, action: 9 }),
      {
        "details.action": "must be one of ACTION_REGRESS, ACTION_CLASSIFY",
      },
    ],
    [
      "layers",
      (update) =>
        update("Experiment", { model: [{ structure: { in_features: 1.5, bias: 1, free: "x", padding: "same" } }] }),
      {
        "details.model[0].is_input": "is required",
        "details.model[0].l_type": "is required",
        "details.model[0].structure.in_features": "must be of type integer",
        "details.model[0].structure.bias": "must be of type boolean",
      },
    ],
    [
      "attributes with a typed field's name",
      (update) => update("Run", { attributes: { lr: 1, rounds: null, other: 1 } }),
      {
        "details.attributes.lr": "is the typed field lr: set that, or only null, [] or {} here",
      },
    ],
    [
      "attributes that contradict a typed field",
      (update) => update("Run", { lr: 1, attributes: { lr: null } }),
      {
        "details.attributes.lr": "is given in the typed field lr already",
      },
    ],
    [
      "NaN and infinities in Structs",
      (update) => update("Run", { attributes: { a: [1, Number.NaN], b: { c: Infinity } } }),
      {
        "details.attributes.a[1]": "must be a finite number",
        "details.attributes.b.c": "must be a finite number",
      },
    ],
    [
      "nesting that protobuf does not take",
      (update) => update("Run", { attributes: nested(33) as Message }),
      {
        [`details.attributes${".a".repeat(32)}`]: "must not nest deeper: at most 32 levels, fewer in nested messages",
      },
    ],
    [
      "nesting far beyond",
      (update) => update("Run", { attributes: nested(60) as Message }),
      {
        [`details.attributes${".a".repeat(32)}`]: "must not nest deeper: at most 32 levels, fewer in nested messages",
      },
    ],
    [
      "statistics without a value",
      (update) => update("Validation", { results: { train: { statistics: { R2: {} } } } }),
      {
        "details.results.train.statistics.R2.value": "is required: one of scalar, count, scalars, counts",
      },
    ],
    [
      "times out of range",
      (update) => update("Project", { incentives: {}, start_at: { seconds: 253402300800n, nanos: 0 } }),
      {
        "details.start_at": "must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z",
      },
    ],
  ];
  type Update = (
    name: "Run" | "Project" | "Registration" | "Experiment" | "Validation" | "Collaboration",
    partial: Message,
  ) => Promise<unknown>;

  test.each(malformed)("refuse malformed %s", async (_, call, fields) => {
    const update: Update = (name, partial) => {
      const shape = detailsShape(recordType(name));
      return archive.client.update(name, { key: keyOf(recordType(name), grid), details: complete(shape, partial) });
    };
    const error = await errorOf((call as (update: Update) => Promise<unknown>)(update));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    expect(error.fields).toEqual(fields);
  });

  test("nest 32 levels, and are read so wherever they lie", async () => {
    const { client } = archive;
    const key = keyOf(recordType("Run"), grid);
    const deep = complete(detailsShape(recordType("Run")), { attributes: nested(32) as Message });
    await client.update("Run", { key, details: deep });
    expect((await client.get("Run", key, { view: View.VIEW_BASIC })).details).toEqual(deep);
  });

  test("may have names that JavaScript has a meaning for", async () => {
    const { client } = archive;
    const key = keyOf(recordType("Run"), grid);
    const attributes = JSON.parse('{"constructor": 1, "toString": {"hasOwnProperty": null}, "": [], "1": "one"}');
    const given = complete(detailsShape(recordType("Run")), { attributes });
    await client.update("Run", { key, details: given });
    expect((await client.get("Run", key, { view: View.VIEW_BASIC })).details).toEqual(given);
  });
});

/** A partial message with everything that generated code wants. */
function complete(shape: MessageShape, partial: Message): Message {
  const message = fromStoredJson(shape, "{}");
  for (const [name, value] of Object.entries(partial)) {
    const field = shape.fields.find((each) => each.name === name);
    const inner = field?.message;
    const each = (item: unknown) => (inner ? complete(inner, item as Message) : item);
    if (field?.container === "list") message[name] = (value as unknown[]).map(each);
    else if (field?.container === "map") {
      message[name] = Object.fromEntries(Object.entries(value as Message).map(([key, item]) => [key, each(item)]));
    } else message[name] = each(value);
  }
  return message;
}
