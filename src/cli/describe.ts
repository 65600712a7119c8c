import { recordTypes } from "../records/record-type.js";
import type { Connection, Json } from "./connection.js";
import { output } from "./output.js";
import type { OutputFormat } from "./output-format.js";
import { recordTypeName } from "./record-name.js";
import { table } from "./table.js";

export interface DescribeOptions {
  readonly output: OutputFormat;
}

/** Shows the record types, as the server has them. */
export async function describe(connection: Connection, _: string[], { output: format }: DescribeOptions) {
  const response = await connection.call("ArchiveService", "DescribeHierarchy", {});
  output(format, response, () => hierarchyTable(response));
}

function hierarchyTable({ record_types }: Json): string {
  const types = (record_types ?? []) as Record<string, string[]>[];
  const nameOf = (number: string) => recordTypes.find((type) => recordTypeName(type) === number)?.name;
  const names = (numbers: readonly string[] = []) => numbers.map(nameOf).join(", ") || "-";
  return table(
    ["TYPE", "KEY", "PARENTS", "LINK", "DOWNSTREAM"],
    types.map(({ record_type, key_fields = [], parents, relations, link_fields = [] }) => [
      String(nameOf(String(record_type)) ?? record_type),
      key_fields.join("/"),
      names(parents),
      link_fields.at(-1) ?? "-",
      names(relations),
    ]),
  );
}
