import { invalidFields } from "./archive-error.js";
import { readCheckedToken, writeCheckedToken } from "./checked-token.js";

/** A place in a history: everything up to a revision is known. */
export interface Position {
  readonly historyId: string;
  readonly revision: number;
  /** The mark of that revision; empty before the first. */
  readonly mark: string;
}

/** A position as clients keep it. What one may see is asked anew by each watch, so it is bound to no request. */
export const writeResumeToken = ({ historyId, revision, mark }: Position): string =>
  writeCheckedToken([historyId, String(revision), mark], kind);

export function readResumeToken(token: string): Position {
  const [historyId, revision, mark] = readCheckedToken(token, kind) ?? [];
  if (historyId === undefined || revision === undefined || mark === undefined) {
    const description = "is damaged, or none of this archive's";
    throw invalidFields([{ field: "resume_token", description }], "INVALID_RESUME_TOKEN");
  }
  return { historyId, revision: Number(revision), mark };
}

/** What tells it from other tokens. */
const kind = "watch";
