import { once } from "node:events";
import { expect, inject, test } from "vitest";
import { beginAndReset, headerBlock, openRaw, requestHeaders, wholeCall } from "../bench/raw-http2.js";
import { limits } from "../src/limits.js";
import { startArchive, type TestArchive } from "./support/archive.js";
import { View } from "./support/records.js";

const path = "/synergos.archive.v1.ParticipantService/GetParticipant";

/** Each edge: where it is, and what its calls say that they are. */
const edges: [string, (archive: TestArchive) => string, string][] = [
  ["gRPC", ({ address }) => address, "application/grpc"],
  ["HTTP", ({ url }) => new URL(url).host, "application/proto"],
];

async function start(): Promise<TestArchive> {
  const [engine] = inject("engines");
  if (!engine) throw new Error("this test needs a database");
  return startArchive(engine);
}

const closings = (archive: TestArchive) =>
  archive.log.filter(({ message }) => String(message).startsWith("a connection is closed"));

test.each(edges)(
  "who begins calls by %s and takes them back at once is disconnected, and others are served",
  async (_, addressOf, type) => {
    const archive = await start();
    try {
      const block = headerBlock(requestHeaders(path, type));
      const pour = async () => {
        const socket = await openRaw(addressOf(archive));
        const closed = new Promise((resolve) => socket.once("close", resolve));
        socket.write(Buffer.concat(Array.from({ length: 900 }, (_, index) => beginAndReset(1 + 2 * index, block))));
        await closed;
      };
      const get = () => archive.client.get("Participant", { participant_id: "none" }, { view: View.VIEW_BASIC });
      await expect(get()).rejects.toThrow("none");
      await Promise.all(Array.from({ length: 20 }, pour));
      await expect(get()).rejects.toThrow("none");
      expect(closings(archive)).toHaveLength(20);
      // Few are looked at before what follows is known: those are all that is logged of them.
      const calls = archive.log.filter(({ message }) => message === "ParticipantService/GetParticipant");
      expect(calls.length).toBeLessThanOrEqual(2 + 20 * limits.callsAtOnce);
    } finally {
      await archive.close();
    }
  },
);

test("calls that come at once on one connection are all answered", async () => {
  const archive = await start();
  try {
    const count = 10 * limits.callsAtOnce;
    const ids = Array.from({ length: count }, (_, index) => `p${index}`);
    await Promise.all(
      ids.map((participant_id) =>
        archive.client.create("Participant", { key: { participant_id }, details: undefined }),
      ),
    );
    const found = await Promise.all(
      ids.map((participant_id) => archive.client.get("Participant", { participant_id }, { view: View.VIEW_BASIC })),
    );
    expect(found.map(({ key }) => key.participant_id)).toEqual(ids);
    expect(closings(archive)).toEqual([]);
  } finally {
    await archive.close();
  }
});

test("who asks for much at once waits behind its own calls, and others do not", async () => {
  const archive = await start();
  const [connections, callsOfEach] = [10, 500];
  const block = headerBlock(requestHeaders(path, "application/grpc"));
  // A message without a key, behind its head of five bytes: refused, but not before it is looked at.
  const calls = Array.from({ length: callsOfEach }, (_, index) => wholeCall(1 + 2 * index, block, Buffer.alloc(5)));
  const lines = () => archive.log.filter(({ message }) => message === "ParticipantService/GetParticipant");
  try {
    const get = () => archive.client.get("Participant", { participant_id: "p" }, { view: View.VIEW_BASIC });
    await archive.client.create("Participant", { key: { participant_id: "p" }, details: undefined });
    await get();
    const before = lines().length;
    const sockets = await Promise.all(Array.from({ length: connections }, () => openRaw(archive.address)));
    // Each is known to the server when it has said something.
    await Promise.all(sockets.map((socket) => once(socket, "data")));
    for (const socket of sockets) socket.write(Buffer.concat(calls));
    await get();
    await expect.poll(() => lines().length - before, { timeout: 30_000 }).toBe(1 + connections * callsOfEach);
    for (const socket of sockets) socket.destroy();
    const place = lines().findIndex(({ code }, index) => index >= before && code === "OK") - before;
    expect(place).toBeLessThan((connections * callsOfEach) / 4);
  } finally {
    await archive.close();
  }
});
