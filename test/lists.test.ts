import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { BatchWriteRequest } from "../generated/ts/synergos/archive/v1/archive_service.js";
import type { ListRequest } from "../src/archive/requests.js";
import { compareKeys } from "../src/records/compare-keys.js";
import { recordType } from "../src/records/record-type.js";
import { afterPrefix } from "../src/storage/list-sql.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { createGrid, details, ids, someDetails, View } from "./support/records.js";

type Ids = Record<string, string>;

test("the end of a prefix is after everything that begins with it, and before all else", () => {
  const bytes = (text: string) => Buffer.from(text);
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), fc.string({ unit: "binary" }), (prefix, rest) => {
      const end = afterPrefix(prefix);
      const inside = (id: string) =>
        Buffer.compare(bytes(id), bytes(prefix)) >= 0 && (!end || Buffer.compare(bytes(id), bytes(end)) < 0);
      expect(inside(prefix + rest)).toBe(true);
      expect(inside(rest)).toBe(rest.startsWith(prefix));
    }),
    { numRuns: 2000 },
  );
});

describe.each(inject("engines"))("lists on $name", (engine) => {
  let archive: TestArchive;
  const all: Ids[] = [];
  const run = recordType("Run");

  beforeAll(async () => {
    archive = await startArchive(engine);
    const { client } = archive;
    for (const collab_id of ["a", "b"]) {
      for (const project_id of ["p", "q"]) {
        const grid = { ...ids(""), collab_id, project_id, expt_id: "e" };
        if (project_id === "p") await createGrid(client, grid, [recordType("Collaboration")]);
        await createGrid(client, grid, [recordType("Project"), recordType("Experiment")]);
        for (const run_id of ["optim_run_1", "optim_run_2", "optim%run", "optim", "é_1", "é_2", "Optim_run_1"]) {
          const key = { collab_id, project_id, expt_id: "e", run_id };
          await client.create("Run", { key, details: undefined });
          all.push(key);
        }
      }
    }
    all.sort((one, other) => compareKeys(run, one, other));
  });
  afterAll(() => archive?.close());

  const filter = (equal: Ids = {}, id_prefix = ""): ListRequest["filter"] => ({ ...equal, id_prefix });
  const pages = async (request: Partial<ListRequest>) => {
    const found: Ids[][] = [];
    let page_token = "";
    do {
      const { records, next_page_token } = await archive.client.list("Run", { ...request, page_token });
      found.push(records.map(({ key }) => key));
      page_token = next_page_token;
    } while (page_token !== "");
    return found;
  };

  test.each([
    [{}, ""],
    [{ collab_id: "a" }, ""],
    [{ project_id: "q" }, ""],
    [{ collab_id: "b", project_id: "q", expt_id: "e" }, ""],
    [{ run_id: "optim" }, ""],
    [{}, "optim_run_"],
    [{ collab_id: "a" }, "optim%"],
    [{ collab_id: "a" }, "é"],
    [{ collab_id: "a", project_id: "p", expt_id: "e", run_id: "optim" }, ""],
    [{ collab_id: "nobody" }, ""],
  ])("match %j and the prefix %j", async (equal: Ids, prefix) => {
    const expected = all.filter(
      (key) => Object.entries(equal).every(([field, id]) => key[field] === id) && key.run_id?.startsWith(prefix),
    );
    for (const page_size of [1, 2, 3, 1000, 5000]) {
      const found = await pages({ filter: filter(equal, prefix), page_size });
      expect(found.flat()).toEqual(expected);
      for (const page of found.slice(0, -1)) expect(page).toHaveLength(page_size);
      if (found.length > 1) expect(found.at(-1)).not.toHaveLength(0);
    }
    const { total_size } = await archive.client.list("Run", {
      filter: filter(equal, prefix),
      page_size: 1,
      with_total: true,
    });
    expect(total_size).toBe(expected.length);
  });

  test("have relations and ancestors in view FULL", async () => {
    const { records } = await archive.client.list("Experiment", { view: View.VIEW_FULL, page_size: 3 });
    expect(records).toHaveLength(3);
    for (const record of records) {
      const full = await archive.client.get("Experiment", record.key);
      expect(record).toEqual(full);
      expect(full.relations?.runs).toHaveLength(7);
    }
  });

  describe("that are larger than an answer may be", () => {
    let small: TestArchive;
    const experiment = { collab_id: "collab_1", project_id: "project", expt_id: "expt" };
    /** Runs of 1, 2, … kilobytes. */
    const kilobytes = [4, 1, 3, 8, 1, 1, 2, 6, 5];
    const keys = kilobytes.map((_, index) => ({ ...experiment, run_id: `run_${index}` }));
    beforeAll(async () => {
      small = await startArchive(engine, { maxSendSize: 10_000 });
      await createGrid(small.client, ids("1"), run.ancestors);
      for (const [index, key] of keys.entries()) {
        const attributes = { text: "x".repeat(1000 * (kilobytes[index] as number)) };
        await small.client.create("Run", { key, details: { ...someDetails("Run"), attributes } });
      }
    });
    afterAll(() => small?.close());

    test.each([View.VIEW_BASIC, View.VIEW_FULL])("end a page early, and lose nothing (view %d)", async (view) => {
      for (const page_size of [1, 2, 4, 1000]) {
        const found: Ids[][] = [];
        let page_token = "";
        do {
          const page = await small.client.list("Run", { view, page_size, page_token });
          found.push(page.records.map(({ key }) => key));
          page_token = page.next_page_token;
        } while (page_token !== "");
        expect(found.flat()).toEqual(keys);
        expect(found.length).toBeLessThanOrEqual(page_size === 1 ? keys.length : keys.length - 1);
      }
    });

    test("end where only one record is too large, with its relations", async () => {
      const tooLarge = { code: "RESOURCE_EXHAUSTED", reason: "RESPONSE_TOO_LARGE" };
      expect(await errorOf(small.client.list("Experiment", { view: View.VIEW_FULL }))).toMatchObject(tooLarge);
    });

    test("are measured as they are sent, not as they are stored", async () => {
      const { client } = small;
      const participant = (participant_id: string, text: string) =>
        client.update("Participant", {
          key: { participant_id },
          details: { ...details("Participant", {}), attributes: { text } },
          allow_missing: true,
        });
      // Each is stored as six bytes, and sent as one.
      await participant("escaped", "\u0001".repeat(4000));
      const escaped = await client.list("Participant", { filter: filter({ participant_id: "escaped" }) });
      expect(escaped.records[0]?.details.attributes).toEqual({ text: "\u0001".repeat(4000) });
      // A character that is one unit of a string in memory, and three bytes in the answer.
      const key = { participant_id: "han" };
      const row =
        "INSERT INTO participant (participant_id, details, created_at, updated_at, etag) VALUES (?, ?, ?, ?, ?)";
      const stored = JSON.stringify({ attributes: { text: "漢".repeat(4000) } });
      const now = "2026-01-01 00:00:00.000000";
      await small.database.sql(row, [key.participant_id, stored, now, now, "0123456789abcdef"]);
      const refused = { reason: "RESPONSE_TOO_LARGE" };
      expect(await errorOf(client.get("Participant", key))).toMatchObject(refused);
      expect(await errorOf(client.list("Participant", { filter: filter(key) }))).toMatchObject(refused);
    });
  });

  test("page tokens belong to their request", async () => {
    const { client } = archive;
    const request = { filter: filter({ collab_id: "a" }), page_size: 2 };
    const { next_page_token: page_token } = await client.list("Run", request);
    const refused = { code: "INVALID_ARGUMENT", reason: "INVALID_PAGE_TOKEN" };
    for (const other of [
      { ...request, filter: filter({ collab_id: "b" }) },
      { ...request, filter: filter({ collab_id: "a" }, "o") },
      { ...request, view: View.VIEW_FULL },
      { ...request, filter: undefined },
    ]) {
      expect(await errorOf(client.list("Run", { ...other, page_token }))).toMatchObject(refused);
    }
    expect(await errorOf(client.list("Experiment", { filter: filter({ collab_id: "a" }), page_token }))).toMatchObject(
      refused,
    );
    for (let index = 0; index < page_token.length; index++) {
      const damaged = `${page_token.slice(0, index)}${page_token[index] === "A" ? "B" : "A"}${page_token.slice(index + 1)}`;
      const outcome = await client.list("Run", { ...request, page_token: damaged }).catch((error) => error);
      expect(outcome).toMatchObject(refused);
    }
    for (const damaged of ["é", `${page_token}!`, `${page_token}=`, ` ${page_token}`]) {
      expect(await errorOf(client.list("Run", { ...request, page_token: damaged }))).toMatchObject(refused);
    }
    const long = filter({}, "x".repeat(200));
    expect(Object.keys((await errorOf(client.list("Run", { filter: long }))).fields)).toEqual(["filter.id_prefix"]);
    const { records } = await client.list("Run", { ...request, page_size: 1, with_total: true, page_token });
    expect(records.map(({ key }) => key)).toEqual(all.filter((key) => key.collab_id === "a").slice(2, 3));
  });

  test("neither repeat nor lose others when rows come and go", async () => {
    const { client } = archive;
    const request = { filter: filter({ collab_id: "a", project_id: "p" }), page_size: 3 };
    const expected = all.filter((key) => key.collab_id === "a" && key.project_id === "p");
    const { records, next_page_token } = await client.list("Run", request);
    const [first, , third] = records.map(({ key }) => key);
    await client.delete("Run", first);
    await client.delete("Run", third);
    await client.create("Run", { key: { ...first, run_id: "!" } as Ids, details: undefined });
    const rest = await client.list("Run", { ...request, page_size: 100, page_token: next_page_token });
    expect(rest.records.map(({ key }) => key)).toEqual(expected.slice(3));
    for (const key of [first, third]) await client.create("Run", { key, details: undefined });
    await client.delete("Run", { ...first, run_id: "!" } as Ids);
  });

  test("have at most 1,000 records on a page, whatever is asked for", async () => {
    const { client } = archive;
    const keys = Array.from({ length: 1001 }, (_, index) => ({
      participant_id: `many ${String(index).padStart(4, "0")}`,
    }));
    const operations = keys.map((key) => {
      const record = { record: { $case: "participant" as const, value: { key } } };
      return { operation: { $case: "create" as const, value: { record } } };
    });
    // A batch has no more either.
    for (const some of [operations.slice(0, 1000), operations.slice(1000)]) {
      await client.batchWrite(BatchWriteRequest.fromPartial({ operations: some }));
    }
    const own = { ...filter({}), id_prefix: "many" };
    const first = await client.list("Participant", { filter: own, page_size: 2 ** 31 - 1 });
    expect(first.records.map(({ key }) => key)).toEqual(keys.slice(0, 1000));
    const rest = await client.list("Participant", { filter: own, page_token: first.next_page_token });
    expect(rest.records.map(({ key }) => key)).toEqual(keys.slice(1000));
  });

  test("refuse what is malformed, all at once", async () => {
    const request = {
      filter: filter({ collab_id: "", run_id: "\n" }, "\u0000"),
      page_size: -1,
      view: 7,
      relation_types: [2],
    };
    const error = await errorOf(archive.client.list("Run", request));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT", reason: "INVALID_FIELD" });
    expect(Object.keys(error.fields).sort()).toEqual(
      [
        "filter.collab_id",
        "filter.id_prefix",
        "filter.run_id",
        "page_size",
        "relation_types[0]",
        "relation_types",
        "view",
      ].sort(),
    );
  });
});
