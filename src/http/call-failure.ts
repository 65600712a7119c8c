import { create, toJson } from "@bufbuild/protobuf";
import { AnySchema, anyUnpack } from "@bufbuild/protobuf/wkt";
import type { ErrorCode } from "../archive/archive-error.js";
import { descriptors } from "../records/message-shape.js";
import type { CallStatus } from "../service/status.js";

/** The statuses that Connect has for the codes. */
const httpStatuses: Readonly<Record<ErrorCode, number>> = {
  CANCELLED: 499,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
};

export const httpStatus = ({ code }: CallStatus): number => httpStatuses[code];

/** A failure as Connect writes it. `debug` is each detail as JSON, for who reads it without decoding. */
export const connectError = ({ code, message, details }: CallStatus) => ({
  code: code === "CANCELLED" ? "canceled" : code.toLowerCase(),
  message,
  details: details.map(({ type_url, value }) => ({
    type: type_url.slice(type_url.lastIndexOf("/") + 1),
    value: Buffer.from(value).toString("base64").replace(/=+$/, ""),
    debug: debugOf(type_url, value),
  })),
});

function debugOf(typeUrl: string, value: Uint8Array) {
  const any = create(AnySchema, { typeUrl, value });
  const message = anyUnpack(any, descriptors);
  const schema = message && descriptors.getMessage(message.$typeName);
  return schema && toJson(schema, message, { registry: descriptors });
}
