import {
  ImportCount,
  ImportRefusal,
  type ImportResponse,
} from "../../generated/ts/synergos/archive/v1/archive_service.js";
import type { ArchiveKey, ArchiveRecord } from "../../generated/ts/synergos/archive/v1/records.js";
import { type RecordType, recordTypeOfField, recordTypes } from "../records/record-type.js";
import type { Refusal } from "./import-candidate.js";
import type { RecordMessage } from "./record-message.js";

/** The most bytes of refusals that an answer lists, so that every client takes it. */
const maxListedSize = 3 * 2 ** 20;

/** The bytes that the counts of all types take, and those around a refusal, at the most. */
const sizeOfCounts = 700;
const sizeOfFrame = 6;

/** What came of all records so far. */
export class Tally {
  readonly #counts = new Map<RecordType, ImportCount>();
  readonly #refusals: ImportRefusal[] = [];
  #listedSize = 0;
  #unlisted = 0;
  #denied = 0;
  readonly #room: number;

  /** Of an import whose answer has so many bytes at the most. */
  constructor(limit: number) {
    this.#room = Math.min(maxListedSize, limit - sizeOfCounts);
  }

  count(type: RecordType, outcome: "created" | "replaced" | "unchanged" | "skipped" | "refused"): void {
    const count = this.#counts.get(type) ?? ImportCount.fromPartial({ record_type: type.number });
    count[outcome]++;
    this.#counts.set(type, count);
  }

  refuse({ record }: ArchiveRecord, index: number, { error, missing = [] }: Refusal): void {
    const type = record && recordTypeOfField(record.$case);
    const key = record?.value.key as RecordMessage["key"] | undefined;
    if (type) this.count(type, "refused");
    const { reason, message, details } = error;
    if (error.code === "PERMISSION_DENIED") this.#denied++;
    const refusal: ImportRefusal = {
      index: BigInt(index),
      key: type && key && archiveKey(type, key),
      reason,
      message,
      violations: [...(details.fieldViolations ?? [])],
      missing: key ? missing.map((above) => archiveKey(above, key)) : [],
    };
    this.#listedSize += ImportRefusal.encode(refusal).finish().length + sizeOfFrame;
    if (this.#listedSize <= this.#room) this.#refusals.push(refusal);
    else this.#unlisted++;
  }

  /** How many were not the caller's to write. */
  get denied(): number {
    return this.#denied;
  }

  response(): ImportResponse {
    return {
      counts: recordTypes.flatMap((type) => this.#counts.get(type) ?? []),
      refusals: this.#refusals,
      unlisted_refusals: BigInt(this.#unlisted),
    };
  }
}

/** The key of a record of any type, read off its own or that of a record below it. */
function archiveKey(type: RecordType, ids: RecordMessage["key"]): ArchiveKey {
  const value = Object.fromEntries(type.key.map((field) => [field, ids[field] ?? ""]));
  return { key: { $case: type.field, value } as unknown as ArchiveKey["key"] };
}
