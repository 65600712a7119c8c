import { status as codes, type ServiceError, type status } from "@grpc/grpc-js";
import {
  BadRequest,
  ErrorInfo,
  PreconditionFailure,
  ResourceInfo,
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
  readonly resource?: { readonly type: string; readonly name: string };
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

  constructor(
    readonly code: Code,
    /** Why, for programs: "RECORD_NOT_FOUND", say. The code again where the answer is not the archive's. */
    readonly reason: string,
    message: string,
    { metadata = {}, fieldViolations = [], preconditionViolations = [], resource, cause }: ErrorDetails = {},
  ) {
    super(message, { cause });
    this.metadata = metadata;
    this.fieldViolations = fieldViolations;
    this.preconditionViolations = preconditionViolations;
    this.resource = resource;
  }
}

/** What grpc-js rejects a call with, with its details decoded. */
export function archiveError(error: ServiceError): ArchiveError {
  const code = codeOf(error.code);
  const trailer = error.metadata.get("grpc-status-details-bin")[0];
  if (!(trailer instanceof Uint8Array)) return new ArchiveError(code, code, error.details, { cause: error });
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
