import { BinaryReader } from "@bufbuild/protobuf/wire";
import { UnknownField } from "./unknown-fields.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const decodeText = (bytes: Uint8Array) => utf8.decode(bytes);

/** The last five bytes of a negative integer of 32 bits, which is written with 64. */
const signOf32Bits = Buffer.from([0xff, 0xff, 0xff, 0xff, 1]);

/** A message holds an integer, or an enum's value, that has more bits than its field. */
export class IntegerTooLarge extends Error {
  override readonly name = "IntegerTooLarge";
}

/**
 * A reader that refuses what would otherwise be stored as something else: text that is not UTF-8, with a TypeError;
 * integers of too many bits; and fields that the generated code does not know, which it passes over, so that they would
 * be lost, and nobody told.
 */
export class StrictReader extends BinaryReader {
  /** What the generated code counts from: it goes deeper than its own limit, so that validation can name what nests too deep. */
  readonly __tsProtoDecodeDepth = -200;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super(bytes, decodeText);
    this.#bytes = bytes;
  }

  override skip(): never {
    throw new UnknownField();
  }

  /** An integer of 32 bits, or the value of an enum: of one with more, protobuf would take the last 32. */
  override int32(): number {
    const start = this.pos;
    const value = super.int32();
    const size = this.pos - start;
    if (size > 4 && !this.#hasOnly32Bits(start, size)) throw new IntegerTooLarge();
    return value;
  }

  /** Whether a number of five bytes or more has 32 bits. A negative one is written with 64, of which the first are set. */
  #hasOnly32Bits(start: number, size: number): boolean {
    const [first = 0, ...rest] = this.#bytes.subarray(start + 4, start + size);
    return size === 5 ? first <= 0x0f : first >= 0xf8 && Buffer.from(rest).equals(signOf32Bits);
  }
}
