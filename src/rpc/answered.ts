import type { EventEmitter } from "node:events";
import {
  Metadata,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import { ArchiveError, asArchiveError } from "../archive/archive-error.js";
import { CallContext } from "../call-context.js";
import type { CallEnvironment } from "./call-environment.js";
import { logCall } from "./call-log.js";
import { decode } from "./decode.js";
import { innermostCall } from "./innermost-call.js";
import { requestIdOf } from "./request-id.js";
import type { MethodBinding } from "./service-binding.js";
import { toStatus } from "./status.js";

/** A request as it came in, decoded only once its errors can be answered and logged. */
type Call =
  | ServerUnaryCall<Buffer, Buffer>
  | ServerWritableStream<Buffer, Buffer>
  | ServerReadableStream<Buffer, Buffer>
  | ServerDuplexStream<Buffer, Buffer>;

/** Everything around a handler: request id, decoding, the call's end, errors to statuses, the log. */
export async function answered<Request, Response>(
  method: MethodBinding<Request>,
  call: Call,
  { logger, maxSendSize, maxValues }: CallEnvironment,
  /** The request is none where the call is a stream of them. */
  handle: (request: Request, context: CallContext, begin: () => void) => Promise<Response>,
) {
  const began = performance.now();
  innermostCall(call).isHandled = true;
  const requestId = requestIdOf(call.metadata);
  let [begun, done] = [false, false];
  /** Sends the headers, but only before an answer: clients do not try a call again that has had some. */
  const begin = () => {
    if (begun) return;
    begun = true;
    const metadata = new Metadata();
    metadata.set("x-request-id", requestId);
    call.sendMetadata(metadata);
  };
  const context = contextOf(call, requestId, () => done);
  let request: Request | undefined;
  let error: ArchiveError | undefined;
  let response: Response | undefined;
  try {
    if ("request" in call) {
      const decoded = decode(method, call.request, maxValues);
      request = decoded instanceof Promise ? await decoded : decoded;
    }
    response = await handle(request as Request, context, begin);
    begin();
  } catch (thrown) {
    error = asArchiveError(call.cancelled ? endOf(call) : thrown, maxSendSize);
  }
  done = true;
  if (error || call.cancelled) context.room?.close();
  logCall(logger, { path: call.getPath(), peer: call.getPeer(), requestId, request, error, began });
  return { response, status: error && toStatus(error, requestId) };
}

/** Ends when the client cancels or its deadline passes, with the error that says which. */
function contextOf(call: Call, requestId: string, isAnswered: () => boolean): CallContext {
  const context = new CallContext();
  context.requestId = requestId;
  // grpc-js also says so of every call that has had its answer.
  (call as EventEmitter).once("cancelled", () => {
    if (!isAnswered()) context.end(endOf(call));
    // The client has its answer, or does not want it any more.
    else context.room?.close();
  });
  return context;
}

function endOf(call: Call): ArchiveError {
  return Number(call.getDeadline()) <= Date.now()
    ? new ArchiveError("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "The call's deadline passed.")
    : new ArchiveError("CANCELLED", "CANCELLED", "The call was cancelled.");
}
