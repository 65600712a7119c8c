import { status as codes, Metadata, type StatusObject } from "@grpc/grpc-js";
import type { Any } from "../../generated/ts/google/protobuf/any.js";
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
} from "../../generated/ts/google/rpc/error_details.js";
import { Status } from "../../generated/ts/google/rpc/status.js";
import type { ArchiveError } from "../archive/archive-error.js";

const domain = "archive.synergos";

/**
 * Clients refuse trailers of more than 8 KiB altogether. So the message is cut to 512 characters (at the worst nine
 * bytes each in its encoding), and violations are left out, with a last one that says so, beyond 3,000 bytes.
 */
const maxMessageLength = 512;
const maxDetailsSize = 3000;

/** An error as gRPC's status, with google.rpc details. The only place where errors become statuses. */
export function toStatus(error: ArchiveError, requestId: string): StatusObject {
  const { code, reason, details } = error;
  const internal = code === "INTERNAL";
  const message = cut(internal ? `${error.message} (request ${requestId})` : error.message, maxMessageLength);
  const metadata = { ...details.metadata, ...(internal ? { request_id: requestId } : {}) };
  const any: Any[] = [pack(ErrorInfo, { reason, domain, metadata })];
  if (details.fieldViolations) {
    const violations = fitting(details.fieldViolations, (more) => ({ field: "…", description: `and ${more} more` }));
    const filled = violations.map((violation) => ({ ...violation, reason: "", localized_message: undefined }));
    any.push(pack(BadRequest, { field_violations: filled }));
  }
  if (details.preconditionViolations) {
    const violations = fitting(details.preconditionViolations, (more) => ({
      type: reason,
      subject: "…",
      description: `and ${more} more`,
    }));
    any.push(pack(PreconditionFailure, { violations }));
  }
  if (details.resource) {
    const { type, name } = details.resource;
    any.push(pack(ResourceInfo, { resource_type: type, resource_name: name, description: "" }));
  }
  const trailer = new Metadata();
  trailer.set("x-request-id", requestId);
  trailer.set(
    "grpc-status-details-bin",
    Buffer.from(Status.encode({ code: codes[code], message, details: any }).finish()),
  );
  return { code: codes[code], details: message, metadata: trailer };
}

interface Codec<Message> {
  readonly $type: string;
  fromPartial(message: Partial<Message>): Message;
  encode(message: Message): { finish(): Uint8Array };
}

const pack = <Message>(codec: Codec<Message>, message: Partial<Message>): Any => ({
  type_url: `type.googleapis.com/${codec.$type}`,
  value: codec.encode(codec.fromPartial(message)).finish(),
});

const cut = (text: string, length: number) =>
  text.length <= length ? text : `${[...text].slice(0, length - 1).join("")}…`;

/** As many violations as fit, and one for the others. */
function fitting<Violation extends object>(
  violations: readonly Violation[],
  others: (count: number) => Violation,
): Violation[] {
  let size = 0;
  const fit = violations.findIndex((violation) => {
    for (const text of Object.values(violation)) size += Buffer.byteLength(String(text)) + 4;
    return size > maxDetailsSize;
  });
  return fit < 0 ? [...violations] : [...violations.slice(0, fit), others(violations.length - fit)];
}
