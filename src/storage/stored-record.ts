import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypeOfNumber } from "../records/record-type.js";
import { keySlots, linkSlots } from "./sql-parts.js";
import type { StoredRecord } from "./store.js";

export type Row = Readonly<Record<string, unknown>>;

export const typeOf = (row: Row): RecordType => recordTypeOfNumber(Number(row.type)) as RecordType;

/** The key of a row, but for those ids that are given. */
export const keyOf = (row: Row, type: RecordType, given: Partial<Ids> = {}): Ids => {
  const key: Record<string, string> = {};
  type.key.forEach((field, index) => {
    key[field] = given[field] ?? (row[keySlots[index] as string] as string);
  });
  return key;
};

/** A row as a record. Its type and key are read off it where the statement does not tell them. */
export function storedRecord(row: Row, type = typeOf(row), key = keyOf(row, type)): StoredRecord {
  return {
    type,
    key,
    links: type.links.map((_, index) => row[linkSlots[index] as string] as string),
    details: row.details as string,
    recordId: Number(row.record_id),
    createdAt: row.created_at as string,
    updatedAt: row.updated_at as string,
    etag: row.etag as string,
    createdBy: (row.created_by as string | null) ?? "",
    updatedBy: (row.updated_by as string | null) ?? "",
  };
}
