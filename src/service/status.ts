import type { Any } from "../../generated/ts/google/protobuf/any.js";
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
  RetryInfo,
} from "../../generated/ts/google/rpc/error_details.js";
import { Status } from "../../generated/ts/google/rpc/status.js";
import type { ArchiveError, ErrorCode } from "../archive/archive-error.js";

const domain = "archive.synergos";

/**
 * Clients refuse trailers of more than 8 KiB altogether. The details are sent in base64, and the message twice: once in
 * them, and once with every byte that is not ASCII as three. So all are cut, and violations left out, to these sizes.
 */
const maxMessageSize = 1000;
const maxNameSize = 800;
const maxViolationsSize = 2500;

/** The numbers that gRPC has for the codes. */
export const codeNumbers: Readonly<Record<ErrorCode, number>> = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
};

/** What a client is told of a call that failed; each edge has its own way to write it. */
export interface CallStatus {
  readonly code: ErrorCode;
  readonly message: string;
  /** google.rpc details. */
  readonly details: readonly Any[];
  readonly requestId: string;
  /** In how many milliseconds it may be tried again, where that is known. */
  readonly retryAfter: number | undefined;
}

/** A status as google.rpc.Status, which gRPC sends beside the code and the message. */
export const encodeStatus = ({ code, message, details }: CallStatus): Buffer =>
  Buffer.from(Status.encode({ code: codeNumbers[code], message, details: [...details] }).finish());

/** An error as a status, with google.rpc details. The only place where errors become statuses. */
export function toStatus(error: ArchiveError, requestId: string): CallStatus {
  const { code, reason, details } = error;
  const internal = code === "INTERNAL";
  const message = cut(internal ? `${error.message} (request ${requestId})` : error.message, maxMessageSize);
  const metadata = { ...details.metadata, ...(internal ? { request_id: requestId } : {}) };
  const packed: Any[] = [pack(ErrorInfo, { reason, domain, metadata })];
  if (details.fieldViolations) {
    const violations = fitting(details.fieldViolations, (more) => ({ field: "…", description: `and ${more} more` }));
    const filled = violations.map((violation) => ({ ...violation, reason: "", localized_message: undefined }));
    packed.push(pack(BadRequest, { field_violations: filled }));
  }
  if (details.preconditionViolations) {
    const violations = fitting(details.preconditionViolations, (more) => ({
      type: reason,
      subject: "…",
      description: `and ${more} more`,
    }));
    packed.push(pack(PreconditionFailure, { violations }));
  }
  if (details.resource) {
    const { type, name } = details.resource;
    packed.push(pack(ResourceInfo, { resource_type: type, resource_name: cut(name, maxNameSize), description: "" }));
  }
  const { retryAfter } = details;
  if (retryAfter !== undefined) {
    const seconds = Math.floor(retryAfter / 1000);
    const nanos = (retryAfter - seconds * 1000) * 1_000_000;
    packed.push(pack(RetryInfo, { retry_delay: { seconds: BigInt(seconds), nanos } }));
  }
  return { code, message, details: packed, requestId, retryAfter };
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
