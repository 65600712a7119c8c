import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detailsShape } from "../../src/archive/record-message.js";
import { toPayload } from "../../src/records/payload.js";
import { type RecordType, recordType, recordTypes } from "../../src/records/record-type.js";
import { startArchive, type TestArchive } from "./archive.js";
import { errorOf } from "./client.js";
import { countTables } from "./database.js";
import type { Engine } from "./databases.js";
import { Cascade, createGrid, detailsOf, ids, keyOf, payloads, someDetails, View, withoutKey } from "./records.js";

/** What the contract says is downstream of each record type: written down once, here, to hold the derived ones against. */
const relations: Record<string, string[]> = {
  Collaboration: [
    "Project",
    "Experiment",
    "Run",
    "Model",
    "Validation",
    "Prediction",
    "Registration",
    "Tag",
    "Alignment",
  ],
  Project: ["Experiment", "Run", "Model", "Validation", "Prediction", "Registration", "Tag", "Alignment"],
  Experiment: ["Run", "Model", "Validation", "Prediction"],
  Run: ["Model", "Validation", "Prediction"],
  Model: ["Validation", "Prediction"],
  Participant: ["Registration", "Tag", "Alignment", "Validation", "Prediction"],
  Registration: ["Tag", "Alignment"],
  Tag: ["Alignment"],
  Validation: [],
  Prediction: [],
  Alignment: [],
  MLFlow: [],
};

const upTo = (type: RecordType) => [...type.ancestors, type];

