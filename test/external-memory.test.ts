import { type ClientHttp2Session, connect } from "node:http2";
import { expect, inject, test } from "vitest";
import { createDatabase } from "./support/database.js";
import { startProcess } from "./support/process.js";
import { residentMemory } from "./support/resident-memory.js";

const [engine] = inject("engines");

/** A call with 48 KB of headers, to its end. */
const call = (session: ClientHttp2Session) =>
  new Promise<void>((resolve, reject) => {
    const value = "x".repeat(16_000);
    const request = session.request({
      ":method": "POST",
      ":path": "/synergos.archive.v1.CollaborationService/GetCollaboration",
      "content-type": "application/grpc",
      "x-a": value,
      "x-b": value,
      "x-c": value,
    });
    request.on("error", reject).on("close", resolve).resume().end(Buffer.alloc(5));
  });

// A minute of them left 3.9 GB: the headers lie outside of V8's heap.
test("large headers of calls that are over are not kept", async () => {
  if (!engine) throw new Error("this test needs a database");
  const database = await createDatabase(engine);
  const server = await startProcess(database.url, ["--migrate"]);
  const sessions = [1, 2, 3, 4].map(() => connect(`http://${server.address}`));
  try {
    let left = 8000;
    const caller = async (session: ClientHttp2Session) => {
      while (left-- > 0) await call(session);
    };
    await Promise.all(Array.from({ length: 64 }, (_, index) => caller(sessions[index % 4] as ClientHttp2Session)));
    expect(residentMemory(server.child)).toBeLessThan(350);
  } finally {
    for (const session of sessions) session.destroy();
    await server.end();
    await database.drop();
  }
});
