import type { RecordType } from "../records/record-type.js";
import type { Dialect } from "./engine.js";
import { relationIndexes } from "./schema.js";

/**
 * The fields that the index begins with from which pages of a type come in the order of keys: of all its indexes, the one
 * of which a filter gives most. The rest of the key follows in it.
 */
export function walkedIndex(
  type: RecordType,
  isGiven: (field: string) => boolean,
  dialect: Dialect,
): { readonly given: readonly string[]; readonly rest: readonly string[] } {
  let given = firstGiven(type.key, isGiven);
  if (!type.key.slice(given.length).some(isGiven)) return { given, rest: type.key.slice(given.length) };
  for (const index of relationIndexes(type, dialect)) {
    const first = firstGiven(index.fields, isGiven);
    const isInOrder = type.relationOf.some(({ key }) => key.every((field) => first.includes(field)));
    if (isInOrder && first.length > given.length) given = first;
  }
  return { given, rest: type.key.filter((field) => !given.includes(field)) };
}

function firstGiven(fields: readonly string[], isGiven: (field: string) => boolean): readonly string[] {
  const end = fields.findIndex((field) => !isGiven(field));
  return end < 0 ? fields : fields.slice(0, end);
}
