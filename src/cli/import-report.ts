import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";
import type { ImportSource, Place } from "./import-source.js";
import { keyText } from "./record-name.js";

export const outcomes = ["created", "replaced", "unchanged", "skipped", "refused"] as const;

export interface NamedRecord {
  readonly type: string | null;
  readonly key: string | null;
}

/** Something that was not written: which, where in the file, and why. */
export interface Refused extends NamedRecord, Place {
  readonly reason: string;
  readonly message: string;
  readonly fields: readonly { readonly field: string; readonly description: string }[];
}

/** What came of an import. */
export interface ImportReport {
  readonly format: ImportSource["format"];
  /** Whether anything was written: not by a dry run, nor by a strict import that would have refused something. */
  written: boolean;
  readonly counts: Record<string, Record<(typeof outcomes)[number], number>>;
  /** Parents that were not there and were made. */
  readonly adopted: NamedRecord[];
  readonly refused: Refused[];
  /** How many further records were refused, which the server did not list. */
  unlisted: number;
}

/** A record's name in a report. */
export const named = (type: RecordType | undefined, key: Ids | undefined): NamedRecord => ({
  type: type?.field ?? null,
  key: type && key ? keyText(type, key) : null,
});
