import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { ChangeKind, ChangeOrder, WatchResponse } from "../generated/ts/synergos/archive/v1/change.js";
import { type ChangeEvent, changeEvents, ReadingPace } from "../src/archive/change-event.js";
import { compactOnce } from "../src/archive/retention.js";
import { CallContext } from "../src/call-context.js";
import { type RecordName, recordType, recordTypes } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { ChangeOracle, etagsOfTables } from "./support/change-oracle.js";
import { type CallError, errorOf } from "./support/client.js";
import { createGrid, ids, keyOf, someDetails } from "./support/records.js";
import { recordOf } from "./support/writes.js";

const archiveKey = (name: RecordName, grid: Record<string, string>) => ({
  key: { $case: recordType(name).field, value: keyOf(recordType(name), grid) } as never,
});

const told = ({ changes }: WatchResponse) =>
  changes.map(({ kind, key }) => `${ChangeKind[kind]?.slice("CHANGE_KIND_".length)} ${key?.key?.$case}`);

describe.each(inject("engines"))("changes on $name", (engine) => {
  let archive: TestArchive;
  beforeAll(async () => {
    archive = await startArchive(engine);
  });
  afterAll(() => archive?.close());

  /** The first messages of a watch, up to the one after which nothing more is wanted. */
  async function watched(
    request: Parameters<TestArchive["client"]["watch"]>[0],
    isLast: (response: WatchResponse) => boolean,
    begun: () => Promise<unknown> = async () => undefined,
  ): Promise<WatchResponse[]> {
    const responses: WatchResponse[] = [];
    let beginning: Promise<unknown> | undefined;
    for await (const response of archive.client.watch(request)) {
      responses.push(response);
      beginning ??= begun();
      if (isLast(response)) break;
    }
    await beginning;
    return responses;
  }

  /** The token of now. */
  const now = async () => (await watched({}, () => true))[0]?.resume_token as string;
  const since = (token: string) => ({ start: { $case: "resume_token", value: token } }) as const;
  const last = (text: string) => (response: WatchResponse) => told(response).includes(text);

  test("are told of every write of every type, in order, with the record as it is", async () => {
    const { client, database } = archive;
    const grid = ids("every");
    const oracle = new ChangeOracle();
    const token = await now();
    await createGrid(client, grid);
    for (const { name } of recordTypes) {
      await client.update(name, { key: keyOf(recordType(name), grid), details: someDetails(name) });
    }
    await client.batchWrite({
      operations: (["Prediction", "MLFlow"] as const).map((name) => ({
        operation: {
          $case: "delete",
          value: { key: archiveKey(name, grid), etag: "", allow_missing: false, cascade: 0 },
        },
      })),
    });
    await client.import([recordTypes.map(({ name }) => recordOf(name, keyOf(recordType(name), ids("imported"))))]);
    await client.delete("Collaboration", keyOf(recordType("Collaboration"), grid));
    await client.delete("Participant", keyOf(recordType("Participant"), grid));
    const responses = await watched(since(token), last("DELETED participant"));
    for (const response of responses) oracle.take(response);
    const all = responses.flatMap(({ changes }) => changes);
    expect(responses.flatMap(told)).toEqual([
      ...recordTypes.map(({ field }) => `CREATED ${field}`),
      ...recordTypes.map(({ field }) => `UPDATED ${field}`),
      "DELETED prediction",
      "DELETED mlflow",
      ...recordTypes.map(({ field }) => `CREATED ${field}`),
      "DELETED collaboration",
      "DELETED participant",
    ]);
    expect(oracle.faults).toEqual([]);
    expect(oracle.state()).toEqual(await etagsOfTables(database));
    const created = all.find(({ key }) => key?.key?.$case === "mlflow");
    expect(created).toMatchObject({ previous_etag: "", principal: "", record: undefined });
    expect(created?.request_id).toMatch(/^[\w-]{36}$/);
    const imported = all.findLast(({ kind }) => kind === ChangeKind.CHANGE_KIND_CREATED);
    expect(imported?.record?.record?.value).toMatchObject({ etag: imported?.etag });
  });

  test("that were undone, or changed nothing, leave none", async () => {
    const { client } = archive;
    const token = await now();
    const participant = { key: { participant_id: "undone" }, details: undefined };
    await client.create("Participant", participant);
    await errorOf(client.create("Participant", participant));
    await errorOf(client.update("Participant", { ...participant, etag: "0000000000000000" }));
    await errorOf(client.create("Project", { key: { collab_id: "none", project_id: "none" }, details: undefined }));
    await client.delete("Participant", { participant_id: "none" }, { allow_missing: true });
    const record = recordOf("Participant", { participant_id: "second" });
    const operations = [record, record].map((each) => ({
      operation: { $case: "create", value: { record: each } } as const,
    }));
    expect((await errorOf(client.batchWrite({ operations }))).reason).toBe("RECORD_EXISTS");
    await client.import([[record]], { validate_only: true });
    await client.delete("Participant", participant.key);
    const responses = await watched(since(token), last("DELETED participant"));
    expect(responses.flatMap(told)).toEqual(["CREATED participant", "DELETED participant"]);
  });

  test("concern who watches what is above, at or below them, and their types", async () => {
    const { client } = archive;
    const [grid, other] = [ids("concern"), ids("stranger")];
    await createGrid(client, grid);
    await createGrid(client, other);
    const token = await now();
    await client.update("Run", { key: keyOf(recordType("Run"), grid), details: someDetails("Run") });
    await client.update("Run", { key: keyOf(recordType("Run"), other), details: someDetails("Run") });
    await client.delete("Participant", keyOf(recordType("Participant"), grid));
    await client.delete("Project", keyOf(recordType("Project"), grid));
    const end = { key: { participant_id: "end" }, details: undefined };
    await client.update("Participant", { ...end, allow_missing: true });
    const seen = async (name: RecordName | undefined, types: RecordName[] = [], from = grid) => {
      const key = name && archiveKey(name, from);
      const { changes } = await client.listChanges({
        key,
        record_types: types.map((each) => recordType(each).number),
        order: ChangeOrder.CHANGE_ORDER_OLDEST_FIRST,
        page_size: 1000,
      });
      const responses = watched(
        { key, record_types: types.map((each) => recordType(each).number), ...since(token) },
        ({ revision }) => revision >= (changes.at(-1)?.revision ?? 0n),
      );
      const watchedChanges = (await responses).flatMap((response) => told(response));
      const listed = told({ changes } as WatchResponse);
      expect(listed.slice(listed.length - watchedChanges.length)).toEqual(watchedChanges);
      return watchedChanges;
    };
    const gone = ["DELETED participant", "DELETED project"];
    expect(await seen("Project")).toEqual(["UPDATED run", ...gone]);
    expect(await seen("Run")).toEqual(["UPDATED run", ...gone]);
    expect(await seen("Model")).toEqual(gone);
    // The project had no tag any more.
    expect(await seen("Project", ["Tag"])).toEqual(["DELETED participant"]);
    expect(await seen("Experiment", ["Run"])).toEqual(["UPDATED run", "DELETED project"]);
    // It took validations, perhaps some of this run's.
    expect(await seen("Run", [], other)).toEqual(["UPDATED run", "DELETED participant"]);
    expect(await seen(undefined, ["Prediction"])).toEqual(["DELETED participant"]);
    expect(await seen(undefined, ["MLFlow"])).toEqual([]);
  });

  test("come after all records that are there, from one snapshot, while others write", async () => {
    const { client, database } = archive;
    const oracle = new ChangeOracle();
    let isOver = false;
    const write = async (writer: number) => {
      for (let count = 0; !isOver; count++) {
        const participant_id = `existing_${writer}_${count % 7}`;
        await client.update("Participant", { key: { participant_id }, details: undefined, allow_missing: true });
        if (count % 3 === 0) await client.delete("Participant", { participant_id }, { allow_missing: true });
      }
    };
    const writers = Array.from({ length: 8 }, (_, writer) => write(writer));
    const marker = { participant_id: "existing_end" };
    let after = 0;
    for await (const response of client.watch({ start: { $case: "include_existing", value: true } })) {
      oracle.take(response);
      if (response.existing_complete) after += response.changes.length;
      if (after > 200 && !isOver) {
        isOver = true;
        await Promise.all(writers);
        await client.update("Participant", { key: marker, details: undefined, allow_missing: true });
      }
      if (response.changes.some(({ key }) => JSON.stringify(key).includes("existing_end"))) break;
    }
    expect(oracle.faults).toEqual([]);
    expect(oracle.state()).toEqual(await etagsOfTables(database));
  });

  test("before a watch from now on are not told, however many there were while nobody watched", async () => {
    const { client } = archive;
    await now();
    const operations = Array.from({ length: 1000 }, (_, index) => ({
      operation: {
        $case: "create" as const,
        value: { record: recordOf("Participant", { participant_id: `unwatched_${index}` }) },
      },
    }));
    await client.batchWrite({ operations });
    const [first] = await watched({}, () => true);
    expect(first?.revision).toBe((await client.listChanges({ page_size: 1 })).changes[0]?.revision);
  });

  test("are looked for by one who follows them, however often watches end and begin", async () => {
    const { client, store } = archive;
    let followers = 0;
    const { onWrite } = store.changes;
    store.changes.onWrite = (listener) => {
      const stop = onWrite.call(store.changes, listener);
      followers++;
      return () => {
        followers--;
        return stop();
      };
    };
    for (let count = 0; count < 5; count++) {
      await now();
      // By then it has ended.
      await client.listChanges({ page_size: 1 });
    }
    const key = { participant_id: "followed" };
    let left = Number.NaN;
    await watched({}, last("CREATED participant"), async () => {
      await vi.waitFor(() => expect(followers).toBe(1)).catch(() => undefined);
      left = followers;
      await client.create("Participant", { key, details: undefined });
    });
    store.changes.onWrite = onWrite;
    expect(left).toBe(1);
  });

  test("of large records are read few at a time", async () => {
    const { client, store } = archive;
    const grid = ids("large");
    await createGrid(client, grid);
    const context = new CallContext();
    const from = Number((await client.listChanges({ page_size: 1 })).changes[0]?.revision);
    const runs = Array.from({ length: 9 }, (_, index) => ({
      ...keyOf(recordType("Run"), grid),
      run_id: `large_${index}`,
    }));
    const details = { attributes: { text: "x".repeat(2 ** 20) } };
    for (const key of runs) await client.create("Run", { key, details });
    await client.listChanges({ page_size: 1 });
    const { changes } = await store.changes.read(from + 1, 100, context);
    const parts: ChangeEvent[][] = [];
    for await (const part of changeEvents(store, changes, new ReadingPace(), context)) parts.push(part);
    expect(parts.flat().map(({ change }) => change)).toEqual(changes);
    expect(changes).toHaveLength(runs.length);
    expect(parts.every(({ length }) => length <= 4)).toBe(true);
  });

  test("come in messages of which many watches may leave some unread", async () => {
    const { client } = archive;
    const grid = ids("unread");
    await createGrid(client, grid);
    const token = await now();
    const details = { attributes: { text: "x".repeat(20_000) } };
    const runs = Array.from({ length: 20 }, (_, index) => ({
      ...keyOf(recordType("Run"), grid),
      run_id: `unread_${index}`,
    }));
    for (const key of runs) await client.create("Run", { key, details });
    let told = 0;
    const messages = await watched(since(token), ({ changes }) => {
      told += changes.length;
      return told === runs.length;
    });
    for (const message of messages) expect(WatchResponse.encode(message).finish().length).toBeLessThan(2 ** 17);
    // Each says where to go on from after it.
    const all = messages.flatMap(({ changes }) => changes.map(({ revision }) => revision));
    for (const { changes, revision, resume_token } of messages.filter((each) => each.changes.length > 0)) {
      expect(revision).toBe(changes.at(-1)?.revision);
      const rest: bigint[] = [];
      await watched(since(resume_token), (response) => {
        rest.push(...response.changes.map((change) => change.revision));
        return rest.length >= all.filter((each) => each > revision).length;
      });
      expect(rest).toEqual(all.filter((each) => each > revision));
    }
  });

  test("are a record's history: who, what, when; two lives of one that was made again", async () => {
    const { client } = archive;
    const key = { participant_id: "history" };
    await client.create("Participant", { key, details: undefined });
    await client.update("Participant", { key, details: someDetails("Participant") });
    await client.delete("Participant", key);
    await client.create("Participant", { key, details: undefined });
    const kinds = ["CREATED", "UPDATED", "DELETED", "CREATED"].map((kind) => `${kind} participant`);
    const record_types = [recordType("Participant").number];
    const request = { key: archiveKey("Participant", key), record_types, page_size: 1 };
    const pages: string[][] = [];
    for (let page_token = ""; ; ) {
      const page = await client.listChanges({ ...request, page_token });
      pages.push(told(page as unknown as WatchResponse));
      page_token = page.next_page_token;
      if (page_token === "") break;
    }
    expect(pages.flat()).toEqual([...kinds].reverse());
    const first = await client.listChanges({ ...request, order: ChangeOrder.CHANGE_ORDER_OLDEST_FIRST });
    expect(told(first as unknown as WatchResponse)).toEqual(kinds.slice(0, 1));
    const deleted = await client.listChanges({ ...request, kinds: [ChangeKind.CHANGE_KIND_DELETED], principal: "" });
    expect(told(deleted as unknown as WatchResponse)).toEqual(["DELETED participant"]);
    expect((await client.listChanges({ ...request, principal: "somebody" })).changes).toEqual([]);
    const time = first.changes[0]?.time;
    expect((await client.listChanges({ ...request, end_time: time })).changes).toEqual([]);
    expect((await client.listChanges({ ...request, start_time: time, page_size: 9 })).changes).toHaveLength(4);
    for (const wrong of [
      { ...request, page_token: first.next_page_token },
      { ...request, page_token: "damaged" },
    ]) {
      expect((await errorOf(client.listChanges(wrong))).reason).toBe("INVALID_PAGE_TOKEN");
    }
    const bad = { page_size: -1, kinds: [9], order: 7, record_types: [99], key: { key: undefined } };
    const { fields } = await errorOf(client.listChanges(bad));
    expect(Object.keys(fields).sort()).toEqual(["key", "kinds[0]", "order", "page_size", "record_types[0]"]);
  });

  /** How a watch ends that cannot begin. */
  const refused = async (request: Parameters<typeof watched>[0]) => {
    const error = await watched(request, () => true).then(
      () => undefined,
      (thrown: CallError) => thrown,
    );
    return error && { code: error.code, reason: error.reason };
  };

  test("go on from a token that is neither damaged nor of another history, nor of the future", async () => {
    const token = await now();
    expect(await refused(since(token))).toBeUndefined();
    const damaged = { code: "INVALID_ARGUMENT", reason: "INVALID_RESUME_TOKEN" };
    expect(await refused(since(`${token}x`))).toEqual(damaged);
    expect(await refused(since(token.replace(/^./, (first) => (first === "A" ? "B" : "A"))))).toEqual(damaged);
    // It is waited for: once is enough.
    if (engine === inject("engines")[0]) {
      const ahead = await refused({ start: { $case: "after_revision", value: 1_000_000n } });
      expect(ahead).toEqual({ code: "UNAVAILABLE", reason: "REVISION_AHEAD" });
    }
    expect(await refused({ start: { $case: "after_revision", value: -1n } })).toEqual({
      code: "INVALID_ARGUMENT",
      reason: "INVALID_FIELD",
    });
  });

  test("are told to begin anew after what they knew is gone: compacted, restored, or another's", async () => {
    const { client, database, store } = archive;
    const fresh = async () => {
      const key = { participant_id: "anew" };
      await client.update("Participant", { key, details: undefined, allow_missing: true });
      return now();
    };
    const changed = { code: "OUT_OF_RANGE", reason: "HISTORY_CHANGED" };
    // As after a failover that lost commits: the revision is another change now.
    const lost = await fresh();
    await database.sql("UPDATE archive_change SET mark = '0123456789abcdef'");
    expect(await refused(since(lost))).toEqual(changed);
    // As after a restore: an operator says so. Who watches is told at once.
    const token = await fresh();
    const running = watched({}, () => false).catch((error: CallError) => error.reason);
    await now();
    await store.changes.renew();
    expect(await running).toBe("HISTORY_CHANGED");
    expect(await refused(since(token))).toEqual(changed);
    // What is too old goes, but for the last of all.
    const old = await fresh();
    await fresh();
    while (await compactOnce(store.changes, -60, new CallContext()));
    expect(await refused(since(old))).toEqual({ code: "OUT_OF_RANGE", reason: "REVISION_COMPACTED" });
    expect(await refused(since(await now()))).toBeUndefined();
    const { changes } = await client.listChanges();
    expect(changes).toHaveLength(1);
    const oldest = await watched({ start: { $case: "after_revision", value: 0n } }, () => true).catch(
      (error: CallError) => error.metadata.oldest ?? "",
    );
    expect(oldest).toBe(String(changes[0]?.revision));
  });

  test("of two copies of the service are the same, whichever numbers them, and whoever goes on where", async () => {
    const second = await startArchive(engine, { database: { ...archive.database, drop: async () => undefined } });
    const copies = [archive, second];
    const oracles = copies.map(() => new ChangeOracle());
    const count = Number(process.env.ARCHIVE_TEST_CHANGES ?? 400);
    for (const oracle of oracles) {
      for await (const response of archive.client.watch({ start: { $case: "include_existing", value: true } })) {
        oracle.take({ ...response, existing_complete: false });
        if (response.existing_complete) break;
      }
    }
    let left = count;
    const write = async (writer: number) => {
      const { client } = copies[writer % 2] as TestArchive;
      for (; left > 0; left--) {
        const key = { collab_id: `two_${left % 5}` };
        const below = { ...key, project_id: `project_${writer % 4}` };
        const call =
          left % 11 === 0
            ? client.delete("Collaboration", key, { allow_missing: true })
            : left % 3 === 0
              ? client.update("Project", { key: below, details: someDetails("Project"), allow_missing: true })
              : client.update("Collaboration", { key, details: undefined, allow_missing: true });
        await call.catch((error: CallError) => {
          if (!["PARENT_NOT_FOUND", "CONFLICT"].includes(error.reason ?? "")) throw error;
        });
      }
    };
    const writers = Promise.all(Array.from({ length: 16 }, (_, writer) => write(writer)));
    const isOver = { now: false };
    const watches = oracles.map(async (oracle, index) => {
      for (let turn = index; ; turn++) {
        // Goes on at random, on the other copy.
        let messages = 1 + Math.floor(Math.random() * 20);
        for await (const response of (copies[turn % 2] as TestArchive).client.watch(since(oracle.token))) {
          oracle.take(response);
          if (isOver.now && oracle.revision >= end) return;
          if (--messages === 0) break;
        }
      }
    });
    let end = Number.POSITIVE_INFINITY;
    await writers;
    await archive.client.update("Participant", {
      key: { participant_id: "end" },
      details: undefined,
      allow_missing: true,
    });
    end = Number((await archive.client.listChanges({ page_size: 1 })).changes[0]?.revision);
    isOver.now = true;
    await Promise.all(watches);
    const tables = await etagsOfTables(archive.database);
    for (const oracle of oracles) {
      expect(oracle.faults).toEqual([]);
      expect(oracle.state()).toEqual(tables);
    }
    console.log(`figures: changes ${oracles.reduce((sum, { changes }) => sum + changes, 0)}`);
    await second.close();
  });
});
