import type { FieldViolation } from "./field-violation.js";
import { pathStep } from "./field-violation.js";
import type { FieldShape, Message, MessageShape } from "./message-shape.js";
import { fieldValue } from "./message-shape.js";
import { rulesOf } from "./rules.js";
import { fromPayloadTime, payloadTime, type Timestamp } from "./times.js";

/**
 * A record's details as the platform's components hold them: one JSON object, integers as bigint and other numbers as
 * number, so that 2 and 2.0 stay apart where a field takes both.
 */
export type Payload = { [name: string]: PayloadValue };
export type PayloadValue = null | boolean | bigint | number | string | PayloadValue[] | Payload;

/** Details out of a payload. What does not fit its field goes to the violations. */
export function fromPayload(
  shape: MessageShape,
  payload: Payload,
  path: string,
  violations: FieldViolation[],
): Message {
  const message = emptyMessage(shape);
  const attributes: Message = {};
  for (const [name, value] of Object.entries(payload)) {
    const field = fieldNamed(shape, name);
    const isEntry = field !== undefined && field.name !== name;
    const fieldPath = `${path}.${pathStep(name)}`;
    if (!field || (!isEntry && isUnset(field, value)) || (isEntry && value === null)) {
      attributes[name] = structValue(value, fieldPath, violations);
    } else if (isEntry) {
      (message[field.name] as Message)[name] = single(field, value, fieldPath, violations);
    } else {
      message[field.name] = contained(field, value, fieldPath, violations);
    }
  }
  if (shape.fields.some(({ name }) => name === "attributes")) {
    if (Object.keys(attributes).length > 0) message.attributes = attributes;
    return message;
  }
  // A closed message's own field that is given empty is one that is not given.
  for (const name of Object.keys(attributes)) {
    if (shape.byName.has(name)) continue;
    violations.push({
      field: `${path}.${pathStep(name)}`,
      description: fieldNamed(shape, name) ? "must be an object" : `is no field of ${shape.name}, which has no others`,
    });
  }
  return message;
}

/** The payload that details were made of. */
export function toPayload(shape: MessageShape, message: Message): Payload {
  const payload: Payload = {};
  for (const field of shape.fields) {
    const value = fieldValue(field, message);
    if (value === undefined || field.name === "attributes") continue;
    if (field.container === "none") payload[field.name] = plain(field, value);
    else if (field.container === "list") {
      if ((value as unknown[]).length > 0) payload[field.name] = (value as unknown[]).map((item) => plain(field, item));
    } else {
      const entries = Object.entries(value as Message).map(([key, item]) => [key, plain(field, item)] as const);
      if (rulesOf(shape.name, field.name).keys) Object.assign(payload, Object.fromEntries(entries));
      else if (entries.length > 0) payload[field.name] = Object.fromEntries(entries);
    }
  }
  return Object.assign(payload, fromStruct((message.attributes ?? {}) as Message));
}

/** The field of a name, or the map whose entries bear such names in payloads (node_0, local_1, evaluate). */
const fieldNamed = (shape: MessageShape, name: string) =>
  shape.fields.find((field) => field.name === name && field.name !== "attributes") ??
  shape.fields.find((field) => rulesOf(shape.name, field.name).keys?.pattern.test(name));

const emptyMessage = (shape: MessageShape): Message =>
  Object.fromEntries(
    shape.fields.flatMap((field): [string, unknown][] =>
      field.container === "none" ? [] : [[field.name, field.container === "list" ? [] : {}]],
    ),
  );

/** Whether a typed field cannot say that it was given so: it goes to the attributes. */
const isUnset = (field: FieldShape, value: PayloadValue) =>
  value === null || (field.container !== "none" && Object.keys(Object(value)).length === 0);

function contained(field: FieldShape, value: PayloadValue, path: string, violations: FieldViolation[]): unknown {
  const item = (each: PayloadValue, step: string) => single(field, each, `${path}${step}`, violations);
  if (field.container === "none") return item(value, "");
  if (field.container === "list") {
    if (Array.isArray(value)) return value.map((each, index) => item(each, `[${index}]`));
  } else if (isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, item(each, `.${pathStep(key)}`)]));
  }
  violations.push({ field: path, description: `must be ${field.container === "list" ? "a list" : "an object"}` });
  return field.container === "list" ? [] : {};
}

const isObject = (value: PayloadValue): value is Payload =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The one field of a message that payloads hold without it: a list of tags, the epochs of a round. */
const wrapped = (shape: MessageShape) => (shape.fields.length === 1 ? shape.fields[0] : undefined);

