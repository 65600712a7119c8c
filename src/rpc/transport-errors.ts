import {
  status as codes,
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import type { Logger } from "winston";
import { ArchiveError, type ErrorCode, invalidFields } from "../archive/archive-error.js";
import { quoted } from "../records/quoted.js";
import { logCall } from "./call-log.js";
import { requestIdOf } from "./request-id.js";
import { toStatus } from "./status.js";

/**
 * Gives the errors that grpc-js answers by itself (of requests that no handler sees) what all others have: details, a
 * request id, a line in the log, and a code that says whose fault it is.
 */
export const transportErrors =
  (logger: Logger): ServerInterceptor =>
  ({ path }, call) => {
    const began = performance.now();
    let metadata: Metadata | undefined;
    // What grpc-js finds wrong with a request it tells the innermost call, past all interceptors.
    const send = call.sendStatus.bind(call);
    call.sendStatus = (status) => {
      if (status.code === codes.OK || status.metadata?.get("grpc-status-details-bin").length) return send(status);
      const error = errorOf(status);
      const requestId = requestIdOf(metadata);
      // Calls that end in the middle are logged where they run.
      if (error.code !== "DEADLINE_EXCEEDED" && error.code !== "CANCELLED") {
        logCall(logger, { path, peer: call.getPeer(), requestId, request: undefined, error, began });
      }
      send(toStatus(error, requestId));
    };
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(received, pass) {
            metadata = received;
            pass(received);
          },
        });
      },
    });
  };

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
