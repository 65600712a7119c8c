import { limits } from "../limits.js";
import type { WireField, WireTable } from "./wire-table.js";

/** Deeper than any decoder goes. */
const maxDepth = 400;

/** Tags of a message for each of its values; a member of a Struct has four. More is written by nobody. */
const tagsOfValue = 8;

/** Why the bytes of a message are not decoded. */
export class WireFault extends Error {
  override readonly name = "WireFault";

  constructor(
    readonly kind: "malformed" | "too-many-values" | "name-too-long",
    /** The path of the field that it is about, as far as it is known. */
    readonly path: string,
  ) {
    super(`${kind}: ${path}`);
  }
}

/**
 * Counts the values of a message that is still bytes, which allocates nothing and stops where there are too many. So
 * what a few bytes stand for (two make an empty message, one a number of a packed list) is bounded before it is made.
 */
export class ValueCounter {
  #values = 0;
  #tags = 0;
  #at = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly limit: number,
  ) {}

  /** The values between two positions, where a message of a type lies. */
  count(table: WireTable, start: number, end: number): number {
    this.#values = 0;
    this.#tags = 0;
    this.#at = start;
    this.#message(table, end, 0);
    return this.#values;
  }

  #message(table: WireTable, end: number, depth: number): void {
    if (depth > maxDepth) throw new WireFault("malformed", "");
    while (this.#at < end) {
      const tag = this.#varint(end);
      if (++this.#tags > this.limit * tagsOfValue) throw new WireFault("too-many-values", "");
      const field = table.fields.get(Math.floor(tag / 8));
      const wireType = tag % 8;
      if (wireType === 2) this.#delimited(field, end, depth);
      else {
        if (wireType === 0) this.#varint(end);
        else if (wireType === 1) this.#at += 8;
        else if (wireType === 5) this.#at += 4;
        else if (wireType > 4) throw new WireFault("malformed", "");
        if (field?.counts !== false) this.#add(1);
      }
    }
    if (this.#at > end) throw new WireFault("malformed", "");
  }

  #delimited(field: WireField | undefined, end: number, depth: number): void {
    const size = this.#varint(end);
    const start = this.#at;
    const last = start + size;
    if (last > end) throw new WireFault("malformed", "");
    if (field?.message) {
      if (field.message.counts) this.#add(1);
      try {
        this.#message(field.message, last, depth + 1);
      } catch (error) {
        if (error instanceof WireFault) throw new WireFault(error.kind, joined(field.name, error.path));
        throw error;
      }
    } else if (field?.packed !== undefined) this.#packed(field.packed, last);
    else {
      if (field?.isName && size > limits.bytesOfName) throw new WireFault("name-too-long", field.name);
      if (field?.counts !== false) this.#add(1);
    }
    this.#at = last;
  }

  #packed(size: number, end: number): void {
    if (size > 0) this.#add(Math.ceil((end - this.#at) / size));
    // Each number ends with the one byte of it that is less than 128.
    else for (let at = this.#at; at < end; at++) if ((this.bytes[at] as number) < 128) this.#add(1);
  }

  #add(count: number): void {
    this.#values += count;
    if (this.#values > this.limit) throw new WireFault("too-many-values", "");
  }

  #varint(end: number): number {
    const found = readVarint(this.bytes, this.#at, end);
    if (!found) throw new WireFault("malformed", "");
    this.#at = found.end;
    return found.value;
  }
}

/** The number of varying size at a position, and where it ends; undefined where there is none. */
export function readVarint(bytes: Uint8Array, start: number, end: number): { value: number; end: number } | undefined {
  let value = 0;
  let scale = 1;
  for (let at = start; at < Math.min(end, start + 10); at++) {
    const byte = bytes[at] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, end: at + 1 };
    scale *= 128;
  }
  return undefined;
}

const joined = (name: string, path: string) => (path ? `${name}.${path}` : name);
