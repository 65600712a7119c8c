import { invalid } from "./invalid-argument.js";
import { longestTimer } from "./wait.js";

/** How to make one call. */
export interface CallOptions {
  /** How long it may take, in milliseconds, retries included: up to 2,147,483,647 (24 days), or Infinity for any time. */
  readonly timeout?: number | undefined;
  /** Cancels the call, which is then rejected with CANCELLED and the signal's reason as its cause. */
  readonly signal?: AbortSignal | undefined;
  /** Sent along, such as "x-request-id", under which the archive logs the call. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** Options as they were given, once they are known to be right. */
export function checkedCallOptions(options: CallOptions | undefined): CallOptions {
  if (options === undefined) return {};
  checkObject("options", options);
  checkTimeout("options.timeout", options.timeout);
  checkSignal("options.signal", options.signal);
  checkMetadata("options.metadata", options.metadata);
  return options;
}

export function checkObject(field: string, value: unknown): void {
  if (typeof value !== "object" || value === null) throw invalid(field, "must be an object");
}

/** Timers take no more, and gRPC throws where nobody can catch it. */
export function checkTimeout(field: string, timeout: unknown): void {
  if (timeout === undefined || timeout === Number.POSITIVE_INFINITY) return;
  if (typeof timeout !== "number" || !(timeout > 0 && timeout <= longestTimer)) {
    throw invalid(field, `must be a number of milliseconds above 0 and up to ${longestTimer}, or Infinity`);
  }
}

function checkSignal(field: string, signal: unknown): void {
  if (signal === undefined) return;
  const isSignal =
    typeof signal === "object" &&
    signal !== null &&
    "aborted" in signal &&
    typeof signal.aborted === "boolean" &&
    "addEventListener" in signal &&
    "removeEventListener" in signal;
  if (!isSignal) throw invalid(field, "must be an AbortSignal");
}

/** Names that HTTP/2 and gRPC have a use of their own for, or that HTTP/2 forbids. */
const reserved =
  /^(:.*|grpc-.*|te|connection|content-length|content-type|expect|host|http2-settings|keep-alive|proxy-connection|transfer-encoding|upgrade|user-agent)$/i;

/** What the archive takes, all names and values together; a server ends the call without a word where there is more. */
const maxMetadataSize = 8192;

export function checkMetadata(field: string, metadata: unknown): void {
  if (metadata === undefined) return;
  checkObject(field, metadata);
  let size = 0;
  for (const [name, value] of Object.entries(metadata as object)) {
    if (!/^[0-9a-z_.-]+$/i.test(name)) {
      throw invalid(field, `has the name ${JSON.stringify(name)}; one is of letters, digits, "-", "_" and "." only`);
    }
    const path = `${field}.${name}`;
    if (reserved.test(name)) throw invalid(path, "must not be given: HTTP/2 or gRPC sets it itself or forbids it");
    if (/-bin$/i.test(name)) throw invalid(path, "must not be given: binary metadata are not supported");
    if (typeof value !== "string") throw invalid(path, "must be a string");
    if (!/^[ -~]*$/.test(value)) throw invalid(path, "must be of printable ASCII characters only");
    size += name.length + value.length + 32;
  }
  if (size > maxMetadataSize) {
    throw invalid(field, `must not be larger than ${maxMetadataSize} bytes, 32 for each name included`);
  }
}
