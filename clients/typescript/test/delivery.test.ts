import { createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Archive, connect } from "../src/index.js";
import { startProxy, type TestProxy } from "./proxy.js";
import { rejection } from "./rejection.js";
import { startServer, type TestServer } from "./server.js";

let server: TestServer;
let proxy: TestProxy;
/** Connected through the proxy, and directly. */
let archive: Archive;
let other: Archive;

beforeAll(async () => {
  server = await startServer();
  proxy = await startProxy(server.address);
  archive = connect(proxy.address);
  other = connect(server.address);
});

afterAll(async () => {
  archive.close();
  other.close();
  proxy.close();
  await server.stop();
});

/** Makes a call whose answer is lost with the connection, after another client has done something of its own. */
async function losingTheAnswer<Answer>(call: () => Promise<Answer>, meanwhile: () => Promise<unknown>) {
  await archive.describeHierarchy();
  const answered = proxy.holdAnswers();
  const outcome = call().then(
    (answer) => ({ answer, error: undefined }),
    (error: unknown) => ({ answer: undefined, error }),
  );
  await answered;
  await meanwhile();
  proxy.cut();
  return outcome;
}

const unknown = { code: "UNAVAILABLE", outcomeUnknown: true, message: expect.stringContaining("outcome unknown") };

describe("where an answer is lost with the connection", () => {
  const key = { participant_id: "p" };
  const details = (summary: string) => ({ category: [], summary });
  const summary = async () => (await other.participant.get({ key })).details?.summary;

  beforeEach(async () => {
    await other.participant.upsert({ key, details: details("old") });
  });

  /** Waits until the call has done its work, which may be after the first bytes of its answer. */
  const until = async (fact: () => Promise<boolean>) => {
    while (!(await fact()));
  };
  const isGone = () =>
    until(() =>
      other.participant.get({ key }).then(
        () => false,
        () => true,
      ),
    );

  test.each([1, 2, 3, 4, 5, 6])("a delete does not take the record that another made anew (%i)", async () => {
    const { error } = await losingTheAnswer(
      () => archive.participant.delete({ key }),
      async () => {
        await isGone();
        await other.participant.create({ key, details: details("new") });
      },
    );
    expect(error).toMatchObject(unknown);
    expect(await summary()).toBe("new");
  });

  test.each(["update", "upsert"] as const)("an %s does not undo the change of another", async (verb) => {
    const { error } = await losingTheAnswer(
      () => archive.participant[verb]({ key, details: details("ours") }),
      async () => {
        await until(async () => (await summary()) === "ours");
        await other.participant.update({ key, details: details("theirs") });
      },
    );
    expect(error).toMatchObject(unknown);
    expect(await summary()).toBe("theirs");
  });

  test("a create does not bring back what another deleted", async () => {
    await other.participant.delete({ key });
    const { error } = await losingTheAnswer(
      () => archive.participant.create({ key }),
      async () => {
        await until(() =>
          other.participant.get({ key }).then(
            () => true,
            () => false,
          ),
        );
        await other.participant.delete({ key });
      },
    );
    expect(error).toMatchObject(unknown);
    expect(await rejection(other.participant.get({ key }))).toMatchObject({ code: "NOT_FOUND" });
  });

  test("a batch is not done twice", async () => {
    const { error } = await losingTheAnswer(
      () => archive.batchWrite([{ delete: { participant: { key } } }]),
      async () => {
        await isGone();
        await other.participant.create({ key, details: details("new") });
      },
    );
    expect(error).toMatchObject(unknown);
    expect(await summary()).toBe("new");
  });

  test("reads are sent again", async () => {
    const nothing = async () => {};
    const got = await losingTheAnswer(() => archive.participant.get({ key }), nothing);
    expect(got.answer).toMatchObject({ key });
    const listed = await losingTheAnswer(() => archive.participant.listPage(), nothing);
    expect(listed.answer?.records).toHaveLength(1);
    const streamed = await losingTheAnswer(async () => {
      const found = [];
      for await (const record of archive.streamDescendants()) found.push(record);
      return found;
    }, nothing);
    expect(streamed.answer).toHaveLength(1);
  });
});

test("a write that found nobody is sent again: it was never sent", async () => {
  const port = await new Promise<number>((resolve) => {
    const free = createServer().listen(0, "127.0.0.1", () => {
      const address = free.address();
      free.close(() => resolve(address !== null && typeof address === "object" ? address.port : 0));
    });
  });
  const late = connect(`127.0.0.1:${port}`);
  const key = { participant_id: "late" };
  const once = await rejection(connect(`127.0.0.1:${port}`, { retry: false }).participant.create({ key }));
  expect(once).toMatchObject({ code: "UNAVAILABLE", outcomeUnknown: false });
  const created = late.participant.create({ key });
  const started = await startServer("--port", String(port));
  expect(await created).toMatchObject({ key });
  late.close();
  await started.stop();
});
