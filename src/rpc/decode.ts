import { BinaryReader } from "@bufbuild/protobuf/wire";
import { refuse } from "../archive/archive-error.js";
import { limits } from "../limits.js";
import { Turns } from "../turns.js";
import { partsOf } from "./request-parts.js";
import type { MethodBinding } from "./service-binding.js";
import { UnknownField, unknown, unknownFields } from "./unknown-fields.js";

/**
 * Decodes a request. As many bytes as a record may have values cannot hold too many of them, and are decoded at once;
 * of others the values are counted first, and they are decoded part by part.
 */
export function decode<Request>(method: MethodBinding<Request>, bytes: Buffer): Request | Promise<Request> {
  return bytes.length <= limits.valuesOfRecord ? decodeAtOnce(method, bytes) : decodeInParts(method, bytes);
}

async function decodeInParts<Request>(method: MethodBinding<Request>, bytes: Buffer): Promise<Request> {
  const { first, others, list } = partsOf(method, bytes);
  const request = decodeAtOnce(method, first, true);
  const turns = new Turns();
  for (const part of others) {
    await turns.next();
    for (const item of itemsOf(decodeAtOnce(method, part, true), list)) itemsOf(request, list).push(item);
  }
  await turns.next();
  return request;
}

function itemsOf(request: unknown, list: string): unknown[] {
  const items: unknown = Reflect.get(Object(request), list);
  if (!Array.isArray(items)) throw new Error(`There is no list ${list}`);
  return items;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const decodeText = (bytes: Uint8Array) => utf8.decode(bytes);

/**
 * A reader that refuses text that is not UTF-8, which would otherwise be stored as something else, and fields that the
 * generated code does not know: it passes over them, so that they would be lost, and nobody told.
 */
class StrictReader extends BinaryReader {
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

const signOf32Bits = Buffer.from([0xff, 0xff, 0xff, 0xff, 1]);

class IntegerTooLarge extends Error {
  override readonly name = "IntegerTooLarge";
}

function decodeAtOnce<Request>(method: MethodBinding<Request>, bytes: Buffer, isPart = false): Request {
  try {
    return method.requestType.decode(new StrictReader(bytes));
  } catch (error) {
    // Within a part, the items of its list have other indexes.
    if (error instanceof UnknownField) refuse(isPart ? [unknown] : unknownFields(method.requestType.$type, bytes));
    refuse([{ field: "request", description: faultOf(error) }]);
    throw error;
  }
}

function faultOf(error: unknown): string {
  if (error instanceof TypeError) return "holds text that is not valid UTF-8";
  if (error instanceof IntegerTooLarge)
    return "holds an integer or an enum's value of more than 32 bits, where its field has 32";
  return "is not a valid message of its type";
}
