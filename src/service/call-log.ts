import type { Logger } from "winston";
import type { ArchiveError } from "../archive/archive-error.js";
import { limits } from "../limits.js";
import { quoted } from "../records/quoted.js";
import { KeySample, loggedIds } from "./key-sample.js";

/** What a log says of a call that has ended. */
interface EndedCall {
  readonly path: string;
  readonly peer: string;
  readonly requestId: string;
  /** What names its trace, where that is kept or the caller has one. */
  readonly traceId?: string | undefined;
  /** Who asked, where anybody must say so. */
  readonly principal?: string | undefined;
  /** What was decoded of it, if anything. */
  readonly request: unknown;
  /** What the requests of a stream name that writes records. */
  readonly written?: KeySample | undefined;
  /** How many records it was not granted to write, of those that it was answered about one by one. */
  readonly denied?: number;
  /** What it was answered with, unless it went well. */
  readonly error: ArchiveError | undefined;
  /** When it began, by performance.now. */
  readonly began: number;
}

/** Writes the one line that each call leaves in the log. */
export function logCall(logger: Logger, call: EndedCall): void {
  const { path, peer, requestId, traceId, principal, request, written, denied = 0, error, began } = call;
  const level = denied > 0 ? "warn" : levelOf(error);
  if (!logger.isLevelEnabled(level)) return;
  logger.log(level, {
    message: path.slice(path.lastIndexOf(".") + 1),
    key: keyOf(request),
    ...(written ?? new KeySample().add(request)).members,
    ...(denied > 0 ? { denied } : {}),
    code: error?.code ?? "OK",
    ...(error ? { reason: error.reason } : {}),
    ms: Math.round((performance.now() - began) * 10) / 10,
    peer,
    ...(principal === undefined ? {} : { principal }),
    ...(error?.details.fault === undefined ? {} : { fault: error.details.fault }),
    request_id: requestId,
    ...(traceId === undefined ? {} : { trace_id: traceId }),
    ...(error?.cause ? { error: quoted(causes(error.cause), limits.charactersOfCause) } : {}),
  });
}

/** Refusals are warnings: who looks for those must not have to look through everything. */
function levelOf(error: ArchiveError | undefined): "error" | "warn" | "info" {
  if (error?.code === "INTERNAL") return "error";
  return error && ["UNAVAILABLE", "UNAUTHENTICATED", "PERMISSION_DENIED"].includes(error.code) ? "warn" : "info";
}

/** The ids of a request's key or filter, for the log: as long as valid ones are. */
function keyOf(request: unknown): unknown {
  const { key, filter } = (request ?? {}) as { key?: { key?: { value: unknown } }; filter?: unknown };
  const ids = key?.key && typeof key.key === "object" ? key.key.value : (key ?? filter);
  return typeof ids === "object" && ids !== null ? loggedIds(ids) : undefined;
}

/** What an error and its causes say, with the innermost one's stack. */
export function causes(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return cause ? `${message}: ${causes(cause)}` : (stack ?? String(error));
}
