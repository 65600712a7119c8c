import { callRecord } from "./call-record.js";
import type { Target } from "./client-command.js";
import type { Json } from "./connection.js";
import { output } from "./output.js";
import type { OutputFormat } from "./output-format.js";
import { readDetails } from "./read-details.js";
import { recordTable } from "./record-table.js";

export interface CreateOptions {
  readonly output: OutputFormat;
  readonly file: string;
  readonly validateOnly?: true;
}

/** Creates a record. */
export async function create({ connection, type, key }: Target, options: CreateOptions): Promise<void> {
  const { output: format, file, validateOnly = false } = options;
  const request = { key, details: await readDetails(file, type), validate_only: validateOnly };
  const { record } = await callRecord(connection, type, "Create", request);
  output(format, record, () => recordTable(type, record as Json));
}
