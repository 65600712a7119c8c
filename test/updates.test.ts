import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { archiveRecord, detailsShape } from "../src/archive/record-message.js";
import { type Payload, type PayloadValue, toPayload } from "../src/records/payload.js";
import { type RecordName, recordType } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { createGrid, details, ids, keyOf, View } from "./support/records.js";

type Given = { [name: string]: PayloadValue };

/** What a record says, what is given, the mask, and what it says then. */
const changes: [string, RecordName, Given, Given, string[], Given][] = [
  ["a field", "Run", { lr: 1.5, rounds: 2n }, { lr: 2.5, rounds: 9n }, ["lr"], { lr: 2.5, rounds: 2n }],
  ["several fields", "Run", { lr: 1.5 }, { lr: 2.5, seed: 3n }, ["seed", "lr"], { lr: 2.5, seed: 3n }],
  ["a field that is cleared", "Run", { lr: 1.5, rounds: 2n }, {}, ["lr"], { rounds: 2n }],
  ["a field by the name that JSON masks make of it", "Run", {}, { use_CLR: true }, ["use_c_l_r"], { use_CLR: true }],
  [
    "a nested field",
    "Collaboration",
    { mq: { host: "h", ports: { main: 1n } } },
    { mq: { ports: { ui: 2n } } },
    ["mq.ports.ui"],
    { mq: { host: "h", ports: { main: 1n, ui: 2n } } },
  ],
  [
    "a nested field of what is not there",
    "Collaboration",
    {},
    { mq: { ports: { ui: 2n } } },
    ["mq.ports.ui"],
    { mq: { ports: { ui: 2n } } },
  ],
  ["nothing of what is not there", "Collaboration", {}, {}, ["mq.ports.ui"], {}],
  [
    "a message that is cleared",
    "Collaboration",
    { mq: { host: "h" }, logs: { host: "l" } },
    {},
    ["mq"],
    { logs: { host: "l" } },
  ],
  [
    "a list, as a whole",
    "Participant",
    { category: ["a", "b"] },
    { category: ["c"] },
    ["category"],
    { category: ["c"] },
  ],
  [
    "an entry of a map",
    "Registration",
    { role: "host", n_count: 1n, node_0: { host: "a" }, node_1: { host: "b" } },
    { node_1: { host: "c" } },
    ["nodes.node_1"],
    { role: "host", n_count: 1n, node_0: { host: "a" }, node_1: { host: "c" } },
  ],
  [
    "an entry that is removed",
    "Registration",
    { role: "host", n_count: 1n, node_0: {}, node_1: {} },
    {},
    ["nodes.node_1"],
    { role: "host", n_count: 1n, node_0: {} },
  ],
  [
    "a field within an entry",
    "Registration",
    { role: "host", n_count: 1n, node_0: { host: "a", port: 1n } },
    { node_0: { port: 2n } },
    ["nodes.node_0.port"],
    { role: "host", n_count: 1n, node_0: { host: "a", port: 2n } },
  ],
  [
    "a field within an entry that is not there",
    "Registration",
    { role: "host", n_count: 1n, node_0: {} },
    { node_1: { port: 2n } },
    ["nodes.node_1.port"],
    { role: "host", n_count: 1n, node_0: {}, node_1: { port: 2n } },
  ],
  [
    "a member of a Struct",
    "Project",
    { incentives: { a: 1n, b: 2n } },
    { incentives: { b: 3n } },
    ["incentives.b"],
    { incentives: { a: 1n, b: 3n } },
  ],
  [
    "a member deep in a Struct",
    "Project",
    { incentives: { a: { b: { c: 1n, d: 2n } } } },
    { incentives: { a: { b: { c: 5n } } } },
    ["incentives.a.b.c"],
    { incentives: { a: { b: { c: 5n, d: 2n } } } },
  ],
  [
    "a member that is removed",
    "Project",
    { incentives: { a: 1n, "b.c": 2n } },
    {},
    ["incentives.`b.c`"],
    { incentives: { a: 1n } },
  ],
  [
    "an attribute",
    "Run",
    { is_cluster: true, betas: [1n] },
    { is_cluster: false },
    ["attributes.is_cluster"],
    { is_cluster: false, betas: [1n] },
  ],
  [
    "a metric",
    "Validation",
    { train: { statistics: { R2: 0.5, "a.b": 1n } } },
    { train: { statistics: { "a.b": Number.NaN } } },
    ["results.train.statistics.`a.b`"],
    { train: { statistics: { R2: 0.5, "a.b": Number.NaN } } },
  ],
  [
    "a score within a metric's shape",
    "Validation",
    { train: { statistics: { R2: 0.5 } } },
    { train: { statistics: { R2: [0.5] } } },
    ["results.train.statistics.R2.scalars"],
    { train: { statistics: { R2: [0.5] } } },
  ],
  ["a field that was given as null", "Run", { lr: null }, { lr: 0.5 }, ["lr"], { lr: 0.5 }],
  ["a field that is given as null", "Run", { lr: 0.5 }, { lr: null }, ["lr"], { lr: null }],
  [
    "a list that was given as empty",
    "Project",
    { incentives: {}, universe_alignment: [] },
    { universe_alignment: ["a"] },
    ["universe_alignment"],
    { incentives: {}, universe_alignment: ["a"] },
  ],
  [
    "a result that was given as null",
    "Validation",
    { train: null },
    { train: { res_path: "x" } },
    ["results.train"],
    { train: { res_path: "x" } },
  ],
  [
    "an entry by a name that JavaScript has a meaning for",
    "Model",
    { global: {} },
    { global: { checkpoints: { constructor: { epoch_0: { path: "x" } } } } },
    ["global.checkpoints.constructor"],
    { global: { checkpoints: { constructor: { epoch_0: { path: "x" } } } } },
  ],
  ["nothing by such a name", "Model", { global: {} }, { global: {} }, ["global.checkpoints.toString"], { global: {} }],
  ["nothing below a number", "Run", { a: 5n }, {}, ["attributes.a.b"], { a: 5n }],
  ["nothing below text", "Run", { a: "b" }, {}, ["attributes.a.b.c"], { a: "b" }],
  ["nothing below null", "Run", { a: null }, {}, ["attributes.a.b"], { a: null }],
  [
    "nothing below a list",
    "Run",
    { a: [1n, { b: 2n }] },
    {},
    ["attributes.a.b", "attributes.a.0"],
    { a: [1n, { b: 2n }] },
  ],
  ["nothing where an object has other members", "Run", { a: {} }, { a: { x: 1n } }, ["attributes.a.b"], { a: {} }],
  ["nothing of an object that is given without it", "Run", {}, { a: { x: 1n } }, ["attributes.a.b"], {}],
  ["nothing of a message that is given without it", "Collaboration", {}, { mq: { host: "h" } }, ["mq.ports.ui"], {}],
  [
    "nothing of an entry that is given without it",
    "Registration",
    { role: "host", n_count: 1n, node_0: {} },
    { node_1: { host: "h" } },
    ["nodes.node_1.port"],
    { role: "host", n_count: 1n, node_0: {} },
  ],
  [
    "no other kind of score",
    "Validation",
    { train: { statistics: { R2: 0.5 } } },
    { train: { statistics: { R2: 1n } } },
    ["results.train.statistics.R2.scalars.values"],
    { train: { statistics: { R2: 0.5 } } },
  ],
  ["nothing of what was given as null", "Collaboration", { mq: null }, {}, ["mq.ports.ui"], { mq: null }],
  [
    "what was given as null, to something in it",
    "Collaboration",
    { mq: null },
    { mq: { host: "h" } },
    ["mq.host"],
    { mq: { host: "h" } },
  ],
  ["a result that is given as null", "Validation", { train: {} }, { train: null }, ["results.train"], { train: null }],
  [
    "all results, those that were null too",
    "Validation",
    { train: null, evaluate: {} },
    { predict: null, train: {} },
    ["results"],
    { train: {}, predict: null },
  ],
  [
    "what is in a whole that is taken too",
    "Validation",
    { train: { res_path: "x" } },
    { train: { res_path: null } },
    ["results.train", "results.train.res_path"],
    { train: { res_path: null } },
  ],
  [
    "an attribute by a name that JavaScript has a meaning for",
    "Run",
    { a: {} },
    { a: { toString: { constructor: 1n } } },
    ["attributes.a.toString.constructor"],
    { a: { toString: { constructor: 1n } } },
  ],
  ["everything", "Run", { lr: 1.5, rounds: 2n }, { seed: 1n }, ["*"], { seed: 1n }],
  ["everything, without a mask", "Run", { lr: 1.5, rounds: 2n }, { seed: 1n }, [], { seed: 1n }],
];

