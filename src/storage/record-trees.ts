import { compareKeys, joinKey } from "../records/compare-keys.js";
import type { RecordType } from "../records/record-type.js";
import type { RecordTree, StoredRecord } from "./store.js";
import { type Row, storedRecord } from "./stored-record.js";

/** Sorts what a union of statements returned, in no order, into the records of one type and what is around each. */
export function recordTrees(type: RecordType, rows: readonly Row[]): RecordTree[] {
  const records = rows.map((row) => storedRecord(row));
  const found = new Map<string, { record: StoredRecord; relatives: StoredRecord[] }>();
  for (const record of records) {
    if (record.type === type) found.set(joinKey(type.key, record.key), { record, relatives: [] });
  }
  const ancestors = new Map<RecordType, Map<string, StoredRecord>>();
  for (const record of records) {
    if (record.type === type) continue;
    if (type.ancestors.includes(record.type)) {
      const ofType = ancestors.get(record.type) ?? new Map<string, StoredRecord>();
      ancestors.set(record.type, ofType.set(joinKey(record.type.key, record.key), record));
    } else {
      found.get(joinKey(type.key, record.key))?.relatives.push(record);
    }
  }
  const order = (one: StoredRecord, other: StoredRecord) => compareKeys(one.type, one.key, other.key);
  return [...found.values()]
    .sort((one, other) => order(one.record, other.record))
    .map(({ record, relatives }) => ({
      record,
      ancestors: type.ancestors.flatMap(
        (ancestor) => ancestors.get(ancestor)?.get(joinKey(ancestor.key, record.key)) ?? [],
      ),
      relations: type.relations.flatMap((relation) => relatives.filter((other) => other.type === relation).sort(order)),
    }));
}
