import { once } from "node:events";
import { type ClientHttp2Session, connect } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { WatchRequest, WatchResponse } from "../generated/ts/synergos/archive/v1/change.js";

/** What a process of watches is to do: until its watches have come to a revision, or to so many changes. */
export interface WatchJob {
  readonly address: string;
  readonly watches: number;
  /** Where they begin; from now on without it. */
  readonly after?: number;
  /** The revision after which they end. */
  readonly until?: number;
}

/** Ends the watches once they have had so many changes. */
export interface WatchEnd {
  readonly changes: number;
}

/** What came of it. From when each change was made until the first watch had it, in milliseconds. */
export type Watched = { readonly delays: Float64Array } | { readonly error: string };

/** How long what was written may take to come, in milliseconds. */
const patience = 10_000;

const path = "/synergos.archive.v1.ArchiveService/Watch";

/** Takes the messages of a stream of gRPC. */
function messagesOf(take: (message: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    while (rest.length >= 5) {
      const end = 5 + rest.readUInt32BE(1);
      if (rest.length < end) return;
      take(rest.subarray(5, end));
      rest = rest.subarray(end);
    }
  };
}

/** Tells when all watches have begun, and in the end what came. What the first has is decoded; of others bytes are counted. */
async function watchAll({ address, watches, after, until }: WatchJob): Promise<void> {
  // A server takes so many streams of a connection, and lets others wait.
  const sessions = Array.from({ length: Math.ceil(watches / 50) }, () => connect(`http://${address}`));
  await Promise.all(sessions.map((session) => once(session, "connect")));
  for (const session of sessions) session.setLocalWindowSize(2 ** 26);
  const delays: number[] = [];
  const bytes = new Float64Array(watches);
  let [begun, isOver] = [0, false];
  const end = (watched: Watched) => {
    if (isOver) return;
    isOver = true;
    for (const session of sessions) session.destroy();
    process.send?.(watched);
  };
  const done = () => end({ delays: Float64Array.from(delays) });
  process.once("message", async ({ changes }: WatchEnd) => {
    // Their bookmarks differ, their changes do not.
    const isThere = () => delays.length >= changes && bytes.every((each) => each >= 0.9 * (bytes[0] ?? 0));
    for (let waited = 0; !isThere() && waited < patience; waited += 20) await delay(20);
    if (isThere()) done();
    else end({ error: `of ${changes} changes ${delays.length} came, and not to all of ${watches} watches` });
  });
  const body = framed(
    WatchRequest.encode({
      key: undefined,
      record_types: [],
      start: after === undefined ? undefined : { $case: "after_revision", value: BigInt(after) },
    }).finish(),
  );
  const decoded = (message: Buffer) => {
    const { changes, revision } = WatchResponse.decode(message);
    const now = Date.now();
    for (const { time } of changes) if (time) delays.push(now - Number(time.seconds) * 1000 - time.nanos / 1e6);
    if (until !== undefined && revision >= until) done();
  };
  for (let index = 0; index < watches; index++) {
    const stream = (sessions[index % sessions.length] as ClientHttp2Session).request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    const take = messagesOf(index === 0 ? decoded : () => undefined);
    stream.once("data", () => {
      begun++;
      if (begun === watches) process.send?.("begun");
    });
    stream.on("data", (chunk: Buffer) => {
      bytes[index] = (bytes[index] ?? 0) + chunk.length;
      take(chunk);
    });
    stream.on("trailers", ({ "grpc-message": said }) => end({ error: `a watch ended: ${said}` }));
    stream.on("error", ({ message }) => end({ error: message }));
    stream.end(body);
  }
}

function framed(message: Uint8Array): Buffer {
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  body.set(message, 5);
  return body;
}

process.once("message", (job: WatchJob) => void watchAll(job));
