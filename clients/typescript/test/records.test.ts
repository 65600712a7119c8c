import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Archive, connect, RecordType, toDate, View } from "../src/index.js";
import { rejection } from "./rejection.js";
import { clientOf, recordNames, sampleRecords } from "./sample-records.js";
import { startServer, type TestServer } from "./server.js";

let server: TestServer;
let archive: Archive;

beforeAll(async () => {
  server = await startServer();
  archive = connect(server.address);
});

afterAll(async () => {
  archive.close();
  await server.stop();
});

describe.each(recordNames)("%s", (name) => {
  const { key, details } = sampleRecords[name];

  test("is created, once", async () => {
    const client = clientOf(archive, name);
    expect(await client.create({ key, details, validate_only: true })).toMatchObject({ key, record_id: 0n });
    const record = await client.create({ key, details });
    expect(record.key).toEqual(key);
    expect(record.record_id).toBeGreaterThan(0n);
    expect(await rejection(client.create({ key, details }))).toMatchObject({
      code: "ALREADY_EXISTS",
      reason: "RECORD_EXISTS",
    });
  });

  test("is got and listed as it was created", async () => {
    const client = clientOf(archive, name);
    const record = await client.get({ key });
    const listed = [];
    for await (const each of client.list({ filter: key })) listed.push(each);
    const page = await client.listPage({ with_total: true });
    expect(listed).toEqual([await client.get({ key, view: View.VIEW_BASIC })]);
    expect(page).toMatchObject({ records: listed, next_page_token: "", total_size: 1 });
    expect(record.details).toEqual(listed[0]?.details);
  });

  test("is updated, and upserted, and keeps its id", async () => {
    const client = clientOf(archive, name);
    const before = await client.get({ key });
    const updated = await client.update({ key, details, etag: before.etag });
    expect(updated).toMatchObject({ key, record_id: before.record_id, details: before.details });
    expect(await rejection(client.update({ key, details, etag: "old" }))).toMatchObject({
      code: "ABORTED",
      reason: "ETAG_MISMATCH",
    });
    expect(await client.upsert({ key, details })).toMatchObject({ record_id: before.record_id });
  });
});

describe.each([...recordNames].reverse())("%s", (name) => {
  const { key, details } = sampleRecords[name];

  test("is deleted, and can be upserted then", async () => {
    const client = clientOf(archive, name);
    const { record, deleted } = await client.delete({ key });
    expect(record).toMatchObject({ key });
    expect(deleted).toHaveLength(1);
    expect(await rejection(client.get({ key }))).toMatchObject({ code: "NOT_FOUND", reason: "RECORD_NOT_FOUND" });
    expect(await rejection(client.update({ key, details }))).toMatchObject({ code: "NOT_FOUND" });
    expect(await client.delete({ key, allow_missing: true })).toMatchObject({ record: undefined });
    if (["collaboration", "participant", "mlflow"].includes(name)) {
      expect(await client.upsert({ key, details })).toMatchObject({ key });
      await client.delete({ key });
    }
  });
});

