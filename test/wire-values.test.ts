import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Message } from "../src/records/message-shape.js";
import { type RecordName, recordType } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf, methodOf } from "./support/client.js";
import { createGrid, ids, keyOf, View } from "./support/records.js";

/** Writes what generated code does not, field by field. */
type Write = (writer: BinaryWriter) => unknown;

const bytesOf = (writes: readonly Write[]): Uint8Array => {
  const writer = new BinaryWriter();
  for (const write of writes) write(writer);
  return writer.finish();
};
const message =
  (number: number, ...writes: Write[]): Write =>
  (writer) =>
    writer.uint32(number * 8 + 2).bytes(bytesOf(writes));
const text =
  (number: number, value: string): Write =>
  (writer) =>
    writer.uint32(number * 8 + 2).string(value);
const varint =
  (number: number, value: bigint): Write =>
  (writer) =>
    writer.uint32(number * 8).int64(value);
/** A double by its bits. */
const bits =
  (number: number, value: bigint): Write =>
  (writer) =>
    writer.uint32(number * 8 + 1).fixed64(value);

const entry = (map: number, name: string, ...rest: Write[]) => message(map, text(1, name), ...rest);
/** A Struct in a field of attributes, with members of a name and the fields of a Value; without, where there are none. */
const attributes = (number: number, ...members: Write[]) => message(number, ...members);
const value = (...writes: Write[]) => message(2, ...writes);

const node_0 = entry(3, "node_0");
const registration = [varint(1, 1n), varint(2, 1n)];
const noValue = "has no value: null, a boolean, a number, text, an object or a list";
const noInteger = { request: "holds an integer or an enum's value of more than 32 bits, where its field has 32" };

const mask = (...paths: string[]) => message(3, ...paths.map((path) => text(1, path)));

const refused: [string, RecordName, Write[], Record<string, string>][] = [
  ["a member without a value", "Run", [attributes(50, entry(1, "a"))], { "details.attributes.a": noValue }],
  ["a member with an empty one", "Run", [attributes(50, entry(1, "a", value()))], { "details.attributes.a": noValue }],
  [
    "a null that is none",
    "Run",
    [attributes(50, entry(1, "a", value(varint(1, 5n))))],
    { "details.attributes.a": noValue },
  ],
  [
    "a member of a member without a value",
    "Run",
    [attributes(50, entry(1, "a", value(message(5, entry(1, "b c")))))],
    { "details.attributes.a.`b c`": noValue },
  ],
  [
    "an item without a value",
    "Run",
    [attributes(50, entry(1, "a", value(message(6, message(1)))))],
    { "details.attributes.a[0]": noValue },
  ],
  [
    "a metric without a value",
    "Validation",
    [entry(1, "train", value(entry(1, "R2")))],
    { "details.results.train.statistics.R2.value": "is required: one of scalar, count, scalars, counts" },
  ],
  [
    "a port of 33 bits",
    "Registration",
    [...registration, entry(3, "node_0", value(varint(2, 2n ** 32n + 80n)))],
    noInteger,
  ],
  [
    "a port of 64 bits",
    "Registration",
    [...registration, entry(3, "node_0", value(varint(2, 80n - 2n ** 63n)))],
    noInteger,
  ],
  ["an enum's value of 33 bits", "Registration", [varint(1, 2n ** 32n + 1n), varint(2, 1n), node_0], noInteger],
];

const kept: [string, RecordName, Write[], Message][] = [
  [
    "an entry without a value",
    "Registration",
    [...registration, node_0],
    { nodes: { node_0: { attributes: undefined } } },
  ],
  [
    "an entry without a name",
    "Model",
    [message(1, message(4, value(entry(1, "1"))))],
    {
      global: { checkpoints: { "": { epochs: { "1": { path: undefined } } } } },
    },
  ],
  [
    "a round without epochs",
    "Model",
    [message(1, entry(4, "round_0"))],
    {
      global: { checkpoints: { round_0: { epochs: {} } } },
    },
  ],
  ["a NaN with bits of its own", "Run", [bits(9, 0xfff8_0000_0000_0001n)], { lr: Number.NaN }],
  ["the smallest double", "Run", [bits(9, 1n)], { lr: 5e-324 }],
  ["the zero below", "Run", [bits(9, 1n << 63n)], { lr: -0 }],
];

describe("values in bytes that only some clients write", () => {
  let archive: TestArchive;
  const grid = ids("1");
  beforeAll(async () => {
    const [engine] = inject("engines");
    if (!engine) throw new Error("no engine");
    archive = await startArchive(engine);
    await createGrid(archive.client, grid);
  });
  afterAll(() => archive?.close());

  const update = (name: RecordName, details: readonly Write[], ...rest: Write[]) => {
    const key = Object.values(keyOf(recordType(name), grid)).map((id, index) => text(index + 1, id));
    const request = Buffer.from(bytesOf([message(1, ...key), message(2, ...details), ...rest]));
    return archive.client.call(methodOf(name, "Update"), request);
  };

  test.each(refused)("are refused where they would change: %s", async (_, name, details, fields) => {
    const error = await errorOf(update(name, details));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD", fields });
  });

  test("are not taken for what is to be cleared, where a mask names them", async () => {
    await update("Run", [attributes(50, entry(1, "a", value(varint(4, 1n))))]);
    const error = await errorOf(update("Run", [attributes(50, entry(1, "a", value()))], mask("attributes.a")));
    expect(error.fields).toEqual({ "update_mask.paths[0]": `("attributes.a") names a, which ${noValue}` });
    const read = await archive.client.get("Run", keyOf(recordType("Run"), grid), { view: View.VIEW_BASIC });
    expect(read.details).toMatchObject({ attributes: { a: true } });
  });

  test.each(kept)("are kept: %s", async (_, name, details, expected) => {
    await update(name, details);
    const read = await archive.client.get(name, keyOf(recordType(name), grid), { view: View.VIEW_BASIC });
    expect(read.details).toMatchObject(expected);
  });
});
