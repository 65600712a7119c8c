import { callRecord } from "./call-record.js";
import type { Target } from "./client-command.js";
import { type Json, newMessage } from "./connection.js";
import { output } from "./output.js";
import type { OutputFormat } from "./output-format.js";
import { readDetails } from "./read-details.js";
import { recordTable } from "./record-table.js";

export interface UpdateOptions {
  readonly output: OutputFormat;
  readonly file: string;
  readonly mask?: string;
  readonly etag?: string;
  readonly allowMissing?: true;
}

/** Replaces or changes a record's details. */
export async function update({ connection, type, key }: Target, options: UpdateOptions): Promise<void> {
  const { output: format, file, mask, etag = "", allowMissing = false } = options;
  const request = { key, details: await readDetails(file, type), allow_missing: allowMissing, etag };
  // In proto JSON a mask has camelCase names, which not all fields survive.
  const paths = mask?.split(",").map((path) => path.trim());
  const more = paths ? { updateMask: newMessage("google.protobuf.FieldMask", { paths }) } : {};
  const { record } = await callRecord(connection, type, "Update", request, more);
  output(format, record, () => recordTable(type, record as Json));
}
