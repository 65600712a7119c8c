import { ArchiveError } from "../archive/archive-error.js";

/** How long a client may leave a stream unread, or unwritten, in milliseconds. */
export const maxStall = 5 * 60_000;

/** The error of a stream that its client leaves unread or unwritten. */
export const stalled = (done: "read" | "written"): ArchiveError =>
  new ArchiveError("RESOURCE_EXHAUSTED", "STREAM_STALLED", `Nothing was ${done} for ${maxStall / 60_000} minutes.`);
