import { ArchiveError, type FieldViolation } from "./archive-error.js";

/** What a caller gave and must not have, as the archive itself would refuse it. */
export function invalidArgument(violations: readonly FieldViolation[], cause?: unknown): ArchiveError {
  const text = violations.map(({ field, description }) => `${field} ${description}`).join("; ");
  return new ArchiveError("INVALID_ARGUMENT", "INVALID_FIELD", text, { fieldViolations: violations, cause });
}

/** The same of one field. The description does not repeat the value: it may be a secret, or long. */
export const invalid = (field: string, description: string, cause?: unknown): ArchiveError =>
  invalidArgument([{ field, description }], cause);
