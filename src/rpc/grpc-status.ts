import { status as codes, Metadata, type StatusObject } from "@grpc/grpc-js";
import { type CallStatus, encodeStatus } from "../service/status.js";

/** A status as grpc-js sends it. */
export function grpcStatus(status: CallStatus): StatusObject {
  const metadata = new Metadata();
  metadata.set("x-request-id", status.requestId);
  metadata.set("grpc-status-details-bin", encodeStatus(status));
  // What clients go by that try again by themselves.
  if (status.retryAfter !== undefined) metadata.set("grpc-retry-pushback-ms", String(status.retryAfter));
  return { code: codes[status.code], details: status.message, metadata };
}
