import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Archive, ChangeKind, ChangeOrder, connect, RecordType, type WatchEvent } from "../src/index.js";
import { rejection } from "./rejection.js";
import { main, startServer, type TestServer } from "./server.js";

let server: TestServer;
let archive: Archive;

beforeAll(async () => {
  server = await startServer();
  // Shorter than what a watch goes through: it is not for watches.
  archive = connect(server.address, { timeout: 5_000 });
});

afterAll(async () => {
  archive.close();
  await server.stop();
});

const write = (participant_id: string) => archive.participant.upsert({ key: { participant_id } });

/** The events of a watch up to one. */
async function until(
  events: AsyncIterable<WatchEvent>,
  isLast: (event: WatchEvent) => boolean,
  after: (event: WatchEvent) => unknown = () => {},
): Promise<WatchEvent[]> {
  const told: WatchEvent[] = [];
  for await (const event of events) {
    told.push(event);
    if (isLast(event)) break;
    await after(event);
  }
  return told;
}

const isBookmark = (event: WatchEvent) => event.type === "bookmark";
const tokenOf = (events: readonly WatchEvent[]) => {
  const bookmark = events.findLast(isBookmark);
  return bookmark?.type === "bookmark" ? bookmark.resume_token : "";
};
const participantOf = (event: WatchEvent) => {
  const record = event.type === "existing" || event.type === "change" ? event.record : undefined;
  return record?.$case === "participant" ? record.value.key?.participant_id : undefined;
};
const isAbout = (participant_id: string) => (event: WatchEvent) => participantOf(event) === participant_id;

/** Makes another history of the database, as after a backup came back. */
async function renewHistory(): Promise<void> {
  const url = `sqlite:${join(server.folder, "archive.db")}`;
  await promisify(execFile)(process.execPath, [main, "migrate", "--new-history", "--database-url", url]);
}

test("tells of existing records, then of changes, with a token after them", async () => {
  await write("a");
  const isDeleted = (event: WatchEvent) =>
    event.type === "change" && event.change.kind === ChangeKind.CHANGE_KIND_DELETED;
  const request = { include_existing: true, record_types: [RecordType.RECORD_TYPE_PARTICIPANT] };
  const events = await until(archive.watch(request), isDeleted, async ({ type }) => {
    if (type !== "existing_complete") return;
    await archive.collaboration.upsert({ key: { collab_id: "c" } });
    await write("b");
    await archive.participant.delete({ key: { participant_id: "b" } });
  });
  expect(events.slice(0, 3)).toMatchObject([
    { type: "existing", record: { $case: "participant", value: { key: { participant_id: "a" } } } },
    { type: "existing_complete" },
    { type: "bookmark", resume_token: expect.stringMatching(/./), revision: expect.any(BigInt) },
  ]);
  const changes = events.flatMap((event) => (event.type === "change" ? [event.change] : []));
  expect(changes).toMatchObject([
    { kind: ChangeKind.CHANGE_KIND_CREATED, key: { key: { $case: "participant", value: { participant_id: "b" } } } },
    { kind: ChangeKind.CHANGE_KIND_DELETED, etag: "", previous_etag: changes[0]?.etag },
  ]);
  // A program of another day goes on by the token: the token goes before include_existing.
  const token = tokenOf(events.slice(0, 3));
  const again = await until(archive.watch({ ...request, resume_token: token }), isDeleted);
  expect(again.map(({ type }) => type)).not.toContain("existing");
  expect(again.flatMap((event) => (event.type === "change" ? [event.change.revision] : []))).toEqual(
    changes.map(({ revision }) => revision),
  );
});

test("goes on while the server is killed, and stopped, and nothing is lost", async () => {
  const ids = Array.from({ length: 60 }, (_, index) => `restart-${String(index).padStart(3, "0")}`);
  const watcher = connect(server.address, { timeout: 200 });
  const events = watcher.watch();
  // The first message is a bookmark: from then on it misses nothing.
  await events.next();
  const watching = until(events, isAbout(ids.at(-1) ?? ""));
  for (const [index, id] of ids.entries()) {
    await write(id);
    if (index % 20 === 10) {
      await server.kill(index === 30 ? "SIGTERM" : "SIGKILL");
      await server.restart();
    }
  }
  const told = await watching;
  watcher.close();
  const revisions = told.flatMap((event) => (event.type === "change" ? [event.change.revision] : []));
  const [first = 0n, last = 0n] = [revisions[0], revisions.at(-1)];
  expect([...new Set(revisions)]).toEqual(
    Array.from({ length: Number(last - first) + 1 }, (_, i) => first + BigInt(i)),
  );
  expect([...new Set(told.map(participantOf).filter(Boolean))]).toEqual(ids);
  expect(told.some(({ type }) => type === "restarted")).toBe(false);
});