/** What the archive promises, on any database. */
export function describeArchive(engine: () => Engine, options: Parameters<typeof startArchive>[1] = {}): void {
  let archive: TestArchive;
  let grids = 0;
  const nextGrid = () => ids(`${++grids}`);

  beforeAll(async () => {
    archive = await startArchive(engine(), options);
  });
  afterAll(() => archive?.close());

  describe.each(recordTypes.map((type) => [type.name, type] as const))("%s", (name, type) => {
    test("is created, read, listed, updated and deleted", async () => {
      const { client } = archive;
      const grid = nextGrid();
      await createGrid(client, grid, type.ancestors);
      const key = keyOf(type, grid);

      const created = await client.create(name, { key, details: someDetails(name) });
      expect(created.key).toEqual(key);
      expect(created.details).toEqual(someDetails(name));
      expect(created.record_id).toBeGreaterThan(0n);
      expect(created.etag).not.toBe("");
      expect(created.created_at).toEqual(created.updated_at);
      expect(created.relations).toBeUndefined();
      expect(Object.keys(created.link ?? {})).toEqual(type.links.map(({ link }) => link));
      for (const id of Object.values(created.link ?? {})) expect(id).toMatch(/^[0-9a-f]{32}$/);

      expect(await client.get(name, key, { view: View.VIEW_BASIC })).toEqual(created);
      const { relations: _, ancestors, ...full } = await client.get(name, key);
      expect(created).toMatchObject(full);
      expect(Object.keys(ancestors ?? {}).filter((field) => ancestors?.[field])).toHaveLength(type.ancestors.length);
      expect((await client.list(name, { filter: filterOf(key) })).records).toEqual([created]);

      const replaced = await client.update(name, { key, details: detailsOf(type, payloads(type).at(-1) ?? {}) });
      expect(replaced).toMatchObject({ record_id: created.record_id, created_at: created.created_at });
      expect(replaced.link).toEqual(created.link);
      expect(replaced.etag).not.toBe(created.etag);
      expect(await client.get(name, key, { view: View.VIEW_BASIC })).toEqual(replaced);

      const deleted = await client.delete(name, key);
      expect(deleted.record).toEqual(replaced);
      expect(deleted.deleted).toEqual([{ record_type: type.number, count: 1 }]);
      expect(await errorOf(client.get(name, key))).toMatchObject({ code: "NOT_FOUND", reason: "RECORD_NOT_FOUND" });
      expect((await errorOf(client.get(name, key))).resource).toMatchObject({ resource_type: name });

      const again = await client.create(name, { key, details: someDetails(name) });
      expect(again.record_id).toBeGreaterThan(created.record_id);
    });

    test("keeps every real payload as it is", async () => {
      const { client } = archive;
      for (const payload of payloads(type)) {
        const grid = nextGrid();
        await createGrid(client, grid, type.ancestors);
        const key = keyOf(type, grid);
        await client.create(name, { key, details: detailsOf(type, payload) });
        const { details: kept } = await client.get(name, key);
        expect(toPayload(detailsShape(type), kept)).toEqual(withoutKey(type, payload));
      }
    });

    test("exists once", async () => {
      const { client } = archive;
      const grid = nextGrid();
      await createGrid(client, grid, upTo(type));
      const error = await errorOf(client.create(name, { key: keyOf(type, grid), details: someDetails(name) }));
      expect(error).toMatchObject({ code: "ALREADY_EXISTS", reason: "RECORD_EXISTS" });
    });

    test("names every parent that is missing, the nearest the root first", async () => {
      const { client } = archive;
      const grid = nextGrid();
      for (const [index, ancestor] of type.ancestors.entries()) {
        const missing = type.ancestors.slice(index).map((each) => each.name);
        for (const call of [
          () => client.create(name, { key: keyOf(type, grid), details: someDetails(name) }),
          () => client.create(name, { key: keyOf(type, grid), details: someDetails(name), validate_only: true }),
          () => client.update(name, { key: keyOf(type, grid), details: someDetails(name), allow_missing: true }),
        ]) {
          const error = await errorOf(call());
          expect(error).toMatchObject({ code: "FAILED_PRECONDITION", reason: "PARENT_NOT_FOUND" });
          expect(error.preconditions.map(({ subject }) => subject.split("/")[0])).toEqual(missing);
        }
        await createGrid(client, grid, [ancestor]);
      }
      await createGrid(client, grid, [type]);
    });

    test("is read with everything downstream, and deleted with it", async () => {
      const { client } = archive;
      // Two grids with the same ids below different roots, and one with the same roots and other ids below.
      const grid = nextGrid();
      const other = nextGrid();
      await createGrid(client, grid);
      await createGrid(client, other);
      const before = await countTables(archive.database);
      const expected = relations[name] ?? [];
      expect(new Set(type.relations.map((each) => each.name))).toEqual(new Set(expected));

      const { relations: read } = await client.get(name, keyOf(type, grid));
      for (const each of recordTypes) {
        const found = (read?.[each.plural] ?? []) as { key: unknown }[];
        expect(found.map(({ key }) => key)).toEqual(expected.includes(each.name) ? [keyOf(each, grid)] : []);
      }

      const preview = await client.delete(name, keyOf(type, grid), { validate_only: true });
      expect(await countTables(archive.database)).toEqual(before);
      const { deleted, record } = await client.delete(name, keyOf(type, grid), { view: View.VIEW_FULL });
      expect(preview.deleted).toEqual(deleted);
      expect(record?.relations).toEqual(read);
      const gone = [name, ...expected];
      expect(deleted).toEqual(
        recordTypes.filter((each) => gone.includes(each.name)).map(({ number }) => ({ record_type: number, count: 1 })),
      );
      const after = { ...before };
      for (const each of gone) after[each] = (before[each] ?? 0) - 1;
      expect(await countTables(archive.database)).toEqual(after);
      for (const each of recordTypes) await client.get(each.name, keyOf(each, other), { view: View.VIEW_BASIC });
    });

    test("is not deleted by RESTRICT while it has relations", async () => {
      const { client } = archive;
      const grid = nextGrid();
      await createGrid(client, grid);
      const call = client.delete(name, keyOf(type, grid), { cascade: Cascade.CASCADE_RESTRICT });
      if (type.relations.length === 0) expect((await call).deleted).toHaveLength(1);
      else {
        const error = await errorOf(call);
        expect(error).toMatchObject({ code: "FAILED_PRECONDITION", reason: "HAS_RELATIONS" });
        expect(error.metadata).toEqual(Object.fromEntries((relations[name] ?? []).map((each) => [each, "1"])));
        await client.get(name, keyOf(type, grid));
      }
    });

    test("is changed only with its etag, where one is given", async () => {
      const { client } = archive;
      const grid = nextGrid();
      await createGrid(client, grid, upTo(type));
      const key = keyOf(type, grid);
      const { etag } = await client.get(name, key, { view: View.VIEW_BASIC });
      const mismatch = { code: "ABORTED", reason: "ETAG_MISMATCH" };
      expect(await errorOf(client.update(name, { key, details: someDetails(name), etag: "x" }))).toMatchObject(
        mismatch,
      );
      expect(await errorOf(client.delete(name, key, { etag: "x" }))).toMatchObject(mismatch);
      const updated = await client.update(name, { key, details: someDetails(name), etag });
      expect(await errorOf(client.delete(name, key, { etag }))).toMatchObject(mismatch);
      await client.delete(name, key, { etag: updated.etag });
      const absent = { key, details: someDetails(name), etag, allow_missing: true };
      expect(await errorOf(client.update(name, absent))).toMatchObject(mismatch);
      expect(await errorOf(client.delete(name, key, { etag }))).toMatchObject({ code: "NOT_FOUND" });
      expect(await client.delete(name, key, { allow_missing: true })).toEqual({ record: undefined, deleted: [] });
    });

    test("is only checked by validate_only", async () => {
      const { client } = archive;
      const grid = nextGrid();
      await createGrid(client, grid, type.ancestors);
      const key = keyOf(type, grid);
      const checked = await client.create(name, { key, details: someDetails(name), validate_only: true });
      expect(checked).toMatchObject({ key, record_id: 0n });
      expect(await errorOf(client.get(name, key))).toMatchObject({ code: "NOT_FOUND" });
    });

    test("tells its relations apart by the whole key", async () => {
      const { client } = archive;
      const [one, two] = [nextGrid(), nextGrid()];
      await createGrid(client, one);
      await createGrid(client, two);
      // The second participant of the first grid's project, with records of its own everywhere.
      const mixed = { ...one, participant_id: two.participant_id as string };
      const ofParticipant = recordTypes.filter((each) => each.key.includes("participant_id") && each.key.length > 1);
      await createGrid(client, mixed, ofParticipant);
      const { relations: found } = await client.get(name, keyOf(type, one));
      for (const relation of type.relations) {
        const keys = [keyOf(relation, one)];
        const isMixed = ofParticipant.includes(relation) && !type.key.includes("participant_id");
        expect(((found?.[relation.plural] ?? []) as { key: unknown }[]).map(({ key }) => key)).toEqual(
          isMixed ? [...keys, keyOf(relation, mixed)] : keys,
        );
      }
    });
  });

  test("a model's scores need no model", async () => {
    const { client } = archive;
    const grid = nextGrid();
    const types = [...recordType("Validation").ancestors, recordType("Validation"), recordType("Prediction")];
    await createGrid(client, grid, types);
    await createGrid(client, grid, [recordType("Model")]);
    const { relations: found } = await client.get("Model", keyOf(recordType("Model"), grid));
    expect(found?.validations).toHaveLength(1);
    expect(found?.predictions).toHaveLength(1);
  });

  test("links carry the ids of what is above, and outlive replacing", async () => {
    const { client } = archive;
    const grid = nextGrid();
    await createGrid(client, grid);
    const link = async (name: "Registration" | "Tag" | "Alignment") =>
      (await client.get(name, keyOf(recordType(name), grid))).link as Record<string, string>;
    const { registration_id } = await link("Registration");
    const { tag_id } = await link("Tag");
    const { alignment_id } = await link("Alignment");
    expect(await link("Tag")).toEqual({ registration_id, tag_id });
    expect(await link("Alignment")).toEqual({ registration_id, tag_id, alignment_id });
    const key = keyOf(recordType("Registration"), grid);
    await client.update("Registration", { key, details: someDetails("Registration"), allow_missing: true });
    expect(await link("Alignment")).toEqual({ registration_id, tag_id, alignment_id });
    const { records } = await client.list("Alignment", { filter: filterOf(keyOf(recordType("Alignment"), grid)) });
    expect(records[0]?.link).toEqual({ registration_id, tag_id, alignment_id });
  });

  test("relations are narrowed by type", async () => {
    const { client } = archive;
    const grid = nextGrid();
    await createGrid(client, grid);
    const [run, tag] = [recordType("Run"), recordType("Tag")];
    const { relations: found } = await client.get("Project", keyOf(recordType("Project"), grid), {
      relation_types: [run.number, tag.number],
    });
    const given = Object.entries(found ?? {}).filter(([, records]) => (records as unknown[]).length > 0);
    expect(given.map(([name]) => name).sort()).toEqual(["runs", "tags"]);
    const key = keyOf(run, grid);
    expect((await errorOf(client.get("Run", key, { relation_types: [tag.number, 99] }))).fields).toEqual({
      "relation_types[0]": "must be one of Model, Validation, Prediction",
      "relation_types[1]": "must be one of Model, Validation, Prediction",
    });
  });

  test("relations come in the order of keys", async () => {
    const { client } = archive;
    const grid = nextGrid();
    await createGrid(client, grid, upTo(recordType("Experiment")));
    const names = ["b", "a", "B", "á", "~", "\u{1f600}", "\uffee"];
    for (const run_id of names) {
      await client.create("Run", { key: { ...keyOf(recordType("Run"), grid), run_id }, details: undefined });
    }
    const { relations: found } = await client.get("Collaboration", keyOf(recordType("Collaboration"), grid));
    const order = [...names].sort((one, two) => Buffer.compare(Buffer.from(one), Buffer.from(two)));
    expect(((found?.runs ?? []) as { key: { run_id: string } }[]).map(({ key }) => key.run_id)).toEqual(order);
    const listed = await client.list("Run", { filter: filterOf({ collab_id: grid.collab_id as string }) });
    expect(listed.records.map(({ key }) => key.run_id)).toEqual(order);
  });

  test("a missing record is created by update only with allow_missing", async () => {
    const { client } = archive;
    const key = { participant_id: "not there" };
    expect(await errorOf(client.update("Participant", { key, details: undefined }))).toMatchObject({
      code: "NOT_FOUND",
    });
    const created = await client.update("Participant", { key, details: undefined, allow_missing: true });
    const replaced = await client.update("Participant", { key, details: undefined, allow_missing: true });
    expect(replaced.record_id).toBe(created.record_id);
  });

  test("the hierarchy describes itself", async () => {
    const { record_types } = await archive.client.describeHierarchy();
    const names = (numbers: readonly number[]) =>
      numbers.map((number) => recordTypes.find((type) => type.number === number)?.name);
    expect(Object.fromEntries(record_types.map((type) => [type.name, new Set(names(type.relations))]))).toEqual(
      Object.fromEntries(Object.entries(relations).map(([name, below]) => [name, new Set(below)])),
    );
  });
}

/** A filter that only one record matches. */
const filterOf = (key: Readonly<Record<string, string>>) => ({ ...key, id_prefix: "" });
