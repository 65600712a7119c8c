import type { Logger } from "winston";
import type { ArchiveError } from "../archive/archive-error.js";

/** What a log says of a call that has ended. */
interface EndedCall {
  readonly path: string;
  readonly peer: string;
  readonly requestId: string;
  /** What was decoded of it, if anything. */
  readonly request: unknown;
  /** What it was answered with, unless it went well. */
  readonly error: ArchiveError | undefined;
  /** When it began, by performance.now. */
  readonly began: number;
}

/** Writes the one line that each call leaves in the log. */
export function logCall(logger: Logger, { path, peer, requestId, request, error, began }: EndedCall): void {
  const level = error?.code === "INTERNAL" ? "error" : error?.code === "UNAVAILABLE" ? "warn" : "info";
  if (!logger.isLevelEnabled(level)) return;
  logger.log(level, {
    message: path.slice(path.lastIndexOf(".") + 1),
    key: keyOf(request),
    code: error?.code ?? "OK",
    ...(error ? { reason: error.reason } : {}),
    ms: Math.round((performance.now() - began) * 10) / 10,
    peer,
    request_id: requestId,
    ...(error?.cause ? { error: causes(error.cause) } : {}),
  });
}

/** The ids of a request's key or filter, for the log. */
function keyOf(request: unknown): unknown {
  const { key, filter } = (request ?? {}) as { key?: { key?: { value: unknown } }; filter?: unknown };
  return key?.key && typeof key.key === "object" ? key.key.value : (key ?? filter);
}

/** What an error and its causes say, with the innermost one's stack. */
function causes(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return cause ? `${message}: ${causes(cause)}` : (stack ?? String(error));
}
