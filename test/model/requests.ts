import { OnConflict, type WriteOperation } from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { RecordCount } from "../../generated/ts/synergos/archive/v1/record_type.js";
import type { ArchiveKey, ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import type { Ids } from "../../src/records/ids.js";
import { type RecordName, recordType, recordTypes } from "../../src/records/record-type.js";
import { unsaid } from "../../src/records/unsaid.js";
import { Cascade } from "../support/records.js";
import { detailsOf, maskPath } from "./details.js";
import { keyOf, type Values, type Write } from "./hierarchy-model.js";

/** A key of any type, whose case no compiler can know. */
export const archiveKey = (type: string, ids: Ids): ArchiveKey => ({
  key: { $case: recordType(type as RecordName).field, value: keyOf(type, ids) } as unknown as ArchiveKey["key"],
});

/** A record that holds the model's values. */
export const archiveRecord = (type: string, ids: Ids, values: Values): ArchiveRecord => {
  const value = { key: keyOf(type, ids), details: detailsOf(type, values), link: undefined, ...unsaid };
  return { record: { $case: recordType(type as RecordName).field, value } as unknown as ArchiveRecord["record"] };
};

/** A mask of some of the model's values; none is everything. */
export const maskOf = (type: string, values: readonly ("a" | "b")[]): string[] | undefined =>
  values.length > 0 ? values.map((value) => maskPath(type, value)) : undefined;

export const cascadeOf = (restrict: boolean): Cascade =>
  restrict ? Cascade.CASCADE_RESTRICT : Cascade.CASCADE_RECURSIVE;

/** A write as an operation of a batch. */
export function writeOperation(write: Write, etag: string): WriteOperation {
  const { type, ids, verb } = write;
  if (verb === "create") {
    return { operation: { $case: "create", value: { record: archiveRecord(type, ids, write.values) } } };
  }
  const { allowMissing: allow_missing } = write;
  if (verb === "delete") {
    const value = { key: archiveKey(type, ids), etag, allow_missing, cascade: cascadeOf(write.restrict) };
    return { operation: { $case: "delete", value } };
  }
  const update_mask = maskOf(type, write.mask);
  const value = { record: archiveRecord(type, ids, write.values), update_mask, allow_missing, etag };
  return { operation: { $case: "update", value } };
}

/** What an import is told to do, by the model's word for it. */
export const onConflicts = {
  fail: OnConflict.ON_CONFLICT_FAIL,
  skip: OnConflict.ON_CONFLICT_SKIP,
  replace: OnConflict.ON_CONFLICT_REPLACE,
} as const;

/** How many were deleted of each type, by its name. */
export const countsOf = (deleted: readonly RecordCount[]): Record<string, number> =>
  Object.fromEntries(
    deleted.map(({ record_type, count }) => [recordTypes.find(({ number }) => number === record_type)?.name, count]),
  );
