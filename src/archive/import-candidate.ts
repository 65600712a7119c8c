import type { ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import type { Caller } from "../records/caller.js";
import type { FieldViolation } from "../records/field-violation.js";
import { type RecordType, recordTypeOfField } from "../records/record-type.js";
import { firstSecond, isTimeFrom, storedTime, type Timestamp } from "../records/times.js";
import { validateDetails } from "../records/validate-details.js";
import { idFault, validateKey } from "../records/validate-key.js";
import type { NewRecord } from "../storage/store.js";
import { type ArchiveError, invalidFields, mayNot } from "./archive-error.js";
import { detailsShape, emptyDetails, newRecord, type RecordMessage } from "./record-message.js";
import { unreadRecords } from "./unread-records.js";

/** A record of an import that is valid by itself. */
export interface Candidate {
  readonly index: number;
  readonly record: NewRecord;
  /** What the import gives of times and links; what it does not give is like anything. */
  readonly createdAt: string | undefined;
  readonly updatedAt: string | undefined;
  readonly links: readonly string[];
  /** About the bytes of a statement that writes it alone. */
  readonly size: number;
}

/** Why a record was not written, and which of the records above it are missing. */
export interface Refusal {
  readonly error: ArchiveError;
  readonly missing?: readonly RecordType[];
}

/** A record as it would be stored, or what is wrong with it. */
export function candidateOf(given: ArchiveRecord, index: number, caller: Caller): Candidate | Refusal {
  const unread = unreadRecords.get(given);
  if (unread) return { error: unread };
  const { record } = given;
  const type = record && recordTypeOfField(record.$case);
  if (!type) return { error: invalidFields([{ field: "record", description: "is required" }]) };
  const { key, details = emptyDetails(type), link, created_at, updated_at } = record.value as unknown as RecordMessage;
  const links = type.links.map((each) => link?.[each.link] ?? "");
  const violations: FieldViolation[] = [
    ...validateKey(type, key, "key"),
    ...validateDetails(detailsShape(type), details, "details"),
    ...links.flatMap((id, position) => {
      const fault = id === "" ? undefined : idFault(id);
      return fault ? [{ field: `link.${type.links[position]?.link}`, description: fault }] : [];
    }),
  ];
  const updatedAt = givenTime("updated_at", updated_at, violations);
  const createdAt = givenTime("created_at", created_at, violations);
  if (createdAt && updatedAt && updatedAt < createdAt) {
    violations.push({ field: "updated_at", description: "must not be before created_at" });
  }
  if (key && caller.sight && !caller.sight.mayCreate(type, key))
    return { error: mayNot(caller.principal, "write", type, key) };
  if (violations.length > 0) return { error: invalidFields(violations) };
  const fresh = newRecord(type, key, details, caller);
  const stored: NewRecord = {
    ...fresh,
    link: links.at(-1) || fresh.link,
    createdAt: createdAt ?? updatedAt ?? fresh.createdAt,
    updatedAt: updatedAt ?? createdAt ?? fresh.updatedAt,
  };
  return { index, record: stored, createdAt, updatedAt, links, size: sizeOf(stored) };
}

/** What times, link, etag and the driver's own take, at the most. */
const sizeOfRest = 200;

const sizeOf = ({ type, key, details, createdBy, updatedBy }: NewRecord): number =>
  [...type.key.map((field) => key[field] as string), details, createdBy, updatedBy].reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    sizeOfRest,
  );

/** A given time as it is stored; undefined if none is given. All engines keep those from the year 1000 on, so exactly. */
function givenTime(field: string, time: Timestamp | undefined, violations: FieldViolation[]): string | undefined {
  if (!time) return undefined;
  const inRange = isTimeFrom(firstSecond.ofRecords, time);
  if (inRange && time.nanos % 1000 === 0) return storedTime(time);
  const description = inRange
    ? "must have no more than microseconds"
    : "must be from 1000-01-01T00:00:00Z to 9999-12-31T23:59:59.999999Z";
  violations.push({ field, description });
  return undefined;
}
