import stringWidth from "string-width";
import { colors } from "./terminal.js";

/**
 * Columns without lines around them, which can be written as they come: the heads with the first rows, and wider columns
 * from the rows on that need them.
 */
export class Table {
  readonly #widths: number[] = [];
  #isHeadWritten = false;

  /** The heads are bold on a terminal. */
  constructor(private readonly head: readonly string[]) {}

  /** The lines of some rows. */
  lines(rows: readonly (readonly string[])[]): string {
    const isFirst = !this.#isHeadWritten && this.head.length > 0;
    this.#isHeadWritten = true;
    const shown = isFirst ? [this.head.map((text) => colors.bold(text)), ...rows] : rows;
    const widths = shown.map((row) => row.map(stringWidth));
    for (const row of widths) {
      for (const [column, width] of row.entries()) this.#widths[column] = Math.max(this.#widths[column] ?? 0, width);
    }
    return shown
      .map((row, index) =>
        row
          .map((text, column) => text + " ".repeat((this.#widths[column] ?? 0) - (widths[index]?.[column] ?? 0)))
          .join("  ")
          .trimEnd(),
      )
      .join("\n");
  }
}

/** A table whose rows are all known. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  new Table(head).lines(rows);
