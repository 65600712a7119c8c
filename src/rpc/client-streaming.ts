import type { handleClientStreamingCall, ServerReadableStream } from "@grpc/grpc-js";
import type { CallContext } from "../call-context.js";
import { answered } from "./answered.js";
import type { CallEnvironment } from "./call-environment.js";
import { decode } from "./decode.js";
import { respondWithin } from "./encode.js";
import type { GatheringHandler } from "./handler.js";
import type { MethodBinding } from "./service-binding.js";
import { maxStall, stalled } from "./stall.js";

/** Makes a handler of many requests one of grpc-js. Requests are read only as fast as it takes them. */
export function clientStreaming<Request>(
  method: MethodBinding<Request>,
  handler: GatheringHandler<Request>,
  environment: CallEnvironment,
): handleClientStreamingCall<Buffer, Buffer> {
  return (call, callback) => {
    void answered(method, call, environment, async (_, context) =>
      handler(requestsOf(method, call, context), context, respondWithin(environment.maxSendSize, method)),
    ).then(({ response, status }) => callback(status ?? null, response));
  };
}

/** The requests of a stream, as they come. */
async function* requestsOf<Request>(
  method: MethodBinding<Request>,
  call: ServerReadableStream<Buffer, Buffer>,
  context: CallContext,
): AsyncGenerator<Request> {
  const destroy = () => call.destroy(context.error);
  context.onEnd(destroy);
  const timer = setTimeout(() => call.destroy(stalled("written")), maxStall);
  try {
    for await (const bytes of call) {
      timer.refresh();
      yield decode(method, bytes);
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
    context.offEnd(destroy);
  }
}
