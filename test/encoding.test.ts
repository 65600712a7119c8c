import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { StructSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Struct } from "../generated/ts/google/protobuf/struct.js";
import { BatchWriteResponse } from "../generated/ts/synergos/archive/v1/archive_service.js";
import * as messages from "../generated/ts/synergos/archive/v1/records.js";
import {
  archiveRecord,
  basicRecord,
  detailsOf,
  detailsShape,
  fullRecord,
  RecordList,
  StoredDetails,
} from "../src/archive/record-message.js";
import { CallContext } from "../src/call-context.js";
import { limits } from "../src/limits.js";
import type { RecordName } from "../src/records/hierarchy.js";
import { type RecordType, recordTypes } from "../src/records/record-type.js";
import { toStoredJson } from "../src/records/stored-json.js";
import { bindings } from "../src/service/bindings.js";
import { encode } from "../src/service/encode.js";
import { encodeInTurns, isLong } from "../src/service/encode-in-turns.js";
import { encodeDetailsOnce } from "../src/service/encoded-details.js";
import type { Codec } from "../src/service/service-binding.js";
import { codeStructsDirectly } from "../src/service/struct-codec.js";
import type { RecordTree, StoredRecord } from "../src/storage/store.js";
import { ids, keyOf, someDetails } from "./support/records.js";

const everybody = new CallContext();

const stored = (type: RecordType, mark: string): StoredRecord => ({
  type,
  key: keyOf(type, ids(mark)),
  links: type.links.map((_, index) => `link${index}`),
  details: toStoredJson(detailsShape(type), someDetails(type.name)),
  recordId: 7,
  createdAt: "2026-01-02 03:04:05.678901",
  updatedAt: "2026-01-02 03:04:06.000000",
  etag: "0123456789abcdef",
  createdBy: "orchestrator",
  updatedBy: "hospital",
});

const codecs: { readonly [Name in RecordName]: Pick<Codec<unknown>, "encode"> } = messages;

// As the server does.
encodeDetailsOnce();

async function inTurns(codec: Codec<unknown>, response: object): Promise<Uint8Array> {
  const pieces = await encodeInTurns(codec, response);
  const bytes = new Uint8Array(pieces.byteLength);
  pieces.copy(bytes);
  return bytes;
}

/** A record with ancestors and two of each of its relations. */
const tree = (type: RecordType): RecordTree => ({
  record: stored(type, "a"),
  ancestors: type.ancestors.map((ancestor) => stored(ancestor, "a")),
  relations: type.relations.flatMap((relation) => [stored(relation, "a"), stored(relation, "b")]),
});

describe.each(recordTypes)("the answers of $name, encoded record by record", (type) => {
  const response = (verb: string): Codec<unknown> => {
    const method = Object.values(bindings[type.name].methods).find(({ name }) => name === `${verb}${type.name}`);
    if (!method) throw new Error(`no method ${verb}`);
    return method.responseType;
  };
  const lists = () => [
    new RecordList([{ record: stored(type, "a") }], everybody),
    new RecordList([tree(type), tree(type)], everybody),
  ];

  test.each([
    [
      "Get",
      () => [{ record: fullRecord(tree(type), everybody) }, { record: basicRecord(stored(type, "a"), everybody) }, {}],
    ],
    ["List", () => lists().map((records) => ({ records, next_page_token: "next", total_size: 5 }))],
    [
      "Delete",
      () => [{ record: fullRecord(tree(type), everybody), deleted: [{ record_type: type.number, count: 3 }] }],
    ],
  ] as const)("are those that %s has at once", async (verb, responses) => {
    const codec = response(verb);
    for (const each of responses()) {
      expect(Buffer.from(await inTurns(codec, each))).toEqual(Buffer.from(encode(codec, { deleted: [], ...each })));
    }
  });

  test("are long or not by what is in them", () => {
    const long = { ...stored(type, "a"), details: "x".repeat(limits.bytesOfTurn + 1) };
    expect(isLong({ records: new RecordList([{ record: stored(type, "a") }], everybody) })).toBe(false);
    expect(isLong({ records: new RecordList([{ record: long }], everybody) })).toBe(true);
  });
});

