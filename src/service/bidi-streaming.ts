import { ArchiveError } from "../archive/archive-error.js";
import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import { answered } from "./answered.js";
import type { CallEnvironment } from "./call-environment.js";
import { decode } from "./decode.js";
import { encode } from "./encode.js";
import { giveAnswer } from "./give-answer.js";
import type { BidiStreamingCall } from "./incoming-call.js";
import type { MethodBinding } from "./service-binding.js";
import { stalled } from "./stall.js";
import { UnreadBytes } from "./unread-bytes.js";

/** Makes a function from requests to responses what answers a call. It reads no faster than its client does. */
export function bidiStreaming<Request>(
  method: MethodBinding<Request>,
  answer: (request: Request) => unknown,
  environment: CallEnvironment,
  /** The most requests of a call. */
  most: number,
): (call: BidiStreamingCall) => void {
  return (call) => {
    const outcome = answered(method, call, environment, async (_, context, begin) => {
      const unread = new UnreadBytes(call, context);
      const requests = call.requests();
      for (let count = 0; ; count++) {
        const next: IteratorResult<Buffer> = await inTime(requests.next(), context, "written");
        if (next.done) return;
        if (count === most) throw tooManyRequests(most);
        const response = encode(method.responseType, answer(await decode(method, next.value, environment.maxValues)));
        begin();
        await unread.write(response, (reading) => inTime(reading, context, "read"));
      }
    });
    void giveAnswer(environment, call, outcome, () => call.finish());
  };
}

/** What a client does, unless it does not do it in time or the call ends before. */
function inTime<Result>(work: Promise<Result>, context: CallContext, done: "read" | "written"): Promise<Result> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(context.error);
    const timer = setTimeout(() => reject(stalled(done, limits.stall)), limits.stall);
    context.onEnd(ended);
    const settled = () => {
      clearTimeout(timer);
      context.offEnd(ended);
    };
    work.finally(settled).then(resolve, reject);
  });
}

const tooManyRequests = (most: number) =>
  new ArchiveError(
    "RESOURCE_EXHAUSTED",
    "TOO_MANY_REQUESTS",
    `A call takes at most ${most} requests: go on in another one.`,
  );