describe("a grid", () => {
  const { collab_id, project_id } = sampleRecords.project.key;

  test("is written in one batch", async () => {
    const { collaboration, project, participant, registration, run } = sampleRecords;
    const results = await archive.batchWrite([
      { create: { collaboration } },
      { create: { project } },
      { upsert: { participant } },
      { create: { registration } },
      { create: { experiment: sampleRecords.experiment } },
      { create: { run } },
      { update: { run: { key: run.key, details: { lr: 0.5 }, update_mask: ["lr"] } } },
      { delete: { registration: { key: registration.key } } },
      { create: { registration } },
    ]);
    expect(results).toHaveLength(9);
    expect(results[6]?.record?.record).toMatchObject({ $case: "run", value: { details: { lr: 0.5, epochs: 2n } } });
    expect(results[7]?.deleted).toEqual([{ record_type: RecordType.RECORD_TYPE_REGISTRATION, count: 1 }]);
  });

  test("a batch is done as a whole or not at all, and says which write failed", async () => {
    const error = await rejection(
      archive.batchWrite([
        { create: { participant: { key: { participant_id: "q" } } } },
        { create: { participant: { key: { participant_id: "q" } } } },
      ]),
    );
    expect(error).toMatchObject({ code: "ALREADY_EXISTS", metadata: { operation: "1" } });
    expect(await rejection(archive.participant.get({ key: { participant_id: "q" } }))).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  test("is read with relations and ancestors, typed", async () => {
    const record = await archive.project.get({ key: { collab_id, project_id } });
    const [run] = record.relations?.runs ?? [];
    expect(run?.details?.seed).toBe(2n ** 60n);
    expect(run?.details?.attributes).toEqual({ betas: [0.9, 0.999] });
    expect(record.details?.incentives).toEqual(sampleRecords.project.details.incentives);
    expect(record.ancestors?.collaboration?.key).toEqual({ collab_id });
    expect(record.created_at && Date.now() - toDate(record.created_at).getTime()).toBeLessThan(60_000);
  });

  test("is listed page by page", async () => {
    const run_ids = Array.from({ length: 25 }, (_, index) => `x-${String(index).padStart(2, "0")}`);
    await archive.batchWrite(
      run_ids.map((run_id) => ({ create: { run: { key: { collab_id, project_id, expt_id: "e", run_id } } } })),
    );
    const listed = [];
    for await (const { key } of archive.run.list({ filter: { collab_id, id_prefix: "x-" }, page_size: 7 })) {
      listed.push(key?.run_id);
    }
    expect(listed).toEqual(run_ids);
    const first = await archive.run.listPage({ filter: { id_prefix: "x-" }, page_size: 20, with_total: true });
    expect(first).toMatchObject({ total_size: 25 });
    const request = { filter: { id_prefix: "x-" }, page_token: first.next_page_token };
    const second = await archive.run.listPage(request);
    expect([...first.records, ...second.records]).toHaveLength(25);
    expect(second.next_page_token).toBe("");
    expect(await rejection(archive.run.listPage({ ...request, filter: {} }))).toMatchObject({
      reason: "INVALID_PAGE_TOKEN",
    });
  });

  test("is streamed, parents first", async () => {
    const names = [];
    for await (const record of archive.streamDescendants({
      key: { collaboration: { collab_id } },
      include_root: true,
      relation_types: [RecordType.RECORD_TYPE_PROJECT, RecordType.RECORD_TYPE_RUN],
    })) {
      names.push(record.$case);
      if (record.$case === "project") expect(record.value.key?.project_id).toBe(project_id);
    }
    expect(names.slice(0, 3)).toEqual(["collaboration", "project", "run"]);
    expect(names).toHaveLength(28);
    const all = [];
    for await (const record of archive.streamDescendants()) all.push(record.$case);
    expect(all).toContain("participant");
  });

  test("is counted, with all that is under it or in the archive", async () => {
    const key = { project: { collab_id, project_id } };
    const counts = await archive.countDescendants({ key });
    expect(counts[0]).toEqual({ record_type: RecordType.RECORD_TYPE_PROJECT, count: 1 });
    let streamed = 0;
    for await (const _ of archive.streamDescendants({ key, include_root: true })) streamed += 1;
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(streamed);
    const [first] = await archive.countDescendants();
    expect(first).toMatchObject({ record_type: RecordType.RECORD_TYPE_COLLABORATION });
    expect(await rejection(archive.countDescendants({ key: { collaboration: { collab_id: "none" } } }))).toMatchObject({
      code: "NOT_FOUND",
      reason: "RECORD_NOT_FOUND",
    });
    expect(await rejection(archive.countDescendants({ key: JSON.parse('{"project":{},"run":{}}') }))).toMatchObject({
      fieldViolations: [{ field: "key" }],
    });
  });

  test("describes its hierarchy", async () => {
    const types = await archive.describeHierarchy();
    expect(types).toHaveLength(recordNames.length);
    expect(types.find(({ name }) => name === "Tag")).toMatchObject({
      parents: [RecordType.RECORD_TYPE_REGISTRATION],
      key_fields: ["collab_id", "project_id", "participant_id"],
    });
  });
});
