import type { handleUnaryCall } from "@grpc/grpc-js";
import { answered } from "./answered.js";
import type { CallEnvironment } from "./call-environment.js";
import type { Handler } from "./handler.js";
import { breakOffAnswer } from "./innermost-call.js";
import { isEncoded, respondWithin } from "./respond-within.js";
import type { MethodBinding } from "./service-binding.js";

/** Makes a handler one of grpc-js. */
export function unary<Request>(
  method: MethodBinding<Request>,
  handler: Handler<Request>,
  environment: CallEnvironment,
): handleUnaryCall<Buffer, Buffer> {
  const { memory, maxSendSize } = environment;
  const respond = respondWithin(maxSendSize, method);
  return (call, callback) => {
    void answered(method, call, environment, async (request, context) => {
      const bytes = await memory.within(context, async () => {
        const answer = await handler(request, context, respond);
        return isEncoded(answer) ? answer : respond(answer);
      });
      memory.answer(context, bytes.byteLength, () => breakOffAnswer(call));
      return bytes;
    }).then(({ response, status }) => callback(status ?? null, response as Buffer | undefined));
  };
}
