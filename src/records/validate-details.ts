import { limits } from "../limits.js";
import { type FieldViolation, pathStep } from "./field-violation.js";
import { type FieldShape, fieldValue, type Message, type MessageShape } from "./message-shape.js";
import { type FieldRules, rulesOf } from "./rules.js";
import { firstSecond, isTimeFrom, type Timestamp } from "./times.js";

/** The most objects and lists inside each other in a Struct, itself included. */
const maxStructLevels = 32;

/**
 * The most messages inside each other that protobuf's decoders take. The deepest that a record's details ever lie in
 * a response is the fifth: response, record, relations, related record, details.
 */
const maxMessageDepth = 101;
const depthOfDetails = 5;

/** What is wrong with details, as far as so many violations tell. The path names them in the violations. */
export function validateDetails(shape: MessageShape, details: Message, path: string): FieldViolation[] {
  const violations: FieldViolation[] = [];
  validateMessage(shape, details, path, depthOfDetails, violations);
  return violations;
}

/** Whether there are as many violations as anybody reads. */
const suffice = (violations: readonly FieldViolation[]) => violations.length >= limits.violations;

interface ShapeRules {
  /** The oneofs of which one must be chosen. */
  readonly required: readonly string[];
  /** The maps whose keys are names of their own when all is written as one JSON object. */
  readonly maps: readonly (readonly [FieldShape, RegExp])[];
  readonly fields: readonly (readonly [FieldShape, FieldRules])[];
}

const known = new Map<MessageShape, ShapeRules>();

/** The rules of a message's fields, looked up once. */
function shapeRules(shape: MessageShape): ShapeRules {
  const found = known.get(shape);
  if (found) return found;
  const ruleOf = (name: string): FieldRules => rulesOf(shape.name, name);
  const fields = shape.fields.map((field) => [field, ruleOf(field.name)] as const);
  const looked = {
    required: shape.oneofs.filter((oneof) => ruleOf(oneof).required),
    maps: fields.flatMap(([field, { keys }]) => (keys ? [[field, keys.pattern] as const] : [])),
    fields,
  };
  known.set(shape, looked);
  return looked;
}

function validateMessage(
  shape: MessageShape,
  message: Message,
  path: string,
  depth: number,
  violations: FieldViolation[],
): void {
  const report = (name: string, description: string) => violations.push({ field: `${path}.${name}`, description });
  const { required, fields } = shapeRules(shape);
  for (const oneof of required) {
    if (message[oneof] === undefined) {
      const choice = shape.fields.filter((field) => field.oneof === oneof).map((field) => field.name);
      report(oneof, `is required: one of ${choice.join(", ")}`);
    }
  }
  for (const [field, fieldRules] of fields) {
    if (suffice(violations)) return;
    const value = fieldValue(field, message);
    if (value === undefined) {
      if (fieldRules.required) report(field.name, "is required");
      continue;
    }
    const fieldPath = `${path}.${field.name}`;
    if (field.container === "list") {
      for (const [index, item] of (value as unknown[]).entries()) {
        if (suffice(violations)) return;
        validateValue(field, fieldRules, item, `${fieldPath}[${index}]`, depth, violations);
      }
    } else if (field.container === "map") {
      for (const [key, item] of Object.entries(value as Message)) {
        if (suffice(violations)) return;
        const entryPath = `${fieldPath}.${pathStep(key)}`;
        if (fieldRules.keys && !fieldRules.keys.pattern.test(key)) {
          violations.push({ field: entryPath, description: `must be named ${fieldRules.keys.text}` });
        }
        validateValue(field, fieldRules, item, entryPath, depth + 1, violations);
      }
      const { requiredKey } = fieldRules;
      if (requiredKey && !Object.hasOwn(value as Message, requiredKey))
        report(`${field.name}.${requiredKey}`, "is required");
    } else {
      validateValue(field, fieldRules, value, fieldPath, depth, violations);
      if (field.name === "attributes") validateAttributes(shape, message, value as Message, fieldPath, violations);
    }
  }
}

function validateValue(
  field: FieldShape,
  fieldRules: FieldRules,
  value: unknown,
  path: string,
  depth: number,
  violations: FieldViolation[],
): void {
  const report = (description: string) => violations.push({ field: path, description });
  switch (field.kind) {
    case "integer": {
      const [least, most] = fieldRules.range ?? [-(2 ** 31), 2 ** 31 - 1];
      if ((value as number) < least || (value as number) > most) report(`must be ${least} to ${most}`);
      return;
    }
    case "enum":
      if (!value || !field.enum?.value[value as number]) {
        const names = field.enum?.values.filter(({ number }) => number > 0).map(({ name }) => name);
        report(`must be one of ${names?.join(", ")}`);
      }
      return;
    case "timestamp":
      if (!isTimeFrom(firstSecond.ofDetails, value as Timestamp))
        report("must be from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z");
      return;
    case "struct": {
      if (!isSound(value, 1, depth + 1)) validateStruct(value, path, 1, depth + 1, violations);
      for (const [name, types] of fieldRules.memberTypes ?? []) {
        const member = (value as Message)[name];
        if (Object.hasOwn(value as Message, name) && !types.some((type) => isOfType(member, type))) {
          violations.push({ field: `${path}.${name}`, description: `must be of type ${types.join(" or ")}` });
        }
      }
      return;
    }
    case "message":
      validateMessage(field.message as MessageShape, value as Message, path, depth + 1, violations);
      return;
    default:
      return;
  }
}

