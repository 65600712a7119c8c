import type { handleClientStreamingCall, ServerReadableStream } from "@grpc/grpc-js";
import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import { answered } from "./answered.js";
import type { CallEnvironment } from "./call-environment.js";
import { decode } from "./decode.js";
import type { GatheringHandler } from "./handler.js";
import { respondWithin } from "./respond-within.js";
import type { MethodBinding } from "./service-binding.js";
import { stalled } from "./stall.js";

/** Makes a handler of many requests one of grpc-js. Requests are read only as fast as it takes them. */
export function clientStreaming<Request>(
  method: MethodBinding<Request>,
  handler: GatheringHandler<Request>,
  environment: CallEnvironment,
  /** How long the client may send nothing after a request, in milliseconds. */
  stallOf: (request: Request) => number,
): handleClientStreamingCall<Buffer, Buffer> {
  return (call, callback) => {
    void answered(method, call, environment, async (_, context) =>
      handler(
        requestsOf(method, call, context, environment.maxValues, stallOf),
        context,
        respondWithin(environment.maxSendSize, method),
      ),
    ).then(({ response, status }) => callback(status ?? null, response as Buffer | undefined));
  };
}

/** The requests of a stream, as they come. Whoever takes them can shorten the time that the next may take. */
async function* requestsOf<Request>(
  method: MethodBinding<Request>,
  call: ServerReadableStream<Buffer, Buffer>,
  context: CallContext,
  maxValues: number,
  stallOf: (request: Request) => number,
): AsyncGenerator<Request> {
  const destroy = () => call.destroy(context.error);
  context.onEnd(destroy);
  let stall: number = limits.stall;
  const wait = () => setTimeout(() => call.destroy(stalled("written", stall)), stall);
  let timer = wait();
  try {
    for await (const bytes of call) {
      clearTimeout(timer);
      const request = await decode(method, bytes, maxValues);
      stall = Math.min(stall, stallOf(request));
      // What is done with it has its own bounds: only the client's time is counted.
      yield request;
      timer = wait();
    }
  } finally {
    clearTimeout(timer);
    context.offEnd(destroy);
  }
}
