import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { WriteOperation } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { limits } from "../src/limits.js";
import { recordType } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf, methodOf } from "./support/client.js";
import type { Engine } from "./support/databases.js";
import { createGrid, ids, keyOf } from "./support/records.js";

/** A field of a message that holds bytes: another message, as the wire has it. */
const field = (number: number, bytes: Uint8Array): Buffer =>
  Buffer.from(
    new BinaryWriter()
      .uint32(number * 8 + 2)
      .bytes(bytes)
      .finish(),
  );

const repeated = (bytes: Uint8Array, count: number): Buffer => Buffer.alloc(bytes.length * count, bytes);

const empty = Buffer.alloc(0);

/** A request to create an experiment with a key, and with details of these bytes. */
const experiment = (bytes: Uint8Array) => {
  const key = Buffer.concat(["c", "p", "e"].map((id, index) => field(index + 1, Buffer.from(id))));
  return Buffer.concat([field(1, key), field(2, bytes)]);
};

/** The bytes of a Struct of so many members. */
const members = (count: number): Buffer => {
  const value = Buffer.concat([Buffer.from([0x11]), Buffer.alloc(8)]);
  return Buffer.concat(
    Array.from({ length: count }, (_, index) =>
      field(1, Buffer.concat([field(1, Buffer.from(`k${index}`)), field(2, value)])),
    ),
  );
};

const attributes = 15;

