import { stringify as yamlText } from "yaml";
import { jsonText } from "../records/json-text.js";
import type { OutputFormat } from "./output-format.js";
import { print } from "./terminal.js";

/** Writes an answer in a format; the table is made only where it is wanted. */
export function output(format: OutputFormat, value: unknown, table: () => string): void {
  if (format === "json") print(jsonText(value, 2));
  else if (format === "yaml") print(yamlText(value).trimEnd());
  else print(table());
}
