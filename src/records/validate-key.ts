import type { FieldViolation } from "./field-violation.js";
import type { Ids } from "./ids.js";
import type { RecordType } from "./record-type.js";

/** The most characters (Unicode code points) of an id. */
export const maxIdLength = 128;

/** What is wrong with an id, or with the beginning of one; undefined if nothing. */
export function idFault(id: string): string | undefined {
  if (id === "") return "must not be empty";
  // No character takes more than two code units, and none less than one: only of short ids must they be counted.
  if (id.length > 2 * maxIdLength || (id.length > maxIdLength && [...id].length > maxIdLength))
    return `must have at most ${maxIdLength} characters`;
  if (/\p{Cc}/u.test(id)) return "must not contain control characters";
  if (/\p{Cs}/u.test(id)) return "must be valid Unicode";
  if (id.trim() !== id) return "must not begin or end with white space";
  return undefined;
}

/** Everything that is wrong with a key. */
export function validateKey(type: RecordType, key: Ids | undefined, path: string): FieldViolation[] {
  if (!key) return [{ field: path, description: "is required" }];
  return type.key.flatMap((name) => {
    const fault = idFault(key[name] ?? "");
    return fault ? [{ field: `${path}.${name}`, description: fault }] : [];
  });
}
