import type { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import { Struct } from "../../generated/ts/google/protobuf/struct.js";

/** The fields of google.protobuf.Struct, its entry, Value and ListValue, as they are tagged. */
const field = 10;
const [entryKey, entryValue] = [10, 18];
const [nullValue, numberValue, stringValue, boolValue, structValue, listValue] = [8, 17, 26, 32, 42, 50];

/** How deep the generated code reads messages, counted from where the reader began. */
const maxDepth = 100;

/**
 * Reads and writes Structs as plain objects, in place of the generated code, which makes each value three messages first:
 * attributes are the larger part of most records, and this takes a third of its time. What has no kind, or a null that is
 * none, is kept as undefined, for validation to name it, as scripts/exact-decoding.ts makes the generated code do.
 */
export function codeStructsDirectly(): void {
  Struct.wrap = (object) => ({ fields: object ?? {} });
  Struct.unwrap = ({ fields }) => fields;
  Struct.encode = ({ fields }, writer) => writeStruct(fields, writer as BinaryWriter);
  Struct.decode = (input, length) => {
    const reader = input as BinaryReader & { __tsProtoDecodeDepth?: number };
    const end = length === undefined ? reader.len : reader.pos + length;
    return { fields: readStruct(reader, end, reader.__tsProtoDecodeDepth ?? 0) };
  };
}

function writeStruct(object: Readonly<Record<string, unknown>>, writer: BinaryWriter): BinaryWriter {
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    writer.uint32(field).fork();
    if (key !== "") writer.uint32(entryKey).string(key);
    writeValue(value, writer.uint32(entryValue).fork()).join();
    writer.join();
  }
  return writer;
}

function writeValue(value: unknown, writer: BinaryWriter): BinaryWriter {
  switch (typeof value) {
    case "number":
      return writer.uint32(numberValue).double(value);
    case "string":
      return writer.uint32(stringValue).string(value);
    case "boolean":
      return writer.uint32(boolValue).bool(value);
    case "object":
      if (value === null) return writer.uint32(nullValue).int32(0);
      if (!Array.isArray(value)) {
        return writeStruct(value as Record<string, unknown>, writer.uint32(structValue).fork()).join();
      }
      writer.uint32(listValue).fork();
      for (const item of value) writeValue(item, writer.uint32(field).fork()).join();
      return writer.join();
    default:
      return writer;
  }
}

function readStruct(reader: BinaryReader, end: number, depth: number): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  checkDepth(depth);
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag !== field) {
      reader.skip(tag & 7);
      continue;
    }
    const entryEnd = reader.uint32() + reader.pos;
    let key = "";
    let value: unknown;
    while (reader.pos < entryEnd) {
      const part = reader.uint32();
      if (part === entryKey) key = reader.string();
      else if (part === entryValue) value = readValue(reader, reader.uint32(), depth + 2);
      else reader.skip(part & 7);
    }
    object[key] = value;
  }
  return object;
}

function readValue(reader: BinaryReader, length: number, depth: number): unknown {
  const end = reader.pos + length;
  let value: unknown;
  while (reader.pos < end) {
    const tag = reader.uint32();
    switch (tag) {
      case nullValue:
        value = reader.int32() === 0 ? null : undefined;
        break;
      case numberValue:
        value = reader.double();
        break;
      case stringValue:
        value = reader.string();
        break;
      case boolValue:
        value = reader.bool();
        break;
      case structValue: {
        const size = reader.uint32();
        value = readStruct(reader, reader.pos + size, depth + 1);
        break;
      }
      case listValue: {
        const size = reader.uint32();
        value = readList(reader, reader.pos + size, depth + 1);
        break;
      }
      default:
        reader.skip(tag & 7);
    }
  }
  return value;
}

function readList(reader: BinaryReader, end: number, depth: number): unknown[] {
  const list: unknown[] = [];
  checkDepth(depth);
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag === field) list.push(readValue(reader, reader.uint32(), depth + 1));
    else reader.skip(tag & 7);
  }
  return list;
}

function checkDepth(depth: number): void {
  if (depth >= maxDepth) throw new Error("messages nest too deep");
}