test("begins anew where the history is another, and says so: from a token, and in the midst", async () => {
  await write("kept");
  const token = tokenOf(await until(archive.watch(), isBookmark));
  const types: string[] = [];
  const running = until(
    archive.watch({ resume_token: token }),
    ({ type }) => type === "existing_complete",
    async (event) => {
      types.push(event.type);
      if (types.length > 1) return;
      await server.kill();
      await renewHistory();
      await server.restart();
    },
  );
  const stale = async () => until(archive.watch({ resume_token: token }), ({ type }) => type === "existing_complete");
  for (const told of [await running, await stale()]) {
    const index = told.findIndex(({ type }) => type === "restarted");
    expect(told[index]).toMatchObject({ error: { code: "OUT_OF_RANGE", reason: "HISTORY_CHANGED" } });
    expect(told.slice(index).some(isAbout("kept"))).toBe(true);
  }
  const own = connect(server.address, { retry: false });
  expect(await rejection(own.watch({ resume_token: token }).next())).toMatchObject({ reason: "HISTORY_CHANGED" });
  own.close();
});

test("begins anew where it is interrupted among existing records", async () => {
  const project = { collab_id: "large", project_id: "p" };
  const key = { ...project, expt_id: "e" };
  await archive.collaboration.upsert({ key: { collab_id: "large" } });
  await archive.project.upsert({ key: project, details: { incentives: {} } });
  await archive.experiment.upsert({ key });
  for (let index = 0; index < 12; index++) {
    const attributes = { text: "x".repeat(2 ** 20) };
    await archive.run.create({ key: { ...key, run_id: `r${index}` }, details: { attributes } });
  }
  const request = { key: { collaboration: { collab_id: "large" } }, include_existing: true };
  let isFirst = true;
  const isComplete = ({ type }: WatchEvent) => type === "existing_complete";
  const told = await until(archive.watch(request), isComplete, async () => {
    if (isFirst) await server.kill();
    if (isFirst) await server.restart();
    isFirst = false;
  });
  const index = told.findIndex(({ type }) => type === "restarted");
  expect(index).toBeGreaterThan(0);
  expect(told.slice(index).filter(({ type }) => type === "existing")).toHaveLength(15);
});

test("ends when it is cancelled, closed, or out of its own time, also while the server is away", async () => {
  const [aborting, own] = [new AbortController(), connect(server.address)];
  const rest = (events: AsyncIterable<WatchEvent>) => rejection(until(events, () => false));
  const reach = async (events: AsyncGenerator<WatchEvent, void, undefined>) => {
    await events.next();
    return events;
  };
  const timed = await reach(archive.watch({}, { timeout: 2_000 }));
  const aborted = [await reach(archive.watch({}, { signal: aborting.signal }))];
  const closed = await reach(own.watch());
  const reading = [...aborted.map(rest), rest(closed), rest(timed)];
  await server.kill();
  aborting.abort(new Error("enough"));
  own.close();
  expect(await Promise.all(reading)).toMatchObject([
    { code: "CANCELLED", cause: { message: "enough" } },
    { code: "CANCELLED", reason: "CLOSED" },
    // The server is still away when its time is over.
    { code: expect.stringMatching(/UNAVAILABLE|DEADLINE_EXCEEDED/) },
  ]);
  await server.restart();
});

test("is not sent again by a client that retries nothing", async () => {
  // Clients share connections, and only one that is there serves a client that waits for none.
  await archive.whoAmI();
  const own = connect(server.address, { retry: false });
  const events = own.watch();
  await events.next();
  const rest = rejection(until(events, () => false));
  await server.kill("SIGTERM");
  expect(await rest).toMatchObject({ code: "UNAVAILABLE" });
  expect(await rejection(own.watch().next())).toMatchObject({ code: "UNAVAILABLE" });
  own.close();
  await server.restart();
});

test("refuses what no request can hold", async () => {
  const reasonOf = async (request: object) => (await rejection(archive.watch(request).next())) as object;
  const fields = (field: string) => ({ code: "INVALID_ARGUMENT", fieldViolations: [{ field }] });
  expect(await reasonOf({ after_revision: 1, include_existing: true })).toMatchObject(fields("after_revision"));
  expect(await reasonOf({ after_revision: 0.5 })).toMatchObject(fields("after_revision"));
  expect(await reasonOf({ resume_token: 1 })).toMatchObject(fields("resume_token"));
  expect(await reasonOf({ start: {} })).toMatchObject(fields("start"));
  expect(await reasonOf({ types: [] })).toMatchObject(fields("types"));
  expect(await reasonOf({ key: { nothing: {} } })).toMatchObject(fields("key"));
  expect(await reasonOf({ resume_token: "damaged" })).toMatchObject({ reason: "INVALID_RESUME_TOKEN" });
});

test("changes are listed page after page, and by the page", async () => {
  const key = { participant: { participant_id: "listed" } };
  for (let index = 0; index < 3; index++) await write("listed");
  await archive.participant.delete({ key: key.participant });
  await write("listed");
  const request = { key, page_size: 2, order: ChangeOrder.CHANGE_ORDER_OLDEST_FIRST };
  const kinds: ChangeKind[] = [];
  for await (const { kind } of archive.listChanges(request)) kinds.push(kind);
  expect(kinds[0]).toBe(ChangeKind.CHANGE_KIND_CREATED);
  expect(kinds.slice(-2)).toEqual([ChangeKind.CHANGE_KIND_DELETED, ChangeKind.CHANGE_KIND_CREATED]);
  const page = await archive.listChangesPage(request);
  expect(page.changes.length).toBeLessThanOrEqual(2);
  expect(page.next_page_token).not.toBe("");
});
