import type { ClientReadableStream } from "@grpc/grpc-js";
import { onAbort } from "./abort-listener.js";

/** What a call streams, until it is left or a signal is aborted, which ends the call even if nobody reads. */
export async function* openStream<Response>(
  open: () => ClientReadableStream<Response>,
  signals: readonly (AbortSignal | undefined)[],
): AsyncGenerator<Response, void, undefined> {
  const call = open();
  // The loop below throws it; but one may also come once nobody reads any more, when a loop was left.
  call.on("error", () => {});
  const listeners = signals.map((signal) => onAbort(signal, () => call.cancel()));
  try {
    for await (const response of call) yield response;
  } finally {
    for (const forget of listeners) forget();
    call.cancel();
  }
}
