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
/** How far clocks may be apart, in seconds: tokens may seem to begin later than they do. */
const clockTolerance = 10;
/** The last time that can be told. */
const lastTime = Date.UTC(9999, 11, 31);

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
    // Its end is the same for each call, and for the streams that began before.
    if (exp * 1000 <= Date.now()) throw credentialExpired();
    const listed = file.subjects.get(subjectKey(issuer.issuer, sub));
    const claimed = issuer.claim === undefined ? [] : claimedGrants(payload[issuer.claim], file.roles);
    const name = listed?.name ?? `${issuer.issuer}#${sub}`;
    if (!isName(name)) throw new Error("the token's subject is no principal's name");
    const rights = claimed.length === 0 && listed ? listed.rights : new Rights([...(listed?.grants ?? []), ...claimed]);
    if (rights.tooWide().length > 0) throw new Error("the token has too many scopes");
    return new Principal(name, rights, Math.min(exp * 1000, lastTime));
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    if (error instanceof errors.JWTExpired) throw credentialExpired();
    throw credentialInvalid((error as Error).message);
  }
}
