import { readFileSync } from "node:fs";

/** What RFC 6750 allows, so that nothing of it can be taken for another header. */
const wellFormed = /^[A-Za-z0-9._~+/-]+=*$/;

/** A server takes no more in all headers of a call. */
const maxSize = 6 * 1024;

/** Reads a token as it was given. Throws an Error that ends a sentence on its option, without anything of the token. */
export function readToken(text: string): string {
  const token = text.trim();
  if (!wellFormed.test(token))
    throw new Error("must be a token of letters, digits and -._~+/, with = at its end at most");
  if (token.length > maxSize) throw new Error(`must not be longer than ${maxSize} characters`);
  return token;
}

/** A file with a token, read for each call: what renews tokens may write another one there at any time. */
export interface TokenFile {
  read(): string;
}

/** Reads a file with a token, whose end may be a newline. */
export function readTokenFile(path: string): TokenFile {
  const file = { read: () => tokenOf(path) };
  file.read();
  return file;
}

function tokenOf(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Error(`names a file that cannot be read (${(error as NodeJS.ErrnoException).code}): ${path}`);
  }
  try {
    return readToken(text);
  } catch (error) {
    throw new Error(`names a file whose text ${(error as Error).message}: ${path}`);
  }
}
