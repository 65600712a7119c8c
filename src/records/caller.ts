import type { Ids } from "./ids.js";
import type { Level } from "./message-shape.js";
import type { RecordType } from "./record-type.js";
import { covers, type Scope } from "./scope.js";

/** Who asks, and what there is for it. */
export interface Caller {
  /** Its name; empty while everybody may do everything. */
  readonly principal: string;
  /** What it may see; undefined while there is everything for everybody. */
  readonly sight: Sight | undefined;
}

/** What a caller may see, and write. */
export interface Sight {
  /** The records of a type that there are for it: all where undefined. */
  visible(type: RecordType): Scope | undefined;
  /** Which sensitive fields of a record there are not for it; undefined where there are all. */
  hidden(type: RecordType, key: Ids): ReadonlySet<Level> | undefined;
  /** Whether it may write a record, and create it where it is not there. */
  mayCreate(type: RecordType, key: Ids): boolean;
  /** The same text for the same sight, to tie page tokens to it. */
  readonly digest: string;
}

/** Whether there is a record for a caller, if there is one. */
export function isVisible({ sight }: Caller, type: RecordType, key: Ids): boolean {
  return !sight || covers(sight.visible(type), key);
}
