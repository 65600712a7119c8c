import { callRecord } from "./call-record.js";
import type { Target } from "./client-command.js";
import type { Json } from "./connection.js";
import { output } from "./output.js";
import type { OutputFormat } from "./output-format.js";
import { countsBelow, countsText } from "./record-counts.js";
import { recordTypeName, typeNamed } from "./record-name.js";
import { recordTable } from "./record-table.js";

export interface GetOptions {
  readonly output: OutputFormat;
  readonly full?: true;
  readonly relations?: readonly string[];
}

/** Shows a record. */
export async function get({ connection, type, key }: Target, options: GetOptions): Promise<void> {
  const { output: format, full, relations = [] } = options;
  const whole = (full || relations.length > 0) && format !== "table";
  const { record } = await callRecord(connection, type, "Get", {
    key,
    view: whole ? "VIEW_FULL" : "VIEW_BASIC",
    relation_types: whole ? relations.map((name) => recordTypeName(typeNamed(name))) : [],
  });
  const counts = format === "table" ? await countsBelow(connection, type, key) : [];
  output(format, record, () => recordTable(type, record as Json, countsText(counts)));
}
