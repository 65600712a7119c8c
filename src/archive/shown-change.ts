import { type Caller, isVisible } from "../records/caller.js";
import type { NumberedChange } from "../records/change.js";
import { type RecordType, recordTypes } from "../records/record-type.js";
import { narrowed } from "../records/scope.js";

/** A change as far as there is one for a caller. */
export interface ShownChange {
  readonly change: NumberedChange;
  /** Of a deletion: the types of which it may have taken records that there are for the caller, and others. */
  readonly perhaps: ReadonlySet<RecordType>;
}

const none: ReadonlySet<RecordType> = new Set();

/**
 * What a caller is told of a change: the one place that says so. It is told of the records that there are for it. Of a
 * deletion it is told the numbers of those types of which there are all for it: others say what there was that it may not
 * see.
 */
export function shownTo(caller: Caller, change: NumberedChange): ShownChange | undefined {
  const { sight } = caller;
  if (!sight) return { change, perhaps: none };
  const { type, key } = change;
  if (!isVisible(caller, type, key)) return undefined;
  if (!change.deleted) return { change, perhaps: none };
  const deleted = new Map(change.deleted);
  const perhaps = new Set<RecordType>();
  for (const relation of recordTypes) {
    if (relation !== type && !type.relations.includes(relation)) continue;
    const left = narrowed(sight.visible(relation), key);
    if (!left) continue;
    deleted.delete(relation);
    if (left.length > 0) perhaps.add(relation);
  }
  return { change: { ...change, deleted }, perhaps };
}
