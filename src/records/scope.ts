import type { Ids } from "./ids.js";

/** Some records of a type: those whose keys have all ids of one of these partial keys. None has any where it is empty. */
export type Scope = readonly Ids[];

/** Whether a key, or a partial key, has all ids of a partial key. */
export const isWithin = (key: Ids, part: Ids): boolean =>
  Object.entries(part).every(([field, id]) => key[field] === id);

/** Whether a key is that of a record of a scope. No scope is everything. */
export const covers = (scope: Scope | undefined, key: Ids): boolean =>
  !scope || scope.some((part) => isWithin(key, part));

/**
 * What a scope still asks of records that have some ids: nothing (undefined) where it has them all, and none of the
 * partial keys where it has none of them.
 */
export function narrowed(scope: Scope | undefined, equal: Ids): Scope | undefined {
  if (!scope) return undefined;
  // The same one, by which what is made of it is found again.
  if (Object.keys(equal).length === 0 && scope.every((part) => Object.keys(part).length > 0)) return scope;
  const open: Ids[] = [];
  for (const part of scope) {
    const fields = Object.keys(part);
    if (fields.some((field) => equal[field] !== undefined && equal[field] !== part[field])) continue;
    const left = fields.filter((field) => equal[field] === undefined);
    if (left.length === 0) return undefined;
    open.push(Object.fromEntries(left.map((field) => [field, part[field] as string])));
  }
  return open;
}
