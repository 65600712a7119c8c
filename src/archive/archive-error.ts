import { MemoryTaken } from "../answer-memory.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { Ids } from "../records/ids.js";
import { quoted } from "../records/quoted.js";
import type { RecordType } from "../records/record-type.js";
import { StorageError } from "../storage/store.js";

/** The canonical codes of the archive's errors. */
export type ErrorCode =
  | "INVALID_ARGUMENT"
  | "NOT_FOUND"
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "ALREADY_EXISTS"
  | "FAILED_PRECONDITION"
  | "ABORTED"
  | "RESOURCE_EXHAUSTED"
  | "OUT_OF_RANGE"
  | "UNAVAILABLE"
  | "DATA_LOSS"
  | "DEADLINE_EXCEEDED"
  | "CANCELLED"
  | "UNIMPLEMENTED"
  | "INTERNAL";

/** What a client may know of an error beside code, reason and message. */
interface ErrorDetails {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fieldViolations?: readonly FieldViolation[];
  readonly preconditionViolations?: readonly { type: string; subject: string; description: string }[];
  readonly resource?: { readonly type: string; readonly name: string };
  /** In how many milliseconds the same call may be tried again; for who was refused for want of room. */
  readonly retryAfter?: number;
  /** What is wrong with a credential, and another error's cause. For the log alone. */
  readonly fault?: string;
  readonly cause?: unknown;
}

/** An error that is answered to a client as it is. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";

  constructor(
    readonly code: ErrorCode,
    readonly reason: string,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
  }
}

/** A record as messages name it: `Run "c/p/e/r"`. */
const named = (type: RecordType, key: Ids) => `${type.name} "${keyText(type, key)}"`;

const keyText = (type: RecordType, key: Ids) => type.key.map((field) => key[field]).join("/");

const resource = (type: RecordType, key: Ids) => ({ type: type.name, name: keyText(type, key) });

/** Throws all violations at once, if there are any. */
export function refuse(fieldViolations: readonly FieldViolation[], reason = "INVALID_FIELD"): void {
  if (fieldViolations.length > 0) throw invalidFields(fieldViolations, reason);
}

/** A path has up to a hundred steps; what a message can hold of it is little. */
const charactersOfPath = 500;

