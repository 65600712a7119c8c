import { decodeJwt, errors, jwtVerify } from "jose";
import { ArchiveError } from "../archive/archive-error.js";
import { claimedGrants } from "./claimed-grants.js";
import { credentialExpired, credentialInvalid } from "./credential-errors.js";
import type { IssuerKeys } from "./issuer-keys.js";
import { isName, Principal } from "./principal.js";
import { type AccessFile, type Issuer, subjectKey } from "./read-access-file.js";
import { Rights } from "./rights.js";

/** None by which who knows a public key could sign. */
const algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
/** How far clocks may be apart, in seconds. */
const clockTolerance = 10;

/** Whether a token looks like a JWT. */
export const isJwt = (token: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]*$/.test(token);

/** Who shows a JWT; throws where it is not one of a known issuer, for this archive, now. */
export async function verifyJwt(
  token: string,
  file: AccessFile,
  keysOf: (issuer: Issuer) => IssuerKeys,
): Promise<Principal> {
  let issuer: Issuer | undefined;
  try {
    const { iss } = decodeJwt(token);
    issuer = iss === undefined ? undefined : file.issuers.get(iss);
  } catch {
    throw credentialInvalid("the token is no JWT");
  }
  if (!issuer) throw credentialInvalid("the token is of no known issuer");
  try {
    const { payload } = await jwtVerify(token, keysOf(issuer).find, {
      algorithms,
      clockTolerance,
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      requiredClaims: ["iss", "aud", "exp", "sub"],
    });
    const { sub, exp } = payload;
    if (typeof sub !== "string" || typeof exp !== "number") throw new Error("the token has no subject");
    const listed = file.subjects.get(subjectKey(issuer.issuer, sub));
    const claimed = issuer.claim === undefined ? [] : claimedGrants(payload[issuer.claim], file.roles);
    const name = listed?.name ?? `${issuer.issuer}#${sub}`;
    if (!isName(name)) throw new Error("the token's subject is no principal's name");
    const rights = claimed.length === 0 && listed ? listed.rights : new Rights([...(listed?.grants ?? []), ...claimed]);
    if (rights.tooWide().length > 0) throw new Error("the token has too many scopes");
    return new Principal(name, rights, exp * 1000);
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    if (error instanceof errors.JWTExpired) throw credentialExpired();
    throw credentialInvalid((error as Error).message);
  }
}
