import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { recordType, recordTypes } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { countTables } from "./support/database.js";
import { createGrid, ids, keyOf } from "./support/records.js";

/** Ids that some database, collation or driver takes for one another, or for nothing. */
const different = [
  "a",
  "A",
  "\u00e1",
  "a\u0301",
  "ä",
  "ß",
  "ss",
  "ﬀ",
  "ff",
  "\u00c5",
  "A\u030a",
  "\u212b",
  "a b",
  "a  b",
  "0",
  "00",
  "0.0",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "a/b",
  "a_>_b",
  "%",
  "_",
  "\\",
  "'",
  '"',
  "`",
  "'; DROP TABLE run; --",
  "?",
  "$1",
  ":a",
  "日本語",
  "العربية",
  "😀",
  "👩‍👩‍👧",
  "a\u200bb",
  "x".repeat(127),
  "x".repeat(128),
  "\u{10ffff}",
];

const refused: [string, string][] = [
  ["", "must not be empty"],
  [" a", "must not begin or end with white space"],
  ["a ", "must not begin or end with white space"],
  ["a ", "must not begin or end with white space"],
  ["a\u0000b", "must not contain control characters"],
  ["a\nb", "must not contain control characters"],
  ["a\u0085b", "must not contain control characters"],
  ["x".repeat(129), "must have at most 128 characters"],
  ["😀".repeat(129), "must have at most 128 characters"],
];

describe.each(inject("engines"))("ids on $name", (engine) => {
  let archive: TestArchive;
  beforeAll(async () => {
    archive = await startArchive(engine);
  });
  afterAll(() => archive?.close());

  test("are compared byte by byte, at every level", async () => {
    const { client } = archive;
    for (const id of different) {
      const grid = Object.fromEntries(Object.keys(ids("")).map((field) => [field, id]));
      await createGrid(client, grid);
    }
    const counts = await countTables(archive.database);
    expect(counts).toEqual(Object.fromEntries(recordTypes.map((type) => [type.name, different.length])));
    for (const id of different) {
      const key = { participant_id: id };
      const { relations } = await client.get("Participant", key);
      const found = (relations?.predictions ?? []) as { key: Record<string, string> }[];
      expect(found.map((each) => Object.values(each.key))).toEqual([Array(5).fill(id)]);
    }
  });

  test("have up to 128 characters of four bytes each, at all five levels", async () => {
    const { client } = archive;
    const grid = Object.fromEntries(Object.keys(ids("")).map((field) => [field, "𝒳".repeat(128)]));
    await createGrid(client, grid);
    const key = keyOf(recordType("Validation"), grid);
    expect((await client.get("Validation", key)).key).toEqual(key);
    // An error that names them all is not too large for a client to take.
    const error = await errorOf(client.create("Validation", { key, details: undefined }));
    expect(error).toMatchObject({ code: "ALREADY_EXISTS" });
    const missing = { ...key, participant_id: "𝒴".repeat(128), run_id: "𝒴".repeat(128), expt_id: "𝒴".repeat(128) };
    expect(await errorOf(client.create("Validation", { key: missing, details: undefined }))).toMatchObject({
      code: "FAILED_PRECONDITION",
      metadata: { missing: "Experiment,Run,Participant" },
    });
  });

  test.each(refused)("refuse %j", async (id, description) => {
    const key = { participant_id: id };
    for (const call of [
      archive.client.create("Participant", { key, details: undefined }),
      archive.client.get("Participant", key),
      archive.client.update("Participant", { key, details: undefined }),
      archive.client.delete("Participant", key),
    ].map(errorOf)) {
      const error = await call;
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
      expect(error.fields).toEqual({ "key.participant_id": description });
    }
  });

  test("all of a key's faults are named at once", async () => {
    const key = { collab_id: "", project_id: " ", expt_id: "a", run_id: "\n" };
    const error = await errorOf(archive.client.get("Run", key));
    expect(Object.keys(error.fields)).toEqual(["key.collab_id", "key.project_id", "key.run_id"]);
    expect((await errorOf(archive.client.get("Run", undefined))).fields).toEqual({ key: "is required" });
  });
});
