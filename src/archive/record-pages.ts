import { limits } from "../limits.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { Statements, StoredRecord } from "../storage/store.js";

/** How many records a page has at the most, and how many characters of details it aims at and takes at the most. */
const maxPageSize = 1000;
const aimedSize = limits.bytesOfStreamMessage;
const maxSize = 2 ** 22;

/** The records of one type, page by page; the pages grow and shrink with the size of the records. */
export async function* pages(
  statements: Statements,
  type: RecordType,
  root: RecordType | undefined,
  key: Ids | undefined,
): AsyncGenerator<StoredRecord[]> {
  const equal = Object.fromEntries((root?.key ?? []).map((field) => [field, key?.[field] as string]));
  // Few at first: what a page has no room for is read in vain, and records can be large.
  let size = 2;
  let after: Ids | undefined;
  for (;;) {
    const { records, whole } = await statements.scan(type, { equal, prefix: "" }, { size, after }, maxSize);
    if (records.length > 0) yield records;
    if (whole && records.length < size) return;
    after = records.at(-1)?.key;
    const mean = records.reduce((sum, record) => sum + record.details.length, 0) / records.length;
    size = Math.max(1, Math.min(maxPageSize, Math.floor(aimedSize / Math.max(1, mean))));
  }
}