function single(field: FieldShape, value: PayloadValue, path: string, violations: FieldViolation[]): unknown {
  const refuse = (description: string) => {
    violations.push({ field: path, description });
    return undefined;
  };
  switch (field.kind) {
    case "string":
      return typeof value === "string" ? value : refuse("must be text");
    case "bool":
      return typeof value === "boolean" ? value : refuse("must be true or false");
    case "integer":
      return typeof value === "bigint" ? Number(value) : refuse("must be an integer");
    case "int64":
      if (typeof value !== "bigint") return refuse("must be an integer");
      return BigInt.asIntN(64, value) === value ? value : refuse("must have at most 64 bits");
    case "double":
      if (typeof value === "bigint" && !isExact(value)) return refuse(inexact);
      return typeof value === "number" || typeof value === "bigint" ? Number(value) : refuse("must be a number");
    case "enum": {
      const known = field.enum?.values.filter(({ number }) => number > 0) ?? [];
      const found = known.find(({ localName }) => localName.toLowerCase() === value);
      return (
        found?.number ?? refuse(`must be one of ${known.map(({ localName }) => localName.toLowerCase()).join(", ")}`)
      );
    }
    case "struct":
      return isObject(value) ? structValue(value, path, violations) : refuse("must be an object");
    case "timestamp":
      return fromPayloadTime(typeof value === "string" ? value : "") ?? refuse('must be a time: "YYYY-MM-DD HH:MM:SS"');
    case "message": {
      const shape = field.message as MessageShape;
      if (shape.oneofs[0]) {
        return (
          statistic(shape.oneofs[0], value) ??
          refuse("must be a number, or a list of numbers: integers of at most 64 bits, or others with at most 53")
        );
      }
      const only = wrapped(shape);
      if (only) return { [only.name]: contained(only, value, path, violations) };
      return isObject(value) ? fromPayload(shape, value, path, violations) : refuse("must be an object");
    }
  }
}

const isNumber = (value: PayloadValue) => typeof value === "number" || typeof value === "bigint";

function statistic(oneof: string, value: PayloadValue): Message | undefined {
  const chosen = (name: string, given: unknown) => ({ [oneof]: { $case: name, value: given } });
  const isCount = (item: PayloadValue) => typeof item === "bigint" && BigInt.asIntN(64, item) === item;
  if (typeof value === "bigint") return isCount(value) ? chosen("count", value) : undefined;
  if (typeof value === "number") return chosen("scalar", value);
  if (!Array.isArray(value) || !value.every(isNumber)) return undefined;
  if (value.length > 0 && value.every((item) => typeof item === "bigint")) {
    return value.every(isCount) ? chosen("counts", { values: value }) : undefined;
  }
  if (value.some((item) => typeof item === "bigint" && !isExact(item))) return undefined;
  return chosen("scalars", { values: value.map(Number) });
}

/** A value as a Struct holds it: all its numbers are doubles, so that integers which none is are refused. */
function structValue(value: PayloadValue, path: string, violations: FieldViolation[]): unknown {
  if (typeof value === "bigint") {
    if (!isExact(value)) violations.push({ field: path, description: inexact });
    return Number(value);
  }
  if (Array.isArray(value)) return value.map((item, index) => structValue(item, `${path}[${index}]`, violations));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, structValue(item, `${path}.${pathStep(name)}`, violations)]),
  );
}

const inexact = "must be a number that a double holds exactly";

const isExact = (value: bigint) => {
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value;
};

const fromStruct = (struct: Message): Payload => fromEntries(struct, fromStructValue);

/** Out of a Struct, whole numbers come back as integers. */
function fromStructValue(value: unknown): PayloadValue {
  if (typeof value === "number") return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(fromStructValue);
  return typeof value === "object" && value !== null ? fromStruct(value as Message) : (value as PayloadValue);
}

const fromEntries = <In, Out>(object: { [name: string]: In }, map: (value: In) => Out): { [name: string]: Out } =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]));

function plain(field: FieldShape, value: unknown): PayloadValue {
  switch (field.kind) {
    case "integer":
      return BigInt(value as number);
    case "enum":
      return field.enum?.value[value as number]?.localName.toLowerCase() ?? null;
    case "struct":
      return fromStruct(value as Message);
    case "timestamp":
      return payloadTime(value as Timestamp);
    case "message": {
      const shape = field.message as MessageShape;
      const only = wrapped(shape);
      const oneof = shape.oneofs[0];
      if (oneof) {
        const { value: chosen } = (value as Record<string, { value: unknown }>)[oneof] ?? { value: null };
        const list = chosen as { values?: PayloadValue[] };
        return list?.values ?? (chosen as PayloadValue);
      }
      if (!only) return toPayload(shape, value as Message);
      const inside = (value as Message)[only.name];
      if (Array.isArray(inside)) return inside.map((item) => plain(only, item));
      return fromEntries(inside as Message, (item) => plain(only, item));
    }
    default:
      return value as PayloadValue;
  }
}
