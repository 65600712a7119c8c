import type { WriteStream } from "node:tty";
import Table from "cli-table3";
import picocolors from "picocolors";
import { stringify as yamlText } from "yaml";
import type { Failure } from "./failure.js";
import { jsonText } from "./json-text.js";

/** The formats of what commands write. */
export const outputFormats = ["table", "json", "yaml"] as const;

/** Colours where a stream is a terminal that shows them, and nobody asked for none. */
const colorsOf = (stream: WriteStream) =>
  picocolors.createColors(Boolean(stream.isTTY) && !process.env.NO_COLOR && process.env.TERM !== "dumb");

export const colors = colorsOf(process.stdout);
export const errorColors = colorsOf(process.stderr);

/** Whether somebody sits before it, who can be asked. */
export const isInteractive = (): boolean => Boolean(process.stdin.isTTY && process.stderr.isTTY);

/** Writes a line to the standard output. */
export const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Writes a line to the standard error: what is not the answer itself. */
export const note = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

/** Says in one line why a command was not done. */
export const printFailure = ({ reason, message }: Failure): void =>
  note(errorColors.red(`error: ${reason}: ${message}`));

/** Writes an answer in a format; the table is made only where it is wanted. */
export function output(format: (typeof outputFormats)[number], value: unknown, table: () => string): void {
  if (format === "json") print(jsonText(value, 2));
  else if (format === "yaml") process.stdout.write(yamlText(value));
  else print(table());
}

const noBorders = Object.fromEntries(
  ["top", "bottom", "left", "right", "mid"].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`].map((name) => [name, ""]),
  ),
);

/** Columns without lines around them; the heads are bold on a terminal. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = new Table({
    head: head.map((text) => colors.bold(text)),
    chars: { ...noBorders, middle: "" },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
  });
  lines.push(...rows.map((row) => [...row]));
  return lines
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}