describe("what one request may hold", () => {
  let archive: TestArchive;
  beforeAll(async () => {
    archive = await startArchive(inject("engines")[0] as Engine);
    await createGrid(archive.client, ids("a"));
  });
  afterAll(() => archive.close());
  const create = (bytes: Buffer) => errorOf(archive.client.call(methodOf("Experiment", "Create"), bytes));

  test.each([
    ["empty messages", experiment(repeated(field(1, empty), 2_000_000))],
    ["members of a Struct", experiment(field(attributes, members(120_000)))],
    ["empty members of a Struct", experiment(field(attributes, repeated(field(1, empty), 2_000_000)))],
    ["unknown fields", experiment(repeated(Buffer.from([0x98, 0x06, 1]), 200_000))],
    ["unknown fields of the request", repeated(Buffer.from([0x98, 0x06, 1]), 200_000)],
    [
      "items of a list in a Struct",
      experiment(field(attributes, field(1, field(2, field(6, repeated(field(1, Buffer.from([0x08, 0])), 200_000)))))),
    ],
  ])("counts %s before they are decoded", async (_, bytes) => {
    const error = await create(bytes);
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "TOO_MANY_VALUES" });
    expect(error.message).toContain(`more than ${limits.valuesOfRecord} values`);
  });

  test("counts packed numbers, of which each byte is one", async () => {
    const bytes = Buffer.concat([field(1, empty), field(3, Buffer.alloc(30_000_000 / 2, 1))]);
    const error = await errorOf(archive.client.call(methodOf("Run", "Get"), bytes));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "TOO_MANY_VALUES" });
  });

  test("takes records of as many values as a record may have", async () => {
    const count = limits.valuesOfRecord - 10;
    const given = { attributes: Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index])) };
    const key = { ...keyOf(recordType("Experiment"), ids("a")), expt_id: "large" };
    await archive.client.create("Experiment", { key, details: { model: [], ...given } });
    const { details: kept } = await archive.client.get("Experiment", key, { view: 1 });
    expect(kept.attributes).toEqual(given.attributes);
  });

  test("takes as many as it is told to", async () => {
    const engine = inject("engines")[0] as Engine;
    for (const [maxValues, count] of [
      [2000, 1000],
      [300_000, 110_000],
    ] as const) {
      const other = await startArchive(engine, { maxValues });
      try {
        await createGrid(other.client, ids("a"));
        const bytes = (many: number, id: string) =>
          Buffer.concat([
            field(1, field(1, Buffer.from(id))),
            field(2, Buffer.concat([field(attributes, members(many))])),
          ]);
        const create = (many: number, id: string) =>
          other.client.call(methodOf("Participant", "Create"), bytes(many, id));
        await create(count, "enough");
        const error = await errorOf(create(maxValues + 1, "more"));
        expect(error).toMatchObject({ reason: "TOO_MANY_VALUES" });
        expect(error.message).toContain(`more than ${maxValues} values`);
      } finally {
        await other.close();
      }
    }
  });

  test("decodes the operations of a large batch part by part, in their order", async () => {
    const name = (index: number) => `bulk_${index}`;
    const operations = Array.from({ length: 300 }, (_, index) =>
      WriteOperation.fromPartial({
        operation: {
          $case: "create",
          value: {
            record: {
              record: {
                $case: "collaboration",
                value: {
                  key: { collab_id: name(index) },
                  details: { attributes: { text: "x".repeat(10_000) } },
                },
              },
            },
          },
        },
      }),
    );
    const { results } = await archive.client.batchWrite({ operations });
    const keys = results
      .map(({ record }) => record?.record?.value.key)
      .map((key) => key && "collab_id" in key && key.collab_id);
    expect(keys).toEqual(operations.map((_, index) => name(index)));
  });

  test("says which operation, and which record of an import, has too many values", async () => {
    const record = field(3, experiment(repeated(field(1, empty), 150_000)));
    const batch = Buffer.concat([field(1, empty), field(1, field(1, field(1, record)))]);
    const method = { path: "/synergos.archive.v1.ArchiveService/BatchWrite", responseDeserialize: () => undefined };
    expect((await errorOf(archive.client.call(method, batch))).fields).toHaveProperty(["operations[1]"]);
  });

  test("refuses records of an import that cannot be read each by its name, and takes the others", async () => {
    const text = (number: number, value: string) => field(number, Buffer.from(value));
    const participant = (id: string, ...details: Buffer[]) =>
      field(2, field(8, Buffer.concat([field(1, text(1, id)), field(2, Buffer.concat(details))])));
    const kept = (id: string) => participant(id, text(2, "kept"));
    const small = [
      kept("a"),
      participant("text", field(2, Buffer.from([0xff]))),
      participant("unknown", text(99, "?")),
      kept("b"),
      participant("malformed", Buffer.from([0x0a, 0x05])),
    ];
    const large = [
      participant("large", field(2, Buffer.alloc(limits.bytesOfRecord + 1, 120))),
      kept("c"),
      participant("many", repeated(text(1, ""), limits.valuesOfRecord + 1)),
      participant("text as well", field(2, Buffer.from([0xff]))),
      kept("d"),
    ];
    const { refusals, counts } = await archive.client.import([Buffer.concat(small), Buffer.concat(large)]);
    const told = refusals.map(({ index, key, reason, message, violations }) => [
      Number(index),
      Object.values(key?.key?.value ?? {})[0],
      reason,
      violations.map((violation) => `${violation.field} ${violation.description}`)[0] ?? message,
    ]);
    expect(told).toEqual([
      [1, "text", "INVALID_FIELD", "record holds text that is not valid UTF-8"],
      [
        2,
        "unknown",
        "INVALID_FIELD",
        "participant.details.99 is a field that this server does not know: it would be lost",
      ],
      [4, "malformed", "INVALID_FIELD", "record is not a valid message of its type"],
      [5, "large", "RECORD_TOO_LARGE", expect.stringContaining(`larger than the ${limits.bytesOfRecord} bytes`)],
      [7, "many", "TOO_MANY_VALUES", expect.stringContaining(`record has more than ${limits.valuesOfRecord} values`)],
      [8, "text as well", "INVALID_FIELD", "record holds text that is not valid UTF-8"],
    ]);
    expect(counts).toMatchObject([{ created: 4n, refused: 6n }]);
    for (const id of ["a", "b", "c", "d"]) {
      const { details } = await archive.client.get("Participant", { participant_id: id });
      expect(details).toMatchObject({ summary: "kept" });
    }
  });

  test("tells no more violations than anybody reads, and cuts what it repeats", async () => {
    const error = await create(experiment(repeated(field(1, empty), 90_000)));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    expect(error.message).toContain(`and ${limits.violations - 10} more`);
  });

  test("refuses names that are longer than any valid one before it decodes them", async () => {
    const key = Buffer.concat([field(1, Buffer.alloc(10_000_000, 120))]);
    const error = await errorOf(archive.client.call(methodOf("Collaboration", "Get"), field(1, key)));
    expect(error.fields).toEqual({ "key.collab_id": `must have at most ${limits.bytesOfName} bytes` });
    const shorter = field(1, field(1, Buffer.alloc(90_000, 120)));
    await errorOf(archive.client.call(methodOf("Collaboration", "Get"), shorter));
    for (const line of archive.log) expect(JSON.stringify(line).length).toBeLessThan(8192);
  });

  test("refuses a record that is larger than one may be, and says how large that is", async () => {
    const text = field(
      1,
      Buffer.concat([field(1, Buffer.from("t")), field(2, field(3, Buffer.alloc(limits.bytesOfRecord + 1, 120)))]),
    );
    const error = await create(experiment(field(attributes, text)));
    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "RECORD_TOO_LARGE" });
    expect(error.message).toContain(String(limits.bytesOfRecord));
  });

  test("bounds the paths of a mask, and the types of a filter", async () => {
    const key = keyOf(recordType("Experiment"), ids("a"));
    const paths = Array.from({ length: 8000 }, (_, index) => `attributes.k${index}`);
    const masked = await errorOf(archive.client.update("Experiment", { key, update_mask: paths }));
    expect(masked.fields).toEqual({
      update_mask: "must have at most 1000 paths, not 8000: name what they have in common",
    });
    const long = await errorOf(archive.client.update("Experiment", { key, update_mask: ["x".repeat(16_000)] }));
    expect(long.message.length).toBeLessThan(1000);
    const types = await errorOf(archive.client.get("Experiment", key, { relation_types: Array(5000).fill(4) }));
    expect(types.fields).toEqual({ relation_types: "must have at most 100 entries, not 5000" });
  });
});
