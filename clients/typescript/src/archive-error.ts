import { status as codes, type ServiceError, type status } from "@grpc/grpc-js";
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
  RetryInfo,
} from "../../../generated/ts/google/rpc/error_details.js";
import { Status } from "../../../generated/ts/google/rpc/status.js";

/** A canonical code of gRPC. */
export type Code = Exclude<keyof typeof status, "OK">;

/** What is wrong with a field of a request. */
export interface FieldViolation {
  /** Its path, such as "details.model[0].l_type". */
  readonly field: string;
  readonly description: string;
}

/** What has to be there, or must not be there, before a call can succeed. */
export interface PreconditionViolation {
  readonly type: string;
  /** Which record it is about, such as "Project/c/p". */
  readonly subject: string;
  readonly description: string;
}

export interface ErrorDetails {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fieldViolations?: readonly FieldViolation[];
  readonly preconditionViolations?: readonly PreconditionViolation[];
  readonly resource?: { readonly type: string; readonly name: string } | undefined;
  readonly retryAfter?: number | undefined;
  readonly outcomeUnknown?: boolean;
  readonly cause?: unknown;
}

/** The one error that calls are rejected with. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
  /** What the reason is about, such as the types that are missing; see the contract of the service. */
  readonly metadata: Readonly<Record<string, string>>;
  /** All that is wrong with the request. */
  readonly fieldViolations: readonly FieldViolation[];
  /** All that stands in the way, such as missing parents. */
  readonly preconditionViolations: readonly PreconditionViolation[];
  /** The record that the error is about. */
  readonly resource: { readonly type: string; readonly name: string } | undefined;
  /** In how many milliseconds a call may be tried again that the archive had no room for. */
  readonly retryAfter: number | undefined;
  /** Whether it was a write that may have been done all the same: read before you send it again. */
  readonly outcomeUnknown: boolean;

  constructor(
    readonly code: Code,
    /** Why, for programs: "RECORD_NOT_FOUND", say. The code again where the answer is not the archive's. */
    readonly reason: string,
    message: string,
    {
      metadata = {},
      fieldViolations = [],
      preconditionViolations = [],
      resource,
      retryAfter,
      outcomeUnknown = false,
      cause,
    }: ErrorDetails = {},
  ) {
    super(message, { cause });
    this.metadata = metadata;
    this.fieldViolations = fieldViolations;
    this.preconditionViolations = preconditionViolations;
    this.resource = resource;
    this.retryAfter = retryAfter;
    this.outcomeUnknown = outcomeUnknown;
  }
}

/** The error of a write that may have been done: its message says so too. */
export const withUnknownOutcome = (error: ArchiveError): ArchiveError =>
  new ArchiveError(
    error.code,
    error.reason,
    `${error.message} (outcome unknown: the write may have been done; read before you send it again)`,
    { ...error, outcomeUnknown: true, cause: error.cause },
  );

/**
 * What grpc-js rejects a call with, with its details decoded. What did not come from an archive names the address that
 * the call was for.
 */
export function archiveError(error: ServiceError, address: string): ArchiveError {
  const code = codeOf(error.code);
  const trailer = error.metadata.get("grpc-status-details-bin")[0];
  if (!(trailer instanceof Uint8Array)) {
    return new ArchiveError(code, code, `${address}: ${transportText(error.details)}`, { cause: error });
  }
  try {
    return decoded(error, code, trailer);
  } catch {
    return new ArchiveError(code, code, `${address}: ${error.details} (its details cannot be read)`, { cause: error });
  }
}

/** The text of grpc-js on one line, with what the codes of OpenSSL and of HTTP/2 mean. */
function transportText(text: string): string {
  const line = text
    .replaceAll(/\s+/g, " ")
    .replace(/ ?Resolution note: ?$/, "")
    .trim();
  if (/wrong version number|packet length too long/.test(line)) return `${line} (there is no TLS at this address)`;
  return line;
}

function decoded(error: ServiceError, code: Code, trailer: Uint8Array): ArchiveError {
  let reason: string = code;
  const details: { -readonly [Field in keyof ErrorDetails]: ErrorDetails[Field] } = { cause: error };
  for (const { type_url, value } of Status.decode(trailer).details) {
    switch (type_url.slice(type_url.lastIndexOf("/") + 1)) {
      case ErrorInfo.$type: {
        const info = ErrorInfo.decode(value);
        reason = info.reason;
        details.metadata = info.metadata;
        break;
      }
      case BadRequest.$type:
        details.fieldViolations = BadRequest.decode(value).field_violations.map(({ field, description }) => ({
          field,
          description,
        }));
        break;
      case PreconditionFailure.$type:
        details.preconditionViolations = PreconditionFailure.decode(value).violations;
        break;
      case RetryInfo.$type: {
        const { retry_delay } = RetryInfo.decode(value);
        if (retry_delay) details.retryAfter = Number(retry_delay.seconds) * 1000 + retry_delay.nanos / 1_000_000;
        break;
      }
      case ResourceInfo.$type: {
        const { resource_type, resource_name } = ResourceInfo.decode(value);
        details.resource = { type: resource_type, name: resource_name };
        break;
      }
    }
  }
  return new ArchiveError(code, reason, error.details, details);
}

const isCode = (name: string | undefined): name is Code => name !== undefined && name !== "OK" && name in codes;

function codeOf(number: number): Code {
  const name = codes[number];
  return isCode(name) ? name : "UNKNOWN";
}
