import type { ArchiveError } from "./archive-error.js";

/** A call that failed. */
export interface Failure {
  readonly error: ArchiveError;
  /** Whether it had left for the archive, so that it may have been done. */
  readonly sent: boolean;
}

/** Attempts in all, and the milliseconds of the first pause and of the longest. */
interface Schedule {
  readonly attempts: number;
  readonly first: number;
  readonly longest: number;
}

/** An archive that restarts is away for some seconds: these are about 14 of them. */
const whileAway: Schedule = { attempts: 8, first: 200, longest: 4000 };

/** An archive that has too much to do, or too much for one principal, says itself how long to wait, and has done nothing. */
const whileOverloaded: Schedule = { attempts: 8, first: 500, longest: 4000 };

/** The archive tried several times itself before it said so. */
const afterConflict: Schedule = { attempts: 5, first: 200, longest: 2000 };

/**
 * How long to wait before a call is sent again, in milliseconds; undefined where it is not to be. What lost a conflict
 * was rolled back. What was never sent was not done. Beyond that only reads are sent again: a write that was sent may
 * have been done, and to do it again could delete or change what another client has written meanwhile.
 */
export function pauseBeforeRetry({ error, sent }: Failure, writes: boolean, attempt: number): number | undefined {
  const schedule = scheduleFor(error, writes && sent);
  if (!schedule || attempt >= schedule.attempts) return undefined;
  return pauseOf(schedule, error, attempt);
}

/** How long to wait before a watch goes on, in milliseconds. There is always another attempt. */
export const pauseBeforeResuming = (error: ArchiveError, attempt: number): number => pauseOf(whileAway, error, attempt);

function pauseOf(schedule: Schedule, error: ArchiveError, attempt: number): number {
  const jitter = 0.8 + 0.4 * Math.random();
  const pause = Math.min(schedule.longest, schedule.first * 2 ** (attempt - 1)) * jitter;
  return Math.max(pause, error.retryAfter ?? 0);
}

function scheduleFor({ code, reason }: ArchiveError, mayBeDone: boolean): Schedule | undefined {
  if (code === "ABORTED" && reason === "CONFLICT") return afterConflict;
  if (code === "RESOURCE_EXHAUSTED" && refusals.has(reason)) return whileOverloaded;
  return code === "UNAVAILABLE" && !mayBeDone ? whileAway : undefined;
}

/** The reasons of refusals for want of room, after which nothing was done. */
const refusals: ReadonlySet<string> = new Set(["OVERLOADED", "RATE_LIMITED"]);

/** What ends a watch, or keeps it from going on, for a while only. */
const passing: ReadonlySet<string> = new Set([...refusals, "TOO_MANY_WATCHES", "WATCH_TOO_SLOW"]);

/** Whether a watch may go on after an error; that none of ours cancelled it, others have seen to. */
export function isInterruption({ code, reason, message }: ArchiveError): boolean {
  // A proxy, or a server that ends connections of an age, resets streams.
  const isReset = reason === code && (code === "CANCELLED" || message.includes("RST_STREAM"));
  return code === "UNAVAILABLE" || (code === "RESOURCE_EXHAUSTED" && passing.has(reason)) || isReset;
}

/** Where the archive did not say that it did nothing: the codes of calls that ended without its answer, or in doubt. */
const inDoubt: ReadonlySet<string> = new Set([
  "UNAVAILABLE",
  "DEADLINE_EXCEEDED",
  "CANCELLED",
  "INTERNAL",
  "UNKNOWN",
  "DATA_LOSS",
]);

/** Whether a write that failed may have been done all the same. */
export const isOutcomeUnknown = ({ error, sent }: Failure, writes: boolean): boolean =>
  writes && sent && inDoubt.has(error.code);
