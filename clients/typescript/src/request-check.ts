import { createFileRegistry, type DescField, type DescMessage, fromBinary, ScalarType } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { fileDescriptorSet } from "../../../generated/ts/descriptors.js";
import type { FieldViolation } from "./archive-error.js";
import { illFormed, isPlainObject, isWellFormed, kindOf, pathStep } from "./field-path.js";
import { invalidArgument } from "./invalid-argument.js";
import { checkJson } from "./json-check.js";

const descriptors = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(fileDescriptorSet, "base64")));

/** What a record has beside its key and details: a request that was made of one may have it too. It is not sent. */
const readOnly = new Set([
  "record_id",
  "link",
  "created_at",
  "updated_at",
  "etag",
  "relations",
  "ancestors",
  "created_by",
  "updated_by",
  "masked",
]);

/** As many violations as the archive would say too. */
const maxViolations = 20;

/**
 * Refuses what the generated code would drop or change without a word: values of another type, names that no field
 * has, and within free JSON all that is not JSON. What the archive takes beyond that, it says itself.
 */
export function checkRequest(messageName: string, request: unknown): void {
  const message = descriptors.getMessage(messageName);
  if (!message) throw new Error(`no message ${messageName}`);
  const violations: FieldViolation[] = [];
  if (isPlainObject(request)) checkMessage(message, request, "", violations);
  else violations.push({ field: "request", description: `must be an object, not ${kindOf(request)}` });
  if (violations.length > 0) throw invalidArgument(violations.slice(0, maxViolations));
}

function checkMessage(message: DescMessage, value: unknown, path: string, violations: FieldViolation[]): void {
  if (!isPlainObject(value)) {
    violations.push({ field: path, description: `must be an object, not ${kindOf(value)}` });
    return;
  }
  const fields = fieldsOf(message);
  for (const [name, given] of Object.entries(value)) {
    const fieldPath = path === "" ? pathStep(name) : `${path}.${pathStep(name)}`;
    const field = fields.get(name);
    if (field === undefined) {
      if (given === undefined || (readOnly.has(name) && /(Request|Operation)$/.test(message.name))) continue;
      violations.push({ field: fieldPath, description: `is no field of ${message.name}` });
    } else if (given === undefined) {
    } else if ("fieldKind" in field) checkField(field, given, fieldPath, violations);
    else checkOneof(field, given, path, fieldPath, violations);
  }
}

type Field = DescField | ReadonlyMap<string, DescField>;

const known = new Map<DescMessage, ReadonlyMap<string, Field>>();

/** The fields of a message, by the names that the generated code has for them; a oneof is one, with its cases. */
function fieldsOf(message: DescMessage): ReadonlyMap<string, Field> {
  let fields = known.get(message);
  if (!fields) {
    const single = message.fields.filter(({ oneof }) => !oneof).map((field): [string, Field] => [field.name, field]);
    const oneofs = message.oneofs.map((oneof): [string, Field] => [
      oneof.name,
      new Map(oneof.fields.map((field) => [field.name, field])),
    ]);
    fields = new Map([...single, ...oneofs]);
    known.set(message, fields);
  }
  return fields;
}

/** A oneof is `{ $case, value }`; its paths are those of the case, as in the protos. */
function checkOneof(
  cases: ReadonlyMap<string, DescField>,
  given: unknown,
  path: string,
  ownPath: string,
  violations: FieldViolation[],
): void {
  const refuse = (description: string) => violations.push({ field: ownPath, description });
  if (!isPlainObject(given)) return void refuse(`must be { $case, value }, not ${kindOf(given)}`);
  const { $case, value, ...others } = given;
  const field = typeof $case === "string" ? cases.get($case) : undefined;
  if (!field) return void refuse(`must have one $case of ${[...cases.keys()].join(", ")}`);
  if (Object.keys(others).length > 0) return void refuse(`must have $case and value only, not ${Object.keys(others)}`);
  const fieldPath = path === "" ? field.name : `${path}.${field.name}`;
  checkField(field, value, fieldPath, violations);
}

function checkField(field: DescField, value: unknown, path: string, violations: FieldViolation[]): void {
  const refuse = (expected: string) =>
    violations.push({ field: path, description: `must be ${expected}, not ${kindOf(value)}` });
  if (field.fieldKind === "list" || isFieldMask(field)) {
    if (!Array.isArray(value)) return void refuse("an array");
    for (const [index, item] of value.entries()) checkValue(field, item, () => `${path}[${index}]`, violations);
  } else if (field.fieldKind === "map") {
    if (!isPlainObject(value)) return void refuse("an object");
    for (const [name, item] of Object.entries(value)) {
      const itemPath = () => `${path}.${pathStep(name)}`;
      if (!isWellFormed(name)) violations.push({ field: itemPath(), description: illFormed });
      else if (item !== undefined) checkValue(field, item, itemPath, violations);
    }
  } else checkValue(field, value, () => path, violations);
}

/** The generated code has a mask as a list of its paths. */
const isFieldMask = (field: DescField) =>
  field.fieldKind === "message" && field.message.typeName === "google.protobuf.FieldMask";

/** Checks one value of a field. Most are right and many are in long lists: a path is made only where it is needed. */
function checkValue(field: DescField, value: unknown, path: () => string, violations: FieldViolation[]): void {
  if (field.message && !isFieldMask(field)) {
    if (field.message.typeName !== "google.protobuf.Struct") checkMessage(field.message, value, path(), violations);
    else if (isPlainObject(value)) checkJson(value, path(), violations);
    else violations.push({ field: path(), description: `must be an object of JSON, not ${kindOf(value)}` });
    return;
  }
  const fault = scalarFault(field.enum ? ScalarType.INT32 : (field.scalar ?? ScalarType.STRING), value);
  if (fault !== undefined) violations.push({ field: path(), description: fault });
}

/** The least and the most of each type of integer. */
const ranges: ReadonlyMap<ScalarType, readonly [bigint, bigint]> = new Map([
  [ScalarType.INT32, [-(2n ** 31n), 2n ** 31n - 1n]],
  [ScalarType.UINT32, [0n, 2n ** 32n - 1n]],
  [ScalarType.INT64, [-(2n ** 63n), 2n ** 63n - 1n]],
  [ScalarType.UINT64, [0n, 2n ** 64n - 1n]],
]);

function scalarFault(type: ScalarType, value: unknown): string | undefined {
  const range = ranges.get(type);
  if (range) {
    const isLong = type === ScalarType.INT64 || type === ScalarType.UINT64;
    if (!isInteger(value, isLong)) {
      return `must be an integer, not ${typeof value === "number" ? value : kindOf(value)}`;
    }
    const [least, most] = range;
    return value < least || value > most ? `must be from ${least} to ${most}` : undefined;
  }
  if (type === ScalarType.DOUBLE)
    return typeof value === "number" ? undefined : `must be a number, not ${kindOf(value)}`;
  if (type === ScalarType.BOOL)
    return typeof value === "boolean" ? undefined : `must be true or false, not ${kindOf(value)}`;
  if (typeof value !== "string") return `must be a string, not ${kindOf(value)}`;
  return isWellFormed(value) ? undefined : illFormed;
}

const isInteger = (value: unknown, isLong: boolean): value is number | bigint =>
  typeof value === "number" ? Number.isInteger(value) : isLong && typeof value === "bigint";
