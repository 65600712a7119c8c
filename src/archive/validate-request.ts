import { View } from "../../generated/ts/synergos/archive/v1/options.js";
import { limits } from "../limits.js";
import type { FieldViolation } from "../records/field-violation.js";
import type { Ids } from "../records/ids.js";
import type { Message } from "../records/message-shape.js";
import { type RecordType, recordTypeOfNumber } from "../records/record-type.js";
import { validateDetails } from "../records/validate-details.js";
import { validateKey } from "../records/validate-key.js";
import { refuse } from "./archive-error.js";
import { detailsShape, emptyDetails } from "./record-message.js";

/** The key and the details of a request, or all that is wrong with them. */
export function validRecord(
  type: RecordType,
  request: { readonly key: Ids | undefined; readonly details: Message | undefined },
): { key: Ids; details: Message } {
  const details = request.details ?? emptyDetails(type);
  refuse([...validateKey(type, request.key, "key"), ...validateDetails(detailsShape(type), details, "details")]);
  return { key: request.key as Ids, details };
}

/** The key of a request, or all that is wrong with it and with what else was found. */
export function validKey(type: RecordType, key: Ids | undefined, others: readonly FieldViolation[] = []): Ids {
  refuse([...validateKey(type, key, "key"), ...others]);
  return key as Ids;
}

/** Whether a request asks for relations, and for which; what is wrong with it goes to the violations. */
export function askedRelations(
  type: RecordType,
  request: { readonly view: number; readonly relation_types: readonly number[] },
  defaultView: View,
  violations: FieldViolation[],
): readonly RecordType[] | undefined {
  const full = isFull(request.view, defaultView, violations);
  const asked = askedTypes(type.relations, request.relation_types, violations);
  if (!full && request.relation_types.length > 0) {
    violations.push({ field: "relation_types", description: "applies to view FULL only" });
  }
  return full ? asked : undefined;
}

/** Whether a view, or the default where it is unset, is FULL. */
export function isFull(view: number, defaultView: View, violations: FieldViolation[]): boolean {
  if (!View[view] || view < 0) violations.push({ field: "view", description: "must be VIEW_BASIC or VIEW_FULL" });
  return (view || defaultView) === View.VIEW_FULL;
}

/** Those of the possible types that are asked for by number: all where none is. */
export function askedTypes(
  possible: readonly RecordType[],
  numbers: readonly number[],
  violations: FieldViolation[],
  field = "relation_types",
): readonly RecordType[] {
  if (numbers.length > limits.relationTypes) {
    const description = `must have at most ${limits.relationTypes} entries, not ${numbers.length}`;
    violations.push({ field, description });
    return possible;
  }
  const asked = numbers.map((number, index) => {
    const type = recordTypeOfNumber(number);
    if (type && possible.includes(type)) return type;
    const names = possible.map(({ name }) => name).join(", ") || "none: it has no relations";
    violations.push({ field: `${field}[${index}]`, description: `must be one of ${names}` });
    return undefined;
  });
  return asked.length === 0 ? possible : possible.filter((type) => asked.includes(type));
}
