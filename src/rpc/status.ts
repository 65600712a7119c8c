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
 * Clients refuse trailers of more than 8 KiB altogether. The details are sent in base64, and the message twice: once in
 * them, and once with every byte that is not ASCII as three. So all are cut, and violations left out, to these sizes.
 */
const maxMessageSize = 1000;
const maxNameSize = 800;
const maxViolationsSize = 2500;

/** An error as gRPC's status, with google.rpc details. The only place where errors become statuses. */
export function toStatus(error: ArchiveError, requestId: string): StatusObject {
  const { code, reason, details } = error;
  const internal = code === "INTERNAL";
  const message = cut(internal ? `${error.message} (request ${requestId})` : error.message, maxMessageSize);
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
    any.push(pack(ResourceInfo, { resource_type: type, resource_name: cut(name, maxNameSize), description: "" }));
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

/** A text cut to a size in bytes, as gRPC encodes its messages. */
function cut(text: string, size: number): string {
  let left = size;
  let end = 0;
  // No more is read than fits, however long the text is.
  for (const character of text) {
    const bytes = Buffer.byteLength(character);
    left -= bytes === 1 ? 1 : 3 * bytes;
    if (left < 0) return `${text.slice(0, end)}…`;
    end += character.length;
  }
  return text;
}

/** As many violations as fit, and one for the others. */
function fitting<Violation extends object>(
  violations: readonly Violation[],
  others: (count: number) => Violation,
): Violation[] {
  let size = 0;
  // What does not fit is not measured, however long it is.
  const fit = violations.findIndex((violation) => {
    for (const text of Object.values(violation)) size += sizeOf(String(text)) + 4;
    return size > maxViolationsSize;
  });
  return fit < 0 ? [...violations] : [...violations.slice(0, fit), others(violations.length - fit)];
}

const sizeOf = (text: string) => (text.length > maxViolationsSize ? text.length : Buffer.byteLength(text));
