import { type DescField, type DescMessage, fromBinary, type JsonValue, toJson } from "@bufbuild/protobuf";
import { limits } from "../limits.js";
import { jsonText } from "../records/json-text.js";
import { descriptors } from "../records/message-shape.js";
import { wireField } from "../service/wire-field.js";
import { Turns } from "../turns.js";

/** A message as JSON. What is large is made piece by piece, with turns for others in between. */
export async function writeJson(schema: DescMessage, bytes: Uint8Array): Promise<Buffer> {
  const pieces: string[] = [];
  if (bytes.length <= limits.bytesOfJsonPiece) pieces.push(textOf(schema, bytes));
  else await writeMessage(schema, bytes, pieces, new Turns());
  return Buffer.from(pieces.join(""));
}

const textOf = (schema: DescMessage, bytes: Uint8Array): string => jsonText(jsonOf(schema, bytes));

const jsonOf = (schema: DescMessage, bytes: Uint8Array): JsonValue =>
  toJson(schema, fromBinary(schema, bytes), { registry: descriptors });

async function writeMessage(schema: DescMessage, bytes: Uint8Array, out: string[], turns: Turns): Promise<void> {
  if (turns.isOver) await turns.next();
  // What has a form of its own in JSON is not made of its fields.
  if (bytes.length <= limits.bytesOfJsonPiece || schema.typeName.startsWith("google.protobuf.")) {
    out.push(textOf(schema, bytes));
    return;
  }
  const { rest, inner } = split(schema, bytes);
  const head = textOf(schema, rest);
  out.push(head.slice(0, -1));
  let separator = head === "{}" ? "" : ",";
  for (const [field, values] of inner) {
    out.push(separator, JSON.stringify(field.jsonName), ":");
    separator = ",";
    await writeField(field, values, out, turns);
  }
  out.push("}");
}

/** The fields of a message that hold messages, with the bytes of each; and the bytes of all others. */
function split(schema: DescMessage, bytes: Uint8Array) {
  const inner = new Map<DescField, Uint8Array[]>();
  const others: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const wire = wireField(bytes, at);
    if (!wire) throw new RangeError(`${schema.typeName} cannot be read at ${at}`);
    const field = schema.fields.find(({ number }) => number === wire.number);
    if (field?.message && wire.isDelimited) {
      const values = inner.get(field) ?? [];
      if (values.length === 0) inner.set(field, values);
      values.push(bytes.subarray(wire.start, wire.end));
    } else {
      others.push(bytes.subarray(at, wire.end));
    }
    at = wire.end;
  }
  return { rest: Buffer.concat(others), inner };
}

async function writeField(field: DescField, values: Uint8Array[], out: string[], turns: Turns): Promise<void> {
  const message = field.message as DescMessage;
  if (field.fieldKind === "message") {
    // A message that comes in parts is what all of them say together.
    await writeMessage(message, values.length === 1 ? (values[0] as Uint8Array) : Buffer.concat(values), out, turns);
    return;
  }
  const isMap = field.fieldKind === "map";
  out.push(isMap ? "{" : "[");
  for (const [index, value] of values.entries()) {
    if (index > 0) out.push(",");
    if (isMap) await writeEntry(message, value, out, turns);
    else await writeMessage(message, value, out, turns);
  }
  out.push(isMap ? "}" : "]");
}

/** The entry of a map: its key is field 1, its value field 2. All keys of the archive's maps are texts. */
async function writeEntry(message: DescMessage, entry: Uint8Array, out: string[], turns: Turns): Promise<void> {
  let key = "";
  let value: Uint8Array = Buffer.alloc(0);
  for (let at = 0; at < entry.length; ) {
    const wire = wireField(entry, at);
    if (!wire) throw new RangeError("an entry cannot be read");
    const bytes = entry.subarray(wire.start, wire.end);
    if (wire.number === 1) key = Buffer.from(bytes).toString();
    else value = bytes;
    at = wire.end;
  }
  out.push(JSON.stringify(key), ":");
  await writeMessage(message, value, out, turns);
}
