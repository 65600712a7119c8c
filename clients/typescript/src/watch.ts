import { ArchiveServiceService } from "../../../generated/ts/synergos/archive/v1/archive_service.js";
import { WatchRequest as WatchMessage, WatchResponse } from "../../../generated/ts/synergos/archive/v1/change.js";
import { ArchiveError } from "./archive-error.js";
import type { CallOptions } from "./call-options.js";
import type { Caller } from "./caller.js";
import type { WatchEvent, WatchRequest } from "./changes.js";
import type { DeepPartial } from "./deep-partial.js";
import { invalid } from "./invalid-argument.js";
import { type Method, method } from "./method.js";
import { pauseBeforeResuming } from "./retry.js";
import { withKey } from "./with-key.js";

type Start = WatchMessage["start"];

const watchMethod: Method<DeepPartial<WatchMessage>, WatchResponse> = method(
  { path: ArchiveServiceService.watch.path, writes: false },
  WatchMessage,
  WatchResponse,
);

/** Where the changes to go on with are gone: for good, or by another history of the database. */
const mustRestart = ({ code, reason }: ArchiveError) =>
  code === "OUT_OF_RANGE" && (reason === "REVISION_COMPACTED" || reason === "HISTORY_CHANGED");

/**
 * Watches, and goes on by the last token whenever the stream ends. Until it has been told something it gives up where
 * other calls do; from then on it waits for the archive for as long as it takes.
 */
export async function* watch(
  caller: Caller,
  given: WatchRequest,
  options?: CallOptions,
): AsyncGenerator<WatchEvent, void, undefined> {
  const { resume_token, after_revision, include_existing, ...scope } = withKey(given);
  if ("start" in scope) throw invalid("start", "is given as resume_token, after_revision or include_existing");
  let start = startOf({ resume_token, after_revision, include_existing });
  const deadline = Date.now() + (options?.timeout ?? Number.POSITIVE_INFINITY);
  let left = options;
  let isBegun = false;
  for (let attempt = 1; ; attempt++) {
    let error: ArchiveError;
    let isAnswered = false;
    // Of existing records there is no part to go on from: those that were told before an interruption are told again.
    let isWithinExisting = false;
    try {
      let isComplete = start?.$case !== "include_existing";
      for await (const response of caller.stream(watchMethod, { ...scope, start }, left)) {
        isBegun = true;
        isAnswered = true;
        if (response.existing.length > 0) isWithinExisting = true;
        const isNowComplete = !isComplete && response.existing_complete;
        if (isNowComplete) isComplete = true;
        if (isComplete) isWithinExisting = false;
        if (response.resume_token !== "") start = { $case: "resume_token", value: response.resume_token };
        yield* eventsOf(response, isNowComplete);
      }
      error = new ArchiveError("UNAVAILABLE", "UNAVAILABLE", "The archive ended the watch.");
    } catch (caught) {
      if (!(caught instanceof ArchiveError)) throw caught;
      error = caught;
    }
    if (options?.signal?.aborted) throw error;
    if (isAnswered) attempt = 1;
    if (mustRestart(error) && caller.retries) {
      start = { $case: "include_existing", value: true };
      yield { type: "restarted", error };
    } else {
      if (!isBegun || !caller.mayResume(error, isAnswered)) throw error;
      if (isWithinExisting) yield { type: "restarted", error };
    }
    await caller.pause(pauseBeforeResuming(error, attempt), error, deadline, options?.signal);
    left = { ...options, timeout: Math.max(1, deadline - Date.now()) };
  }
}

function startOf({ resume_token, after_revision, include_existing }: WatchRequest): Start {
  if (after_revision !== undefined && (resume_token !== undefined || include_existing)) {
    throw invalid("after_revision", "must not be given along with resume_token or include_existing");
  }
  if (resume_token !== undefined) return { $case: "resume_token", value: resume_token };
  if (after_revision !== undefined) return { $case: "after_revision", value: revisionOf(after_revision) };
  return include_existing ? { $case: "include_existing", value: include_existing } : undefined;
}

function revisionOf(given: bigint | number): bigint {
  if (typeof given === "bigint") return given;
  if (!Number.isSafeInteger(given)) throw invalid("after_revision", "must be a bigint or a safe integer");
  return BigInt(given);
}

function* eventsOf(response: WatchResponse, isNowComplete: boolean): Generator<WatchEvent, void, undefined> {
  for (const { record } of response.existing) if (record) yield { type: "existing", record };
  if (isNowComplete) yield { type: "existing_complete" };
  for (const change of response.changes) yield { type: "change", change, record: change.record?.record };
  const { resume_token, revision } = response;
  if (resume_token !== "") yield { type: "bookmark", resume_token, revision };
}
