import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, request as requestByHttp1 } from "node:http";
import { connect as connectHttp2, createServer as createHttp2 } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { queryObjects } from "node:v8";
import { expect, inject, test } from "vitest";
import { createLogger } from "winston";
import { HttpListener } from "../src/http/http-listener.js";
import { accessText, openAccess, tokenOf } from "./support/access.js";
import { startArchive } from "./support/archive.js";

const silent = { logger: createLogger({ silent: true }) };
const whoAmI = "/synergos.archive.v1.ArchiveService/WhoAmI";

const ask = (url: string, credentials: readonly string[], agent?: Agent) =>
  new Promise<{ body: string; headers: IncomingHttpHeaders }>((resolve, reject) => {
    const options = { method: "POST", headers: { "content-type": "application/json" }, agent };
    const request = requestByHttp1(url, options, (response) => {
      text(response).then((body) => resolve({ body, headers: response.headers }), reject);
    });
    if (credentials.length > 0) request.setHeader("authorization", credentials);
    request.on("error", reject);
    request.end("{}");
  });

/** The bytes of a frame of HTTP/2, on the first stream that a client begins or on none. */
function frame(type: number, flags: number, stream: number, body: Buffer): Buffer {
  const head = Buffer.from([0, 0, body.length, type, flags, 0, 0, 0, stream]);
  head.writeUInt16BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** Calls by gRPC, with frames made by hand: no client of HTTP/2 sends a credential twice. Returns once it is answered. */
async function callByHand(address: string, credentials: readonly string[]): Promise<void> {
  const headers = [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", whoAmI],
    [":authority", address],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...credentials.map((each) => ["authorization", each]),
  ];
  const text = (value: string) => Buffer.from([value.length, ...Buffer.from(value)]);
  const fields = headers.map((field) => Buffer.concat([Buffer.from([0]), ...field.map(text)]));
  const [host, port] = address.split(":");
  const socket = connect(Number(port), host);
  socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  socket.write(frame(4, 0, 0, Buffer.alloc(0)));
  socket.write(frame(1, 4, 1, Buffer.concat(fields)));
  socket.write(frame(0, 1, 1, Buffer.alloc(5)));
  // A frame of headers, 1, that ends the stream, 1.
  let received = Buffer.alloc(0);
  const isOver = () => {
    for (let at = 0; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3)) {
      if (received[at + 3] === 1 && (received[at + 4] ?? 0) % 2 === 1) return true;
    }
    return false;
  };
  for await (const bytes of socket) {
    received = Buffer.concat([received, bytes]);
    if (isOver()) break;
  }
}

test("of two credentials none is passed over", async () => {
  const opened = openAccess(accessText({ good: [{ role: "administrator" }] }));
  const [engine] = inject("engines");
  if (!engine) throw new Error("this test needs a database");
  const archive = await startArchive(engine, { access: opened.access });
  const bearer = (...tokens: string[]) => tokens.map((token) => `Bearer ${token}`);
  try {
    const good = tokenOf("good");
    expect((await ask(archive.url + whoAmI, bearer(good))).body).toContain('"principal":"good"');
    for (const tokens of [
      [good, "bad"],
      ["bad", good],
      [good, good],
    ]) {
      expect([tokens, (await ask(archive.url + whoAmI, bearer(...tokens))).body]).toEqual([
        tokens,
        expect.stringContaining("CREDENTIAL_INVALID"),
      ]);
      await callByHand(archive.address, bearer(...tokens));
      expect(archive.log.at(-1)).toMatchObject({ message: "ArchiveService/WhoAmI", reason: "CREDENTIAL_INVALID" });
    }
    await callByHand(archive.address, bearer(good));
    expect(archive.log.at(-1)).toMatchObject({ message: "ArchiveService/WhoAmI", code: "OK", principal: "good" });
  } finally {
    await archive.close();
    opened.close();
  }
});

test("a connection of HTTP/2 that nobody uses is ended, one whose answer takes long is not", async () => {
  let answer = () => {};
  const called = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const late = (_: unknown, response: { end(text: string): unknown }) => void called.then(() => response.end("late"));
  const listener = new HttpListener(late, undefined, 10, silent, undefined, 100);
  const url = `http://127.0.0.1:${await listener.listen("127.0.0.1", 0)}`;
  const [idle, waiting] = [connectHttp2(url), connectHttp2(url)];
  const closed = once(waiting, "close");
  const stream = waiting.request({ ":path": "/" });
  await Promise.all([once(idle, "close"), once(waiting, "goaway")]);
  answer();
  expect(await text(stream)).toBe("late");
  await closed;
  await listener.finish(0);
});

/** The class of a server's sessions, which Node does not export. */
async function kindOfSessions(): Promise<() => void> {
  const server = createHttp2();
  const begun = once(server, "session");
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [session] = await begun;
  client.destroy();
  server.close();
  return session.constructor;
}

test("a connection of HTTP/2 whose client has gone is ended at once, however much it said first, and forgotten", async () => {
  const listener = new HttpListener((_, response) => void response.end("{}"), undefined, 10, silent);
  const port = await listener.listen("127.0.0.1", 0);
  const hello = Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame(4, 0, 0, Buffer.alloc(0))]);
  const ping = frame(6, 0, 0, Buffer.alloc(8));
  for (const pings of [0, 10, 100, 3000]) {
    const sockets = Array.from({ length: 20 }, () => connect({ port, host: "127.0.0.1", allowHalfOpen: true }));
    await Promise.all(
      sockets.map(async (socket) => {
        const closed = once(socket, "close");
        socket.on("error", () => undefined).resume();
        socket.end(Buffer.concat([hello, ...Array.from({ length: pings }, () => ping)]));
        // Whether it is ended or reset by the server.
        await Promise.race([once(socket, "end"), closed]);
        socket.destroy();
      }),
    );
  }
  const kind = await kindOfSessions();
  await expect.poll(() => queryObjects(kind)).toBeLessThan(5);
  await listener.finish(0);
}, 20_000);

test("connections are made anew after some time", async () => {
  const listener = new HttpListener((_, response) => void response.end("{}"), undefined, 10, silent, 200);
  const url = `http://127.0.0.1:${await listener.listen("127.0.0.1", 0)}`;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect((await ask(url, [], agent)).headers.connection).toBe("keep-alive");
  let closed = false;
  while (!closed) closed = (await ask(url, [], agent)).headers.connection === "close";
  agent.destroy();
  await once(connectHttp2(url), "goaway");
  await listener.finish(0);
});
