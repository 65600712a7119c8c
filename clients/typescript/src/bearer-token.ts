import { ArchiveError } from "./archive-error.js";
import { invalid } from "./invalid-argument.js";

/** A bearer token, or what gets the one to send with a call. */
export type Token = string | (() => string | Promise<string>);

/** What RFC 6750 allows, so that nothing of it can be taken for another header. */
const wellFormed = /^[A-Za-z0-9._~+/-]+=*$/;

const rule = "must be a token of letters, digits and -._~+/, with = at its end at most";

/** A token as it is sent; a file that it was read from may end in a newline. It is never part of an error. */
export function checkedToken(token: unknown): Token | undefined {
  if (token === undefined) return undefined;
  if (typeof token === "function") return token as () => string | Promise<string>;
  if (typeof token !== "string") throw invalid("token", "must be a string or a function");
  const trimmed = token.trim();
  if (trimmed === "") throw invalid("token", "must not be empty");
  if (!wellFormed.test(trimmed)) throw invalid("token", rule);
  return trimmed;
}

/** The token that a function brought, which may be as wrong as one that was given. */
export function fetchedToken(token: unknown): string {
  const trimmed = typeof token === "string" ? token.trim() : "";
  if (wellFormed.test(trimmed)) return trimmed;
  throw unauthenticated(`What the token function returned ${rule}.`);
}

/** The call was not sent, as there was no token to send with it. */
export const unauthenticated = (text: string, cause?: unknown): ArchiveError =>
  new ArchiveError("UNAUTHENTICATED", "UNAUTHENTICATED", text, { cause });
