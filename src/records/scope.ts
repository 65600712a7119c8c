import type { Ids, SomeIds } from "./ids.js";

/** Some records of a type: those whose keys have all ids of one of these partial keys. None has any where it is empty. */
export type Scope = readonly Ids[];

/** Whether a key, or a partial key, has all ids of a partial key. Asked for each call, so without an array of them. */
export function isWithin(key: SomeIds, part: Ids): boolean {
  for (const field in part) if (key[field] !== part[field]) return false;
  return true;
}

/** Whether a key is that of a record of a scope. No scope is everything. */
export const covers = (scope: Scope | undefined, key: SomeIds): boolean =>
  !scope || scope.some((part) => isWithin(key, part));

/** Whether a scope may have any of the records that have some ids. */
export const meets = (scope: Scope, equal: SomeIds): boolean => scope.some((part) => areTogether(equal, part));

function areTogether(equal: SomeIds, part: Ids): boolean {
  for (const field in part) if (equal[field] !== undefined && equal[field] !== part[field]) return false;
  return true;
}

/**
 * What a scope still asks of records that have some ids: nothing (undefined) where it has them all, and none of the
 * partial keys where it has none of them.
 */
export function narrowed(scope: Scope | undefined, equal: SomeIds): Scope | undefined {
  if (!scope) return undefined;
  // The same one, by which what is made of it is found again.
  if (Object.keys(equal).length === 0 && scope.every((part) => Object.keys(part).length > 0)) return scope;
  const open: Ids[] = [];
  for (const part of scope) {
    if (!areTogether(equal, part)) continue;
    const left = Object.keys(part).filter((field) => equal[field] === undefined);
    if (left.length === 0) return undefined;
    open.push(Object.fromEntries(left.map((field) => [field, part[field] as string])));
  }
  return open;
}
