import type { Ids } from "./ids.js";
import type { RecordType } from "./record-type.js";

/** Orders ids as the databases do: by code points, which is the order of their UTF-8 bytes. */
export function compareIds(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [one.charCodeAt(index), other.charCodeAt(index)];
    if (a !== b) return byCodePoint(a) - byCodePoint(b);
  }
  return one.length - other.length;
}

/** Surrogates stand for code points above all those that stand for themselves. */
const byCodePoint = (unit: number) => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** Orders records of one type by their keys. */
export function compareKeys(type: RecordType, one: Ids, other: Ids): number {
  for (const field of type.key) {
    const order = compareIds(one[field] as string, other[field] as string);
    if (order !== 0) return order;
  }
  return 0;
}

/** Some ids of a key as one string, different for different ids: no id holds a control character. */
export const joinKey = (fields: readonly string[], key: Ids): string => fields.map((field) => key[field]).join("\n");
