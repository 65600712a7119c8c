import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { limits } from "../limits.js";
import type { WireTable } from "../records/wire-table.js";
import { wireField } from "./wire-field.js";

/**
 * The bytes of a record that says no more than its type and its key, out of those of a whole one, which is never read.
 * Without a key, or a type, where there is none of a size that one can have.
 */
export function keyOfRecord(bytes: Uint8Array, table: WireTable): Uint8Array {
  const writer = new BinaryWriter();
  const record = wireField(bytes, 0);
  const message = record?.isDelimited ? table.fields.get(record.number)?.message : undefined;
  if (!record || !message) return writer.finish();
  writer.uint32(record.number * 8 + 2).fork();
  const inside = bytes.subarray(record.start, record.end);
  for (let at = 0; at < inside.length; ) {
    const field = wireField(inside, at);
    if (!field) break;
    const isKey = field.isDelimited && message.fields.get(field.number)?.name === "key";
    if (isKey && field.end - field.start <= limits.bytesOfName) writer.raw(inside.subarray(at, field.end));
    at = field.end;
  }
  return writer.join().finish();
}
