import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2, constants, createServer as createHttp2 } from "node:http2";
import { type AddressInfo, connect as connectTcp, createServer as createTcp } from "node:net";
import { expect, inject, test } from "vitest";
import { createLogger } from "winston";
import { beginAndReset, headerBlock, openRaw, requestHeaders, wholeCall } from "../bench/raw-http2.js";
import { callsWaiting, takeCallsInTurn } from "../src/calls-in-turn.js";
import { takeConnectionsInTurn } from "../src/connections-in-turn.js";
import { limits } from "../src/limits.js";
import { Admission } from "../src/service/admission.js";
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
    // More than have a place, of which others have theirs all the same: as many as would have to wait, too.
    for (let count = 0; count < 2 * limits.callsAtOnce; count++) await get();
    for (const socket of sockets) socket.destroy();
    const place = lines().findIndex(({ code }, index) => index >= before && code === "OK") - before;
    expect(place).toBeLessThan((connections * callsOfEach) / 4);
  } finally {
    await archive.close();
  }
});

test("while there is too much to do, no connection keeps another's calls waiting for longer than its own", async () => {
  const server = createHttp2((_, response) => void response.end());
  const admission = Object.defineProperty(new Admission(1000, 200, () => ({ cause: "calls", share: 0 })), "isBusy", {
    value: true,
  });
  takeCallsInTurn(server, { admission, logger: createLogger({ silent: true }) });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const [busy, other] = [1, 2].map(() => connectHttp2(`http://127.0.0.1:${port}`)) as [
    ClientHttp2Session,
    ClientHttp2Session,
  ];
  const call = (session: ClientHttp2Session) => session.request({ ":path": "/" }).on("error", () => undefined);
  const fill = (session: ClientHttp2Session) => Array.from({ length: limits.callsAtOnce }, () => call(session));
  try {
    // The first that waits of this connection never gets old: it is replaced in time.
    let held = [...fill(busy), call(busy)];
    const replacing = setInterval(() => {
      const next = call(busy);
      for (const each of held) each.close(constants.NGHTTP2_CANCEL);
      held = [next];
    }, limits.waitWhileBusy / 4);
    fill(other);
    const began = performance.now();
    const waiting = call(other);
    waiting.end();
    await expect.poll(callsWaiting).toBeGreaterThan(0);
    await once(waiting, "response");
    expect(performance.now() - began).toBeGreaterThan(limits.waitWhileBusy / 2);
    clearInterval(replacing);
  } finally {
    busy.destroy();
    other.destroy();
    server.close();
  }
  await expect.poll(callsWaiting).toBe(0);
}, 10_000);

test("a server that stops takes no connection any more that waits for its turn", async () => {
  const server = createTcp();
  let taken = 0;
  server.on("connection", (socket) => {
    taken++;
    socket.end();
    server.close();
  });
  takeConnectionsInTurn(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const closed = once(server, "close");
  const clients = Array.from({ length: 20 }, () =>
    connectTcp(port, "127.0.0.1")
      .on("error", () => undefined)
      .resume(),
  );
  await closed;
  await Promise.all(clients.map((each) => each.destroyed || new Promise((resolve) => each.once("close", resolve))));
  expect(taken).toBe(1);
});
