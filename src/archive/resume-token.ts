import { createHash } from "node:crypto";
import { refuse } from "./archive-error.js";

/** A place in a history: everything up to a revision is known. */
export interface Position {
  readonly historyId: string;
  readonly revision: number;
  /** The mark of that revision; empty before the first. */
  readonly mark: string;
}

const checksum = (text: string) => createHash("sha256").update(text).digest("hex").slice(0, 8);

/** A position as clients keep it. It is no secret and gives no right: what one may see is asked anew by each watch. */
export function writeResumeToken({ historyId, revision, mark }: Position): string {
  const text = `${historyId}.${revision}.${mark}`;
  return Buffer.from(`${text}.${checksum(text)}`).toString("base64url");
}

export function readResumeToken(token: string): Position {
  const text = Buffer.from(token, "base64url").toString("utf8");
  const [, whole, historyId, revision, mark, sum] =
    /^(([0-9a-f]{16})\.(\d{1,16})\.([0-9a-f]{16}|))\.([0-9a-f]{8})$/.exec(text) ?? [];
  // Decoding passes over what is not base64.
  const isWhole = Buffer.from(text).toString("base64url") === token;
  if (!isWhole || whole === undefined || sum !== checksum(whole)) {
    refuse([{ field: "resume_token", description: "is damaged, or none of this archive's" }], "INVALID_RESUME_TOKEN");
  }
  return { historyId: historyId ?? "", revision: Number(revision), mark: mark ?? "" };
}
