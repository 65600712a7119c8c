import { create, fromBinary, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { takeMasks } from "../src/http/json-masks.js";
import { readJson } from "../src/http/read-json.js";
import { writeJson } from "../src/http/write-json.js";
import { limits } from "../src/limits.js";
import { descriptors } from "../src/records/message-shape.js";

function schemaOf(name: string) {
  const found = descriptors.getMessage(`synergos.archive.v1.${name}`);
  if (!found) throw new Error(`no message ${name}`);
  return found;
}

/** A model of 100 KiB and more, with its run's validations: maps in maps, lists, NaN, a negative zero, odd names. */
const large = {
  record: {
    key: { collabId: 'c "/ü', projectId: "p", exptId: "e", runId: "r" },
    details: {
      global: {
        origin: "ttp",
        lossHistory: "x".repeat(70_000),
        checkpoints: Object.fromEntries(
          Array.from({ length: 40 }, (_, round) => [
            `round_"${round}`,
            {
              epochs: Object.fromEntries(
                Array.from({ length: 40 }, (_, epoch) => [`epoch ${epoch}`, { path: `/out/${epoch}` }]),
              ),
            },
          ]),
        ),
      },
    },
    recordId: "9007199254740991",
    etag: "e",
    relations: {
      validations: Array.from({ length: 300 }, (_, participant) => ({
        key: { collabId: "c", projectId: "p", exptId: "e", runId: "r", participantId: `p${participant}` },
        details: {
          results: {
            evaluate: {
              statistics: { loss: { scalar: participant % 2 ? "NaN" : 0.5 }, TPs: { counts: { values: ["1"] } } },
            },
          },
          attributes: { deep: { list: [1, null, "two", { three: -4.5 }] } },
        },
        recordId: String(participant + 1),
      })),
    },
  },
} satisfies JsonValue;

test("an answer that is made piece by piece is the same JSON as one that is made at once", async () => {
  const schema = schemaOf("GetModelResponse");
  const bytes = readJson(schema, Buffer.from(JSON.stringify(large)));
  expect(bytes.length).toBeGreaterThan(150_000);
  const message = fromBinary(schema, bytes);
  const made = JSON.parse((await writeJson(schema, bytes)).toString());
  expect(made).toEqual(JSON.parse(JSON.stringify(toJson(schema, message, { registry: descriptors }))));
  expect(made).toEqual(large);
  // A message may come in parts.
  const rest = toBinary(schema, create(schema));
  expect(JSON.parse((await writeJson(schema, Buffer.concat([bytes, rest]))).toString())).toEqual(made);
});

test("masks are found wherever they are, and name every path", () => {
  const schema = schemaOf("BatchWriteRequest");
  const operation = (updateMask: JsonValue) => ({ update: { record: { run: { key: { runId: "r" } } }, updateMask } });
  const json = {
    operations: [operation("lr,attributes.a_b"), operation({ paths: ["attributes.`a,b`"] }), operation("lrDecay")],
  };
  const taken = takeMasks(schema, structuredClone(json));
  expect(taken.map(({ paths }) => paths)).toEqual([["lr", "attributes.a_b"], ["attributes.`a,b`"], ["lr_decay"]]);
  const text = Buffer.from(JSON.stringify(json));
  // What cannot be said in JSON is in the bytes all the same.
  expect(readJson(schema, text).toString("latin1")).toContain("attributes.`a,b`");
  expect(() => readJson(schema, Buffer.from(JSON.stringify({ operations: [operation([])] })))).toThrow(
    /update_mask|JSON/,
  );
});

test("JSON of too many values or levels is refused before it is read, however they are written", () => {
  const schema = schemaOf("UpdateRunRequest");
  const details = (attributes: string) => Buffer.from(`{"details":{"attributes":${attributes}}}`);
  const { valuesOfJsonRequest: most } = limits;
  const members = (count: number) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [i, i])));
  const list = (count: number, item: string) => `{"list":[${Array(count).fill(item).join(",")}]}`;
  for (const text of [
    members(most),
    list(most, "{}"),
    list(most, " 1 "),
    list(most, '"\\""'),
    list(most / 2, "[[]]"),
  ]) {
    expect(() => readJson(schema, details(text))).toThrow(`more than ${most} values`);
  }
  // What stands in texts is no value.
  for (const text of [members(most - 10), `{"text":"${",".repeat(most * 2)}"}`, `{"text":"${'\\",'.repeat(most)}"}`]) {
    expect(fromBinary(schema, readJson(schema, details(text)))).toMatchObject({ details: { attributes: {} } });
  }
  const deep = (levels: number) => details(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`);
  expect(() => readJson(schema, deep(100_000))).toThrow("nested too deep");
});

test("of a mask in one text no more paths are looked at than there may be", () => {
  const paths = Array.from({ length: 100_000 }, (_, index) => `attributes.k${index}`);
  const [mask] = takeMasks(schemaOf("UpdateRunRequest"), { updateMask: paths.join(",") });
  expect(mask?.paths).toEqual(paths.slice(0, limits.pathsOfMask + 1));
});
