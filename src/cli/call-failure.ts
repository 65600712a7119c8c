import { type ServiceError, status } from "@grpc/grpc-js";
import { BadRequest, ErrorInfo } from "../../generated/ts/google/rpc/error_details.js";
import { Status } from "../../generated/ts/google/rpc/status.js";
import { exitCodes, Failure } from "./failure.js";

/** A call's error. The server's message names the fields; a violation that it left out for its length is added. */
export function callFailure(error: ServiceError, address: string): Failure {
  const code = status[error.code] ?? "UNKNOWN";
  const exitCode = (exitCodes as Record<string, number>)[code] ?? exitCodes.UNFORESEEN;
  const [bytes] = error.metadata.get("grpc-status-details-bin");
  const details = bytes ? Status.decode(bytes as Buffer).details : [];
  const decoded = <Message>(codec: { $type: string; decode(bytes: Uint8Array): Message }) => {
    const any = details.find(({ type_url }) => type_url.endsWith(`/${codec.$type}`));
    return any && codec.decode(any.value);
  };
  const reason = decoded(ErrorInfo)?.reason ?? code;
  const fields = decoded(BadRequest)?.field_violations.filter(({ field }) => !error.details.includes(field)) ?? [];
  const message = [error.details, ...fields.map(({ field, description }) => `${field} ${description}`)].join("; ");
  return new Failure(exitCode, reason, bytes ? message : `${address}: ${message}`, error);
}
