import { ArchiveError } from "../archive/archive-error.js";

const metadata = { authenticate: "Bearer" };

export const credentialMissing = (): ArchiveError =>
  new ArchiveError(
    "UNAUTHENTICATED",
    "CREDENTIAL_MISSING",
    "This archive wants to know who asks: send a token (authorization: Bearer …), or use a client certificate.",
    { metadata },
  );

/** Says to the log what is wrong, and never to the client: whoever guesses is told nothing. The credential is in neither. */
export const credentialInvalid = (fault: string): ArchiveError =>
  new ArchiveError("UNAUTHENTICATED", "CREDENTIAL_INVALID", "The credential is not one that this archive takes.", {
    metadata,
    fault,
  });

export const credentialExpired = (): ArchiveError =>
  new ArchiveError("UNAUTHENTICATED", "CREDENTIAL_EXPIRED", "The credential has expired: get a new one.", { metadata });

export const issuerUnavailable = (cause: unknown): ArchiveError =>
  new ArchiveError("UNAVAILABLE", "ISSUER_UNAVAILABLE", "The keys of the token's issuer cannot be had: try again.", {
    cause,
  });