export function invalidFields(fieldViolations: readonly FieldViolation[], reason = "INVALID_FIELD"): ArchiveError {
  const text = fieldViolations
    .slice(0, 10)
    .map(({ field, description }) => `${quoted(field, charactersOfPath)} ${quoted(description, charactersOfPath)}`);
  const more = fieldViolations.length - text.length;
  const message = `${text.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
  return new ArchiveError("INVALID_ARGUMENT", reason, message, { fieldViolations });
}

export const accessDenied = (message: string): ArchiveError =>
  new ArchiveError("PERMISSION_DENIED", "ACCESS_DENIED", message);

/** Says what was asked, never what there is. */
export const mayNot = (
  principal: string,
  verb: string,
  type: RecordType,
  key: { readonly [Field in string]?: string | undefined },
): ArchiveError => {
  const ids = type.key.flatMap((field) => (key[field] === undefined ? [] : [`${field}: ${quoted(key[field])}`]));
  return accessDenied(`${quoted(principal)} may not ${verb} ${type.name} {${ids.join(", ")}}.`);
};

export const recordNotFound = (type: RecordType, key: Ids): ArchiveError =>
  new ArchiveError("NOT_FOUND", "RECORD_NOT_FOUND", `There is no ${named(type, key)}.`, {
    resource: resource(type, key),
  });

export const recordExists = (type: RecordType, key: Ids): ArchiveError =>
  new ArchiveError("ALREADY_EXISTS", "RECORD_EXISTS", `There is a ${named(type, key)} already.`, {
    resource: resource(type, key),
  });

export const etagMismatch = (type: RecordType, key: Ids): ArchiveError =>
  new ArchiveError(
    "ABORTED",
    "ETAG_MISMATCH",
    `The etag is not that of ${named(type, key)}, which was changed or deleted since: read it again.`,
    { resource: resource(type, key) },
  );

export const parentNotFound = (type: RecordType, key: Ids, missing: readonly RecordType[]): ArchiveError =>
  new ArchiveError(
    "FAILED_PRECONDITION",
    "PARENT_NOT_FOUND",
    `${named(type, key)} needs what is not there: ${missing.map((parent) => named(parent, key)).join(", ")}.`,
    {
      metadata: { missing: missing.map((parent) => parent.name).join(",") },
      preconditionViolations: missing.map((parent) => ({
        type: "PARENT_NOT_FOUND",
        subject: `${parent.name}/${keyText(parent, key)}`,
        description: `There is no ${named(parent, key)}.`,
      })),
    },
  );

export const linkMismatch = (type: RecordType, key: Ids, position: number, id: string): ArchiveError => {
  const { link, type: owner } = type.links[position] as RecordType["links"][number];
  return invalidFields(
    [{ field: `link.${link}`, description: `must be ${id}, as that of ${named(owner, key)} is` }],
    "LINK_MISMATCH",
  );
};

export const linkExists = (type: RecordType, key: Ids, id: string): ArchiveError =>
  invalidFields(
    [{ field: `link.${type.link}`, description: `is ${id}, the id of another ${type.name} than ${named(type, key)}` }],
    "LINK_EXISTS",
  );

export const hasRelations = (type: RecordType, key: Ids, counts: ReadonlyMap<RecordType, number>): ArchiveError =>
  new ArchiveError(
    "FAILED_PRECONDITION",
    "HAS_RELATIONS",
    `${named(type, key)} has relations: ${[...counts].map(([relation, count]) => `${count} ${relation.name}`).join(", ")}.`,
    {
      metadata: Object.fromEntries([...counts].map(([relation, count]) => [relation.name, String(count)])),
      preconditionViolations: [...counts].map(([relation, count]) => ({
        type: "HAS_RELATIONS",
        subject: `${type.name}/${keyText(type, key)}`,
        description: `${count} ${relation.name} below it.`,
      })),
    },
  );

export const recordTooLarge = (type: RecordType, key: Ids, cause: unknown): ArchiveError =>
  new ArchiveError("RESOURCE_EXHAUSTED", "RECORD_TOO_LARGE", `${named(type, key)} is larger than the database takes.`, {
    resource: resource(type, key),
    cause,
  });

export const historyChanged = (): ArchiveError =>
  new ArchiveError(
    "OUT_OF_RANGE",
    "HISTORY_CHANGED",
    "The database has another history than the one to go on from, as after a backup came back: begin anew, with include_existing.",
  );

export const revisionCompacted = (revision: number, oldest: number): ArchiveError =>
  new ArchiveError(
    "OUT_OF_RANGE",
    "REVISION_COMPACTED",
    `The changes after revision ${revision} are not kept any more: begin anew, with include_existing. The oldest that is there is ${oldest}.`,
    { metadata: { oldest: String(oldest) } },
  );

export const revisionAhead = (revision: number, last: number): ArchiveError =>
  new ArchiveError(
    "UNAVAILABLE",
    "REVISION_AHEAD",
    `Revision ${revision} is not here yet: the last is ${last}. Try again later, or begin anew.`,
    { metadata: { last: String(last) } },
  );

export const serverStopping = (): ArchiveError =>
  new ArchiveError(
    "UNAVAILABLE",
    "SERVER_STOPPING",
    "The server stops: go on by the last resume_token, on any copy of it.",
  );

/** An answer that was not sent for its size. */
export class ResponseTooLarge extends ArchiveError {
  constructor(
    readonly limit: number,
    /** The bytes that it would have had; unknown where it was not made. */
    readonly size = Number.POSITIVE_INFINITY,
  ) {
    super(
      "RESOURCE_EXHAUSTED",
      "RESPONSE_TOO_LARGE",
      `The answer is larger than the limit of ${limit} bytes: narrow relation_types or page_size, or use StreamDescendants.`,
      { metadata: { limit: String(limit) } },
    );
  }
}

/** Any error as one that a client may see; `responseLimit` is the most bytes that an answer may have. */
export function asArchiveError(error: unknown, responseLimit: number): ArchiveError {
  if (error instanceof ArchiveError) return error;
  const details = { cause: error };
  if (error instanceof MemoryTaken) {
    return new ArchiveError(
      "RESOURCE_EXHAUSTED",
      "TOO_MANY_LARGE_ANSWERS",
      `Other large answers take all of the ${error.size} bytes that there are for them (--answer-memory): try again later, or ask for less at a time.`,
      { ...details, retryAfter: 1000 },
    );
  }
  switch (error instanceof StorageError ? error.kind : "unknown") {
    case "conflict":
      return new ArchiveError(
        "ABORTED",
        "CONFLICT",
        "Others changed the same records at the same time: try again.",
        details,
      );
    case "unavailable":
      return new ArchiveError(
        "UNAVAILABLE",
        "DATABASE_UNAVAILABLE",
        "The database cannot be reached: try again later.",
        details,
      );
    case "out-of-order":
      return new ArchiveError(
        "UNAVAILABLE",
        "DATABASE_UNAVAILABLE",
        "The database does not let the archive do this: its operator must see to it; the server's log says why.",
        details,
      );
    case "damaged":
      return new ArchiveError(
        "DATA_LOSS",
        "DATABASE_DAMAGED",
        "The database is damaged: whoever operates it has to restore it. Trying again does not help.",
        details,
      );
    case "result-too-large":
      return new ResponseTooLarge(responseLimit);
    case "value-too-large":
      return new ArchiveError(
        "RESOURCE_EXHAUSTED",
        "RECORD_TOO_LARGE",
        "The record is larger than the database takes.",
        details,
      );
    default:
      return new ArchiveError("INTERNAL", "INTERNAL", "Something went wrong in the server.", details);
  }
}
