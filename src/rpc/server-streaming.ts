import { once } from "node:events";
import type { handleServerStreamingCall, ServerWritableStream } from "@grpc/grpc-js";
import type { CallContext } from "../call-context.js";
import { answered } from "./answered.js";
import type { CallEnvironment } from "./call-environment.js";
import { encode } from "./encode.js";
import type { StreamingHandler } from "./handler.js";
import type { MethodBinding } from "./service-binding.js";
import { maxStall, stalled } from "./stall.js";

/** Makes a streaming handler one of grpc-js. It goes on only as fast as the client reads. */
export function serverStreaming<Request>(
  method: MethodBinding<Request>,
  handler: StreamingHandler<Request>,
  environment: CallEnvironment,
): handleServerStreamingCall<Buffer, Buffer> {
  return (call) => {
    void answered(method, call, environment, async (request, context, begin) => {
      for await (const response of handler(request, context)) {
        begin();
        if (!call.write(encode(method, response))) await drained(call, context);
        context.throwIfEnded();
      }
    }).then(({ status }) => {
      if (status) call.emit("error", status);
      else call.end();
    });
  };
}

/** Waits until a client has read what was sent; one that does not read holds a snapshot and a connection in vain. */
async function drained(call: ServerWritableStream<Buffer, Buffer>, { signal }: CallContext): Promise<void> {
  const timeout = AbortSignal.timeout(maxStall);
  await once(call, "drain", { signal: AbortSignal.any([signal, timeout]) }).catch((error: unknown) => {
    if (!timeout.aborted) throw error;
    throw stalled("read");
  });
}
