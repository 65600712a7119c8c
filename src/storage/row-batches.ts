/** A row of a result, as the driver reads it. */
export type Row = Record<string, unknown>;

/** How many rows the driver reads at once by itself, and how many bytes of them are read at once here. */
const rowsOfDriver = 100;
const bytesOfBatch = 256 * 1024;

/** About what a row has beside its details, in bytes. */
const bytesOfRest = 300;

/**
 * The rows of a statement of libsql. By itself its iterator has the driver read a hundred rows at once, whatever they hold:
 * gigabytes, where records are large. Here it reads one, then two, and so on, as long as they are small together.
 */
export class RowBatches {
  #size = 1;
  #left = 0;
  #bytes = 0;

  constructor(private readonly rows: Iterator<Row>) {}

  /** The next row; undefined after the last. */
  next(): Row | undefined {
    if (this.#left === 0) this.#begin();
    this.#left--;
    const { value } = this.rows.next();
    if (value) this.#bytes += bytesOf(value);
    return value;
  }

  #begin(): void {
    if (this.#bytes > 0) {
      const fitting = Math.floor((bytesOfBatch * this.#size) / this.#bytes);
      this.#size = Math.max(1, Math.min(fitting, 2 * this.#size, rowsOfDriver));
    }
    this.#left = this.#size;
    this.#bytes = 0;
    // The iterator fills this list when it is at the end of what it took for it.
    Reflect.set(this.rows, "nextRows", new Array(this.#size));
    Reflect.set(this.rows, "nextRowIndex", rowsOfDriver);
  }
}

/** About how many bytes a row has. */
export const bytesOf = ({ details }: Row): number => bytesOfRest + (typeof details === "string" ? details.length : 0);
