import type { handleUnaryCall } from "@grpc/grpc-js";
import { answered } from "./answered.js";
import type { CallEnvironment } from "./call-environment.js";
import { respondWithin } from "./encode.js";
import type { Handler } from "./handler.js";
import type { MethodBinding } from "./service-binding.js";

/** Makes a handler one of grpc-js. */
export function unary<Request>(
  method: MethodBinding<Request>,
  handler: Handler<Request>,
  environment: CallEnvironment,
): handleUnaryCall<Buffer, Buffer> {
  const respond = respondWithin(environment.maxSendSize, method);
  return (call, callback) => {
    void answered(method, call, environment, async (request, context) => {
      const answer = await handler(request, context, respond);
      return Buffer.isBuffer(answer) ? answer : respond(answer);
    }).then(({ response, status }) => callback(status ?? null, response));
  };
}
