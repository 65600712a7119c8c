import { readVarint } from "../records/count-values.js";

/** A field of a message that is bytes: where its value begins, after tag and size, and where it ends. */
export interface WireField {
  readonly number: number;
  readonly isDelimited: boolean;
  readonly start: number;
  readonly end: number;
}

/** The field that begins at a position; undefined if none does. */
export function wireField(bytes: Uint8Array, at: number): WireField | undefined {
  const tag = readVarint(bytes, at, bytes.length);
  if (!tag) return undefined;
  const field = (start: number, end: number, isDelimited = false) =>
    end > bytes.length ? undefined : { number: Math.floor(tag.value / 8), isDelimited, start, end };
  switch (tag.value % 8) {
    case 0: {
      const value = readVarint(bytes, tag.end, bytes.length);
      return value && field(tag.end, value.end);
    }
    case 1:
      return field(tag.end, tag.end + 8);
    case 2: {
      const size = readVarint(bytes, tag.end, bytes.length);
      return size && field(size.end, size.end + size.value, true);
    }
    case 5:
      return field(tag.end, tag.end + 4);
    default:
      return undefined;
  }
}