const refused: [string, RecordName, string[], string][] = [
  ["a field that does not exist", "Run", ["no_such"], "names no field: RunDetails has no no_such"],
  ["a path into a number", "Run", ["lr.x"], "goes into lr, which has no fields"],
  ["a path into a list", "Experiment", ["model.0"], "goes into the list model, which changes as a whole"],
  ["a nested field that does not exist", "Collaboration", ["mq.x"], "names no field: Component has no x"],
  ["no path", "Run", [""], "is not a path"],
  ["an open backquote", "Run", ["attributes.`a"], "is not a path"],
  ["a dot at the end", "Run", ["attributes."], "is not a path"],
];

/** What a record says, what is given, the mask, and why it is refused. */
const unfitting: [string, Given, Given, string, string][] = [
  ["below a number", { a: 5n }, { a: { b: 1n } }, "attributes.a.b", "goes into a, which is a number, not an object"],
  ["below text", { a: "x" }, { a: { b: null } }, "attributes.a.b", "goes into a, which is text, not an object"],
  ["below null", { a: null }, { a: { b: 1n } }, "attributes.a.b", "goes into a, which is null, not an object"],
  ["below a list", { a: [1n] }, { a: { "0": 2n } }, "attributes.a.0", "goes into a, which is a list, not an object"],
  [
    "deep below",
    { a: { b: true } },
    { a: { b: { c: { d: 1n } } } },
    "attributes.a.b.c.d",
    "goes into b, which is a boolean, not an object",
  ],
  [
    "what is given as a number",
    { a: { b: 1n } },
    { a: 5n },
    "attributes.a.b",
    "goes into a, which is given as a number, not as an object",
  ],
  [
    "what is given as a list, where there is nothing",
    {},
    { a: { b: [] } },
    "attributes.a.b.c",
    "goes into b, which is given as a list, not as an object",
  ],
];

