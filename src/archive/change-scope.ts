import type { ArchiveKey } from "../../generated/ts/synergos/archive/v1/records.js";
import type { NewChange } from "../records/change.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { Ids } from "../records/ids.js";
import { type RecordType, recordTypeOfField, recordTypes } from "../records/record-type.js";
import { validateKey } from "../records/validate-key.js";
import type { ShownChange } from "./shown-change.js";
import { askedTypes } from "./validate-request.js";

/** What somebody watches or asks the history of: records under a key, of some types. */
export interface ChangeScope {
  /** The record's type, and its ids, by the names of their fields; none for the whole archive. */
  readonly root: RecordType | undefined;
  readonly key: Ids;
  readonly types: readonly RecordType[];
}

/** What a request asks for; what is wrong with it goes to the violations. */
export function changeScope(
  request: { readonly key?: ArchiveKey | undefined; readonly record_types: readonly number[] },
  violations: FieldViolation[],
): ChangeScope {
  const chosen = request.key?.key;
  const root = chosen && recordTypeOfField(chosen.$case);
  const key = chosen?.value as unknown as Ids | undefined;
  if (root) violations.push(...validateKey(root, key, `key.${root.field}`));
  else if (request.key) violations.push({ field: "key", description: "must be of some type" });
  const possible = root ? [root, ...root.relations] : recordTypes;
  return { root, key: key ?? {}, types: askedTypes(possible, request.record_types, violations, "record_types") };
}

/**
 * Whether a change concerns a scope: it took or made a record of one of the types, and no id that both name differs. So a
 * deletion concerns whoever watches something below what was deleted, though it may have taken none of that.
 */
export function concerns({ change, perhaps }: ShownChange, { key, types }: ChangeScope): boolean {
  const { type, key: changed, deleted } = change;
  const isOfType = types.includes(type) || types.some((each) => (deleted?.get(each) ?? 0) > 0 || perhaps.has(each));
  return isOfType && type.key.every((field) => key[field] === undefined || key[field] === changed[field]);
}

/** What is shown of a deletion's counts: those of types that there are. */
export const deletedCounts = (deleted: NewChange["deleted"]) =>
  recordTypes.flatMap((type) => {
    const count = deleted?.get(type) ?? 0;
    return count > 0 ? [{ record_type: type.number, count }] : [];
  });
