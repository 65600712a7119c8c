import { LargeResponse } from "../archive/large-response.js";
import { SharedResponse } from "../archive/shared-response.js";
import type { CallContext } from "../call-context.js";
import { Turns } from "../turns.js";
import { answered } from "./answered.js";
import type { CallEnvironment } from "./call-environment.js";
import { encode } from "./encode.js";
import { giveAnswer } from "./give-answer.js";
import type { StreamingHandler } from "./handler.js";
import type { ServerStreamingCall } from "./incoming-call.js";
import type { MethodBinding } from "./service-binding.js";
import type { StreamPlaces } from "./stream-slots.js";
import { UnreadBytes } from "./unread-bytes.js";

/** Resolves when the last large response has been encoded; its bytes are not kept. */
let last: Promise<void> = Promise.resolve();

/**
 * Makes a streaming handler what answers a call. It goes on only as fast as the client reads. What it yields has lists,
 * and what the last to say it is right about, so that the encodings of several, one after the other, are that of all: they are sent in messages of about one size.
 */
export function serverStreaming<Request>(
  method: MethodBinding<Request>,
  handler: StreamingHandler<Request>,
  environment: CallEnvironment,
  places: StreamPlaces,
): (call: ServerStreamingCall) => void {
  return (call) => {
    const outcome = answered(method, call, environment, async (request, context, begin) => {
      const unread = new UnreadBytes(call, context, places.bytesUnread);
      let pieces: Buffer[] = [];
      let size = 0;
      const send = async () => {
        begin();
        const [only] = pieces;
        // A large record is alone in a message: a copy less of it.
        const message = only && pieces.length === 1 ? only : Buffer.concat(pieces, size);
        [pieces, size] = [[], 0];
        const sent = call.transcode ? await call.transcode(message) : message;
        await unread.write(sent, (reading) => places.patient(reading));
      };
      const turns = new Turns();
      const free = await places.take(context);
      try {
        for await (const responses of handler(request, context)) {
          if (turns.isOver) await turns.next();
          for (const response of responses) {
            const piece =
              response instanceof LargeResponse
                ? await encodedAlone(method, response, context)
                : encoded(method, response);
            if (size > 0 && size + piece.length > places.bytesOfMessage) await send();
            pieces.push(piece);
            size += piece.length;
            if (turns.isOver) await turns.next();
          }
          if (size > 0) await send();
        }
      } finally {
        free();
      }
    });
    void giveAnswer(environment, call, outcome, () => call.finish());
  };
}

/** Large ones one after the other, whichever calls send them: what was read of each takes several times its size. */
function encodedAlone({ responseType }: MethodBinding, response: LargeResponse<unknown>, context: CallContext) {
  const turns = new Turns();
  const piece = last.then(async () => {
    await turns.next();
    context.throwIfEnded();
    response.read();
    await turns.next();
    return encode(responseType, response.make());
  });
  const over = () => undefined;
  last = piece.then(over, over);
  return piece;
}

/** What many calls send is encoded by the first of them. */
function encoded({ responseType }: MethodBinding, response: unknown): Buffer {
  if (!(response instanceof SharedResponse)) return encode(responseType, response);
  return response.encoded((own) => encode(responseType, own));
}
