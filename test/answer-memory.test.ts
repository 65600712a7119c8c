import { connect } from "node:http2";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { BatchWriteRequest } from "../generated/ts/synergos/archive/v1/archive_service.js";
import { GetProjectRequest } from "../generated/ts/synergos/archive/v1/project_service.js";
import { AnswerMemory } from "../src/answer-memory.js";
import { CallContext } from "../src/call-context.js";
import { recordType } from "../src/records/record-type.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { errorOf } from "./support/client.js";
import { createGrid, ids, keyOf, View } from "./support/records.js";
import { until } from "./support/wait.js";

const project = recordType("Project");
const run = recordType("Run");
const key = keyOf(project, ids("a"));
const size = 3 * 2 ** 20;
const together = 8;

/** Asks for a project with all that is in it, and reads nothing of the answer. Resolves to how the call is ended. */
function unread(address: string): { ended: Promise<number>; close(): void } {
  const session = connect(`http://${address}`, { settings: { initialWindowSize: 1024 } });
  const stream = session.request({
    ":method": "POST",
    ":path": "/synergos.archive.v1.ProjectService/GetProject",
    "content-type": "application/grpc",
    te: "trailers",
  });
  const message = GetProjectRequest.encode({ key: key as never, view: View.VIEW_FULL, relation_types: [] }).finish();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([head, message]));
  for (const each of [session, stream]) each.on("error", () => undefined);
  const ended = new Promise<number>((resolve) => stream.once("close", () => resolve(stream.rstCode)));
  return { ended, close: () => session.destroy() };
}

test("the more calls are at their answers, the fewer bytes need no room", async () => {
  const memory = new AnswerMemory(size);
  const at: number[] = [];
  let end = () => {};
  const all = new Promise<void>((resolve) => {
    end = resolve;
  });
  const calls = Array.from({ length: 100 }, () =>
    memory.within(new CallContext(), () => {
      at.push(memory.bytesOfSmallResult);
      return all;
    }),
  );
  expect([1, 3, 4, 30, 100].map((count) => at[count - 1])).toEqual([2 ** 20, 2 ** 20, size / 4, size / 30, 2 ** 16]);
  end();
  await Promise.all(calls);
  await memory.within(new CallContext(), async () => expect(memory.bytesOfSmallResult).toBe(2 ** 20));
});

describe.each(inject("engines"))("the memory for large answers on $name", (engine) => {
  let archive: TestArchive;
  /** The calls that wait for it. */
  let resting = 0;
  const full = () => archive.client.get("Project", key, { view: View.VIEW_FULL });
  beforeAll(async () => {
    archive = await startArchive(engine, { answerMemory: size, together });
    const { admission } = archive;
    const rests = admission.rests.bind(admission);
    vi.spyOn(admission, "rests").mockImplementation((isResting) => {
      resting += isResting ? 1 : -1;
      rests(isResting);
    });
    await createGrid(archive.client, ids("a"));
    for (let index = 0; index < 8; index++) {
      const one = { ...keyOf(run, ids("a")), run_id: `large_${index}` };
      await archive.client.create("Run", { key: one, details: { attributes: { text: "x".repeat(300_000) } } });
    }
  });
  afterAll(() => archive.close());

  test("is enough for any number of them, one after the other", async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, full));
    expect(new Set(answers.map(({ etag }) => etag)).size).toBe(1);
  });

  /** Clients that do not read, with as many answers as there is memory for. */
  async function blocked() {
    const answered = () => archive.log.filter(({ message }) => message === "ProjectService/GetProject").length;
    const before = answered();
    const blocking = [unread(archive.address), unread(archive.address), unread(archive.address)];
    await until("two are answered", () => answered() >= before + 2);
    return blocking;
  }

  test("is waited for in batches, too, which are undone and done again", async () => {
    const large = { ...keyOf(run, ids("a")), run_id: "large_0" };
    const details = { attributes: { text: "y".repeat(2 ** 21) } };
    await archive.client.update("Run", { key: large, details });
    const mask = ["attributes.mark"];
    const touch = (mark: number) => {
      const record = { record: { $case: "run", value: { key: large, details: { attributes: { mark } } } } } as never;
      const operation = { $case: "update", value: { record, update_mask: mask } } as const;
      return archive.client.batchWrite(BatchWriteRequest.fromPartial({ operations: [{ operation }] }));
    };
    await expect(Promise.all([1, 2, 3, 4].map(touch))).resolves.toHaveLength(4);
    await archive.client.update("Run", { key: large, details: { attributes: { text: "x".repeat(300_000) } } });
  });

  test("is given back by calls that end while they wait", async () => {
    const calls = Array.from({ length: 30 }, (_, index) =>
      errorOf(archive.client.get("Project", key, { view: View.VIEW_FULL }, { deadline: 1 + index })).catch(
        () => undefined,
      ),
    );
    await Promise.all(calls);
    await expect(Promise.all(Array.from({ length: 8 }, full))).resolves.toHaveLength(8);
  });

  test("is waited for only as long as a call lasts", async () => {
    const blocking = await blocked();
    const calls = Array.from({ length: 3 }, () =>
      errorOf(archive.client.get("Project", key, { view: View.VIEW_FULL }, { deadline: 1000 })),
    );
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    for (const each of blocking) each.close();
  });

  test("is nothing that keeps other calls waiting for those that wait for it", async () => {
    const blocking = await blocked();
    const waiting = Array.from({ length: together }, full);
    await until("all wait", () => resting >= together);
    expect(archive.admission.isBusy).toBe(false);
    for (const each of blocking) each.close();
    await Promise.all(waiting);
    await until("none waits", () => resting === 0);
    expect(archive.admission.isBusy).toBe(false);
  });

  test("is taken from clients that do not read, where others wait for it", async () => {
    const blocking = await blocked();
    await expect(full()).resolves.toBeDefined();
    const ends = await Promise.race(blocking.map(({ ended }) => ended));
    expect(ends).toBe(11); // ENHANCE_YOUR_CALM, which gRPC reads as RESOURCE_EXHAUSTED
    for (const each of blocking) each.close();
    // Nothing stays taken.
    await expect(Promise.all(Array.from({ length: 8 }, full))).resolves.toHaveLength(8);
  });
});
