import type { FieldViolation } from "./archive-error.js";
import { illFormed, isPlainObject, isWellFormed, kindOf, pathStep } from "./field-path.js";

/** Far beyond what the archive takes (32), and far from what ends the stack. */
const maxDepth = 100;

/**
 * Says what in an object or a list is not JSON, and would be lost or changed on its way: Dates, Maps and instances of
 * classes, undefined in lists, NaN, bigint, values that contain themselves. Members that are undefined are absent, as
 * in JSON.stringify.
 */
export function checkJson(container: object, path: string, violations: FieldViolation[]): void {
  checkContainer(container, path, violations, new Set());
}

function checkContainer(container: object, path: string, violations: FieldViolation[], within: Set<object>): void {
  const fault = within.has(container)
    ? "must not contain itself"
    : within.size >= maxDepth
      ? `must not nest more than ${maxDepth} levels`
      : undefined;
  if (fault) {
    violations.push({ field: path, description: fault });
    return;
  }
  within.add(container);
  if (Array.isArray(container)) {
    for (const [index, item] of container.entries()) {
      if (!isPlain(item)) checkItem(item, `${path}[${index}]`, violations, within);
    }
  } else {
    for (const [name, member] of Object.entries(container)) {
      if (!isWellFormed(name)) violations.push({ field: `${path}.${pathStep(name)}`, description: illFormed });
      else if (member !== undefined && !isPlain(member)) {
        checkItem(member, `${path}.${pathStep(name)}`, violations, within);
      }
    }
  }
  within.delete(container);
}

/** Whether a value is JSON and holds no others: most are, and need no path. */
const isPlain = (value: unknown): boolean =>
  value === null ||
  typeof value === "boolean" ||
  (typeof value === "number" && Number.isFinite(value)) ||
  (typeof value === "string" && isWellFormed(value));

function checkItem(value: unknown, path: string, violations: FieldViolation[], within: Set<object>): void {
  if (Array.isArray(value) || isPlainObject(value)) checkContainer(value, path, violations, within);
  else violations.push({ field: path, description: faultOf(value) });
}

function faultOf(value: unknown): string {
  if (typeof value === "string") return illFormed;
  return typeof value === "number" ? `must not be ${value}, which JSON has not` : `must be JSON, not ${kindOf(value)}`;
}