describe.each(recordTypes)("the details of a $name, encoded once", (type) => {
  const codec = codecs[type.name];
  const sent = (record: StoredRecord, passing = false) =>
    encode(codec, basicRecord(record, everybody, new StoredDetails(record, passing)));
  const encodedAnew = (record: StoredRecord) => encode(codec, basicRecord(record, everybody, detailsOf(record)));
  const record = { ...stored(type, "a"), etag: `once-${type.name}` };

  test("are the same bytes the first time, the second, and where many pass", () => {
    const expected = encodedAnew(record);
    for (const passing of [true, false, false, true]) expect(sent(record, passing)).toEqual(expected);
    expect(encode(codec, basicRecord(record, everybody))).toEqual(expected);
  });

  test("are never those of another record or of another state of it", () => {
    const empty = { ...record, details: "{}" };
    for (const other of [
      { ...empty, etag: `other-${type.name}` },
      { ...empty, recordId: 8 },
      empty,
      { ...record, recordId: 9 },
    ]) {
      sent(record);
      expect(sent(other)).toEqual(encodedAnew(other));
      expect(sent(record)).toEqual(encodedAnew(record));
    }
  });
});

test("details that cannot be read leave no half of a message behind", () => {
  const type = recordTypes[0] as RecordType;
  const good = stored(type, "good");
  expect(() =>
    encode(codecs.Collaboration, basicRecord({ ...good, etag: "damaged", details: "{" }, everybody)),
  ).toThrow();
  expect(encode(codecs.Collaboration, basicRecord(good, everybody))).toEqual(
    encode(codecs.Collaboration, basicRecord(good, everybody, detailsOf(good))),
  );
});

test("the results of a batch are encoded one by one", async () => {
  const results = recordTypes.map((type) => ({
    record: archiveRecord(type, basicRecord(stored(type, "a"), everybody)),
    deleted: [],
  }));
  expect(Buffer.from(await inTurns(BatchWriteResponse, { results }))).toEqual(
    Buffer.from(encode(BatchWriteResponse, { results })),
  );
});

describe("Structs that are coded directly", () => {
  // As the server does.
  Reflect.deleteProperty(Object.prototype, "__proto__");
  codeStructsDirectly();
  // Deep enough for objects in lists in objects; names as odd as they come.
  const objects = fc.dictionary(
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("__proto__", "constructor", "")),
    fc.jsonValue({ stringUnit: "binary" }),
    { noNullPrototype: true },
  );

  test("are the bytes that protobuf's own library reads", () => {
    fc.assert(
      fc.property(objects, (object) => {
        const bytes = Struct.encode(Struct.wrap(object), new BinaryWriter()).finish();
        expect(toJson(StructSchema, fromBinary(StructSchema, bytes))).toEqual(object);
      }),
    );
  });

  test("are read from the bytes that protobuf's own library writes", () => {
    fc.assert(
      fc.property(objects, (object) => {
        const bytes = toBinary(StructSchema, fromJson(StructSchema, object as JsonValue));
        expect(Struct.unwrap(Struct.decode(new BinaryReader(bytes), bytes.length))).toEqual(object);
      }),
    );
  });

  test("lose nothing that is no value: it is undefined, for validation to name", () => {
    const entry = (value: readonly number[]) => [0x0a, 5 + value.length, 0x0a, 1, 0x61, 0x12, value.length, ...value];
    for (const value of [[], [0x08, 1]]) {
      const bytes = Uint8Array.from(entry(value));
      expect(Struct.unwrap(Struct.decode(new BinaryReader(bytes), bytes.length))).toEqual({ a: undefined });
      expect(Object.keys(Struct.unwrap(Struct.decode(new BinaryReader(bytes), bytes.length)))).toEqual(["a"]);
    }
  });
});
