import { once } from "node:events";
import { Agent, type IncomingHttpHeaders, request as requestByHttp1 } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { text } from "node:stream/consumers";
import { expect, inject, test } from "vitest";
import { HttpListener } from "../src/http/http-listener.js";
import { accessText, openAccess, tokenOf } from "./support/access.js";
import { startArchive } from "./support/archive.js";

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
    }
  } finally {
    await archive.close();
    opened.close();
  }
});

test("connections are made anew after some time", async () => {
  const listener = new HttpListener((_, response) => void response.end("{}"), undefined, 10, 200);
  const url = `http://127.0.0.1:${await listener.listen("127.0.0.1", 0)}`;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect((await ask(url, [], agent)).headers.connection).toBe("keep-alive");
  let closed = false;
  while (!closed) closed = (await ask(url, [], agent)).headers.connection === "close";
  agent.destroy();
  await once(connectHttp2(url), "goaway");
  await listener.finish(0);
});
