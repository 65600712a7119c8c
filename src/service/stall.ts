import { ArchiveError } from "../archive/archive-error.js";

/** The error of a stream that its client leaves unread or unwritten. */
export const stalled = (done: "read" | "written", milliseconds: number, within = ""): ArchiveError =>
  new ArchiveError(
    "RESOURCE_EXHAUSTED",
    "STREAM_STALLED",
    `Nothing was ${done} for ${milliseconds / 1000} seconds${within}: ${
      done === "read" ? "read faster, or begin again" : "send faster, or all of it again in smaller parts"
    }.`,
  );