describe.each(inject("engines"))("updates on $name", (engine) => {
  let archive: TestArchive;
  const grid = ids("1");
  beforeAll(async () => {
    archive = await startArchive(engine);
    await createGrid(archive.client, grid);
  });
  afterAll(() => archive?.close());

  test.each(changes)("by mask change %s", async (_, name, before, given, mask, after) => {
    const { client } = archive;
    const key = keyOf(recordType(name), grid);
    const partial = details(name, given);
    await client.update(name, { key, details: details(name, before) });
    const updated = await client.update(name, { key, details: partial, update_mask: mask });
    expect(toPayload(detailsShape(recordType(name)), updated.details)).toEqual(after as Payload);
    const read = await client.get(name, key, { view: View.VIEW_BASIC });
    expect(read).toEqual(updated);
  });

  test.each(refused)("by mask refuse %s", async (_, name, mask, description) => {
    const key = keyOf(recordType(name), grid);
    const error = await errorOf(archive.client.update(name, { key, details: undefined, update_mask: mask }));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    expect(error.fields).toEqual({ "update_mask.paths[0]": `("${mask[0]}") ${description}` });
  });

  test.each(unfitting)("by mask lose nothing %s: it is refused", async (_, before, given, path, description) => {
    const { client } = archive;
    const key = keyOf(recordType("Run"), grid);
    const stored = await client.update("Run", { key, details: details("Run", before) });
    const request = { key, details: details("Run", { ...given, lr: 0.5 }), update_mask: ["lr", path] };
    const error = await errorOf(client.update("Run", request));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    expect(error.fields).toEqual({ "update_mask.paths[1]": `("${path}") ${description}` });
    expect(await client.get("Run", key, { view: View.VIEW_BASIC })).toEqual(stored);
  });

  test("by mask keep attributes that are there, but empty", async () => {
    const { client } = archive;
    const key = keyOf(recordType("Run"), grid);
    await client.update("Run", { key, details: { ...details("Run", {}), attributes: {} } });
    const updated = await client.update("Run", { key, details: details("Run", { lr: 1.5 }), update_mask: ["lr"] });
    expect(updated.details).toEqual({ ...details("Run", { lr: 1.5 }), attributes: {} });
  });

  test("by mask leave a record that is valid as a whole", async () => {
    const { client } = archive;
    const key = keyOf(recordType("Registration"), grid);
    const before = await client.get("Registration", key, { view: View.VIEW_BASIC });
    const request = { key, details: undefined, update_mask: ["role", "nodes.node_0"] };
    expect((await errorOf(client.update("Registration", request))).fields).toEqual({
      "details.role": "is required",
      "details.nodes.node_0": "is required",
    });
    expect(await client.get("Registration", key, { view: View.VIEW_BASIC })).toEqual(before);
  });

  test("by mask create what is missing, with allow_missing", async () => {
    const { client } = archive;
    const key = { participant_id: "new" };
    const given = details("Participant", { summary: "s", email: "e" });
    const created = await client.update("Participant", {
      key,
      details: given,
      update_mask: ["email"],
      allow_missing: true,
    });
    expect(toPayload(detailsShape(recordType("Participant")), created.details)).toEqual({ email: "e" });
  });

  test("at the same time lose nothing, and are not tried again and again", async () => {
    const { client, statements } = archive;
    const key = keyOf(recordType("Run"), grid);
    await client.update("Run", { key, details: undefined });
    const names = Array.from({ length: 64 }, (_, index) => `attribute_${index}`);
    statements.length = 0;
    await Promise.all(
      names.map((name) =>
        client.update("Run", { key, details: details("Run", { [name]: 1n }), update_mask: [`attributes.${name}`] }),
      ),
    );
    // Whoever lost a race locks the record before it reads it again.
    expect(statements.filter((sql) => sql.startsWith("UPDATE")).length).toBeLessThanOrEqual(3 * names.length);
    const { details: after } = await client.get("Run", key, { view: View.VIEW_BASIC });
    expect(Object.keys(toPayload(detailsShape(recordType("Run")), after)).sort()).toEqual(names.sort());
  });

  test("at the same time with one etag are done once, alone and in batches", async () => {
    const { client } = archive;
    const key = keyOf(recordType("Run"), grid);
    const { etag } = await client.update("Run", { key, details: undefined });
    const record = (value: bigint) => archiveRecord(recordType("Run"), { ...newest, key, details: changed(value) });
    const newest = await client.get("Run", key, { view: View.VIEW_BASIC });
    const changed = (rounds: bigint) => details("Run", { rounds });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 32 }, (_, index) => {
        const value = { record: record(BigInt(index)), update_mask: undefined, allow_missing: false, etag };
        return index % 2 === 0
          ? client.update("Run", { key, details: changed(BigInt(index)), etag })
          : client.batchWrite({ operations: [{ operation: { $case: "update", value } }] });
      }),
    );
    const [done, ...others] = outcomes.toSorted((one, other) => one.status.localeCompare(other.status));
    expect(done?.status).toBe("fulfilled");
    for (const outcome of others) expect(outcome).toMatchObject({ reason: { reason: "ETAG_MISMATCH" } });
  });

  test("that create the same record at the same time make one", async () => {
    const { client } = archive;
    const key = { participant_id: "raced" };
    const request = { key, details: undefined, allow_missing: true };
    const records = await Promise.all(Array.from({ length: 16 }, () => client.update("Participant", request)));
    expect(new Set(records.map(({ record_id }) => record_id)).size).toBe(1);
    const created = { key: { participant_id: "raced too" }, details: undefined };
    const outcomes = await Promise.allSettled(Array.from({ length: 16 }, () => client.create("Participant", created)));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "ALREADY_EXISTS" });
    }
  });

  test("never move a record's times back", async () => {
    const { client } = archive;
    const key = keyOf(recordType("Run"), grid);
    const one = await client.update("Run", { key, details: undefined });
    const two = await client.update("Run", { key, details: undefined });
    const nanoseconds = ({ updated_at }: typeof one) =>
      (updated_at?.seconds ?? 0n) * 10n ** 9n + BigInt(updated_at?.nanos ?? 0);
    expect(nanoseconds(two)).toBeGreaterThanOrEqual(nanoseconds(one));
    expect(two.created_at).toEqual(one.created_at);
  });
});
