import { create, fromJson, toJson } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { type FieldShape, fieldValue, type Message, type MessageShape } from "./message-shape.js";

/**
 * The JSON in which details are stored: proto JSON under the fields' own names, but with 64-bit integers as numbers
 * where a double holds them exactly, so that SQL can compare and add them. Exact for every value of a message.
 */
export function toStoredJson(shape: MessageShape, message: Message): string {
  const value = storedMessage(shape, message);
  return holdsNegativeZero(value) ? exactJson(value) : JSON.stringify(value);
}

/** Reads what toStoredJson wrote. */
export function fromStoredJson(shape: MessageShape, json: string): Message {
  return readMessage(shape, JSON.parse(json));
}

function storedMessage(shape: MessageShape, message: Message): Message {
  const stored: Message = {};
  for (const field of shape.fields) {
    const value = fieldValue(field, message);
    if (value === undefined) continue;
    if (field.container === "list") {
      if ((value as unknown[]).length > 0)
        stored[field.name] = (value as unknown[]).map((item) => storedValue(field, item));
    } else if (field.container === "map") {
      const entries = Object.entries(value as Message);
      if (entries.length > 0) {
        stored[field.name] = Object.fromEntries(entries.map(([key, item]) => [key, storedValue(field, item)]));
      }
    } else {
      stored[field.name] = storedValue(field, value);
    }
  }
  return stored;
}

function storedValue(field: FieldShape, value: unknown): unknown {
  switch (field.kind) {
    case "int64": {
      const number = Number(value);
      return Number.isSafeInteger(number) ? number : String(value);
    }
    case "double":
      return Number.isFinite(value) ? value : String(value);
    case "enum":
      return field.enum?.value[value as number]?.name;
    case "timestamp":
      return toJson(TimestampSchema, create(TimestampSchema, value as Message));
    case "message":
      return storedMessage(field.message as MessageShape, value as Message);
    default:
      return value;
  }
}

function readMessage(shape: MessageShape, stored: Message): Message {
  const message: Message = {};
  for (const { name, container } of shape.containers) message[name] = container === "list" ? [] : {};
  for (const name of Object.keys(stored)) {
    const field = shape.byName.get(name);
    if (!field) continue;
    const value = stored[name];
    if (field.container === "list") {
      message[name] = (value as unknown[]).map((item) => readValue(field, item));
    } else if (field.container === "map") {
      const entries = Object.entries(value as Message);
      message[name] = Object.fromEntries(entries.map(([key, item]) => [key, readValue(field, item)]));
    } else if (field.oneof) {
      message[field.oneof] = { $case: name, value: readValue(field, value) };
    } else {
      message[name] = readValue(field, value);
    }
  }
  return message;
}

function readValue(field: FieldShape, value: unknown): unknown {
  switch (field.kind) {
    case "int64":
      return BigInt(value as number | string);
    case "double":
      return Number(value);
    case "enum":
      return field.enum?.values.find((known) => known.name === value)?.number ?? 0;
    case "timestamp": {
      const { seconds, nanos } = fromJson(TimestampSchema, value as string);
      return { seconds, nanos };
    }
    case "message":
      return readMessage(field.message as MessageShape, value as Message);
    default:
      return value;
  }
}

function holdsNegativeZero(value: unknown): boolean {
  if (typeof value === "number") return Object.is(value, -0);
  if (typeof value !== "object" || value === null) return false;
  for (const item of Object.values(value)) if (holdsNegativeZero(item)) return true;
  return false;
}

/** JSON.stringify, but for negative zeros, which it writes as 0. */
function exactJson(value: unknown): string {
  if (Object.is(value, -0)) return "-0.0";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(exactJson).join(",")}]`;
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}:${exactJson(item)}`)
    .join(",")}}`;
}
