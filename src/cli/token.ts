import { createHash, randomBytes } from "node:crypto";
import { expiryFault } from "../access/expiry-fault.js";
import { isName, maxNameLength } from "../access/principal.js";
import { usageFailure } from "./failure.js";
import { note, print } from "./terminal.js";

export interface TokenOptions {
  readonly name?: string;
  readonly expires?: string;
}

/**
 * Makes a token and writes it, and nothing else, to the standard output, so that it can go to a file; what the access
 * file has of it goes beside. The token is kept nowhere.
 */
export function makeToken({ name, expires }: TokenOptions): void {
  if (name !== undefined && !isName(name)) {
    throw usageFailure(`--name must have 1 to ${maxNameLength} characters, no control characters among them`);
  }
  const fault = expires === undefined ? undefined : expiryFault(expires);
  if (fault) throw usageFailure(`--expires ${fault}`);
  if (expires !== undefined && Date.parse(expires) <= Date.now()) throw usageFailure(`--expires ${expires} is over`);
  // The beginning tells people, and programs that look for secrets, what it is.
  const token = `synergos_${randomBytes(32).toString("base64url")}`;
  const sha256 = createHash("sha256").update(token).digest("hex");
  const until = expires === undefined ? "" : `, expires: "${expires}"`;
  print(token);
  if (name !== undefined) note(`  - name: ${JSON.stringify(name)}`);
  note(`    tokens: [{sha256: "${sha256}"${until}}]`);
}
