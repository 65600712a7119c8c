import type { CallContext } from "../call-context.js";
import { limits } from "../limits.js";
import { answered } from "./answered.js";
import type { CallEnvironment } from "./call-environment.js";
import { decode } from "./decode.js";
import { giveAnswer } from "./give-answer.js";
import type { GatheringHandler } from "./handler.js";
import type { ClientStreamingCall } from "./incoming-call.js";
import { KeySample } from "./key-sample.js";
import { respondWithin } from "./respond-within.js";
import type { MethodBinding } from "./service-binding.js";
import { stalled } from "./stall.js";

/** How long a client may send nothing, in milliseconds. */
interface Silence {
  readonly atATime: number;
  readonly inAll: number;
}

const anySilence: Silence = { atATime: limits.stall, inAll: Number.POSITIVE_INFINITY };

/** The bounds that a request sets in place of those for all calls; of several requests the first that sets some counts. */
type SilenceOf<Request> = (request: Request) => Silence | undefined;

/** Makes a handler of many requests what answers a call. Requests are read only as fast as it takes them. */
export function clientStreaming<Request>(
  method: MethodBinding<Request>,
  handler: GatheringHandler<Request>,
  environment: CallEnvironment,
  silenceOf: SilenceOf<Request>,
): (call: ClientStreamingCall) => void {
  return (call) => {
    const written = new KeySample();
    const handle = async (_: Request, context: CallContext) =>
      handler(
        noted(written, requestsOf(method, call, context, environment.maxValues, silenceOf)),
        context,
        respondWithin(environment.maxSendSize, method),
      );
    const outcome = answered(method, call, environment, handle, written);
    void giveAnswer(environment, call, outcome, (response) => call.answer(response));
  };
}

/** Requests, with what they name noted for the log. */
async function* noted<Request>(written: KeySample, requests: AsyncIterable<Request>): AsyncGenerator<Request> {
  for await (const request of requests) {
    written.add(request);
    yield request;
  }
}

/** The requests of a stream, as they come. Whoever takes them can shorten the time that the next may take. */
async function* requestsOf<Request>(
  method: MethodBinding<Request>,
  call: ClientStreamingCall,
  context: CallContext,
  maxValues: number,
  silenceOf: SilenceOf<Request>,
): AsyncGenerator<Request> {
  const destroy = () => call.destroy(context.error);
  context.onEnd(destroy);
  let silence = anySilence;
  let [began, silent] = [performance.now(), 0];
  const wait = () => {
    began = performance.now();
    const rest = silence.inAll - silent;
    const error =
      rest < silence.atATime ? stalled("written", silence.inAll, " in all") : stalled("written", silence.atATime);
    return setTimeout(() => call.destroy(error), Math.min(rest, silence.atATime));
  };
  let timer = wait();
  try {
    for await (const bytes of call.requests()) {
      clearTimeout(timer);
      silent += performance.now() - began;
      const request = await decode(method, bytes, maxValues);
      if (silence === anySilence) {
        silence = silenceOf(request) ?? anySilence;
        silent = 0;
      }
      // What is done with it has its own bounds: only the client's time is counted.
      yield request;
      timer = wait();
    }
  } finally {
    clearTimeout(timer);
    context.offEnd(destroy);
  }
}
