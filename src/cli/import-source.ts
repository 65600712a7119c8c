import type { FieldViolation } from "../records/field-violation.js";
import type { Ids } from "../records/ids.js";
import type { RecordType } from "../records/record-type.js";

/** Where in its file something is. */
export interface Place {
  /** What the file calls it, such as "Run 17"; none in an export. */
  readonly document?: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** Something in a file that cannot be a record. */
export interface Problem {
  place(): Place;
  readonly type?: RecordType | undefined;
  readonly key?: Ids | undefined;
  readonly reason: "INVALID_JSON" | "INVALID_FIELD" | "UNKNOWN_TABLE" | "INCOMPLETE_FILE";
  readonly message: string;
  readonly violations?: readonly FieldViolation[];
}

/** A record out of a file. */
export interface FoundRecord {
  place(): Place;
  readonly type: RecordType;
  readonly key: Ids;
  /** The ids of its link, as far as they are given. */
  readonly link: Ids;
  /** It, as a serialized ArchiveRecord. */
  readonly bytes: Uint8Array;
}

/** A file of records, which can be read as often as one likes. */
export interface ImportSource {
  readonly format: "tinydb" | "export";
  /** How many records it has, as far as it says. */
  readonly total: number;
  items(): AsyncIterable<FoundRecord | Problem> | Iterable<FoundRecord | Problem>;
}
