import { once } from "node:events";
import { Agent, request } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { setTimeout as delay } from "node:timers/promises";

/** One call: of gRPC, whose body is the framed message, or of HTTP, where there is a method. */
export interface Call {
  readonly path: string;
  readonly body: Buffer;
  readonly method?: string;
  /** Of HTTP; JSON where it does not say. */
  readonly contentType?: string;
  /** What a call of gRPC sends beside the usual headers. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What one process of load is to do. Calls that repeat are made in turn for as long as it lasts. */
export interface Job {
  readonly address: string;
  readonly calls: readonly Call[];
  /** Whether calls of HTTP go by HTTP/2 as well, and not by HTTP/1.1. */
  readonly http2?: boolean;
  readonly repeat: boolean;
  readonly concurrency: number;
  readonly connections: number;
  readonly seconds: number;
  /** The credential that goes with each call of gRPC, if one does. */
  readonly authorization?: string;
  /** How long each of those that call rests after an answer, in milliseconds. */
  readonly pause?: number;
  /** So many calls begin in a second, whatever comes of those before; none while there are as many as those that call. */
  readonly rate?: number;
}

/** What came of it; latencies in milliseconds. */
export interface Load {
  readonly calls: number;
  readonly failed: number;
  /** The first error, if there was one. */
  readonly error: string | undefined;
  readonly seconds: number;
  readonly latencies: Float64Array;
}

/** When to stop, in the clock's milliseconds. */
let end = 0;

/** Makes one call; resolves to what went wrong, or to nothing. */
type Caller = (call: Call) => Promise<string | undefined>;

/**
 * A process that makes calls, so that load and server do not share an event loop. It speaks HTTP/2 through Node's own
 * client instead of grpc-js, which costs twice what a server does: requests are bytes made beforehand, answers are
 * counted and their status is checked, and nothing is decoded.
 */
async function run(job: Job): Promise<Load> {
  const isGrpc = job.calls[0]?.method === undefined;
  const callers = isGrpc || job.http2 ? await http2Callers(job, isGrpc ? grpcCaller : http2Caller) : httpCallers(job);
  const latencies: number[] = [];
  let next = 0;
  let failed = 0;
  let error: string | undefined;
  const began = performance.now();
  end = began + job.seconds * 1000;
  const loop = async (caller: Caller) => {
    for (let now = performance.now(); now < end; ) {
      const call = job.calls[job.repeat ? next % job.calls.length : next];
      next += 1;
      if (!call) return;
      const fault = await caller(call);
      const done = performance.now();
      latencies.push(done - now);
      if (job.pause) await delay(job.pause);
      now = performance.now();
      if (fault !== undefined) {
        failed += 1;
        error ??= fault;
      }
    }
  };
  const atRate = async (rate: number) => {
    let begun = 0;
    let running = 0;
    while (performance.now() < end) {
      const due = ((performance.now() - began) / 1000) * rate;
      for (; begun < due; begun++) {
        if (running >= job.concurrency) continue;
        const call = job.calls[begun % job.calls.length] as Call;
        const caller = callers.call[begun % callers.call.length] as Caller;
        running++;
        const at = performance.now();
        caller(call).then((fault) => {
          running--;
          latencies.push(performance.now() - at);
          if (fault === undefined) return;
          failed += 1;
          error ??= fault;
        });
      }
      await delay(1);
    }
    while (running > 0) await delay(1);
  };
  if (job.rate) await atRate(job.rate);
  else
    await Promise.all(
      Array.from({ length: job.concurrency }, (_, index) => loop(callers.call[index % callers.call.length] as Caller)),
    );
  const seconds = (performance.now() - began) / 1000;
  callers.close();
  return { calls: latencies.length, failed, error, seconds, latencies: Float64Array.from(latencies) };
}

async function http2Callers(
  { address, connections, authorization }: Job,
  caller: (session: ClientHttp2Session, authorization?: string) => Caller,
): Promise<{ call: Caller[]; close(): void }> {
  const sessions = Array.from({ length: connections }, () =>
    connect(`http://${address}`, { settings: { initialWindowSize: 2 ** 24 } }),
  );
  await Promise.all(sessions.map((session) => once(session, "connect")));
  // A connection that is lost fails its calls.
  for (const session of sessions) session.on("error", () => undefined);
  for (const session of sessions) session.setLocalWindowSize(2 ** 26);
  const close = () => {
    for (const session of sessions) session.close();
  };
  return { call: sessions.map((session) => caller(session, authorization)), close };
}

const grpcCaller =
  (session: ClientHttp2Session, authorization?: string): Caller =>
  ({ path, body, headers }) =>
    new Promise((resolve) => {
      if (session.destroyed || session.closed) {
        // Nothing is sent any more, and a caller that goes on at once would have no turn.
        setTimeout(resolve, 10, "the connection was ended");
        return;
      }
      const stream = session.request({
        ...headers,
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...(authorization === undefined ? {} : { authorization }),
      });
      let status: string | undefined;
      let message: string | undefined;
      const read = (headers: { "grpc-status"?: unknown; "grpc-message"?: unknown }) => {
        status ??= headers["grpc-status"] as string | undefined;
        message ??= headers["grpc-message"] as string | undefined;
      };
      stream
        .on("response", read)
        .on("trailers", read)
        .on("error", (error) => resolve(error.message));
      stream.on("close", () => resolve(status === "0" ? undefined : `status ${status}: ${message}`));
      stream.resume();
      stream.end(body);
    });

const http2Caller =
  (session: ClientHttp2Session): Caller =>
  ({ path, body, method = "POST", contentType = "application/json" }) =>
    new Promise((resolve) => {
      const stream = session.request({
        ":method": method,
        ":path": path,
        "content-type": contentType,
        "content-length": body.length,
      });
      let status: unknown;
      stream
        .on("response", (headers) => {
          status = headers[":status"];
        })
        .on("error", (error) => resolve(error.message));
      stream.on("close", () => resolve(status === 200 ? undefined : `HTTP ${status}`));
      stream.resume();
      stream.end(body);
    });

function httpCallers({ address, connections }: Job): { call: Caller[]; close(): void } {
  const [host, port] = address.split(":");
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const call: Caller = ({ path, body, method, contentType = "application/json" }) =>
    new Promise((resolve) => {
      const headers = { "content-type": contentType, "content-length": body.length };
      request({ agent, host, port, path, method, headers }, (response) => {
        response
          .resume()
          .on("end", () => resolve(response.statusCode === 200 ? undefined : `HTTP ${response.statusCode}`));
      })
        .on("error", (error) => resolve(error.message))
        .end(body);
    });
  return { call: [call], close: () => agent.destroy() };
}

process.on("message", (job: Job | "end") => {
  if (job === "end") {
    end = 0;
    return;
  }
  run(job).then(
    (load) => process.send?.(load),
    (error: unknown) =>
      process.send?.({ calls: 0, failed: 1, error: String(error), seconds: 0, latencies: new Float64Array() }),
  );
});