/** An attribute may bear a typed field's name only to say that the field was given, and given empty. */
function validateAttributes(
  shape: MessageShape,
  message: Message,
  attributes: Message,
  path: string,
  violations: FieldViolation[],
): void {
  // A type has few names, attributes may have very many.
  const names = shapeRules(shape).maps.length > 0 ? Object.keys(attributes) : shape.byName.keys();
  for (const name of names) {
    if (suffice(violations)) return;
    const typed = Object.hasOwn(attributes, name) ? typedField(shape, name) : undefined;
    if (!typed) continue;
    const value = attributes[name];
    const field = `${path}.${pathStep(name)}`;
    if (!isEmpty(value)) {
      violations.push({
        field,
        description: `is the typed field ${typed.name}: set that, or only null, [] or {} here`,
      });
    } else if (isGivenTwice(shape, message, name)) {
      violations.push({ field, description: `is given in the typed field ${typed.name} already` });
    }
  }
}

/** Whether an attribute says of a typed field that it is empty, although it is not. */
export function isGivenTwice(shape: MessageShape, message: Message, name: string): boolean {
  const attributes = (message.attributes as Message | undefined) ?? {};
  const typed = Object.hasOwn(attributes, name) ? typedField(shape, name) : undefined;
  const value = typed && fieldValue(typed, message);
  if (value === undefined) return false;
  if (typed?.container === "none") return true;
  return Object.hasOwn(value as object, name) || (typed?.name === name && Object.keys(value as object).length > 0);
}

/** The names that the entries of a map have of their own when all is written as one JSON object; undefined if none. */
export const entryNames = (shape: MessageShape, field: FieldShape): RegExp | undefined =>
  shapeRules(shape).maps.find(([map]) => map === field)?.[1];

/** The typed field that a name stands for when all is written as one JSON object: its own, or that of a map's entry. */
const typedField = (shape: MessageShape, name: string): FieldShape | undefined =>
  name === "attributes"
    ? undefined
    : (shape.byName.get(name) ?? shapeRules(shape).maps.find(([, pattern]) => pattern.test(name))?.[0]);

const isEmpty = (value: unknown) =>
  value === null || (typeof value === "object" && Object.keys(value as object).length === 0);

/** Whether nothing is wrong with a value in a Struct. Finds no paths, which take longer than all else. */
function isSound(value: unknown, level: number, depth: number): boolean {
  if (typeof value !== "object" || value === null) return faultOf(value, level, depth) === undefined;
  const inside = depthInside(value, depth);
  if (isTooDeep(level, inside)) return false;
  if (Array.isArray(value)) return value.every((item) => isSound(item, level + 1, inside + 1));
  // Of many members, their values alone take twice as long.
  for (const name in value) if (!isSound((value as Message)[name], level + 1, inside + 1)) return false;
  return true;
}

function validateStruct(
  value: unknown,
  path: string,
  level: number,
  depth: number,
  violations: FieldViolation[],
): void {
  const fault = faultOf(value, level, depth);
  if (fault) violations.push({ field: path, description: fault });
  if (fault || typeof value !== "object" || value === null) return;
  const inside = depthInside(value, depth);
  for (const [name, item] of Object.entries(value)) {
    if (suffice(violations)) return;
    if (isSound(item, level + 1, inside + 1)) continue;
    const itemPath = Array.isArray(value) ? `${path}[${name}]` : `${path}.${pathStep(name)}`;
    validateStruct(item, itemPath, level + 1, inside + 1, violations);
  }
}

/** What is wrong with a member of a Struct, or an item of a list there, that came without one of a value's kinds. */
export const noStructValue = "has no value: null, a boolean, a number, text, an object or a list";

/** What is wrong with a value in a Struct by itself. */
function faultOf(value: unknown, level: number, depth: number): string | undefined {
  if (value === undefined) return noStructValue;
  if (typeof value === "number" && !Number.isFinite(value)) return "must be a finite number";
  if (typeof value !== "object" || value === null || !isTooDeep(level, depthInside(value, depth))) return undefined;
  return `must not nest deeper: at most ${maxStructLevels} levels, fewer in nested messages`;
}

/** Each object is three messages to protobuf (Struct, entry, Value), each list two (ListValue, Value). */
const depthInside = (value: object, depth: number) => depth + (Array.isArray(value) ? 1 : 2);

const isTooDeep = (level: number, inside: number) => level > maxStructLevels || inside > maxMessageDepth;

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case "integer":
      return Number.isInteger(value);
    case "array":
      return Array.isArray(value);
    case "null":
      return value === null;
    default:
      return typeof value === type;
  }
}
