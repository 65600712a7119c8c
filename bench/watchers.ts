import { once } from "node:events";
import { connect } from "node:http2";
import { WatchRequest, WatchResponse } from "../generated/ts/synergos/archive/v1/change.js";

/** What a process of watches is to do: until it is told to end, or its watches have come to a revision. */
export interface WatchJob {
  readonly address: string;
  readonly watches: number;
  /** Where they begin; from now on without it. */
  readonly after?: number;
  /** The revision after which they end. */
  readonly until?: number;
  /** Whether what comes is decoded, to tell its delay; else bytes are counted. */
  readonly isDecoded: boolean;
}

/** What came of it. */
export interface Watched {
  readonly bytes: number;
  readonly changes: number;
  /** From when each change was made until it was there, in milliseconds. */
  readonly delays: Float64Array;
}

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

/** Tells when all watches have begun, and in the end what came. */
async function watchAll({ address, watches, after, until, isDecoded }: WatchJob): Promise<void> {
  // A server takes so many streams of a connection, and lets others wait.
  const sessions = Array.from({ length: Math.ceil(watches / 50) }, () => connect(`http://${address}`));
  await Promise.all(sessions.map((session) => once(session, "connect")));
  for (const session of sessions) session.setLocalWindowSize(2 ** 26);
  const delays: number[] = [];
  let [bytes, changes, begun] = [0, 0, 0];
  const message = WatchRequest.encode({
    key: undefined,
    record_types: [],
    start: after === undefined ? undefined : { $case: "after_revision", value: BigInt(after) },
  }).finish();
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  body.set(message, 5);
  const end = () => {
    for (const session of sessions) session.destroy();
    process.send?.({ bytes, changes, delays: Float64Array.from(delays) } satisfies Watched);
  };
  process.once("message", end);
  for (let index = 0; index < watches; index++) {
    const stream = sessions[index % sessions.length]?.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
    });
    let isBegun = false;
    const takeMessage = (buffer: Buffer) => {
      if (!isBegun) {
        isBegun = true;
        begun++;
        if (begun === watches) process.send?.("begun");
      }
      if (!isDecoded) return;
      const { changes: own, revision } = WatchResponse.decode(buffer);
      const now = Date.now();
      changes += own.length;
      for (const { time } of own) if (time) delays.push(now - Number(time.seconds) * 1000 - time.nanos / 1e6);
      if (until !== undefined && revision >= until) {
        process.off("message", end);
        end();
      }
    };
    const take = messagesOf(takeMessage);
    stream?.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      take(chunk);
    });
    stream?.on("error", () => undefined);
    stream?.end(body);
  }
}

process.on("message", (job: WatchJob | "end") => {
  if (job !== "end") void watchAll(job);
});
