import type { JsonValue } from "@bufbuild/protobuf";
import { pathStep } from "../records/field-violation.js";
import type { FieldShape, MessageShape } from "../records/message-shape.js";
import type { Payload, PayloadValue } from "../records/payload.js";
import { exitCodes, Failure } from "./failure.js";

/**
 * A value as proto JSON writes it: whole numbers of 64 bits, NaN and infinities as text. Fields that hold doubles take
 * only whole numbers that are doubles: they would become others, or texts. Faults are named by their path.
 */
export function exactJson(shape: MessageShape, value: PayloadValue, path: string): JsonValue {
  if (!isObject(value)) return jsonOf(value, path, undefined);
  const members = Object.entries(value).map(([name, item]): [string, JsonValue] => {
    const field = shape.byName.get(name) ?? shape.fields.find((each) => camelCase(each.name) === name);
    return [name, fieldJson(field, item, join(path, name))];
  });
  return Object.fromEntries(members);
}

function fieldJson(field: FieldShape | undefined, value: PayloadValue, path: string): JsonValue {
  const one = (item: PayloadValue, at: string) =>
    field?.message ? exactJson(field.message, item, at) : jsonOf(item, at, field);
  if (field?.container === "list" && Array.isArray(value)) {
    return value.map((item, index) => one(item, `${path}[${index}]`));
  }
  if (field?.container === "map" && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, one(item, join(path, key))]));
  }
  return one(value, path);
}

function jsonOf(value: PayloadValue, path: string, field: FieldShape | undefined): JsonValue {
  if (typeof value === "bigint") {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    if (field?.kind === "int64") return String(value);
    // What takes no numbers, or none so large, says so itself.
    if (field?.kind !== "struct" && field?.kind !== "double") return number;
    // Doubles are often written by the fewest digits that tell them from others, so with zeros at the end.
    if (Number.isFinite(number) && (BigInt(number) === value || String(number) === String(value))) return number;
    throw invalid(`${path} is ${value}, which no double is: write it as text, or with a point to have it rounded`);
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    if (field?.kind === "double") return String(value);
    if (field?.kind !== "struct") return value;
    throw invalid(`${path} is ${value}: attributes hold finite numbers only; write it as text`);
  }
  if (Array.isArray(value)) return value.map((item, index) => jsonOf(item, `${path}[${index}]`, field));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, jsonOf(item, join(path, name), field)]));
}

const join = (path: string, name: string) => (path === "" ? pathStep(name) : `${path}.${pathStep(name)}`);

const invalid = (message: string) => new Failure(exitCodes.INVALID_ARGUMENT, "INVALID_FIELD", message);

const isObject = (value: PayloadValue): value is Payload =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const camelCase = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
