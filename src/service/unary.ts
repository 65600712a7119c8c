import { limits } from "../limits.js";
import { turnAfter } from "../turns.js";
import { answered } from "./answered.js";
import type { CallEnvironment } from "./call-environment.js";
import { giveAnswer } from "./give-answer.js";
import type { Handler } from "./handler.js";
import type { UnaryCall } from "./incoming-call.js";
import { isEncoded, respondWithin } from "./respond-within.js";
import type { MethodBinding } from "./service-binding.js";

/** Makes a handler of one request and one response what answers a call. */
export function unary<Request>(
  method: MethodBinding<Request>,
  handler: Handler<Request>,
  environment: CallEnvironment,
): (call: UnaryCall) => void {
  const { memory, maxSendSize } = environment;
  const respondInBytes = respondWithin(maxSendSize, method);
  const respondInText = respondWithin(Math.ceil(maxSendSize / limits.growthOfJson), method);
  return (call) => {
    const outcome = answered(method, call, environment, async (request, context) => {
      const respond = call.transcode ? respondInText : respondInBytes;
      const encoded = await memory.within(context, async () => {
        const answer = await handler(request, context, respond);
        return isEncoded(answer) ? answer : respond(answer);
      });
      // What a large answer needed, such as a commit, has held the event loop, and copying it will again.
      const turn = turnAfter(encoded.byteLength);
      if (turn) await turn;
      const bytes = call.transcode ? await call.transcode(encoded) : encoded;
      memory.answer(context, bytes.byteLength, () => call.breakOff());
      return bytes;
    });
    void giveAnswer(environment, call, outcome, (response) => call.answer(response));
  };
}
