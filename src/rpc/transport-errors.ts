import { status as codes, type ServerInterceptingCallInterface, type ServerInterceptor } from "@grpc/grpc-js";
import { ArchiveError, type ErrorCode, invalidFields } from "../archive/archive-error.js";
import { quoted } from "../records/quoted.js";
import type { CallEnvironment } from "../service/call-environment.js";
import { logCall } from "../service/call-log.js";
import { requestIdOf } from "../service/request-id.js";
import { toStatus } from "../service/status.js";
import { grpcStatus } from "./grpc-status.js";
import { headerOf, type InnermostCall } from "./innermost-call.js";

/**
 * Gives the errors that grpc-js answers by itself (of requests that no handler sees) what all others have: details, a
 * request id, a line in the log, and a code that says whose fault it is. What grpc-js finds wrong with a request it
 * tells the innermost call, past all interceptors; so that one call is changed, and no other put around it. One function
 * serves all calls of a server: a closure for each kept all that belongs to it from being collected soon.
 */
export function transportErrors({ logger, observer }: Pick<CallEnvironment, "logger" | "observer">): ServerInterceptor {
  function sendStatus(this: Timed, status: PartialStatusObject): void {
    const send = (sent: PartialStatusObject) => Object.getPrototypeOf(this).sendStatus.call(this, sent);
    if (status.code === codes.OK || status.metadata?.get("grpc-status-details-bin").length) {
      send(status);
      return;
    }
    const error = errorOf(status);
    const requestId = requestIdOf({ header: (name) => headerOf(this.metadata, name) });
    const { began, handler } = this;
    // What becomes of a call that is handled is logged there; and that somebody stops watching health is no news.
    const isWatch = error.code === "DEADLINE_EXCEEDED" && handler.path.startsWith("/grpc.health.");
    if (!this.isHandled && !isWatch) {
      observer?.begun(handler.path);
      observer?.ended(handler.path, error.code, performance.now() - began);
      logCall(logger, { path: handler.path, peer: this.getPeer(), requestId, request: undefined, error, began });
    }
    send(grpcStatus(toStatus(error, requestId)));
  }
  return (_, call) => Object.assign(call as Timed, { sendStatus, began: performance.now(), isHandled: false });
}

/** A call, and when it began. */
type Timed = InnermostCall & { began: number };

type PartialStatusObject = Parameters<ServerInterceptingCallInterface["sendStatus"]>[0];

/** What an error of grpc-js says, as one of the archive's. */
function errorOf({ code, details }: PartialStatusObject): ArchiveError {
  const text = details ?? "";
  const request = (description: string) => invalidFields([{ field: "request", description }]);
  if (/deserializing/.test(text)) return request("is not a valid message of its type");
  if (/decompress message/.test(text)) return request("cannot be decompressed");
  if (/grpc-timeout/.test(text)) return request("has a grpc-timeout that is none");
  const size = /larger than (?:max \()?.*?(\d+)\)?$/.exec(text);
  if (code === codes.RESOURCE_EXHAUSTED && size) {
    const message = `The request is larger than the limit of ${size[1]} bytes (--max-receive-size): send it in smaller parts.`;
    return new ArchiveError("RESOURCE_EXHAUSTED", "REQUEST_TOO_LARGE", message, {
      metadata: { limit: String(size[1]) },
    });
  }
  const name = codes[code ?? codes.UNKNOWN] as ErrorCode;
  return new ArchiveError(name, name, quoted(text, 500));
}
