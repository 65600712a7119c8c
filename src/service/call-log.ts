import type { Logger } from "winston";
import type { ArchiveError } from "../archive/archive-error.js";
import { limits } from "../limits.js";
import { quoted } from "../records/quoted.js";
import { maxIdLength } from "../records/validate-key.js";

/** What a log says of a call that has ended. */
interface EndedCall {
  readonly path: string;
  readonly peer: string;
  readonly requestId: string;
  /** Who asked, where anybody must say so. */
  readonly principal?: string | undefined;
  /** What was decoded of it, if anything. */
  readonly request: unknown;
  /** What it was answered with, unless it went well. */
  readonly error: ArchiveError | undefined;
  /** When it began, by performance.now. */
  readonly began: number;
}

/** Writes the one line that each call leaves in the log. */
export function logCall(logger: Logger, { path, peer, requestId, principal, request, error, began }: EndedCall): void {
  const level = levelOf(error);
  if (!logger.isLevelEnabled(level)) return;
  logger.log(level, {
    message: path.slice(path.lastIndexOf(".") + 1),
    key: keyOf(request),
    code: error?.code ?? "OK",
    ...(error ? { reason: error.reason } : {}),
    ms: Math.round((performance.now() - began) * 10) / 10,
    peer,
    ...(principal === undefined ? {} : { principal }),
    ...(error?.details.fault === undefined ? {} : { fault: error.details.fault }),
    request_id: requestId,
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
  if (typeof ids !== "object" || ids === null) return undefined;
  return Object.fromEntries(
    Object.entries(ids).map(([name, id]) => [name, typeof id === "string" ? quoted(id, 2 * maxIdLength) : id]),
  );
}

/** What an error and its causes say, with the innermost one's stack. */
function causes(error: unknown): string {
  const { message, stack, cause } = error as Error;
  return cause ? `${message}: ${causes(cause)}` : (stack ?? String(error));
}
